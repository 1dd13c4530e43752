//! One action on the system, small enough that it either happened or did not.

use facts::docker::RestartPolicy;
use serde::{Deserialize, Serialize};

use crate::plan::{AuditRuleSpec, UpdateBody};

/// One action. All of them may be done twice without harm; none is ever repeated without a look at the system first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case")]
pub(crate) enum Op {
    /// POST /containers/ID/update.
    Update { id: String, name: String, body: UpdateBody },
    /// A rule is loaded into the kernel.
    LoadRule { rule: AuditRuleSpec, arch: String },
    /// A rule of ours is deleted from the kernel.
    DeleteRule { rule: AuditRuleSpec, arch: String },
    /// A directory is made.
    MakeDirectory { path: String },
    /// An empty directory that we made is removed.
    RemoveDirectory { path: String },
    /// A file gets new content.
    Write { path: String, digest: String },
    /// A file is removed.
    Remove { path: String },
    /// The daemon reads its configuration again.
    Reload,
    /// The daemon restarts.
    Restart,
    /// The daemon is started, because it is down.
    StartDaemon,
    /// A container's restart policy is set aside, so that the daemon does not start it by itself.
    Park { id: String, name: String, policy: RestartPolicy },
    /// It gets its restart policy back.
    Unpark { id: String, name: String, policy: RestartPolicy },
    /// A container is stopped.
    Stop { id: String, name: String },
    /// A container is started.
    Start { id: String, name: String },
}

impl std::fmt::Display for Op {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Update { name, .. } => write!(f, "update container {name}"),
            Self::LoadRule { rule, arch } => write!(f, "load the audit rule for {} ({arch})", rule.path),
            Self::DeleteRule { rule, arch } => write!(f, "delete the audit rule for {} ({arch})", rule.path),
            Self::MakeDirectory { path } => write!(f, "make {path}"),
            Self::RemoveDirectory { path } => write!(f, "remove the directory {path}"),
            Self::Write { path, .. } => write!(f, "write {path}"),
            Self::Remove { path } => write!(f, "remove {path}"),
            Self::Reload => write!(f, "reload the daemon"),
            Self::Restart => write!(f, "restart the daemon"),
            Self::StartDaemon => write!(f, "start the daemon"),
            Self::Park { name, .. } => write!(f, "set the restart policy of {name} aside"),
            Self::Unpark { name, .. } => write!(f, "give {name} its restart policy back"),
            Self::Stop { name, .. } => write!(f, "stop {name}"),
            Self::Start { name, .. } => write!(f, "start {name}"),
        }
    }
}
