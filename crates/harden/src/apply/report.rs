//! What came of a run.

use serde::Serialize;

use crate::journal::Direction;

/// How a run ended. What was predicted is compared with what is measured afterwards (see [`crate::verify`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// There was nothing to do.
    Nothing,
    /// All of it was done.
    Done,
    /// A step failed and was put back; the steps before it stay.
    Partly {
        /// What failed, and what became of it.
        why: String,
    },
    /// Stopped on request; the rest was not begun.
    Stopped {
        /// Before what.
        why: String,
    },
    /// A step failed and could not be put back: the host is in between.
    Stuck {
        /// What failed, and what to do.
        why: String,
    },
}

impl Outcome {
    /// 0 where it was done, 3 where it was not or in part only.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Nothing | Self::Done => 0,
            Self::Partly { .. } | Self::Stopped { .. } | Self::Stuck { .. } => 3,
        }
    }
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Id of the run; empty where none was needed.
    pub run: String,
    /// Which way it went.
    pub direction: Direction,
    /// How it ended.
    pub outcome: Outcome,
    /// Titles of the steps that are in force now (or, going back, that no longer are), in order.
    pub steps: Vec<String>,
    /// What the operator should know: what was left as others changed it, what did not start again.
    pub notes: Vec<String>,
}

impl Report {
    /// There was nothing to do.
    pub(super) fn nothing(run: String, direction: Direction) -> Self {
        Self { run, direction, outcome: Outcome::Nothing, steps: Vec::new(), notes: Vec::new() }
    }
}
