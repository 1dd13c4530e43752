//! What /proc, /sys and netlink say by themselves, while the engine is still at work on its answers.

use facts::docker::DaemonProcess;
use facts::host::Host;
use facts::{Fact, Sources};

use crate::docker::{self, Daemon, NotFound};
use crate::gaps::Gaps;
use crate::host::{self, Reach};
use crate::obstacle::Answer;
use crate::source::{CgroupMount, Peer, TcpListening};
use crate::world::World;

/// Where the daemon's pid file lies unless it was told otherwise. Only a first guess: see [`docker::find`].
const PID_FILE: &str = "/var/run/docker.pid";

/// The machine, and the daemon's process on it.
pub(crate) struct Machine {
    pub(crate) host: Host,
    pub(crate) reach: Reach,
    pub(crate) cgroups: Answer<Vec<CgroupMount>>,
    /// The daemon's process with its listening sockets, or why there is none.
    pub(crate) daemon: Result<(DaemonProcess, Fact<Vec<TcpListening>>), String>,
    pub(crate) sources: Sources,
    pub(crate) gaps: Gaps,
}

impl Machine {
    /// The machine without an engine.
    pub(crate) fn alone(world: &World) -> Self {
        let (mut sources, gaps) = (Sources::default(), Gaps::default());
        let (reach, cgroups) = (Reach::Full, world.processes.cgroup_mounts());
        let host = host::host(world, &reach, &cgroups, &mut sources, &gaps);
        Self { host, reach, cgroups, daemon: Err("no engine was asked".to_owned()), sources, gaps }
    }

    /// The machine and the process that serves the API at `socket`.
    pub(crate) fn with_daemon(world: &World, socket: &str, peer: &Answer<Peer>) -> Self {
        let (mut sources, gaps) = (Sources::default(), Gaps::default());
        let cgroups = world.processes.cgroup_mounts();
        let daemon = docker::find(world, socket, PID_FILE, peer);
        let reach = reach(world, &daemon, &gaps);
        let host = host::host(world, &reach, &cgroups, &mut sources, &gaps);
        let daemon = match daemon {
            Ok(daemon) => {
                let process = docker::daemon_process(world, &daemon, &reach, &mut sources, &gaps);
                Ok((process, docker::listening(world, &daemon, &gaps)))
            }
            Err(NotFound::Elsewhere(why)) => Err(why),
            Err(NotFound::Unseen { why, needs }) => Err(format!("{why} (needs {needs})")),
        };
        Self { host, reach, cgroups, daemon, sources, gaps }
    }
}

/// How far this machine's own files and processes are the engine's.
fn reach(world: &World, daemon: &Result<Daemon, NotFound>, gaps: &Gaps) -> Reach {
    match daemon {
        Ok(daemon) => {
            let why = match world.processes.shares_root(daemon.pid.into()) {
                Ok(true) => return Reach::Full,
                Ok(false) => "cofferdam and the engine have different root directories, so files here are not the engine's".to_owned(),
                Err(obstacle) => format!("cannot tell whether files here are the engine's: /proc/{}/root: {obstacle}", daemon.pid),
            };
            gaps.note("files of the engine's host", &why, "cofferdam as root outside of a container");
            Reach::NoFiles(why)
        }
        Err(NotFound::Elsewhere(why)) => {
            gaps.note("the engine's host", why, "cofferdam on the engine's own host, outside of a container");
            Reach::None(why.clone())
        }
        Err(NotFound::Unseen { why, needs }) => {
            gaps.note("the daemon's process", why, needs);
            Reach::Full
        }
    }
}
