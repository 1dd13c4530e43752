//! What must still hold when a plan is applied.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The facts that a plan rests on. Only those that its steps need are filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Preconditions {
    /// The boot that it was made in.
    pub boot_id: String,
    /// Version of the engine.
    pub engine_version: String,
    /// Swarm.LocalNodeState.
    pub swarm_state: String,
    /// The daemon's process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daemon: Option<DaemonIdentity>,
    /// daemon.json. None: no step touches it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<ConfigIdentity>,
    /// Containers that the steps touch or count on, by id.
    pub containers: Vec<ContainerIdentity>,
    /// Whether `containers` is all of them: a daemon restart concerns those that came since, too.
    pub all_containers: bool,
    /// Loaded audit rules in auditctl's spelling, in order. None: no step touches them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit_rules: Option<Vec<String>>,
}

/// One daemon process, told from every other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DaemonIdentity {
    /// Process id.
    pub pid: u32,
    /// Start time in clock ticks since boot.
    pub start_ticks: u64,
}

/// The configuration file as the plan saw it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigIdentity {
    /// Path as the daemon names it.
    pub path: String,
    /// Digest of its redacted text; none: there is no file.
    pub text: Option<String>,
    /// Inode number.
    pub inode: u64,
    /// Size in bytes.
    pub size: u64,
    /// Change time in nanoseconds since the epoch.
    pub ctime_ns: i64,
}

/// A container as the plan saw it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ContainerIdentity {
    /// Full id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Whether it runs.
    pub running: bool,
    /// StartedAt.
    pub started_at: String,
}
