//! What could not be seen, for the line "not seen, and how to let me see it".

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One thing that the collector looked for and could not read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Gap {
    /// What was looked for: `kernel audit rules`, `/proc/812/status`.
    pub what: String,
    /// The obstacle as the system named it: `permission denied`.
    pub why: String,
    /// The least access that would do: `root`, `CAP_AUDIT_CONTROL`, `membership of the group docker`.
    pub needs: String,
}
