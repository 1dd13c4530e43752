//! Why something is not done.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One reason not to carry out a remedy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Obstacle {
    /// Check ids of the remedies that it stands against; empty: against every one.
    pub checks: Vec<String>,
    /// Whom it concerns, by name.
    pub subject: String,
    /// What is in the way, with the place: names the flag and argv index, the file and line, the container.
    pub reason: String,
    /// What the operator can do about it.
    pub hint: String,
}

impl std::fmt::Display for Obstacle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.checks.is_empty() {
            write!(f, "{}", self.reason)?;
        } else {
            write!(f, "{}: {}", self.checks.join(", "), self.reason)?;
        }
        if self.hint.is_empty() { Ok(()) } else { write!(f, "\nhint: {}", self.hint) }
    }
}

/// The plan is not made, or not applied; nothing was changed. Holds every reason, not only the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refusal {
    /// The reasons, never empty.
    pub obstacles: Vec<Obstacle>,
}

impl Refusal {
    /// A refusal for one reason that concerns the whole plan.
    pub fn because(reason: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { obstacles: vec![Obstacle { checks: Vec::new(), subject: String::new(), reason: reason.into(), hint: hint.into() }] }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, obstacle) in self.obstacles.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{obstacle}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}
