//! Programs beside the daemon: containerd, its shims, the low level runtimes.

use std::collections::BTreeMap;

use facts::Fact;
use facts::host::RuntimeProgram;

use super::Clues;
use crate::gaps::{Gaps, READ, TRACE};
use crate::obstacle::Obstacle;
use crate::source::{ProcessId, Program};
use crate::world::World;

const WHAT: &str = "containerd's process";
const SYSTEM_SOCKET: &str = "/run/containerd/containerd.sock";
const CONFIG: &str = "/etc/containerd/config.toml";

/// systemd's PATH for services (systemd.exec(5)). The real one stands in an environment, which is not read.
const PATH: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// The shims by name, oldest first.
pub(super) const SHIMS: [&str; 3] = ["containerd-shim", "containerd-shim-runc-v1", "containerd-shim-runc-v2"];

/// containerd's program and configuration file.
pub(super) struct Containerd {
    pub(super) exe: Fact<String>,
    pub(super) config: Fact<String>,
}

/// The process that holds containerd's listening socket.
pub(super) fn containerd(clues: &Clues<'_>, world: &World, gaps: &Gaps) -> Containerd {
    let unknown = |why: &str| Containerd { exe: Fact::unknown(why), config: Fact::unknown(why) };
    let socket = match clues.process.map(|process| &process.containerd_socket) {
        Some(Fact::Known(socket)) => socket.as_str(),
        Some(Fact::Unknown { why }) => return unknown(why),
        Some(Fact::Absent) | None => SYSTEM_SOCKET,
    };
    let near = clues.process.map_or(ProcessId::Own, |process| process.pid.into());
    match holder(near, socket, world) {
        Ok(Some((pid, exe))) => Containerd { exe: Fact::Known(exe), config: config(pid, world, gaps) },
        Ok(None) => unknown(&format!("no containerd process seen here holds {socket}")),
        Err(Obstacle::NotFound) => unknown(&format!("{socket} is not there, so no process is known to be containerd")),
        Err(obstacle) => {
            Containerd { exe: gaps.unknown(WHAT, socket, &obstacle, TRACE), config: gaps.unknown(WHAT, socket, &obstacle, TRACE) }
        }
    }
}

/// Names only choose whom to ask; the socket's inode among the open files is the proof.
fn holder(near: ProcessId, socket: &str, world: &World) -> Result<Option<(u32, String)>, Obstacle> {
    let name = socket.rsplit('/').next().unwrap_or_default();
    let real = world.files.canonical(socket)?;
    let mut inodes = Vec::new();
    for listening in world.processes.unix_listeners(near, name)? {
        match world.files.canonical(&listening.path) {
            Ok(path) if path == real => inodes.push(listening.inode),
            Ok(_) | Err(Obstacle::NotFound) => {}
            Err(obstacle) => return Err(obstacle),
        }
    }
    let mut obstacle = None;
    for pid in world.processes.pids()? {
        let exe = match world.processes.exe(pid.into()) {
            Ok(exe) => exe.strip_suffix(" (deleted)").unwrap_or(&exe).to_owned(),
            Err(Obstacle::NotFound) => continue,
            Err(denied) => {
                obstacle = Some(denied);
                continue;
            }
        };
        if exe.ends_with("containerd") {
            match world.processes.socket_inodes(pid.into()) {
                Ok(held) if inodes.iter().any(|inode| held.contains(inode)) => return Ok(Some((pid, exe))),
                Ok(_) | Err(Obstacle::NotFound) => {}
                Err(denied) => obstacle = Some(denied),
            }
        }
    }
    obstacle.map_or(Ok(None), Err)
}

/// `--config PATH`, or the default.
fn config(pid: u32, world: &World, gaps: &Gaps) -> Fact<String> {
    let place = format!("/proc/{pid}/cmdline");
    let argv = match world.processes.argv(pid.into(), Program::Containerd) {
        Ok(argv) => argv,
        Err(Obstacle::NotFound) => return Fact::unknown(format!("{place}: the process has ended")),
        Err(obstacle) => return gaps.unknown("containerd's command line", &place, &obstacle, TRACE),
    };
    let mut words = argv.iter().skip(1);
    let mut given = None;
    while let Some(word) = words.next() {
        let (name, value) = word.split_once('=').map_or((word.as_str(), None), |(name, value)| (name, Some(value.to_owned())));
        if matches!(name, "--config" | "-config" | "--c" | "-c") {
            given = value.or_else(|| words.next().cloned());
        }
    }
    match given {
        Some(path) if path.starts_with('/') => Fact::Known(path),
        Some(_) => Fact::unknown("containerd's --config is relative to its working directory, which is not looked at"),
        None => Fact::Known(CONFIG.to_owned()),
    }
}

/// The shims where containerd looks for them: in PATH first, then beside its own program.
pub(super) fn shims(containerd: &Fact<String>, world: &World, gaps: &Gaps) -> BTreeMap<String, Fact<String>> {
    let beside = containerd.known().and_then(|exe| exe.rsplit_once('/')).map(|(folder, _)| folder.to_owned());
    SHIMS
        .map(|name| {
            let found = match (in_folders(name, PATH.iter().copied().chain(beside.as_deref()), world, gaps), containerd) {
                // It may lie beside a containerd that was not seen.
                (Fact::Absent, Fact::Unknown { why }) => Fact::unknown(why.clone()),
                (found, _) => found,
            };
            (name.to_owned(), found)
        })
        .into()
}

/// The program of each runtime.
pub(super) fn runtimes(runtimes: &Fact<Vec<(String, String)>>, world: &World, gaps: &Gaps) -> Fact<Vec<RuntimeProgram>> {
    runtimes.as_ref().map(|runtimes| {
        let program = |(name, path): &(String, String)| {
            let path = match path.starts_with('/') {
                true => Fact::Known(path.clone()),
                // The engine knows it, so it may well be in a folder that only the engine's own PATH has.
                false => match in_folders(path, PATH.into_iter(), world, gaps) {
                    Fact::Absent => Fact::unknown(format!("{path} is in none of the usual folders, and the daemon's own PATH is not read")),
                    found => found,
                },
            };
            RuntimeProgram { name: name.clone(), path }
        };
        runtimes.iter().map(program).collect()
    })
}

/// The first of the folders that holds a program of this name.
fn in_folders<'f>(name: &str, folders: impl Iterator<Item = &'f str>, world: &World, gaps: &Gaps) -> Fact<String> {
    if name.contains('/') {
        return Fact::unknown(format!("{name} is relative to a working directory, which is not looked at"));
    }
    for folder in folders {
        let path = format!("{folder}/{name}");
        match world.files.canonical(&path) {
            Ok(_) => return Fact::Known(path),
            Err(Obstacle::NotFound) => {}
            Err(obstacle) => return gaps.unknown("programs beside the daemon", folder, &obstacle, READ),
        }
    }
    Fact::Absent
}
