//! What differs between two looks: verdicts and threats that changed, and what came or went. A container that was made anew is another
//! one with the same name, so subjects are told apart by their ids.

use std::collections::BTreeSet;

use assess::{Assessment, SnapshotRef, Subject, Target};
use harden::plan::{PredictedChange, changes};
use serde::Serialize;

/// The difference, `cofferdam/diff/1`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// `cofferdam/diff/1`.
    pub schema: &'static str,
    /// The earlier look.
    pub before: Look,
    /// The later look.
    pub after: Look,
    /// Verdicts and threat statuses that changed, checks first.
    pub changes: Vec<PredictedChange>,
    /// What was not there before.
    pub came: Vec<Subject>,
    /// What is not there any more.
    pub went: Vec<Subject>,
}

/// One of the two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Look {
    /// What was judged.
    pub target: Target,
    /// By which Snapshot.
    pub snapshot: SnapshotRef,
}

impl Difference {
    /// Compares two assessments by one catalogue.
    pub fn between(before: &Assessment, after: &Assessment) -> Self {
        let (old, new) = (subjects(before), subjects(after));
        Self {
            schema: "cofferdam/diff/1",
            before: Look { target: before.target.clone(), snapshot: before.snapshot.clone() },
            after: Look { target: after.target.clone(), snapshot: after.snapshot.clone() },
            changes: changes(before, after),
            came: new.difference(&old).map(|subject| (*subject).clone()).collect(),
            went: old.difference(&new).map(|subject| (*subject).clone()).collect(),
        }
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.came.is_empty() && self.went.is_empty()
    }
}

fn subjects(assessment: &Assessment) -> BTreeSet<&Subject> {
    assessment.results.values().flat_map(|result| &result.subjects).map(|judgement| &judgement.subject).collect()
}
