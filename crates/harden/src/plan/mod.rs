//! A plan: what would be done, to whom, how it is undone, and what the host is expected to look like afterwards.
//!
//! Plans are pure: they are made from a Snapshot alone, can be written to a file, reviewed, and applied later. Nothing here reads
//! the system.

mod audit;
pub(crate) mod build;
mod change;
pub(crate) mod containers;
pub(crate) mod daemon;
mod options;
mod precondition;
mod prediction;
mod refusal;
mod step;
#[cfg(test)]
mod tests;
mod unit;

pub use build::plan;
pub use change::{
    AuditChange, AuditRuleSpec, Change, ContainerChange, ContainerRef, DaemonChange, How, KernelLimits, KeyEdit, ServiceControl, UpdateBody,
};
pub use options::{Options, ServiceCommands};
pub use precondition::{ConfigIdentity, ContainerIdentity, DaemonIdentity, Preconditions};
pub use prediction::{Changed, ChangedSubject, PredictedChange, Prediction, changes};
pub use refusal::{Obstacle, Refusal};
pub use step::Step;

use assess::{Event, Remedy, SnapshotRef};
use facts::Tool;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Name and number of the plan format that this version writes.
pub const SCHEMA: &str = "cofferdam/plan/1";

/// What would be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// `cofferdam/plan/1`.
    pub schema: String,
    /// What made it.
    pub tool: Tool,
    /// Host name.
    pub host: String,
    /// The engine: endpoint and version.
    pub engine: PlannedEngine,
    /// The Snapshot that it was made from.
    pub snapshot: SnapshotRef,
    /// What was asked for: applied, the plan is made once more from it and must come out the same.
    pub asked: Asked,
    /// What is done, in order. Empty: everything that was asked for is in force already.
    pub steps: Vec<Step>,
    /// What the checks and threats are expected to say afterwards.
    pub predicted: Prediction,
    /// Remedies that only a person can carry out, with the instructions.
    pub advice: Vec<AdviceItem>,
    /// Remedies for single objects that were left out, with the reason. What stands against the whole plan is a [`Refusal`] instead.
    pub refused: Vec<Obstacle>,
    /// What must still hold when the plan is applied; a difference makes it void.
    pub preconditions: Preconditions,
}

impl Plan {
    /// The worst disruption among the steps.
    pub fn event(&self) -> Event {
        self.steps.iter().map(|step| step.event).max().unwrap_or(Event::None)
    }

    /// Names of the containers that some step disturbs, sorted.
    pub fn affects(&self) -> Vec<String> {
        let mut names: Vec<String> = self.steps.iter().flat_map(|step| step.affects.iter().cloned()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// The daemon step, if there is one.
    pub fn daemon(&self) -> Option<&DaemonChange> {
        self.steps.iter().find_map(|step| match &step.change {
            Change::Daemon(change) => Some(change),
            Change::ContainerUpdate(_) | Change::AuditRules(_) => None,
        })
    }

    /// Reads a plan from its JSON; another schema is refused.
    pub fn from_json(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Head {
            schema: String,
        }
        let head: Head = serde_json::from_str(text).map_err(|error| format!("not a plan: {error}"))?;
        if head.schema != SCHEMA {
            return Err(format!("plan has schema `{}`, this version reads `{SCHEMA}`", head.schema));
        }
        serde_json::from_str(text).map_err(|error| format!("not a readable plan: {error}"))
    }

    /// The canonical JSON: the same plan gives the same bytes.
    pub fn to_json(&self) -> String {
        facts::canonical_json(self)
    }
}

/// What a plan was made for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Asked {
    /// The remedies.
    pub remedies: Vec<Remedy>,
    /// Commands of a host without systemd.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceCommands>,
    /// Whether containers may be stopped where live restore cannot carry them.
    pub stop_containers: bool,
}

/// The engine that a plan speaks of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedEngine {
    /// `unix:///run/docker.sock`.
    pub endpoint: String,
    /// `20.10.24`.
    pub version: String,
}

/// A remedy that a person carries out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AdviceItem {
    /// Check that it would make pass.
    pub check: String,
    /// Whom it concerns, by name.
    pub subject: String,
    /// What to do.
    pub text: String,
}
