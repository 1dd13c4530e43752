//! What the kernel shows in a container, as paths of the host.
//!
//! The engine's word for a mount is what was asked for. A volume's folder may be a bind mount of another one, a folder may have been
//! replaced or mounted over since, and a bind mount brings along what lies mounted below it. The kernel's tables of mounts tell: that of
//! the container names device and folder, and that of the daemon where the host has them.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use facts::Fact;
use facts::docker::{Container, Mount};

use crate::gaps::{Gaps, TRACE};
use crate::obstacle::{Answer, Obstacle};
use crate::source::{MountLine, ProcessId};
use crate::world::World;

/// More paths than a person reads: a bound on what one mount can cause.
const MOST_PATHS: usize = 64;

/// The mounts of the namespace that the daemon works in, read when first asked for.
pub(crate) struct HostMounts<'w> {
    world: &'w World,
    process: ProcessId,
    lines: OnceCell<Answer<Vec<MountLine>>>,
}

impl<'w> HostMounts<'w> {
    /// Those of the daemon; where it is not known, this process's own.
    pub(crate) fn new(world: &'w World, daemon: Option<u32>) -> Self {
        Self { world, process: daemon.map_or(ProcessId::Own, ProcessId::Other), lines: OnceCell::new() }
    }

    pub(crate) fn lines(&self) -> Result<&[MountLine], &Obstacle> {
        self.lines.get_or_init(|| self.world.processes.mounts(self.process)).as_ref().map(Vec::as_slice)
    }
}

/// Where the host has a folder of a file system: by the mount that shows the most of it.
fn host_path(lines: &[MountLine], seen: &MountLine) -> Option<String> {
    let root = seen.mount.root.trim_end_matches("//deleted");
    let above = lines.iter().filter(|line| line.mount.device == seen.mount.device && is_within(root, &line.mount.root));
    let best = above.min_by_key(|line| (line.mount.root.len(), line.mount.mount_point.len()))?;
    let rest = root.strip_prefix(best.mount.root.trim_end_matches('/'))?.trim_start_matches('/');
    let folder = best.mount.mount_point.trim_end_matches('/');
    Some(if rest.is_empty() && folder.is_empty() {
        "/".to_owned()
    } else if rest.is_empty() {
        folder.to_owned()
    } else {
        format!("{folder}/{rest}")
    })
}

pub(super) fn is_within(path: &str, folder: &str) -> bool {
    let folder = folder.trim_end_matches('/');
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Where each mount really lies in the container. A link in the image may lead its destination elsewhere (/var/run to /run): then it is the
/// one mount of the same name that nothing else accounts for. `None`: it was not found.
fn places<'m>(mounts: &'m [Mount], container: &'m [MountLine]) -> Vec<Option<&'m str>> {
    let at = |line: &&'m MountLine, place: &str| line.mount.mount_point == place;
    let destinations: Vec<&str> = mounts.iter().map(|mount| trimmed(&mount.destination)).collect();
    let elsewhere = |destination: &str| {
        let name = destination.rsplit('/').next().unwrap_or_default();
        let is_free = |line: &&MountLine| !destinations.iter().any(|known| is_within(&line.mount.mount_point, known));
        let mut named = container.iter().filter(is_free).filter(|line| line.mount.mount_point.rsplit('/').next() == Some(name));
        let first = named.next()?;
        named.all(|line| line.mount.mount_point == first.mount.mount_point).then_some(first.mount.mount_point.as_str())
    };
    destinations.iter().map(|place| if container.iter().any(|line| at(&line, place)) { Some(*place) } else { elsewhere(place) }).collect()
}

fn trimmed(path: &str) -> &str {
    let cut = path.trim_end_matches('/');
    if cut.is_empty() { "/" } else { cut }
}

/// Host paths of each mount's place and of what lies mounted below it. A mount within another one's place counts for itself.
fn paths(mounts: &[Mount], container: &[MountLine], host: &[MountLine]) -> Vec<Option<BTreeSet<String>>> {
    let places = places(mounts, container);
    let mut found: Vec<Option<BTreeSet<String>>> = places.iter().map(|place| place.map(|_| BTreeSet::new())).collect();
    for line in container {
        let covering = places.iter().enumerate().filter_map(|(index, place)| Some((index, (*place)?)));
        let covering = covering.filter(|(_, place)| is_within(&line.mount.mount_point, place));
        let Some((index, _)) = covering.max_by_key(|(_, place)| place.len()) else { continue };
        // A container can make mounts without end in its own folders: one path too many says that they are too many.
        let Some(paths) = found[index].as_mut().filter(|paths| paths.len() <= MOST_PATHS) else { continue };
        if let Some(path) = host_path(host, line).filter(|path| !paths.iter().any(|known| is_within(path, known))) {
            paths.insert(path);
        }
    }
    for paths in found.iter_mut().flatten() {
        // What lies in a folder that is shown already says nothing new.
        let all = paths.clone();
        paths.retain(|path| !all.iter().any(|other| other != path && is_within(path, other)));
    }
    found
}

/// What to do with a container's table of mounts. It is read before the process's identity is made sure of, see `containers`.
pub(super) fn table(container: &Container, world: &World) -> Option<Answer<Vec<MountLine>>> {
    let state = container.state.known().filter(|state| state.running && state.pid != 0)?;
    let any = container.mounts.known().is_some_and(|mounts| !mounts.is_empty());
    any.then(|| world.processes.mounts(state.pid.into()))
}

/// Writes into each mount what the kernel shows there.
pub(super) fn compare(container: &mut Container, table: Option<Answer<Vec<MountLine>>>, host: &HostMounts<'_>, gaps: &Gaps) {
    let pid = container.state.known().map_or(0, |state| state.pid);
    let running = container.state.as_ref().map(|state| state.running);
    let process = container.process.as_ref().map(|_| ());
    let Fact::Known(mounts) = &mut container.mounts else { return };
    let unknown = |what: String, obstacle: &Obstacle| gaps.unknown("mounts as the kernel shows them", &what, obstacle, TRACE);
    let shown: Fact<Vec<Option<BTreeSet<String>>>> = match (running, process, table) {
        (Fact::Known(false) | Fact::Absent, ..) => Fact::Absent,
        (Fact::Unknown { why }, ..) | (_, Fact::Unknown { why }, _) => Fact::unknown(why),
        (_, Fact::Absent, _) | (.., None) => Fact::unknown("its process ended while it was looked at"),
        (.., Some(Err(Obstacle::NotFound))) => Fact::unknown(format!("process {pid} ended while it was looked at")),
        (.., Some(Err(obstacle))) => unknown(format!("/proc/{pid}/mountinfo"), &obstacle),
        (.., Some(Ok(lines))) => match host.lines() {
            Ok(host) => Fact::Known(paths(mounts, &lines, host)),
            Err(obstacle) => unknown(format!("/proc/{}/mountinfo", host.process), obstacle),
        },
    };
    let place = |index: usize, mount: &Mount| {
        shown.as_ref().and_then(|all| {
            let Some(paths) = &all[index] else {
                return Fact::unknown(format!("the kernel shows no mount at {}: a link in the image leads elsewhere", mount.destination));
            };
            if paths.len() > MOST_PATHS {
                return Fact::unknown(format!("more than {MOST_PATHS} folders of the host are mounted there"));
            }
            Fact::Known(paths.iter().cloned().collect())
        })
    };
    for (index, mount) in mounts.iter_mut().enumerate() {
        mount.kernel_paths = place(index, mount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    #[test]
    fn what_the_kernel_shows_as_paths_of_the_host() {
        let host = parse::mounts(
            "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
             23 22 0:23 / /run rw - tmpfs tmpfs rw\n\
             24 22 8:3 / /var/lib/docker rw - ext4 /dev/sda3 rw\n\
             25 24 8:1 /etc /var/lib/docker/volumes/e/_data rw - ext4 /dev/sda1 rw\n\
             26 22 0:40 /@home /home rw - btrfs /dev/sdb1 rw\n\
             27 22 8:17 / /srv/disk rw - xfs /dev/sdc1 rw\n",
        );
        let container = parse::mounts(
            "100 1 0:50 / / rw - overlay overlay rw\n\
             101 100 8:1 /etc /data rw - ext4 /dev/sda1 rw\n\
             102 100 8:3 /volumes/own/_data /own rw - ext4 /dev/sda3 rw\n\
             103 100 0:23 /docker.sock /a\\040b/s rw - tmpfs tmpfs rw\n\
             104 100 0:40 /@home/web /home rw - btrfs /dev/sdb1 rw\n\
             105 100 0:77 / /memory rw - tmpfs tmpfs rw\n\
             106 100 8:1 /srv /srv rw - ext4 /dev/sda1 rw\n\
             107 106 8:17 / /srv/disk rw - xfs /dev/sdc1 rw\n\
             108 106 8:1 /usr/bin /srv/tools rw - ext4 /dev/sda1 rw\n\
             109 106 8:1 /opt /srv/own rw - ext4 /dev/sda1 rw\n\
             110 100 8:1 /gone//deleted /gone rw - ext4 /dev/sda1 rw\n\
             111 100 8:1 / /whole rw - ext4 /dev/sda1 rw\n\
             112 100 8:1 /opt/x /run/linked rw - ext4 /dev/sda1 rw\n\
             113 100 8:1 /a /m/twice rw - ext4 /dev/sda1 rw\n\
             114 100 8:1 /b /n/twice rw - ext4 /dev/sda1 rw\n",
        );
        let at = |destination: &str| Mount { destination: destination.to_owned(), ..Mount::default() };
        let mounts = [
            "/data",
            "/own",
            "/a b/s",
            "/home",
            "/memory",
            "/srv/",
            "/srv/own",
            "/gone",
            "/whole",
            "/var/run/linked",
            "/o/twice",
            "/nowhere",
        ]
        .map(at);
        let found = paths(&mounts, &container, &host);
        let texts: Vec<Option<Vec<&str>>> =
            found.iter().map(|paths| paths.as_ref().map(|paths| paths.iter().map(String::as_str).collect())).collect();
        assert_eq!(
            texts,
            [
                Some(vec!["/etc"]),
                Some(vec!["/var/lib/docker/volumes/own/_data"]),
                Some(vec!["/run/docker.sock"]),
                Some(vec!["/home/web"]),
                Some(vec![]),
                Some(vec!["/srv", "/usr/bin"]),
                Some(vec!["/opt"]),
                Some(vec!["/gone"]),
                Some(vec!["/"]),
                Some(vec!["/opt/x"]),
                None,
                None,
            ]
        );
    }
}
