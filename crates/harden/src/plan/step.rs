//! One step of a plan, for people and for the writer.

use assess::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Change;

/// One thing that is done as a whole or not at all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// `step-1`.
    pub id: String,
    /// What it does, in one line.
    pub title: String,
    /// Ids of the checks that it makes pass, sorted.
    pub remedies: Vec<String>,
    /// The disruption.
    pub event: Event,
    /// Unified diff of redacted text: files with their lines, containers and kernel rules as `name: old -> new` lines.
    pub diff: String,
    /// Names of the containers that it disturbs, in the order in which it does so.
    pub affects: Vec<String>,
    /// How it is undone, in words.
    pub undo: String,
    /// What does not fully come back when it is undone, in words; empty: everything does.
    pub residue: String,
    /// What must hold for it, in words.
    pub preconditions: Vec<String>,
    /// What else the operator should know before saying yes.
    pub notes: Vec<String>,
    /// The change itself, for the writer.
    pub change: Change,
}
