//! The machine: kernel, security modules, audit, files.

mod audit;
mod client;
mod engine_files;
mod file;
mod sshd;

pub use audit::{Audit, AuditField, AuditRule, AuditStatus};
pub use client::{Client, ClientAccount, ClientConfig, ClientContext, ClientEnvironment};
pub use engine_files::{EngineFiles, Group, MountPoint, RuntimeProgram};
pub use file::{Acl, FileKind, FileStat, TextFile, TextForm};
pub use sshd::{Sshd, SshdLine, sshd_lines};

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Fact, Observed};

/// The machine that the engine runs on, as far as this process could see it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Host {
    /// Host name, /proc/sys/kernel/hostname.
    pub name: Fact<String>,
    /// Kernel release, /proc/sys/kernel/osrelease.
    pub kernel: Fact<String>,
    /// Changes with every boot, /proc/sys/kernel/random/boot_id.
    pub boot_id: Fact<String>,
    /// Active Linux security modules in order, /sys/kernel/security/lsm.
    pub lsms: Observed<Vec<String>>,
    /// Whether SELinux enforces, /sys/fs/selinux/enforce. Absent: no SELinux.
    pub selinux_enforcing: Observed<bool>,
    /// Physical memory in bytes, /proc/meminfo MemTotal.
    pub memory_total: Observed<u64>,
    /// 1 or 2: the control group hierarchy that limits are read from.
    pub cgroup_version: Fact<u8>,
    /// `systemd` where PID 1 is systemd and /run/systemd/system exists; Absent: another init.
    pub service_manager: Fact<String>,
    /// Settings below /proc/sys by their name with dots, `kernel.dmesg_restrict`. Absent: this kernel has no such setting.
    pub sysctls: BTreeMap<String, Observed<String>>,
    /// Releases of the kernels that are installed, sorted: those with a file /boot/vmlinuz-RELEASE or /usr/lib/modules/RELEASE/vmlinuz.
    pub kernels_installed: Fact<Vec<String>>,
    /// The ssh server.
    pub sshd: Sshd,
    /// Kernel audit.
    pub audit: Audit,
    /// Files that checks speak of, by the path that was asked for. Absent: no such file.
    pub files: BTreeMap<String, Observed<FileStat>>,
    /// Where a path leads once every symbolic link is followed: only the live system can tell.
    pub resolved_paths: BTreeMap<String, Fact<String>>,
    /// Where the engine's files are.
    pub engine_files: EngineFiles,
    /// The docker client's side of the machine that cofferdam runs on: with an engine elsewhere, the one fact here that is not of its host.
    pub client: Client,
}
