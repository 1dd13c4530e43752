//! Where the engine's files are: units, certificates, sockets, programs, mounts. The running processes decide; where they say nothing,
//! the engine's own defaults do.

mod programs;
mod sockets;

use std::collections::BTreeMap;

use facts::docker::DaemonProcess;
use facts::host::{EngineFiles, FileKind, Group, Host, MountPoint};
use facts::{Fact, Observed, Source, Sources};
use serde_json::Value;

use super::{Places, Reach, resolved};
use crate::docker::{self, ToldSockets};
use crate::gaps::{Gaps, READ, TRACE};
use crate::obstacle::Obstacle;
use crate::source::{Content, ProcessId};
use crate::world::World;

const CERTS: &str = "/etc/docker/certs.d";
const GROUPS: &str = "/etc/group";
const USERS: &str = "/etc/passwd";

/// More files than any host has registries: a bound on the work that a folder can cause.
const MOST_CERTS: usize = 500;
/// Folders below one another. The engine itself reads one level.
const DEEPEST: usize = 4;

/// What leads to the files.
pub(crate) struct Clues<'c> {
    /// The daemon's process.
    pub(crate) process: Option<&'c DaemonProcess>,
    /// Why there is none.
    pub(crate) no_process: &'c str,
    /// What the daemon was told of its sockets, by flag and by file.
    pub(crate) sockets: Fact<ToldSockets>,
    /// The socket that was spoken to.
    pub(crate) socket: Option<String>,
    /// DockerRootDir of GET /info.
    pub(crate) data_root: Fact<String>,
    /// Runtimes of GET /info: names and paths.
    pub(crate) runtimes: Fact<Vec<(String, String)>>,
}

impl<'c> Clues<'c> {
    /// Where no engine was asked, or none answers: its defaults.
    pub(crate) fn none(why: &'c str) -> Self {
        Self {
            process: None,
            no_process: why,
            sockets: Fact::unknown(why),
            socket: None,
            data_root: Fact::unknown(why),
            runtimes: Fact::unknown(why),
        }
    }
}

/// Name and path of each runtime in an answer to GET /info. A runtime without a path is a shim's business.
pub(crate) fn runtimes_of(info: &Value) -> Fact<Vec<(String, String)>> {
    let Some(Value::Object(runtimes)) = info.get("Runtimes") else {
        return Fact::unknown("/info: no readable Runtimes in the engine's answer");
    };
    let path = |value: &Value| value.get("path").and_then(Value::as_str).filter(|path| !path.is_empty()).map(str::to_owned);
    Fact::Known(runtimes.iter().filter_map(|(name, value)| Some((name.clone(), path(value)?))).collect())
}

/// Finds them, and asks for their inodes.
pub(crate) fn engine_files(
    clues: &Clues<'_>,
    world: &World,
    reach: &Reach,
    places: &mut Places,
    sources: &mut Sources,
    gaps: &Gaps,
) -> EngineFiles {
    if let Some(why) = reach.no_files() {
        // Asked for all the same: whoever asks where it leads shall hear why that is not known.
        if let Fact::Known(root) = &clues.data_root {
            places.stat(root.clone());
        }
        return out_of_reach(why, sources);
    }
    let units = units(clues, world, gaps);
    let registry_certs = registry_certs(world, gaps);
    let containerd = programs::containerd(clues, world, gaps);
    let files = EngineFiles {
        units,
        registry_certs,
        api_sockets: sockets::api_sockets(clues, world, gaps),
        shims: programs::shims(&containerd.exe, world, gaps),
        containerd_exe: containerd.exe,
        containerd_config: containerd.config,
        runtimes: programs::runtimes(&clues.runtimes, world, gaps),
        mounts: mounts(clues, world, sources, gaps),
        groups: Observed::default(),
    };
    let lists = files.units.values().chain([&files.registry_certs, &files.api_sockets]);
    let runtimes = files.runtimes.known().into_iter().flatten().map(|runtime| &runtime.path);
    let single =
        [&files.containerd_exe, &files.containerd_config, &clues.data_root].into_iter().chain(files.shims.values()).chain(runtimes);
    for path in lists.filter_map(Fact::known).flatten().chain(single.filter_map(Fact::known)) {
        places.stat(path.clone());
    }
    files
}

fn out_of_reach(why: &str, sources: &mut Sources) -> EngineFiles {
    EngineFiles {
        units: ["docker.service", "docker.socket"].map(|name| (name.to_owned(), Fact::unknown(why))).into(),
        registry_certs: Fact::unknown(why),
        api_sockets: Fact::unknown(why),
        containerd_exe: Fact::unknown(why),
        containerd_config: Fact::unknown(why),
        shims: programs::SHIMS.map(|name| (name.to_owned(), Fact::unknown(why))).into(),
        runtimes: Fact::unknown(why),
        mounts: BTreeMap::new(),
        groups: Observed::new(sources.intern(Source::File { path: GROUPS.to_owned() }), Fact::unknown(why)),
    }
}

/// The usual units, and the one that runs the daemon.
fn units(clues: &Clues<'_>, world: &World, gaps: &Gaps) -> BTreeMap<String, Fact<Vec<String>>> {
    let own = clues.process.and_then(|process| process.unit.known());
    // A daemon that somebody started by hand stands in the unit of their shell: that is not its own.
    let own = own.filter(|name| name.contains("docker") && !name.contains('/') && !name.starts_with('.')).map(String::as_str);
    let services = ["docker.service"].into_iter().chain(own);
    let both = services.flat_map(|name| [name.to_owned(), format!("{}.socket", name.strip_suffix(".service").unwrap_or(name))]);
    both.map(|name| {
        let paths = docker::unit_paths(&name, world, gaps);
        (name, paths)
    })
    .collect()
}

/// The folder of registry certificates with all that is in it, links not followed.
fn registry_certs(world: &World, gaps: &Gaps) -> Fact<Vec<String>> {
    const WHAT: &str = "registry certificates";
    let mut found = Vec::new();
    let mut waiting = vec![(CERTS.to_owned(), 0)];
    while let Some((path, depth)) = waiting.pop() {
        // The folder itself may be a link; below it a link is judged by what it leads to and not gone through.
        let kind = match world.files.lstat(&path) {
            Ok(stat) => stat.kind,
            Err(Obstacle::NotFound) if depth == 0 => return Fact::Absent,
            Err(Obstacle::NotFound) => continue,
            Err(obstacle) => return gaps.unknown(WHAT, &path, &obstacle, READ),
        };
        if found.len() >= MOST_CERTS || depth > DEEPEST {
            let obstacle = Obstacle::Other(format!("more than {MOST_CERTS} files, or folders deeper than {DEEPEST}"));
            return gaps.unknown(WHAT, CERTS, &obstacle, READ);
        }
        if kind == FileKind::Directory || (kind == FileKind::Symlink && depth <= 1) {
            match world.files.names(&path) {
                Ok(names) => waiting.extend(names.into_iter().map(|name| (format!("{path}/{name}"), depth + 1))),
                // A link to a file, or one that leads nowhere.
                Err(Obstacle::NotFound) => {}
                Err(obstacle) => return gaps.unknown(WHAT, &path, &obstacle, READ),
            }
        }
        found.push(path);
    }
    found.sort();
    Fact::Known(found)
}

/// What the data root and the folders above it lie on: two of them, since user namespace remapping adds one.
fn mounts(clues: &Clues<'_>, world: &World, sources: &mut Sources, gaps: &Gaps) -> BTreeMap<String, Observed<MountPoint>> {
    let (Some(process), Fact::Known(data_root)) = (clues.process, &clues.data_root) else { return BTreeMap::new() };
    let Fact::Known(real) = resolved(world, data_root, gaps) else { return BTreeMap::new() };
    let source = sources.intern(Source::Kernel { path: format!("/proc/{}/mountinfo", process.pid) });
    let above = std::path::Path::new(&real).ancestors().take(3).filter_map(std::path::Path::to_str);
    let mut mounts = BTreeMap::new();
    for path in above.chain(["/"]) {
        let answer = world.processes.mount_of(ProcessId::from(process.pid), path);
        let fact = match answer {
            Err(Obstacle::NotFound) => Fact::unknown(format!("process {} has ended", process.pid)),
            answer => gaps.fact(answer, "mounts of the daemon", "/proc/PID/mountinfo", TRACE),
        };
        mounts.insert(path.to_owned(), Observed::new(source, fact));
    }
    mounts
}

/// The groups whose members may speak to the engine: those named docker, and the owners of its sockets. Needs the sockets' inodes.
pub(crate) fn groups(host: &Host, world: &World, reach: &Reach, sources: &mut Sources, gaps: &Gaps) -> Observed<Vec<Group>> {
    let source = sources.intern(Source::File { path: GROUPS.to_owned() });
    let read =
        |path: &str, content: Content| gaps.fact(world.files.text(path, content), "groups and users", path, READ).map(|file| file.text);
    let fact = match reach.no_files() {
        Some(why) => Fact::unknown(why),
        None => read(GROUPS, Content::Groups).and_then(|groups| {
            let users = read(USERS, Content::Users).absent_as(String::new());
            users.map(|users| {
                let sockets = host.engine_files.api_sockets.known().into_iter().flatten();
                let owners: Vec<u32> = sockets.filter_map(|path| host.files.get(path)?.known()).map(|stat| stat.gid).collect();
                chosen(&groups, &users, &owners)
            })
        }),
    };
    Observed::new(source, fact)
}

fn chosen(groups: &str, users: &str, owners: &[u32]) -> Vec<Group> {
    let users: Vec<(&str, u32, u32)> = users
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            Some((name, fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?))
        })
        .collect();
    let group = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        let gid: u32 = fields.nth(1)?.parse().ok()?;
        let mut members: Vec<String> = fields.next()?.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        members.sort();
        let primary = users.iter().filter(|(_, uid, primary)| *primary == gid && *uid != 0).map(|(name, ..)| (*name).to_owned());
        let primary_members = primary.collect();
        (name == "docker" || owners.contains(&gid)).then_some(Group { name, gid, members, primary_members })
    };
    groups.lines().filter_map(group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_of_a_group() {
        let groups = "root:x:0:\ndocker:x:998:zoe,ann\nops:x:1001:\n#\nbroken\n";
        let users = "root:x:0:0:::\nann:x:1000:1000:::\nbob:x:1001:998:::\ntoor:x:0:998:::\nbroken\n";
        let found = chosen(groups, users, &[998]);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].members.as_slice(), found[0].primary_members.as_slice()),
            (&["ann".to_owned(), "zoe".into()][..], &["bob".to_owned()][..])
        );
        assert_eq!(chosen(groups, users, &[1001]).iter().map(|group| group.name.as_str()).collect::<Vec<_>>(), ["docker", "ops"]);
    }

    #[test]
    fn runtimes_with_a_path() {
        let info = serde_json::json!({"Runtimes": {"runc": {"path": "runc"}, "x": {"path": "/opt/x"}, "wasm": {}}});
        assert_eq!(runtimes_of(&info), Fact::Known(vec![("runc".into(), "runc".into()), ("x".into(), "/opt/x".into())]));
        assert!(runtimes_of(&serde_json::json!({})).is_unknown());
    }
}
