//! Networks as the engine describes them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Fact;

/// One network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Network {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Driver: `bridge`, `host`, `null`, `overlay`, ...
    pub driver: String,
    /// `local` or `swarm`.
    pub scope: String,
    /// Whether it has no way out.
    pub internal: Fact<bool>,
    /// Driver options, e.g. `com.docker.network.bridge.enable_icc` = `true`.
    pub options: Fact<BTreeMap<String, String>>,
    /// Ids of the running containers attached, sorted.
    pub containers: Fact<Vec<String>>,
}
