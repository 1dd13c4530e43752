//! What /proc says of the daemon's process.

use facts::docker::{DaemonProcess, ProxyProcess};
use facts::{Fact, Observed, Source, Sources};

use super::daemon::Daemon;
use crate::gaps::{Gaps, READ, TRACE};
use crate::host::Reach;
use crate::obstacle::{Answer, Obstacle};
use crate::parse::{UserUnit, stat, status, unit_of};
use crate::source::{ProcText, ProcessId, Program};
use crate::world::World;

/// Everything about the process but its listening sockets, which take time to probe.
pub(crate) fn daemon_process(world: &World, daemon: &Daemon, reach: &Reach, sources: &mut Sources, gaps: &Gaps) -> DaemonProcess {
    let pid = daemon.pid;
    let process = ProcessId::from(pid);
    let read = |file: ProcText| world.processes.text(process, file);
    let fact = |file: &str| format!("/proc/{pid}/{file}");
    let malformed = || Obstacle::Malformed("not of the expected form".to_owned());
    let start_ticks = read(ProcText::Stat).and_then(|text| stat(&text).map(|stat| stat.start_ticks).ok_or_else(malformed));
    let uid = read(ProcText::Status).and_then(|text| status(&text).map(|status| status.uids[0]).ok_or_else(malformed));
    let argv = Observed::new(
        sources.intern(Source::Argv { pid }),
        known(gaps, world.processes.argv(process, Program::Daemon), "the daemon's command line", &fact("cmdline")),
    );
    let exe = known(gaps, world.processes.exe(process), "the daemon's executable", &fact("exe"));
    let children = children(world, process);
    DaemonProcess {
        pid,
        found_by: daemon.found_by.to_owned(),
        // A daemon whose package was upgraded meanwhile runs from a file that is gone.
        exe: exe.map(|exe| exe.strip_suffix(" (deleted)").unwrap_or(&exe).to_owned()),
        containerd_socket: containerd_socket(world, reach, argv.known().map(Vec::as_slice), &children, gaps),
        argv,
        uid: known(gaps, uid, "the daemon's process", &fact("status")),
        start_ticks: known(gaps, start_ticks, "the daemon's process", &fact("stat")),
        unit: unit_name(read(ProcText::Cgroup), pid, gaps),
        listeners: Fact::unknown("not looked at yet"),
        proxies: proxies(world, children, pid, gaps),
    }
}

/// A process that is there has these files: "not found" means that it ended, which is no absence.
fn known<T>(gaps: &Gaps, answer: Answer<T>, what: &str, place: &str) -> Fact<T> {
    let ended = |obstacle| if obstacle == Obstacle::NotFound { Obstacle::Other("the process has ended".to_owned()) } else { obstacle };
    gaps.fact(answer.map_err(ended), what, place, TRACE)
}

fn unit_name(group: Answer<String>, pid: u32, gaps: &Gaps) -> Fact<String> {
    match known(gaps, group, "the daemon's control group", &format!("/proc/{pid}/cgroup")) {
        Fact::Known(text) => match unit_of(&text) {
            Ok(name) => name.map(str::to_owned).into(),
            Err(UserUnit) => {
                gaps.note(
                    "the daemon's unit",
                    "it is a unit of a user's own service manager, which is not looked at yet",
                    "another version",
                );
                Fact::unknown("the daemon runs under a user's own service manager, whose units are not looked at yet")
            }
        },
        Fact::Absent => Fact::Absent,
        Fact::Unknown { why } => Fact::Unknown { why },
    }
}

/// Children with the base name of what each one runs.
fn children(world: &World, process: ProcessId) -> Answer<Vec<(u32, Answer<String>)>> {
    let base_name = |exe: String| {
        let exe = exe.strip_suffix(" (deleted)").unwrap_or(&exe);
        exe.rsplit('/').next().unwrap_or_default().to_owned()
    };
    let children = world.processes.children(process)?;
    Ok(children.into_iter().map(|pid| (pid, world.processes.exe(pid.into()).map(base_name))).collect())
}

/// docker-proxy processes among the children (`rootlesskit-docker-proxy` in a rootless engine).
fn proxies(world: &World, children: Answer<Vec<(u32, Answer<String>)>>, pid: u32, gaps: &Gaps) -> Fact<Vec<ProxyProcess>> {
    const WHAT: &str = "docker-proxy processes";
    let place = format!("children of process {pid}");
    let mut proxies = Vec::new();
    match children {
        Ok(children) => {
            for (child, exe) in children {
                match exe {
                    Ok(name) if name.ends_with("docker-proxy") => {
                        let argv = world.processes.argv(child.into(), Program::Proxy).unwrap_or_default();
                        proxies.push(ProxyProcess { pid: child, host_port: host_port(&argv) });
                    }
                    // Another child, or one that has ended.
                    Ok(_) | Err(Obstacle::NotFound) => {}
                    Err(obstacle) => return gaps.unknown(WHAT, &place, &obstacle, TRACE),
                }
            }
            Fact::Known(proxies)
        }
        Err(obstacle) => gaps.unknown(WHAT, &place, &obstacle, TRACE),
    }
}

fn host_port(argv: &[String]) -> Option<u16> {
    let at = argv.iter().position(|word| word.trim_start_matches('-') == "host-port" && word.starts_with('-'))?;
    argv.get(at + 1)?.parse().ok()
}

/// The socket of the containerd in use: the flag; else that of the containerd that the daemon itself started, below its exec root; else the
/// system's, which dockerd takes when it exists (daemon/command/daemon_unix.go).
fn containerd_socket(
    world: &World,
    reach: &Reach,
    argv: Option<&[String]>,
    children: &Answer<Vec<(u32, Answer<String>)>>,
    gaps: &Gaps,
) -> Fact<String> {
    const SYSTEM: &str = "/run/containerd/containerd.sock";
    const EXEC_ROOT: &str = "/var/run/docker";
    let Some(argv) = argv else { return Fact::unknown("the daemon's command line could not be read") };
    let arguments = facts::docker::arguments(argv);
    let flag = |name: &str| arguments.iter().rev().find(|argument| argument.name == name).and_then(|argument| argument.value.clone());
    if let Some(path) = flag("containerd") {
        return Fact::Known(path.strip_prefix("unix://").unwrap_or(&path).to_owned());
    }
    if let Some(why) = reach.no_files() {
        return Fact::unknown(why);
    }
    let starts_its_own = children.iter().flatten().any(|(_, exe)| exe.as_ref().is_ok_and(|name| name.ends_with("containerd")));
    let exec_root = flag("exec-root").unwrap_or_else(|| EXEC_ROOT.to_owned());
    let managed = format!("{exec_root}/containerd/containerd.sock");
    let candidates = if starts_its_own { [managed.as_str(), SYSTEM] } else { [SYSTEM, managed.as_str()] };
    for path in candidates {
        match world.files.lstat(path) {
            Ok(_) => return Fact::Known(path.to_owned()),
            Err(Obstacle::NotFound) => {}
            Err(obstacle) => return gaps.unknown("containerd's socket", path, &obstacle, READ),
        }
    }
    Fact::unknown(format!("neither {SYSTEM} nor {managed} exists"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_ports() {
        let argv = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(host_port(&argv("docker-proxy -proto tcp -host-ip :: -host-port 8080")), Some(8080));
        assert_eq!(host_port(&argv("docker-proxy -host-port")), None);
        assert_eq!(host_port(&argv("docker-proxy -host-port 99999")), None);
        assert_eq!(host_port(&[]), None);
    }
}
