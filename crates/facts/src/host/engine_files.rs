//! Where the engine's files really are: paths that only the live system could name.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Fact, Observed};

/// Paths of the engine's files, and what is known of accounts and mounts around them. The inodes are in [`Host::files`](super::Host).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct EngineFiles {
    /// Files of systemd units by the unit's name, as the search path has them (systemd.unit(5)): the main file, then the drop-ins that
    /// apply. Found without a running systemd. Empty: there is no such unit, or it is masked.
    pub units: BTreeMap<String, Fact<Vec<String>>>,
    /// Every file and folder below /etc/docker/certs.d, that folder first. Absent: there is none.
    pub registry_certs: Fact<Vec<String>>,
    /// Canonical paths of the Unix sockets that the daemon's process holds listening and serves its API on.
    pub api_sockets: Fact<Vec<String>>,
    /// /proc/PID/exe of the process that holds containerd's listening socket.
    pub containerd_exe: Fact<String>,
    /// containerd's configuration file: --config of that process, or containerd's default.
    pub containerd_config: Fact<String>,
    /// containerd's shims by name, where containerd would find them: in the usual folders of PATH, else beside its own program. Absent: none.
    pub shims: BTreeMap<String, Fact<String>>,
    /// Programs of the low level runtimes of GET /info `Runtimes`.
    pub runtimes: Fact<Vec<RuntimeProgram>>,
    /// The mount that a path lies on, as the daemon's mount namespace has it. Asked for the data root and the folders above it.
    pub mounts: BTreeMap<String, Observed<MountPoint>>,
    /// The groups named docker, and those that own an API socket, by /etc/group and /etc/passwd.
    pub groups: Observed<Vec<Group>>,
}

/// The program of one low level runtime.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RuntimeProgram {
    /// Name by which containers ask for it: `runc`.
    pub name: String,
    /// Its program; a bare name is looked for in the usual folders of PATH.
    pub path: Fact<String>,
}

/// One mount of /proc/PID/mountinfo (proc_pid_mountinfo(5)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MountPoint {
    /// Where it is mounted.
    pub mount_point: String,
    /// The folder of the file system that is mounted there: `/` but for bind mounts and subvolumes.
    pub root: String,
    /// `MAJOR:MINOR` of the file system: the same for every mount of it.
    pub device: String,
    /// Type: `ext4`.
    pub kind: String,
}

/// A group with its people, as the host's own files have them. Names that only a directory service knows are not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Group {
    /// Name.
    pub name: String,
    /// Id.
    pub gid: u32,
    /// Members by /etc/group.
    pub members: Vec<String>,
    /// Users whose primary group it is by /etc/passwd; users with id 0 are left out.
    pub primary_members: Vec<String>,
}
