//! What was tried to reach an engine that did not answer, step by step.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The attempt, and what to do about its failure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Contact {
    /// The engine's address: `unix:///var/run/docker.sock`.
    pub endpoint: String,
    /// Where that name came from: `DOCKER_HOST`.
    pub named_by: String,
    /// What was looked at, in order.
    pub steps: Vec<Step>,
    /// What it comes to, in a sentence.
    pub verdict: String,
    /// The command to type next.
    pub next: String,
}

/// One thing that was looked at on the way to the engine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// What: `the socket /run/docker.sock`.
    pub what: String,
    /// What was found.
    pub found: String,
    /// Whether that is as it should be.
    pub fine: bool,
}
