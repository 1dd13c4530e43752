//! Containers: what was asked for (inspect) and what the kernel holds (/proc, cgroup).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Fact, Observed};

/// One container, running or not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Container {
    /// Full id.
    pub id: String,
    /// Name without the leading slash.
    pub name: String,
    /// Created, RFC 3339.
    pub created: Fact<String>,
    /// Config.Image: the reference that it was created from.
    pub image: Fact<String>,
    /// Image: the id that it runs.
    pub image_id: Fact<String>,
    /// State.
    pub state: Fact<ContainerState>,
    /// Config.User. Absent: none is set.
    pub user: Fact<String>,
    /// Config.Env: names, lengths and whether it looks like a credential. Never the values.
    pub env: Fact<Vec<EnvVar>>,
    /// Names of Config.Labels, sorted. Never the values.
    pub labels: Fact<Vec<String>>,
    /// HostConfig.Privileged.
    pub privileged: Fact<bool>,
    /// HostConfig.CapAdd as written.
    pub cap_add: Fact<Vec<String>>,
    /// HostConfig.CapDrop as written.
    pub cap_drop: Fact<Vec<String>>,
    /// HostConfig.SecurityOpt as written.
    pub security_opt: Fact<Vec<String>>,
    /// HostConfig.ReadonlyRootfs.
    pub read_only_rootfs: Fact<bool>,
    /// HostConfig.Memory in bytes; 0: no limit was asked for.
    pub memory: Fact<i64>,
    /// HostConfig.MemorySwap in bytes; -1: unlimited, 0: not given.
    pub memory_swap: Fact<i64>,
    /// HostConfig.PidsLimit. Absent: null.
    pub pids_limit: Fact<i64>,
    /// HostConfig.RestartPolicy.
    pub restart_policy: Fact<RestartPolicy>,
    /// HostConfig.NetworkMode.
    pub network_mode: Fact<String>,
    /// HostConfig.PidMode.
    pub pid_mode: Fact<String>,
    /// HostConfig.IpcMode.
    pub ipc_mode: Fact<String>,
    /// HostConfig.UsernsMode.
    pub userns_mode: Fact<String>,
    /// HostConfig.UTSMode.
    pub uts_mode: Fact<String>,
    /// HostConfig.CgroupParent; empty: the daemon's default.
    pub cgroup_parent: Fact<String>,
    /// HostConfig.CpuShares, NanoCpus, CpuQuota, CpusetCpus.
    pub cpu: Fact<CpuLimits>,
    /// HostConfig.Devices: device files of the host.
    pub devices: Fact<Vec<Device>>,
    /// HostConfig.DeviceCgroupRules as written: `c 189:* rwm`.
    pub device_rules: Fact<Vec<String>>,
    /// HostConfig.DeviceRequests: drivers that are asked for devices (`--gpus`); empty: any that can.
    pub device_requests: Fact<Vec<String>>,
    /// HostConfig.Ulimits: overrides of the daemon's default.
    pub ulimits: Fact<Vec<Ulimit>>,
    /// HostConfig.PublishAllPorts (-P).
    pub publish_all: Fact<bool>,
    /// Names of Config.ExposedPorts, `80/tcp`, sorted.
    pub exposed_ports: Fact<Vec<String>>,
    /// NetworkSettings.Ports: what is really published while it runs.
    pub active_ports: Fact<Vec<PortBinding>>,
    /// Whether Config.Healthcheck, its image's included, is set and not NONE.
    pub has_healthcheck: Fact<bool>,
    /// State.Health.Status: `starting`, `healthy`, `unhealthy`. Absent: nothing checks it.
    pub health: Fact<String>,
    /// HostConfig.AutoRemove (--rm).
    pub auto_remove: Fact<bool>,
    /// HostConfig.Links.
    pub links: Fact<Vec<String>>,
    /// AppArmorProfile by the engine's word; empty where none applies.
    pub apparmor_profile: Fact<String>,
    /// ProcessLabel: the SELinux label.
    pub process_label: Fact<String>,
    /// Mounts.
    pub mounts: Fact<Vec<Mount>>,
    /// NetworkSettings.Networks.
    pub networks: Fact<Vec<NetworkEndpoint>>,
    /// HostConfig.PortBindings: what is published, running or not.
    pub ports: Fact<Vec<PortBinding>>,
    /// What the kernel says of its first process. Absent: it does not run.
    pub process: Fact<ContainerProcess>,
}

/// State of GET /containers/ID/json.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ContainerState {
    /// `created`, `running`, `paused`, `restarting`, `removing`, `exited`, `dead`.
    pub status: String,
    /// Running, paused included.
    pub running: bool,
    /// Paused.
    pub paused: bool,
    /// Process id of its first process on the host; 0: none.
    pub pid: u32,
    /// StartedAt, RFC 3339.
    pub started_at: String,
}

/// An environment variable without its value.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct EnvVar {
    /// Name.
    pub name: String,
    /// Length of the value in bytes.
    pub length: u64,
    /// Whether name or value look like a credential.
    pub looks_like_credential: bool,
}

/// Restart policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RestartPolicy {
    /// `no` (also where the API says an empty name), `always`, `unless-stopped`, `on-failure`.
    pub name: String,
    /// MaximumRetryCount; 0 with on-failure: no bound.
    pub retries: i64,
}

/// One mount.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Mount {
    /// `bind`, `volume`, `tmpfs`, `npipe`.
    pub kind: String,
    /// Volume name, where it has one.
    pub name: Option<String>,
    /// Driver of the volume: `local`, or a plugin's name; empty for what is no volume.
    pub driver: String,
    /// Path on the host as written.
    pub source: String,
    /// The same path with every symbolic link followed. Absent: it does not exist.
    pub resolved_source: Fact<String>,
    /// What the kernel shows at the destination and below it in the running container, as paths of the host, sorted: its mountinfo read
    /// with the daemon's (proc_pid_mountinfo(5)). File systems that the host has mounted nowhere, such as memory, are left out. Absent: it
    /// does not run.
    pub kernel_paths: Fact<Vec<String>>,
    /// Path in the container.
    pub destination: String,
    /// Writable.
    pub rw: bool,
    /// Propagation: `rprivate`, `rshared`, ...
    pub propagation: String,
}

/// Shares and bounds of processor time; 0 or empty: not set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CpuLimits {
    /// CpuShares: weight against other containers.
    pub shares: i64,
    /// NanoCpus: processors times 10^9.
    pub nano_cpus: i64,
    /// CpuQuota: microseconds in each period.
    pub quota: i64,
    /// CpusetCpus: the processors that it may use.
    pub cpuset: String,
}

/// A device file of the host in a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Device {
    /// PathOnHost.
    pub host_path: String,
    /// PathInContainer.
    pub container_path: String,
    /// CgroupPermissions: `r`, `w`, `m`.
    pub permissions: String,
}

/// A resource limit that a container was created with (setrlimit(2)).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Ulimit {
    /// `nofile`, `nproc`, ...
    pub name: String,
    /// Soft; -1: unlimited.
    pub soft: i64,
    /// Hard; -1: unlimited.
    pub hard: i64,
}

/// One attachment to a network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct NetworkEndpoint {
    /// Network name.
    pub name: String,
    /// Network id; empty until first started.
    pub network_id: String,
}

/// One published port.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PortBinding {
    /// Host address; empty: every address.
    pub address: String,
    /// Host port as written; empty: chosen by the engine.
    pub host_port: String,
    /// `80/tcp`.
    pub container_port: String,
}

/// The first process of a running container, by the kernel's word.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ContainerProcess {
    /// /proc/PID/status.
    pub status: Observed<ProcStatus>,
    /// /proc/PID/attr/current: the label of the active LSM, e.g. `docker-default (enforce)`.
    pub lsm_label: Observed<String>,
    /// /proc/PID/uid_map.
    pub uid_map: Observed<Vec<IdMapping>>,
    /// /proc/PID/limits by name, e.g. `Max open files`.
    pub limits: Observed<Vec<ResourceLimit>>,
    /// Limits that its control group holds.
    pub cgroup: Observed<Cgroup>,
    /// Programs (/proc/PID/exe) of all processes in its control group, by their path in the container, sorted.
    pub programs: Fact<Vec<String>>,
}

/// The members of /proc/PID/status that checks speak of (proc_pid_status(5)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ProcStatus {
    /// Real, effective, saved and file system uid, in the initial user namespace's numbers.
    pub uids: [u32; 4],
    /// Real, effective, saved and file system gid.
    pub gids: [u32; 4],
    /// CapBnd as a mask, in hexadecimal as the kernel prints it.
    pub cap_bounding: String,
    /// CapEff.
    pub cap_effective: String,
    /// NoNewPrivs.
    pub no_new_privileges: bool,
    /// Seccomp: 0 off, 1 strict, 2 filter.
    pub seccomp: u8,
}

/// One line of a uid_map (user_namespaces(7)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct IdMapping {
    /// First id inside.
    pub inside: u64,
    /// First id outside.
    pub outside: u64,
    /// How many.
    pub count: u64,
}

/// One line of /proc/PID/limits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ResourceLimit {
    /// `Max processes`.
    pub name: String,
    /// Soft limit.
    pub soft: Limit,
    /// Hard limit.
    pub hard: Limit,
}

/// A bound that may be missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// At most this many units (bytes, tasks, files).
    At(u64),
    /// No bound.
    #[default]
    Unlimited,
}

/// The control group of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Cgroup {
    /// 1 or 2.
    pub version: u8,
    /// Directory that the values were read from (v2), or the memory controller's (v1).
    pub path: String,
    /// memory.max, or memory.limit_in_bytes (v1, where page-rounded 2^63 is unlimited).
    pub memory_max: Fact<Limit>,
    /// memory.swap.max (v2: swap alone), or memory.memsw.limit_in_bytes (v1: memory and swap).
    pub memory_swap_max: Fact<Limit>,
    /// memory.current or memory.usage_in_bytes.
    pub memory_current: Fact<u64>,
    /// memory.peak or memory.max_usage_in_bytes.
    pub memory_peak: Fact<u64>,
    /// pids.max.
    pub pids_max: Fact<Limit>,
    /// pids.current.
    pub pids_current: Fact<u64>,
}
