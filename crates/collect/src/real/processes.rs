//! Processes of this machine, by /proc.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;

use facts::host::{ClientEnvironment, MountPoint};

use super::read_at_most;
use crate::obstacle::{Answer, Obstacle};
use crate::source::{CgroupMount, MountLine, Namespace, ProcText, ProcessId, Processes, Program, TcpEnds, TcpListening, UnixListening};
use crate::{parse, redact};

/// Largest file of /proc/PID that is read.
const TEXT_LIMIT: u64 = 1 << 20;

/// Largest socket table that is read: about 400,000 connections.
const SOCKETS_LIMIT: u64 = 64 << 20;

/// This machine's processes.
pub(crate) struct RealProcesses;

fn read(process: ProcessId, name: &str, limit: u64) -> Answer<Vec<u8>> {
    read_at_most(File::open(format!("/proc/{process}/{name}"))?, limit)
}

fn text(process: ProcessId, name: &str, limit: u64) -> Answer<String> {
    Ok(String::from_utf8_lossy(&read(process, name, limit)?).into_owned())
}

fn link(process: ProcessId, name: &str) -> Answer<String> {
    Ok(fs::read_link(format!("/proc/{process}/{name}"))?.to_string_lossy().into_owned())
}

impl Processes for RealProcesses {
    fn pids(&self) -> Answer<Vec<u32>> {
        let mut pids = Vec::new();
        for entry in fs::read_dir("/proc")? {
            pids.extend(entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
        }
        pids.sort_unstable();
        Ok(pids)
    }

    fn text(&self, process: ProcessId, file: ProcText) -> Answer<String> {
        text(process, file.name(), TEXT_LIMIT)
    }

    fn exe(&self, process: ProcessId) -> Answer<String> {
        link(process, "exe")
    }

    fn argv(&self, process: ProcessId, program: Program) -> Answer<Vec<String>> {
        let bytes = read(process, "cmdline", TEXT_LIMIT)?;
        // A zombie and a kernel thread have none.
        let bytes = bytes.strip_suffix(&[0]).filter(|bytes| !bytes.is_empty()).ok_or(Obstacle::NotFound)?;
        let words: Vec<String> = bytes.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect();
        match program {
            Program::Proxy => Ok(redact::proxy_argv(&words)),
            Program::Containerd => {
                let is_containerd = |name: &str| name.rsplit('/').next().is_some_and(|name| name.ends_with("containerd"));
                if link(process, "exe").is_ok_and(|exe| is_containerd(exe.trim_end_matches(" (deleted)"))) {
                    Ok(redact::containerd_argv(&words))
                } else {
                    Err(Obstacle::Other("the command line of a program that is not containerd is not kept".to_owned()))
                }
            }
            Program::Sshd => {
                let named = parse::stat(&text(process, "stat", TEXT_LIMIT)?).is_some_and(|stat| stat.name == "sshd");
                if named {
                    Ok(redact::sshd_argv(&words))
                } else {
                    Err(Obstacle::Other("the command line of a program that is not sshd is not kept".to_owned()))
                }
            }
            Program::Daemon => {
                let by_exe = link(process, "exe").is_ok_and(|exe| redact::is_daemon(&exe));
                if by_exe || redact::is_daemon(&words[0]) {
                    Ok(redact::daemon_argv(&words))
                } else {
                    Err(Obstacle::Other("the command line of a program that is not dockerd is not kept".to_owned()))
                }
            }
        }
    }

    fn namespace(&self, process: ProcessId, namespace: Namespace) -> Answer<String> {
        link(process, &format!("ns/{}", namespace.name()))
    }

    fn shares_root(&self, process: ProcessId) -> Answer<bool> {
        let ours = fs::metadata("/")?;
        match fs::metadata(format!("/proc/{process}/root")).map_err(Obstacle::from) {
            Ok(theirs) => Ok((theirs.dev(), theirs.ino()) == (ours.dev(), ours.ino())),
            // Following that link takes the right to trace the process; what is mounted at its root may be read by anybody.
            Err(Obstacle::Denied) => {
                let root = |process| Ok::<_, Obstacle>(parse::root_mount(&text(process, "mountinfo", SOCKETS_LIMIT)?));
                match (root(process)?, root(ProcessId::Own)?) {
                    (Some(theirs), Some(ours)) => Ok(theirs == ours),
                    _ => Err(Obstacle::Denied),
                }
            }
            Err(obstacle) => Err(obstacle),
        }
    }

    fn socket_inodes(&self, process: ProcessId) -> Answer<Vec<u64>> {
        let mut inodes = Vec::new();
        for entry in fs::read_dir(format!("/proc/{process}/fd"))? {
            // A descriptor may be closed meanwhile.
            let Ok(target) = fs::read_link(entry?.path()) else { continue };
            let inode = target.to_str().and_then(|target| target.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok());
            inodes.extend::<Option<u64>>(inode);
        }
        inodes.sort_unstable();
        inodes.dedup();
        Ok(inodes)
    }

    fn children(&self, process: ProcessId) -> Answer<Vec<u32>> {
        let mut children = by_threads(process).or_else(|_| by_parents(self, process))?;
        children.sort_unstable();
        children.dedup();
        Ok(children)
    }

    fn unix_listeners(&self, process: ProcessId, file_name: &str) -> Answer<Vec<UnixListening>> {
        Ok(parse::unix_listeners(&text(process, "net/unix", SOCKETS_LIMIT)?, file_name))
    }

    fn tcp_listeners(&self, process: ProcessId) -> Answer<Vec<TcpListening>> {
        let mut found = parse::tcp_listeners(&text(process, "net/tcp", SOCKETS_LIMIT)?);
        match text(process, "net/tcp6", SOCKETS_LIMIT) {
            Ok(text) => found.extend(parse::tcp_listeners(&text)),
            // A kernel without IPv6 has no such file, while the process is there.
            Err(Obstacle::NotFound) => {}
            Err(obstacle) => return Err(obstacle),
        }
        Ok(found)
    }

    fn tcp_other_end(&self, ends: TcpEnds) -> Answer<u64> {
        for table in ["net/tcp", "net/tcp6"] {
            match text(ProcessId::Own, table, SOCKETS_LIMIT) {
                Ok(text) => {
                    if let Some(inode) = parse::tcp_connection(&text, ends.engine, ends.ours) {
                        return Ok(inode);
                    }
                }
                // A kernel without IPv6 has no such file.
                Err(Obstacle::NotFound) => {}
                Err(obstacle) => return Err(obstacle),
            }
        }
        Err(Obstacle::NotFound)
    }

    fn client_environment(&self) -> Answer<ClientEnvironment> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty()).map(|value| redact::url(&value)).into();
        Ok(ClientEnvironment {
            uid: rustix::process::geteuid().as_raw(),
            content_trust: variable("DOCKER_CONTENT_TRUST"),
            host: variable("DOCKER_HOST"),
            context: variable("DOCKER_CONTEXT"),
            tls_verify: variable("DOCKER_TLS_VERIFY"),
            cert_path: variable("DOCKER_CERT_PATH"),
            config: variable("DOCKER_CONFIG"),
            home: variable("HOME"),
        })
    }

    fn cgroup_mounts(&self) -> Answer<Vec<CgroupMount>> {
        Ok(parse::cgroup_mounts(&text(ProcessId::Own, "mountinfo", SOCKETS_LIMIT)?))
    }

    fn mount_of(&self, process: ProcessId, path: &str) -> Answer<MountPoint> {
        let mounts = text(process, "mountinfo", SOCKETS_LIMIT)?;
        parse::mount_of(&mounts, path).ok_or_else(|| Obstacle::Malformed("no mount of the root directory".to_owned()))
    }

    fn mounts(&self, process: ProcessId) -> Answer<Vec<MountLine>> {
        Ok(parse::mounts(&text(process, "mountinfo", SOCKETS_LIMIT)?))
    }
}

/// Children by the kernel's own list, one a thread (CONFIG_PROC_CHILDREN).
fn by_threads(process: ProcessId) -> Answer<Vec<u32>> {
    let mut children = Vec::new();
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        let path = thread?.path().join("children");
        match File::open(&path).map_err(Obstacle::from).and_then(|file| read_at_most(file, TEXT_LIMIT)) {
            Ok(bytes) => children.extend(String::from_utf8_lossy(&bytes).split_whitespace().filter_map(|word| word.parse::<u32>().ok())),
            // The thread has ended, or this kernel has no such list: the second look goes through all processes.
            Err(obstacle) => return Err(obstacle),
        }
    }
    Ok(children)
}

/// Children by the parent that each process names.
fn by_parents(processes: &RealProcesses, process: ProcessId) -> Answer<Vec<u32>> {
    let ProcessId::Other(parent) = process else { return Ok(Vec::new()) };
    let names_parent = |pid: &u32| {
        let stat = text((*pid).into(), ProcText::Stat.name(), TEXT_LIMIT).ok().and_then(|text| parse::stat(&text));
        stat.is_some_and(|stat| stat.parent == parent)
    };
    Ok(processes.pids()?.into_iter().filter(names_parent).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    #[test]
    fn own_sockets_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("own.sock");
        let _unix = UnixListener::bind(&path).unwrap();
        let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let processes = RealProcesses;
        let held = processes.socket_inodes(ProcessId::Own).unwrap();
        let listeners = processes.unix_listeners(ProcessId::Own, "own.sock").unwrap();
        let ours = listeners.iter().find(|socket| socket.path == path.to_str().unwrap()).unwrap();
        assert!(held.contains(&ours.inode));
        let port = tcp.local_addr().unwrap().port();
        let listening = processes.tcp_listeners(ProcessId::Own).unwrap();
        let ours = listening.iter().find(|socket| socket.port == port).unwrap();
        assert!(held.contains(&ours.inode) && ours.address.is_loopback());
    }

    #[test]
    fn the_other_end_of_a_connection() {
        let processes = RealProcesses;
        for address in ["127.0.0.1:0", "[::]:0"] {
            // A machine without IPv6 has nothing to show here.
            let Ok(listener) = std::net::TcpListener::bind(address) else { continue };
            // An IPv4 connection to an IPv6 socket stands in the table of IPv6.
            let place = std::net::SocketAddr::from(([127, 0, 0, 1], listener.local_addr().unwrap().port()));
            let stream = std::net::TcpStream::connect(place).unwrap();
            let (accepted, _) = listener.accept().unwrap();
            let ends = TcpEnds { ours: stream.local_addr().unwrap(), engine: stream.peer_addr().unwrap() };
            let inode = processes.tcp_other_end(ends).unwrap();
            assert!(processes.socket_inodes(ProcessId::Own).unwrap().contains(&inode));
            let this = std::fs::read_link(format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&accepted))).unwrap();
            assert_eq!(this.to_str().unwrap(), format!("socket:[{inode}]"), "the engine's end and not ours");
            let elsewhere = TcpEnds { engine: "192.0.2.1:2375".parse().unwrap(), ..ends };
            assert_eq!(processes.tcp_other_end(elsewhere), Err(Obstacle::NotFound));
        }
    }

    #[test]
    fn what_proc_says_of_this_process() {
        let processes = RealProcesses;
        let own = ProcessId::Other(std::process::id());
        assert!(processes.pids().unwrap().contains(&std::process::id()));
        let stat = parse::stat(&processes.text(own, ProcText::Stat).unwrap()).unwrap();
        assert_eq!(stat.parent, std::os::unix::process::parent_id());
        assert!(parse::status(&processes.text(own, ProcText::Status).unwrap()).is_some());
        assert!(parse::limits(&processes.text(own, ProcText::Limits).unwrap()).unwrap().len() > 10);
        assert!(parse::id_map(&processes.text(own, ProcText::UidMap).unwrap()).is_some());
        assert!(!processes.cgroup_mounts().unwrap().is_empty());
        assert_eq!(processes.mount_of(own, "/proc").unwrap().kind, "proc");
        assert!(matches!(processes.argv(own, Program::Containerd), Err(Obstacle::Other(_))));
        assert!(processes.shares_root(own).unwrap());
        assert!(matches!(processes.argv(own, Program::Daemon), Err(Obstacle::Other(_))));
        assert_eq!(processes.text(ProcessId::Other(u32::MAX), ProcText::Stat), Err(Obstacle::NotFound));
        assert!(by_parents(&processes, ProcessId::Other(stat.parent)).unwrap().contains(&std::process::id()));
    }
}
