//! Questions about processes, answered from /proc.

use std::fmt;
use std::net::IpAddr;

use facts::host::{ClientEnvironment, MountPoint};
use serde::{Deserialize, Serialize};

use super::TcpEnds;
use crate::obstacle::Answer;

/// Which process is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProcessId {
    /// This one. Its number differs from run to run, so a recording calls it `self`.
    Own,
    /// Another one.
    Other(u32),
}

impl fmt::Display for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own => write!(f, "self"),
            Self::Other(pid) => write!(f, "{pid}"),
        }
    }
}

impl From<u32> for ProcessId {
    fn from(pid: u32) -> Self {
        Self::Other(pid)
    }
}

/// A text file of /proc/PID that holds no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcText {
    /// `stat`.
    Stat,
    /// `status`.
    Status,
    /// `cgroup`.
    Cgroup,
    /// `limits`.
    Limits,
    /// `attr/current`.
    SecurityLabel,
    /// `uid_map`.
    UidMap,
}

impl ProcText {
    /// File name below /proc/PID.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stat => "stat",
            Self::Status => "status",
            Self::Cgroup => "cgroup",
            Self::Limits => "limits",
            Self::SecurityLabel => "attr/current",
            Self::UidMap => "uid_map",
        }
    }
}

/// A namespace of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Namespace {
    /// Network.
    Net,
    /// Mount.
    Mount,
    /// Process ids.
    Pid,
    /// Users and rights.
    User,
}

impl Namespace {
    /// File name below /proc/PID/ns.
    pub fn name(self) -> &'static str {
        match self {
            Self::Net => "net",
            Self::Mount => "mnt",
            Self::Pid => "pid",
            Self::User => "user",
        }
    }
}

/// Whose command line is read: that decides which of its words may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// dockerd.
    Daemon,
    /// docker-proxy.
    Proxy,
    /// containerd.
    Containerd,
    /// sshd.
    Sshd,
}

impl Program {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Daemon => "daemon",
            Self::Proxy => "proxy",
            Self::Containerd => "containerd",
            Self::Sshd => "sshd",
        }
    }
}

/// A listening Unix socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnixListening {
    /// Path as it was bound.
    pub path: String,
    /// Inode of the socket (not of the path).
    pub inode: u64,
}

/// A listening TCP socket.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TcpListening {
    /// Local address.
    pub address: IpAddr,
    /// Local port.
    pub port: u16,
    /// Inode of the socket.
    pub inode: u64,
}

/// Where a control group hierarchy is mounted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CgroupMount {
    /// 1 or 2.
    pub version: u8,
    /// Controllers of a version 1 hierarchy: `memory`, `pids`, ...
    pub controllers: Vec<String>,
    /// The group that is mounted: `/` but in containers.
    pub root: String,
    /// Mount point.
    pub mount_point: String,
}

/// One line of a table of mounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MountLine {
    /// What is mounted where.
    pub mount: MountPoint,
    /// The device file that it was mounted by; empty for what is none, since servers' names may hold credentials.
    pub source: String,
}

/// Processes of this machine, as far as this process can see them.
pub trait Processes: Send + Sync {
    /// All process ids, sorted.
    fn pids(&self) -> Answer<Vec<u32>>;

    /// One of the harmless text files.
    fn text(&self, process: ProcessId, file: ProcText) -> Answer<String>;

    /// The executable, by the link /proc/PID/exe.
    fn exe(&self, process: ProcessId) -> Answer<String>;

    /// The command line, redacted; the number of words stays.
    fn argv(&self, process: ProcessId, program: Program) -> Answer<Vec<String>>;

    /// The identity of a namespace: `net:[4026531840]`.
    fn namespace(&self, process: ProcessId, namespace: Namespace) -> Answer<String>;

    /// Whether its root directory is the same inode as this process's own.
    fn shares_root(&self, process: ProcessId) -> Answer<bool>;

    /// Inodes of the sockets among its open file descriptors, sorted.
    fn socket_inodes(&self, process: ProcessId) -> Answer<Vec<u64>>;

    /// Its child processes, sorted.
    fn children(&self, process: ProcessId) -> Answer<Vec<u32>>;

    /// Listening Unix sockets of its network namespace whose path ends in this file name; with an empty one: all that have a path.
    fn unix_listeners(&self, process: ProcessId, file_name: &str) -> Answer<Vec<UnixListening>>;

    /// Listening TCP sockets of its network namespace, IPv4 then IPv6.
    fn tcp_listeners(&self, process: ProcessId) -> Answer<Vec<TcpListening>>;

    /// The inode of the other end of a TCP connection, where that is in this process's own network namespace; not found: it is elsewhere.
    fn tcp_other_end(&self, ends: TcpEnds) -> Answer<u64>;

    /// What the docker client would read of this process's environment, and its user id.
    fn client_environment(&self) -> Answer<ClientEnvironment>;

    /// Control group hierarchies that are mounted in this process's own mount namespace.
    fn cgroup_mounts(&self) -> Answer<Vec<CgroupMount>>;

    /// The mount that a canonical path lies on in its mount namespace.
    fn mount_of(&self, process: ProcessId, path: &str) -> Answer<MountPoint>;

    /// All mounts of its mount namespace, in the kernel's order.
    fn mounts(&self, process: ProcessId) -> Answer<Vec<MountLine>>;
}
