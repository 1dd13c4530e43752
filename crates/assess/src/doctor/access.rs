//! What a fact is read by: one way of looking, one right, one place in a Snapshot.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One way to look at a host. Everything that is read in one way is readable, or not, with the same right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Requests to the engine.
    EngineApi,
    /// What /proc shows everybody of the daemon.
    DaemonProcess,
    /// Programs and open files of dockerd and containerd: links below /proc that only a tracer may follow.
    DaemonDescriptors,
    /// What /proc shows everybody of each container's first process.
    ContainerProcesses,
    /// The programs that run in containers: again links that only a tracer may follow.
    ContainerPrograms,
    /// The limits that control groups hold.
    ControlGroups,
    /// Where the sources of mounts really lead.
    MountSources,
    /// The kernel's audit, by netlink.
    KernelAudit,
    /// The rule files of auditd.
    AuditFiles,
    /// The kernel and the machine.
    Machine,
    /// The daemon's configuration.
    Configuration,
    /// Files of systemd's units.
    Units,
    /// Sockets and pid files.
    Sockets,
    /// The folder of images, containers and volumes.
    DataRoot,
    /// Program files.
    Programs,
    /// Users and groups.
    Accounts,
    /// The ssh server: whether it listens, and its configuration.
    SshServer,
    /// The docker client's settings of those who may use the engine.
    ClientFiles,
    /// What `harden` wrote down of the daemon's start.
    Journal,
    /// Files elsewhere.
    OtherFiles,
}

impl Access {
    /// All of them, the engine first.
    pub(super) const ALL: [Self; 20] = [
        Self::EngineApi,
        Self::DaemonProcess,
        Self::DaemonDescriptors,
        Self::ContainerProcesses,
        Self::ContainerPrograms,
        Self::ControlGroups,
        Self::MountSources,
        Self::KernelAudit,
        Self::AuditFiles,
        Self::Machine,
        Self::Configuration,
        Self::Units,
        Self::Sockets,
        Self::DataRoot,
        Self::Programs,
        Self::Accounts,
        Self::SshServer,
        Self::ClientFiles,
        Self::Journal,
        Self::OtherFiles,
    ];

    /// Name for people.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::EngineApi => "the engine's API",
            Self::DaemonProcess => "the daemon's process",
            Self::DaemonDescriptors => "programs and open files of the daemon",
            Self::ContainerProcesses => "processes of containers",
            Self::ContainerPrograms => "programs that run in containers",
            Self::ControlGroups => "control groups of containers",
            Self::MountSources => "where mounts of containers lead",
            Self::KernelAudit => "kernel audit",
            Self::AuditFiles => "audit rule files",
            Self::Machine => "the kernel and the machine",
            Self::Configuration => "the daemon's configuration",
            Self::Units => "systemd's unit files",
            Self::Sockets => "sockets and pid files",
            Self::DataRoot => "the data root",
            Self::Programs => "program files",
            Self::Accounts => "users and groups",
            Self::SshServer => "the ssh server",
            Self::ClientFiles => "settings of docker clients",
            Self::Journal => "cofferdam's record of the daemon's start",
            Self::OtherFiles => "other files",
        }
    }

    /// Where it is read.
    pub(super) fn place(self) -> &'static str {
        match self {
            Self::EngineApi => "its socket or port",
            Self::DaemonProcess => "/proc/PID/cmdline, status, stat, cgroup, mountinfo",
            Self::DaemonDescriptors => "/proc/PID/exe and /proc/PID/fd of dockerd, its children and containerd",
            Self::ContainerProcesses => "/proc/PID/status, attr/current, uid_map, limits, mountinfo",
            Self::ContainerPrograms => "/proc/PID/exe of every process in a container",
            Self::ControlGroups => "/sys/fs/cgroup",
            Self::MountSources => "the folders that containers and volumes mount",
            Self::KernelAudit => "netlink: status and list of rules",
            Self::AuditFiles => "/etc/audit, /etc/tmpfiles.d",
            Self::Machine => "/proc/sys, /proc/meminfo, /sys/kernel/security, /boot, /usr/lib/modules",
            Self::Configuration => "daemon.json, /etc/docker, /etc/default, /etc/sysconfig, TLS files",
            Self::Units => "the search path of systemd.unit(5)",
            Self::Sockets => "/run",
            Self::DataRoot => "DockerRootDir of GET /info",
            Self::Programs => "/usr, /bin, /sbin",
            Self::Accounts => "/etc/group, /etc/passwd",
            Self::SshServer => "/etc/ssh/sshd_config and what it includes, /proc/PID/cmdline, /proc/1/net/tcp, /proc/1/fd",
            Self::ClientFiles => "the environment, and .docker in the homes of those who may use the engine",
            Self::Journal => "daemon-start.json in the folder of --state",
            Self::OtherFiles => "paths that rules and settings name",
        }
    }

    /// The least right that is enough where nothing else stands in the way.
    pub(super) fn least_right(self) -> &'static str {
        match self {
            Self::EngineApi => {
                "write access to its socket: membership of the group docker, which is as much as being root; elsewhere what its port or ssh asks for"
            }
            Self::DaemonProcess | Self::ContainerProcesses => {
                "any account among the host's own processes; under hidepid CAP_SYS_PTRACE, as root has it"
            }
            Self::DaemonDescriptors | Self::ContainerPrograms => "CAP_SYS_PTRACE, as root has it",
            Self::ControlGroups | Self::Machine | Self::Accounts | Self::Programs => "any account of the host",
            Self::KernelAudit => "CAP_AUDIT_CONTROL, as root has it, in the initial user and pid namespace",
            Self::SshServer => "CAP_DAC_READ_SEARCH for its files and CAP_SYS_PTRACE for its sockets, as root has them",
            Self::AuditFiles | Self::MountSources | Self::DataRoot | Self::Configuration | Self::ClientFiles | Self::OtherFiles => {
                "CAP_DAC_READ_SEARCH, as root has it, where the modes of a folder keep others out"
            }
            Self::Units | Self::Sockets | Self::Journal => "any account of the host, where nobody tightened the modes",
        }
    }

    /// What an observation is read by. The path is that of the Snapshot's JSON without the wrappings of facts: `docker`, `process`, `exe`.
    pub(super) fn of(path: &[&str], data_root: Option<&str>) -> Self {
        match path {
            ["host", "audit", "rule_files", ..] => Self::AuditFiles,
            ["host", "audit", ..] => Self::KernelAudit,
            ["host", "files" | "resolved_paths", file, ..] => Self::of_file(file, data_root),
            ["host", "engine_files", name, ..] => match *name {
                "units" => Self::Units,
                "registry_certs" => Self::Configuration,
                "shims" | "runtimes" => Self::Programs,
                "mounts" => Self::DaemonProcess,
                "groups" => Self::Accounts,
                _ => Self::DaemonDescriptors,
            },
            ["host", "sshd", ..] => Self::SshServer,
            ["host", "client", ..] => Self::ClientFiles,
            ["host", ..] => Self::Machine,
            ["docker", "process", "exe" | "listeners" | "proxies", ..] => Self::DaemonDescriptors,
            ["docker", "process", "containerd_socket", ..] => Self::Sockets,
            ["docker", "process" | "config_path", ..] => Self::DaemonProcess,
            ["docker", "config_file" | "seccomp_profile", ..] => Self::Configuration,
            ["docker", "pid_file" | "legacy_plugins", ..] => Self::Sockets,
            ["docker", "volumes", _, "resolved", ..] => Self::MountSources,
            ["docker", "volumes", _, "device_mounts", ..] => Self::DaemonProcess,
            ["docker", "unit", ..] => Self::Units,
            ["docker", "startup", ..] => Self::Journal,
            ["docker", "containers", _, "process", "programs", ..] => Self::ContainerPrograms,
            ["docker", "containers", _, "process", "cgroup", ..] => Self::ControlGroups,
            ["docker", "containers", _, "process", ..] => Self::ContainerProcesses,
            ["docker", "containers", _, "mounts", _, "resolved_source", ..] => Self::MountSources,
            ["docker", "containers", _, "mounts", _, "kernel_paths", ..] => Self::ContainerProcesses,
            _ => Self::EngineApi,
        }
    }

    fn of_file(path: &str, data_root: Option<&str>) -> Self {
        let below = |folder: &str| path == folder || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        let any = |folders: &[&str]| folders.iter().any(|folder| below(folder));
        if data_root.is_some_and(below) {
            Self::DataRoot
        } else if path.contains("/systemd/") {
            Self::Units
        } else if any(&["/etc/audit", "/etc/tmpfiles.d"]) {
            Self::AuditFiles
        } else if any(&["/etc/docker", "/etc/default", "/etc/sysconfig", "/etc/containerd"]) || path.contains("/.docker/") {
            Self::Configuration
        } else if any(&["/run", "/var/run"]) {
            Self::Sockets
        } else if any(&["/usr", "/bin", "/sbin", "/lib", "/opt"]) {
            Self::Programs
        } else {
            Self::OtherFiles
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_observations() {
        for (path, expect) in [
            ("docker", Access::EngineApi),
            ("docker info live_restore", Access::EngineApi),
            ("docker process", Access::DaemonProcess),
            ("docker process exe", Access::DaemonDescriptors),
            ("docker containers * process status", Access::ContainerProcesses),
            ("docker containers * process cgroup memory_max", Access::ControlGroups),
            ("docker containers * mounts * resolved_source", Access::MountSources),
            ("docker containers * mounts", Access::EngineApi),
            ("host audit rules", Access::KernelAudit),
            ("host audit rule_files * text", Access::AuditFiles),
            ("host files /etc/docker/daemon.json", Access::Configuration),
            ("host files /etc/dockerx", Access::OtherFiles),
            ("host files /data/docker/containers", Access::DataRoot),
            ("host resolved_paths /usr/lib/systemd/system/docker.service", Access::Units),
            ("host memory_total", Access::Machine),
            ("host sysctls kernel.dmesg_restrict", Access::Machine),
            ("host kernels_installed", Access::Machine),
            ("host sshd files /etc/ssh/sshd_config", Access::SshServer),
            ("host sshd listens", Access::SshServer),
            ("host client accounts * config", Access::ClientFiles),
            ("docker volumes", Access::EngineApi),
            ("docker volumes * options", Access::EngineApi),
            ("docker volumes * resolved /srv", Access::MountSources),
            ("docker volumes * device_mounts", Access::DaemonProcess),
            ("docker plugins", Access::EngineApi),
            ("docker legacy_plugins", Access::Sockets),
            ("docker seccomp_profile", Access::Configuration),
            ("docker containers * mounts * kernel_paths", Access::ContainerProcesses),
        ] {
            let path: Vec<&str> = path.split(' ').collect();
            assert_eq!(Access::of(&path, Some("/data/docker")), expect, "{path:?}");
        }
    }

    /// The last arm of each kind is no place for a source that came later: whoever adds one decides here how it is read.
    #[test]
    fn every_source_has_been_thought_of() {
        const BY_FILE_OR_PROC: [&str; 8] =
            ["process", "config_path", "config_file", "pid_file", "unit", "startup", "seccomp_profile", "legacy_plugins"];
        const BY_THE_ENGINE: [&str; 13] = [
            "endpoint",
            "product",
            "local",
            "version",
            "info",
            "containers",
            "images",
            "networks",
            "volumes",
            "plugins",
            "cmdline",
            "swarm_services",
            "swarm_secrets",
        ];
        const OF_THE_MACHINE: [&str; 10] = [
            "name",
            "kernel",
            "boot_id",
            "lsms",
            "selinux_enforcing",
            "memory_total",
            "cgroup_version",
            "service_manager",
            "sysctls",
            "kernels_installed",
        ];
        const OF_FILES: [&str; 6] = ["sshd", "audit", "files", "resolved_paths", "engine_files", "client"];
        let weak = include_str!("../../../cofferdam/tests/fixtures/weak.snapshot.json");
        let snapshot = serde_json::to_value(facts::Snapshot::from_json(weak).unwrap()).unwrap();
        let members = |tree: &serde_json::Value| tree.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        for name in members(&snapshot["docker"]["known"]) {
            let by_engine = Access::of(&["docker", &name], None) == Access::EngineApi;
            assert!(if by_engine { &BY_THE_ENGINE[..] } else { &BY_FILE_OR_PROC }.contains(&name.as_str()), "{name}");
        }
        for name in members(&snapshot["host"]) {
            let machine = Access::of(&["host", &name, "x"], None) == Access::Machine;
            assert!(if machine { &OF_THE_MACHINE[..] } else { &OF_FILES }.contains(&name.as_str()), "{name}");
        }
    }
}
