//! What the operator decides besides the remedies.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Commands of a host without systemd, from cofferdam.yaml:
/// `service: {restart: [rc-service, docker, restart], reload: [rc-service, docker, reload]}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceCommands {
    /// Restarts the daemon and returns when it was started.
    pub restart: Vec<String>,
    /// Starts it when it is down; none: the restart command does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub start: Vec<String>,
    /// Makes it read its configuration again; none: SIGHUP is sent to its process.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reload: Vec<String>,
}

/// What the operator decides besides the remedies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Commands of a host without systemd.
    pub service: Option<ServiceCommands>,
    /// Accepts that containers stop and start again also where only the lack of live restore makes that necessary
    /// (`--stop-containers`). The change of `icc` needs it by nature and does not ask.
    pub stop_containers: bool,
    /// The container of this engine that cofferdam itself runs in, if it does (see [`crate::own_container`]).
    pub own_container: Option<String>,
}
