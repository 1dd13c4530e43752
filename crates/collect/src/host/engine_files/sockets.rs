//! The Unix sockets on which the daemon serves its API, by the descriptors that its process holds.

use facts::Fact;

use super::Clues;
use crate::gaps::{Gaps, READ, TRACE};
use crate::obstacle::Obstacle;
use crate::source::ProcessId;
use crate::world::World;

const WHAT: &str = "the daemon's listening Unix sockets";

/// Every listening socket of the daemon's but those of its inner workings below its exec root (plug-ins, metrics, swarm's control); with
/// those that it was told to serve on and the one that was spoken to, wherever they are.
pub(super) fn api_sockets(clues: &Clues<'_>, world: &World, gaps: &Gaps) -> Fact<Vec<String>> {
    let Some(process) = clues.process else { return Fact::unknown(clues.no_process) };
    let pid = ProcessId::from(process.pid);
    let held = world.processes.socket_inodes(pid).and_then(|held| Ok((held, world.processes.unix_listeners(pid, "")?)));
    let (held, listening) = match held {
        Ok(found) => found,
        Err(obstacle) => return gaps.unknown(WHAT, &format!("/proc/{}/fd", process.pid), &obstacle, TRACE),
    };
    let given = match &clues.sockets {
        Fact::Known(given) => given,
        Fact::Absent => return Fact::unknown("what the daemon was told of its sockets"),
        Fact::Unknown { why } => return Fact::unknown(why.clone()),
    };
    let told = given.hosts.iter().filter_map(|host| host.strip_prefix("unix://")).chain(clues.socket.as_deref());
    let told: Vec<String> = told.filter(|path| path.starts_with('/')).map(str::to_owned).collect();
    let inner = match real(world, &given.exec_root) {
        Ok(inner) => inner.unwrap_or_else(|| given.exec_root.clone()),
        Err(obstacle) => return gaps.unknown(WHAT, &given.exec_root, &obstacle, READ),
    };
    let own = listening.into_iter().filter(|socket| held.contains(&socket.inode)).map(|socket| socket.path);
    let mut sockets = Vec::new();
    for (path, certain) in own.map(|path| (path, false)).chain(told.into_iter().map(|path| (path, true))) {
        match real(world, &path) {
            Ok(Some(path)) if certain || !is_below(&path, &inner) => sockets.push(path),
            // Of the inner workings, or nothing is there: nobody reaches a socket whose name is gone.
            Ok(_) => {}
            Err(obstacle) => return gaps.unknown(WHAT, &path, &obstacle, READ),
        }
    }
    sockets.sort();
    sockets.dedup();
    Fact::Known(sockets)
}

fn real(world: &World, path: &str) -> Result<Option<String>, Obstacle> {
    match world.files.canonical(path) {
        Ok(path) => Ok(Some(path)),
        Err(Obstacle::NotFound) => Ok(None),
        Err(obstacle) => Err(obstacle),
    }
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'))
}
