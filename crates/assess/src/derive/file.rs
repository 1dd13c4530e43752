//! The engine's files: where they are, whose they are, and who else may use them.

mod access;
mod data_root;
mod rights;
#[cfg(test)]
mod tests;

pub(crate) use rights::{at_most, rights};

use facts::docker::DaemonProcess;
use facts::host::{FileKind, FileStat, Group};
use facts::{Fact, Observed, Snapshot};

use super::kleene;
use super::paths::Paths;
use super::settings::Settings;
use crate::view::{Files, Listing, Origin, PlacedFile, Seen};

/// All of them.
pub(crate) fn files(snapshot: &Snapshot, settings: &Settings) -> Files {
    let reader = Reader { snapshot, paths: Paths::of(&snapshot.host), groups: &snapshot.host.engine_files.groups };
    let found = &snapshot.host.engine_files;
    let sockets = reader.listing(&api_sockets(snapshot));
    let access = access::access(&reader, &api_sockets(snapshot));
    Files {
        docker_service: reader.listing(&service_paths(snapshot)).into(),
        docker_socket_unit: reader.listing(&socket_unit_paths(snapshot)).into(),
        etc_docker: reader.file("/etc/docker").into(),
        registry_certs: reader.listing(&Several::of(found.registry_certs.clone())).into(),
        tls_cert: reader.tls(settings, "tlscert"),
        tls_key: reader.tls(settings, "tlskey"),
        api_users: access.users,
        api_accounts: access.accounts,
        api_sockets: sockets.into(),
        daemon_json: reader.at(config_path(snapshot)).into(),
        etc_default_docker: reader.file("/etc/default/docker").into(),
        etc_sysconfig_docker: reader.file("/etc/sysconfig/docker").into(),
        containerd_socket: reader.at(containerd_socket(snapshot)).into(),
        data_root: data_root::data_root(snapshot, reader.paths).into(),
    }
}

/// A TLS file that is in force: only with `tls` or `tlsverify`. Absent: none is.
pub(crate) fn tls_file(snapshot: &Snapshot, settings: &Settings, key: &str) -> Fact<PlacedFile> {
    let reader = Reader { snapshot, paths: Paths::of(&snapshot.host), groups: &snapshot.host.engine_files.groups };
    match kleene::or(settings.bool("tls"), settings.bool("tlsverify")) {
        Fact::Known(false) | Fact::Absent => Fact::Absent,
        Fact::Unknown { why } => Fact::Unknown { why },
        Fact::Known(true) => settings.text(key).map(|path| reader.file(&path)),
    }
}

/// Paths that were seen, and why there may be more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Several {
    pub(super) paths: Vec<String>,
    pub(super) unseen: Option<String>,
}

impl Several {
    fn of(fact: Fact<Vec<String>>) -> Self {
        match fact {
            Fact::Known(paths) => Self { paths, unseen: None },
            Fact::Absent => Self::default(),
            Fact::Unknown { why } => Self { paths: Vec::new(), unseen: Some(why) },
        }
    }
}

/// The unit that runs the daemon. A daemon that somebody started by hand stands in the unit of their shell, which is not its own; without
/// an engine, and under another init, it is the usual one.
fn unit_name(snapshot: &Snapshot) -> Fact<String> {
    const USUAL: &str = "docker.service";
    let unit =
        snapshot.docker.as_ref().and_then(|engine| engine.process.fact.as_ref()).and_then(|process: &DaemonProcess| process.unit.as_ref());
    unit.map(|name| if name.contains("docker") { name.clone() } else { USUAL.to_owned() }).absent_as(USUAL.to_owned())
}

fn unit_paths(snapshot: &Snapshot, name: Fact<String>) -> Several {
    let units = &snapshot.host.engine_files.units;
    Several::of(
        name.and_then(|name| {
            units.get(&name).cloned().unwrap_or_else(|| Fact::unknown(format!("the files of {name} were not looked for")))
        }),
    )
}

/// Files of the daemon's unit.
pub(super) fn service_paths(snapshot: &Snapshot) -> Several {
    unit_paths(snapshot, unit_name(snapshot))
}

/// Files of the socket unit of the same name.
pub(super) fn socket_unit_paths(snapshot: &Snapshot) -> Several {
    unit_paths(snapshot, unit_name(snapshot).map(|name| format!("{}.socket", name.strip_suffix(".service").unwrap_or(&name))))
}

/// The daemon's Unix sockets; at the least the one that was spoken to.
pub(super) fn api_sockets(snapshot: &Snapshot) -> Several {
    let mut sockets = Several::of(snapshot.host.engine_files.api_sockets.clone());
    let endpoint = snapshot.engine().filter(|engine| engine.local).and_then(|engine| engine.endpoint.strip_prefix("unix://"));
    if let (Some(socket), true) = (endpoint, sockets.unseen.is_some()) {
        sockets.paths.push(socket.to_owned());
    }
    sockets
}

/// The file that the daemon loads, or would load.
pub(super) fn config_path(snapshot: &Snapshot) -> Fact<String> {
    snapshot.docker.as_ref().and_then(|engine| engine.config_path.as_ref()).map(String::clone)
}

/// The socket of the containerd that the daemon uses.
pub(super) fn containerd_socket(snapshot: &Snapshot) -> Fact<String> {
    let process = snapshot.docker.as_ref().and_then(|engine| engine.process.fact.as_ref());
    let socket = process.and_then(|process| process.containerd_socket.as_ref());
    socket.map(|socket| socket.strip_prefix("unix://").unwrap_or(socket).to_owned()).absent_as("/run/containerd/containerd.sock".to_owned())
}

#[derive(Clone, Copy)]
struct Reader<'s> {
    snapshot: &'s Snapshot,
    paths: Paths<'s>,
    groups: &'s Observed<Vec<Group>>,
}

impl<'s> Reader<'s> {
    fn listing(&self, several: &Several) -> Listing<PlacedFile> {
        Listing { members: several.paths.iter().map(|path| self.file(path)).collect(), unseen: several.unseen.clone() }
    }

    /// The file at a path that may be unknown. Where no engine names one there is none.
    fn at(&self, path: Fact<String>) -> PlacedFile {
        match path {
            Fact::Known(path) => self.file(&path),
            Fact::Absent => PlacedFile { exists: false.into(), ..PlacedFile::unseen("no engine names such a file") },
            Fact::Unknown { why } => PlacedFile::unseen(&why),
        }
    }

    fn tls(&self, settings: &Settings, key: &str) -> Seen<PlacedFile> {
        Seen::new(tls_file(self.snapshot, settings, key), Origin::words(settings.get(key).source.clone()))
    }

    /// The inode behind a path, links followed. Absent: there is none.
    fn stat(&self, path: &str) -> (Fact<&'s FileStat>, Origin) {
        let real = match self.paths.is_link(path) {
            Fact::Known(false) => Fact::Known(path.to_owned()),
            _ => self.paths.canonical(path),
        };
        let stat = match &real {
            Fact::Known(real) => self.paths.stat(real).or_else(|| self.paths.stat(path).filter(|_| real == path)),
            _ => None,
        };
        let origin = stat.map_or_else(Origin::default, |stat| Origin::at(stat.source, "stat"));
        let fact = match (&real, stat) {
            (Fact::Unknown { why }, _) => Fact::unknown(why.clone()),
            (_, Some(stat)) => stat.fact.as_ref(),
            (_, None) => Fact::unknown(format!("{path} was not looked at")),
        };
        (fact, origin)
    }

    fn file(&self, path: &str) -> PlacedFile {
        let (fact, origin) = self.stat(path);
        let list = fact.known().and_then(|stat| stat.acl.known()).map(|acl| format!("its access list is {}", acl.entries.join(", ")));
        let with_list = Origin { note: list.map(Into::into), ..origin.clone() };
        let at_most = |allowed: u32| {
            let judged = fact.clone().and_then(|stat| {
                let list = stat.acl.as_ref().map(|acl| acl.entries.clone());
                at_most(stat.mode, &list, i64::from(stat.uid), i64::from(stat.gid), allowed)
            });
            Seen::new(judged, with_list.clone())
        };
        PlacedFile {
            path: path.to_owned().into(),
            exists: Seen::new(fact.clone().map(|_| true).absent_as(false), origin.clone()),
            kind: Seen::new(fact.clone().map(|stat| kind(stat.kind).to_owned()), origin.clone()),
            uid: Seen::new(fact.clone().map(|stat| i64::from(stat.uid)), origin.clone()),
            gid: Seen::new(fact.clone().map(|stat| i64::from(stat.gid)), origin.clone()),
            owner: Seen::new(fact.clone().map(|stat| format!("{}:{}", stat.uid, stat.gid)), origin.clone()),
            mode: Seen::new(fact.clone().map(|stat| format!("{:04o}", stat.mode)), with_list.clone()),
            access_list: Seen::new(
                fact.clone().and_then(|stat| stat.acl.as_ref().map(|acl| Listing::from(acl.entries.clone())).absent_as(Listing::default())),
                origin.clone(),
            ),
            rights: Seen::new(
                fact.clone().map(|stat| rights(&format!("{:04o}", stat.mode), stat.acl.known().map(|acl| &acl.entries))),
                origin.clone(),
            ),
            owner_is_root: Seen::new(fact.clone().map(|stat| stat.uid == 0 && stat.gid == 0), origin.clone()),
            owner_is_root_and_docker_group: Seen::new(fact.clone().and_then(|stat| self.root_and_docker(stat)), origin),
            mode_at_most_0400: at_most(0o400),
            mode_at_most_0444: at_most(0o444),
            mode_at_most_0644: at_most(0o644),
            mode_at_most_0660: at_most(0o660),
            mode_at_most_0755: at_most(0o755),
        }
    }

    /// A group that the host's files do not name may be one of a directory service, unless they give its name to another number.
    fn root_and_docker(&self, stat: &FileStat) -> Fact<bool> {
        if stat.uid != 0 || stat.gid == 0 {
            return Fact::Known(stat.uid == 0);
        }
        self.groups.fact.as_ref().and_then(|groups| {
            let mut named = groups.iter().filter(|group| group.gid == stat.gid).map(|group| group.name == "docker").peekable();
            match named.peek() {
                Some(_) => Fact::Known(named.any(|is_docker| is_docker)),
                None if groups.iter().any(|group| group.name == "docker") => Fact::Known(false),
                None => Fact::unknown(format!("/etc/group has no group {} and none named docker", stat.gid)),
            }
        })
    }
}

fn kind(kind: FileKind) -> &'static str {
    match kind {
        FileKind::File => "file",
        FileKind::Directory => "directory",
        FileKind::Socket => "socket",
        FileKind::Symlink | FileKind::Other => "other",
    }
}
