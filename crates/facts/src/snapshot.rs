//! All that was seen in one run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::docker::Engine;
use crate::host::Host;
use crate::{Fact, Gap, Sources};

/// Name and number of the Snapshot format that this version writes. The number grows when a reader of the old one would err.
pub const SCHEMA: &str = "cofferdam/snapshot/1";

/// Everything that was observed, with its sources and with what could not be seen. Contains no secret: see [`crate::redact`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// `cofferdam/snapshot/1`.
    pub schema: String,
    /// What took it.
    pub tool: Tool,
    /// When collecting began, RFC 3339 in UTC with whole seconds.
    pub taken_at: String,
    /// The interned sources that observations point to.
    pub sources: Sources,
    /// What could not be seen.
    pub gaps: Vec<Gap>,
    /// The machine and its kernel.
    pub host: Host,
    /// The container engine and all that it holds. Absent: none was asked for.
    #[serde(default)]
    pub docker: Fact<Engine>,
}

/// The program that wrote a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// `cofferdam`.
    pub name: String,
    /// Semantic version.
    pub version: String,
}

/// Why a Snapshot could not be loaded.
#[derive(Debug, PartialEq, Eq)]
pub enum LoadError {
    /// Not JSON, or not of the Snapshot's shape.
    Malformed(String),
    /// Another format, or a newer one than this version reads.
    Schema(String),
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Malformed(what) => write!(f, "not a readable snapshot: {what}"),
            Self::Schema(found) => write!(
                f,
                "snapshot has schema `{found}`, this version reads up to `{SCHEMA}`; use the cofferdam that took it, or a newer one"
            ),
        }
    }
}

impl std::error::Error for LoadError {}

impl Snapshot {
    /// Reads a Snapshot from its JSON. Facts that an older version did not collect are unknown; a newer schema is refused.
    pub fn from_json(text: &str) -> Result<Self, LoadError> {
        #[derive(Deserialize)]
        struct Head {
            schema: String,
        }
        let malformed = |error: serde_json::Error| LoadError::Malformed(error.to_string());
        let head: Head = serde_json::from_str(text).map_err(malformed)?;
        if head.schema != SCHEMA {
            return Err(LoadError::Schema(head.schema));
        }
        serde_json::from_str(text).map_err(malformed)
    }

    /// The canonical JSON: the same Snapshot gives the same bytes.
    pub fn to_json(&self) -> String {
        crate::canonical_json(self)
    }

    /// The engine, if it was seen.
    pub fn engine(&self) -> Option<&Engine> {
        self.docker.known()
    }
}
