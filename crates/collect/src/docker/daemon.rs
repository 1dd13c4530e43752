//! Which process serves the API: the one, never init, that holds the listening socket's inode. Words in a command line prove nothing.

use std::collections::BTreeMap;

use crate::gaps::TRACE;
use crate::obstacle::{Answer, Obstacle};
use crate::parse::stat;
use crate::redact;
use crate::source::{Content, Namespace, Peer, ProcText, ProcessId, TcpEnds};
use crate::world::World;

/// The weakest way: whoever writes the pid file may not be the one behind the socket.
pub(crate) const BY_PID_FILE: &str = "pid file";

/// The daemon's process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Daemon {
    pub(crate) pid: u32,
    /// `socket inode`, `peer credentials` or `pid file`.
    pub(crate) found_by: &'static str,
    /// Inodes of its sockets, where they could be read. A busy daemon has thousands of descriptors: they are looked at once.
    pub(crate) sockets: Option<Vec<u64>>,
}

/// Why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotFound {
    /// It runs where this process cannot see it, whatever its rights.
    Elsewhere(String),
    /// It may run here, and this process may not look.
    Unseen {
        /// The obstacle.
        why: String,
        /// The access that was missing.
        needs: String,
    },
}

/// Looks for the holder of the listening socket at `socket`.
///
/// The two likely processes are asked first: whoever called listen() (the socket's peer; under socket activation that is init) and
/// the one that the pid file names. Only if neither holds the socket are all processes looked at. A holder that does not run dockerd is a
/// service manager that opened the socket for it, or it passes on to an engine elsewhere (ssh -L, socat, a socket proxy).
pub(crate) fn find(world: &World, socket: &str, pid_file: &str, peer: &Answer<Peer>) -> Result<Daemon, NotFound> {
    let socket = Socket::new(world, socket);
    let listener = peer.as_ref().ok().map(|peer| peer.pid).filter(|pid| *pid > 1);
    let by_file = world.files.text(pid_file, Content::PidFile).ok().and_then(|file| file.text.parse::<u32>().ok()).filter(|pid| *pid > 1);
    for pid in [listener, by_file].into_iter().flatten() {
        let listening = world.processes.unix_listeners(pid.into(), &socket.name).map(|found| socket.inodes(world, found));
        if let (Ok(inodes), Ok(held)) = (listening, world.processes.socket_inodes(pid.into()))
            && inodes.iter().any(|inode| held.contains(inode))
            && program(world, pid).is_some_and(|name| redact::is_daemon(&name))
        {
            return Ok(Daemon { pid, found_by: "socket inode", sockets: Some(held) });
        }
    }
    let (holders, denied) = holders(world, &socket)?;
    let programs: Vec<(u32, String)> = holders.into_iter().map(|pid| (pid, program(world, pid).unwrap_or_default())).collect();
    let daemons: Vec<u32> = programs.iter().filter(|(_, name)| redact::is_daemon(name)).map(|(pid, _)| *pid).collect();
    match daemons.as_slice() {
        [pid] => Ok(Daemon { pid: *pid, found_by: "socket inode", sockets: None }),
        [] => match programs.iter().find(|(_, name)| name != "systemd") {
            Some((_, name)) => Err(not_dockerd(name)),
            None => without_holder(world, peer, listener, by_file, denied),
        },
        several => match several.iter().find(|pid| Some(**pid) == by_file || Some(**pid) == listener) {
            Some(pid) => Ok(Daemon { pid: *pid, found_by: "socket inode", sockets: None }),
            None => Err(NotFound::Unseen {
                why: format!("several processes hold the API socket and no pid file says which is the daemon: {several:?}"),
                needs: "a pid file".to_owned(),
            }),
        },
    }
}

/// Looks for the process that holds the other end of a connection that was made. An address proves nothing: 127.0.0.1 may be a tunnel's entry, a
/// container's published port or a port that is redirected, and then another program holds it here, or nobody does.
pub(crate) fn find_by_connection(world: &World, endpoint: &str, ends: TcpEnds) -> Result<Daemon, NotFound> {
    let elsewhere = |why: &str| Err(NotFound::Elsewhere(format!("the engine at {endpoint} is not provably on this machine: {why}")));
    let inode = match world.processes.tcp_other_end(ends) {
        Ok(inode) => inode,
        Err(Obstacle::NotFound) => return elsewhere("the connection's other end is not in this network namespace"),
        Err(obstacle) => return elsewhere(&format!("this machine's TCP connections: {obstacle}")),
    };
    let pids = match world.processes.pids() {
        Ok(pids) => pids,
        Err(obstacle) => return elsewhere(&format!("/proc: {obstacle}")),
    };
    let mut denied = false;
    let mut others = None;
    for pid in pids.into_iter().filter(|pid| *pid > 1) {
        match world.processes.socket_inodes(pid.into()) {
            Ok(held) if held.contains(&inode) => match program(world, pid).unwrap_or_default() {
                name if redact::is_daemon(&name) => return Ok(Daemon { pid, found_by: "socket inode", sockets: Some(held) }),
                name => others = Some(name),
            },
            Ok(_) | Err(Obstacle::NotFound) => {}
            Err(_) => denied = true,
        }
    }
    match others {
        Some(name) => Err(not_dockerd(&name)),
        None if denied => elsewhere("permission denied looking at the open files of other users' processes (needs root)"),
        None => elsewhere("no process seen here holds the connection's other end"),
    }
}

/// Base name of what a process runs, by its executable; its own name where the executable may not be looked at.
pub(crate) fn program(world: &World, pid: u32) -> Option<String> {
    let exe = world.processes.exe(pid.into());
    let by_name = || world.processes.text(pid.into(), ProcText::Stat).ok().and_then(|text| stat(&text)).map(|stat| stat.name);
    exe.ok().and_then(|exe| exe.trim_end_matches(" (deleted)").rsplit('/').next().map(str::to_owned)).or_else(by_name)
}

fn not_dockerd(name: &str) -> NotFound {
    NotFound::Elsewhere(format!(
        "the socket belongs to `{name}`, which is not dockerd: it passes on to an engine elsewhere, or is another kind of engine"
    ))
}

/// Nobody seen holds it: either the descriptors of others may not be looked at, or the daemon is not among these processes.
fn without_holder(
    world: &World,
    peer: &Answer<Peer>,
    listener: Option<u32>,
    by_file: Option<u32>,
    denied: bool,
) -> Result<Daemon, NotFound> {
    match listener.and_then(|pid| Some((pid, program(world, pid)?))) {
        Some((pid, name)) if redact::is_daemon(&name) => return Ok(Daemon { pid, found_by: "peer credentials", sockets: None }),
        Some((_, name)) if name != "systemd" => return Err(not_dockerd(&name)),
        Some(_) | None => {}
    }
    // A /proc that shows not even init hides processes of others (hidepid).
    let hidden = program(world, 1).is_none();
    let by_file = by_file.filter(|pid| program(world, *pid).is_some_and(|name| redact::is_daemon(&name)));
    match (peer, by_file) {
        (Ok(Peer { pid: 0, .. }), _) => Err(NotFound::Elsewhere("the engine runs in another pid namespace than cofferdam".to_owned())),
        (_, Some(pid)) if denied || hidden => Ok(Daemon { pid, found_by: BY_PID_FILE, sockets: None }),
        (_, None) if denied || hidden => Err(NotFound::Unseen {
            why: "permission denied looking at the open files of other users' processes".to_owned(),
            needs: TRACE.to_owned(),
        }),
        _ => Err(NotFound::Elsewhere("no process seen here holds the engine's socket".to_owned())),
    }
}

/// All processes but init that hold the socket, and whether some could not be looked at.
fn holders(world: &World, socket: &Socket) -> Result<(Vec<u32>, bool), NotFound> {
    let pids = world
        .processes
        .pids()
        .map_err(|obstacle| NotFound::Unseen { why: format!("/proc: {obstacle}"), needs: "a mounted /proc".to_owned() })?;
    // Socket tables are per network namespace, and most processes share one.
    let mut tables: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let mut holders = Vec::new();
    // A process that ended holds nothing; one that could not be looked at may hold it.
    let unseen = |obstacle: &Obstacle| *obstacle != Obstacle::NotFound;
    let mut denied = false;
    for pid in pids.into_iter().filter(|pid| *pid > 1) {
        let process = ProcessId::from(pid);
        let held = match world.processes.socket_inodes(process) {
            Ok(held) if held.is_empty() => continue,
            Ok(held) => held,
            Err(obstacle) => {
                denied |= unseen(&obstacle);
                continue;
            }
        };
        let namespace = match world.processes.namespace(process, Namespace::Net) {
            Ok(namespace) => namespace,
            Err(obstacle) => {
                denied |= unseen(&obstacle);
                continue;
            }
        };
        let listening = tables.entry(namespace).or_insert_with(|| {
            let found = world.processes.unix_listeners(process, &socket.name);
            denied |= found.as_ref().is_err_and(unseen);
            found.map(|found| socket.inodes(world, found)).unwrap_or_default()
        });
        if listening.iter().any(|inode| held.contains(inode)) {
            holders.push(pid);
        }
    }
    Ok((holders, denied))
}

/// The socket that is looked for: its path may go through a link (/var/run), and so may the one that it was bound by.
struct Socket {
    path: String,
    name: String,
    canonical: Option<String>,
}

impl Socket {
    fn new(world: &World, path: &str) -> Self {
        let canonical = world.files.canonical(path).ok();
        let name = canonical.as_deref().unwrap_or(path).rsplit('/').next().unwrap_or_default().to_owned();
        Self { path: path.to_owned(), name, canonical }
    }

    fn inodes(&self, world: &World, found: Vec<crate::source::UnixListening>) -> Vec<u64> {
        let is_this = |path: &str| path == self.path || (self.canonical.is_some() && world.files.canonical(path).ok() == self.canonical);
        found.into_iter().filter(|socket| is_this(&socket.path)).map(|socket| socket.inode).collect()
    }
}
