//! What an account can see of what a benchmark needs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Access;
use crate::{SnapshotRef, Target};

/// How far something can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Readable {
    /// Not at all.
    No,
    /// In part.
    Partly,
    /// All of it.
    Yes,
    /// There is nothing of the kind here, or it was not come to.
    Nothing,
}

/// Some verdicts of one benchmark.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verdicts {
    /// Rows of the benchmark that they stand in: `1.1.3`.
    pub rows: Vec<String>,
    /// How many: one for each row and subject.
    pub verdicts: usize,
}

/// An obstacle that was met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MetObstacle {
    /// As the system worded it: `permission denied`.
    pub why: String,
    /// The least access that would do. Null: no right helps against it.
    pub needs: Option<String>,
    /// Where, a few of them.
    pub places: Vec<String>,
    /// How many observations it kept from being made.
    pub observations: usize,
    /// Verdicts that are unknown because of it.
    pub unknown: Verdicts,
}

/// One access, and what hangs on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccessState {
    /// Which.
    pub access: Access,
    /// Name for people.
    pub name: String,
    /// Where it is read.
    pub place: String,
    /// The least right that is enough where nothing else stands in the way.
    pub least_right: String,
    /// Whether this account can.
    pub readable: Readable,
    /// Observations that were made.
    pub seen: usize,
    /// Observations that could not be made.
    pub unseen: usize,
    /// Verdicts that are unknown because of it.
    pub unknown: Verdicts,
    /// Verdicts that are, or would be, unknown without it.
    pub hang: Verdicts,
    /// Verdicts that it says something about, so that their evidence would be thinner without it.
    pub use_it: Verdicts,
    /// What stood in the way, the most harmful first.
    pub obstacles: Vec<MetObstacle>,
}

/// Rows of the benchmark by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RowCounts {
    /// All.
    pub all: usize,
    /// Decided: pass, fail, not applicable, waived.
    pub decided: usize,
    /// For a person.
    pub manual: usize,
    /// At least one subject's verdict is unknown.
    pub with_unknown: usize,
}

/// What an account can see of what a benchmark needs: `cofferdam/doctor/1` without its envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Diagnosis {
    /// What was looked at.
    pub target: Target,
    /// By which Snapshot.
    pub snapshot: SnapshotRef,
    /// `cis-docker-1.8.0`.
    pub benchmark: String,
    /// Each access; those that cost most verdicts first.
    pub accesses: Vec<AccessState>,
    /// Verdicts that are unknown though no access failed: what the host does not show to anybody now, with the reason.
    pub shown_to_nobody: Vec<MetObstacle>,
    /// Rows.
    pub rows: RowCounts,
}

impl Diagnosis {
    /// Whether every verdict that a right could decide is decided.
    pub fn all_readable(&self) -> bool {
        self.accesses.iter().all(|access| matches!(access.readable, Readable::Yes | Readable::Nothing))
    }

    /// What would help, each once, with the number of verdicts behind it, most first.
    pub fn needs(&self) -> Vec<(&str, usize)> {
        let mut needs: Vec<(&str, usize)> = Vec::new();
        for obstacle in self.accesses.iter().flat_map(|access| &access.obstacles) {
            let Some(need) = obstacle.needs.as_deref() else { continue };
            match needs.iter_mut().find(|(known, _)| *known == need) {
                Some((_, verdicts)) => *verdicts += obstacle.unknown.verdicts,
                None => needs.push((need, obstacle.unknown.verdicts)),
            }
        }
        needs.sort_by_key(|(_, verdicts)| std::cmp::Reverse(*verdicts));
        needs
    }
}
