//! Images as the engine describes them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::EnvVar;
use crate::Fact;

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
}
