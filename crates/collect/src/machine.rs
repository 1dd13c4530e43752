//! What /proc, /sys and netlink say by themselves, while the engine is still at work on its answers.

use facts::docker::DaemonProcess;
use facts::host::Host;
use facts::{Fact, Sources};
use serde_json::Value;

use crate::docker::{self, Daemon, NotFound};
use crate::gaps::Gaps;
use crate::host::{self, Reach};
use crate::obstacle::{Answer, Obstacle};
use crate::source::{CgroupMount, EngineApi, Peer, TcpEnds, TcpListening};
use crate::world::World;

/// Where the daemon's pid file lies unless it was told otherwise. Only a first guess: see [`docker::find`].
const PID_FILE: &str = "/var/run/docker.pid";

/// The way to the engine, by which its process is looked for.
pub(crate) struct Route {
    endpoint: String,
    socket: Option<String>,
    peer: Answer<Peer>,
    ends: Answer<TcpEnds>,
}

impl Route {
    /// Known once the first question was answered.
    pub(crate) fn to(engine: &dyn EngineApi) -> Self {
        let socket = engine.socket();
        // Each is asked only where it can be answered, so that a recording holds no idle question.
        let (peer, ends) = match &socket {
            Some(_) => (engine.peer(), Err(Obstacle::Unsupported)),
            None if engine.endpoint().starts_with("tcp://") => (Err(Obstacle::Unsupported), engine.tcp_ends()),
            None => (Err(Obstacle::Unsupported), Err(Obstacle::Unsupported)),
        };
        Self { endpoint: engine.endpoint(), socket, peer, ends }
    }

    fn daemon(&self, world: &World) -> Result<Daemon, NotFound> {
        match (&self.socket, &self.ends) {
            (Some(socket), _) => docker::find(world, socket, PID_FILE, &self.peer),
            (None, Ok(ends)) => docker::find_by_connection(world, &self.endpoint, *ends),
            (None, Err(_)) => Err(NotFound::Elsewhere(format!("the engine at {} is on another machine", self.endpoint))),
        }
    }
}

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

    /// The machine and the process that serves the API at the end of `route`.
    pub(crate) fn with_daemon(world: &World, route: &Route) -> Self {
        Self::around(world, route.daemon(world))
    }

    fn around(world: &World, daemon: Result<Daemon, NotFound>) -> Self {
        let (mut sources, gaps) = (Sources::default(), Gaps::default());
        let cgroups = world.processes.cgroup_mounts();
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

    /// What is left where the engine is none of Docker's: no process here is its daemon.
    pub(crate) fn without_dockerd(world: &World, why: &str) -> Self {
        Self::around(world, Err(NotFound::Elsewhere(why.to_owned())))
    }

    /// What is left where the engine itself speaks of another kernel or host name than this machine's. Only a daemon that was found by its socket
    /// is beyond doubt: a pid file may be that of another engine than the one behind a socket that passes on.
    pub(crate) fn unless_refuted(self, world: &World, version: Option<&Value>, info: Option<&Value>) -> Self {
        let proven = self.daemon.as_ref().is_ok_and(|(process, _)| process.found_by != docker::BY_PID_FILE);
        if proven || self.reach.no_processes().is_some() {
            return self;
        }
        let differs = |theirs: Option<&Value>, member: &str, ours: &Fact<String>| {
            let theirs = theirs.and_then(|answer| answer.get(member)).and_then(Value::as_str).filter(|text| !text.is_empty())?;
            let ours = ours.known().filter(|text| !text.is_empty() && *text != theirs)?;
            Some(format!("`{theirs}` and this machine's `{ours}`"))
        };
        let kernel = differs(version, "KernelVersion", &self.host.kernel).map(|both| format!("kernel {both}"));
        let name = || differs(info, "Name", &self.host.name).map(|both| format!("host name {both}"));
        match kernel.or_else(name) {
            Some(both) => Self::around(world, Err(NotFound::Elsewhere(format!("the engine runs on another machine: its {both} differ")))),
            None => self,
        }
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
            gaps.note("the engine's host", why, "cofferdam on the engine's own host, outside of a container; or a snapshot taken there (cofferdam snapshot), judged here with --snapshot");
            Reach::None(why.clone())
        }
        Err(NotFound::Unseen { why, needs }) => {
            gaps.note("the daemon's process", why, needs);
            Reach::Full
        }
    }
}
