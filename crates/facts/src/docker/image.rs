//! Images as the engine describes them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::EnvVar;
use crate::{Fact, Observed};

/// One local image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Image {
    /// `sha256:…`.
    pub id: String,
    /// RepoTags, sorted.
    pub tags: Vec<String>,
    /// RepoDigests, sorted.
    pub digests: Vec<String>,
    /// Created, RFC 3339.
    pub created: Fact<String>,
    /// Config.User. Absent: none is set.
    pub user: Fact<String>,
    /// Config.Env: names, lengths and whether it looks like a credential.
    pub env: Fact<Vec<EnvVar>>,
    /// Whether Config.Healthcheck is set and not NONE.
    pub has_healthcheck: Fact<bool>,
    /// Config.Labels: names, lengths and whether it looks like a credential. Never the values.
    pub labels: Fact<Vec<EnvVar>>,
    /// Keys of Config.ExposedPorts: `80/tcp`, sorted.
    pub exposed_ports: Fact<Vec<String>>,
    /// Size in bytes.
    pub size: Fact<u64>,
    /// How many layers RootFS.Layers names.
    pub layers: Fact<u64>,
    /// GET /images/ID/history, newest first as the engine sends it.
    pub history: Observed<Vec<HistoryEntry>>,
}

/// One line of an image's history: what made a layer, or what was set without one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HistoryEntry {
    /// CreatedBy in the builder's spelling, with all but well-known words replaced: see [`crate::redact::history_line`].
    pub created_by: String,
    /// Created, in seconds since 1970; 0 or less: a builder that gives no time.
    pub created: i64,
    /// Bytes that its layer holds; 0 also where it made none.
    pub size: u64,
    /// What in the whole line looks like a credential.
    pub leaks: Vec<Leak>,
}

/// Something in a history line that looks like a credential: what kind, and never the value.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Leak {
    /// For people: `build argument`, `environment variable`, `label`, `GitHub token`, `password in a URL`, `private key`, ...
    pub kind: String,
    /// Name of the variable, option or file; empty where it has none.
    pub name: String,
}
