//! The typed changes that the writer carries out: never shell text.

use assess::WatchKind;
use facts::docker::{Limit, RestartPolicy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What one step changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Change {
    /// Limits or the restart policy of one container, live.
    ContainerUpdate(ContainerChange),
    /// Kernel audit rules, loaded and persisted.
    AuditRules(AuditChange),
    /// The daemon's configuration, with the reload or restart that puts it in force.
    Daemon(DaemonChange),
}

/// The members of POST /containers/ID/update that we use; none: left as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct UpdateBody {
    /// Memory in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<i64>,
    /// MemorySwap in bytes (memory and swap together); -1: unlimited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_swap: Option<i64>,
    /// PidsLimit; -1: unlimited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pids_limit: Option<i64>,
    /// RestartPolicy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart: Option<RestartPolicy>,
}

impl UpdateBody {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What the container's control group holds. None: not known (the container does not run, or the file could not be read).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct KernelLimits {
    /// memory.max or memory.limit_in_bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Limit>,
    /// memory.swap.max (v2: swap alone) or memory.memsw.limit_in_bytes (v1: both).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_swap: Option<Limit>,
    /// pids.max.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pids: Option<Limit>,
}

/// A live update of one container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ContainerChange {
    /// Full id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Whether it ran when the plan was made: only then the control group can be measured.
    pub running: bool,
    /// 1 or 2.
    pub cgroup_version: u8,
    /// What is posted.
    pub post: UpdateBody,
    /// What is posted to go back.
    pub undo: UpdateBody,
    /// What the engine says of the same members before, for telling whether someone else changed them.
    pub engine_before: UpdateBody,
    /// What the kernel holds before.
    pub kernel_before: KernelLimits,
    /// What the kernel must hold afterwards.
    pub kernel_after: KernelLimits,
}

/// One rule of ours.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct AuditRuleSpec {
    /// Canonical path.
    pub path: String,
    /// File or directory.
    pub kind: WatchKind,
    /// Permission classes in auditctl's order: `wa`.
    pub perm: String,
    /// Key of the records.
    pub key: String,
}

/// Audit rules: loaded into the kernel one by one, kept for the next boot in our own file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditChange {
    /// The rules that are missing, in order.
    pub rules: Vec<AuditRuleSpec>,
    /// Whether they are loaded now; not where auditing is locked until the next boot.
    pub load: bool,
    /// Our file in rules.d.
    pub rules_file: String,
    /// Lines that it gains.
    pub rules_lines: Vec<String>,
    /// Our file in tmpfiles.d.
    pub tmpfiles_file: String,
    /// Lines that it gains: directories below /run that must exist before auditd loads its rules.
    pub tmpfiles_lines: Vec<String>,
}

/// One key of daemon.json.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KeyEdit {
    /// Key.
    pub key: String,
    /// Value that it gets.
    pub value: Value,
    /// Value in the file before; none: the key is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// Value in force before, where it can be told: what going back means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_force: Option<Value>,
}

/// How the daemon takes the change up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// It reads its configuration again; no container notices.
    Reload,
    /// It restarts; running containers are carried by live restore and keep their processes.
    Restart,
    /// It restarts while no container runs: those that run are stopped, and started again in their old order.
    Window,
}

/// A container as the daemon step finds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ContainerRef {
    /// Full id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Whether it runs.
    pub running: bool,
    /// Process id; 0: it does not run.
    pub pid: u32,
    /// StartedAt, RFC 3339.
    pub started_at: String,
    /// Restart policy.
    pub policy: RestartPolicy,
}

/// Who restarts and reloads the daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum ServiceControl {
    /// systemd over D-Bus.
    Systemd {
        /// `docker.service`.
        unit: String,
    },
    /// The operator's own commands; a reload may fall back to SIGHUP.
    Commands(super::ServiceCommands),
    /// Nobody that we know: a reload is a SIGHUP, a restart must be done by a person.
    None,
}

/// The daemon's configuration and what puts it in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DaemonChange {
    /// The configuration file as the daemon names it.
    pub config_path: String,
    /// The file that is written: `config_path` with symbolic links followed.
    pub write_path: String,
    /// Whether it is created.
    pub creates: bool,
    /// Keys that change in the file; empty: the file is right and only not in force.
    pub edits: Vec<KeyEdit>,
    /// Keys that the file has already and that a restart or reload puts in force.
    pub pending: Vec<KeyEdit>,
    /// Keys that the daemon's flags set: in the file they would stop its next start.
    pub flags: Vec<String>,
    /// How it is taken up.
    pub how: How,
    /// Whether live restore is on now; none: unknown.
    pub live_restore_now: Option<bool>,
    /// Whether live restore is to be on afterwards.
    pub live_restore_after: bool,
    /// Whether live restore may be used to carry containers over the restart (not on a swarm, not against a flag).
    pub may_carry: bool,
    /// Containers that run, in the order in which they were started.
    pub running: Vec<ContainerRef>,
    /// Containers that do not run and that the daemon could start by itself when it starts: kept down.
    pub idle: Vec<ContainerRef>,
    /// Who restarts it.
    pub service: ServiceControl,
}
