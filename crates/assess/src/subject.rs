//! What a check is asked about.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Kind of a subject; also the collection that a check or a threat names as its subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectKind {
    /// The machine, once (`docker.host`).
    Host,
    /// The engine's daemon, once (`docker.daemon`).
    Daemon,
    /// Each container (`docker.containers`).
    Container,
    /// Each image (`docker.images`).
    Image,
    /// Each network (`docker.networks`).
    Network,
}

impl SubjectKind {
    /// The word used in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Daemon => "daemon",
            Self::Container => "container",
            Self::Image => "image",
            Self::Network => "network",
        }
    }
}

/// One thing that is judged. Its words are shared, since every check of a thousand containers names one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    /// Kind.
    pub kind: SubjectKind,
    /// Stable id: container, image or network id; host name for host and daemon.
    pub id: Arc<str>,
    /// Name for people.
    pub name: Arc<str>,
}
