//! Remedies: typed changes, never shell text.

mod preview;

pub(crate) use preview::carry_out;
pub use preview::preview;

use std::sync::Arc;

use facts::docker::RestartPolicy;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Subject;

/// What a change disturbs. The order is that of cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// Nothing.
    None,
    /// The daemon reads its configuration again (SIGHUP).
    Reload,
    /// The daemon restarts; containers go on where live restore carries them.
    Restart,
    /// Containers are created anew.
    Recreate,
    /// People must act.
    People,
}

impl Event {
    /// The word used in JSON and in text.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Reload => "reload",
            Self::Restart => "restart",
            Self::Recreate => "recreate",
            Self::People => "people",
        }
    }
}

/// What an audit rule watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WatchKind {
    /// One inode: `-F path=`.
    File,
    /// A directory and all below it: `-F dir=`.
    Dir,
}

/// A typed change of the system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum Action {
    /// A key of the daemon's configuration file.
    DaemonSetting {
        /// Key.
        key: String,
        /// Value.
        value: serde_json::Value,
    },
    /// An audit rule, loaded and persisted.
    AuditRule {
        /// Canonical path.
        path: String,
        /// File or directory.
        kind: WatchKind,
        /// Permission classes: `wa`.
        perm: String,
        /// Key of the records.
        key: String,
    },
    /// A live change of one container (POST /containers/ID/update).
    ContainerUpdate {
        /// Memory limit in bytes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        memory: Option<u64>,
        /// Limit of processes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pids_limit: Option<u64>,
        /// Restart policy.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        restart: Option<RestartPolicy>,
    },
    /// The container must be created anew: this version says how and does not do it.
    ContainerRecreate,
    /// Instructions for a person.
    Manual,
}

/// A change that answers one finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Remedy {
    /// Check that it makes pass.
    pub check: String,
    /// Whom it changes.
    pub subject: Subject,
    /// The change.
    #[serde(flatten)]
    pub action: Action,
    /// What a person does by hand.
    pub text: Arc<str>,
    /// What it disturbs, by kind.
    pub event: Event,
    /// What it disturbs, in words.
    pub disrupts: Arc<str>,
}
