//! cofferdam.yaml: what only the operator can say. Waivers accept findings, the policy states what checks can't know, the service
//! commands restart a daemon where no systemd does. All of it comes from the operator's file: nothing that is judged can add to it.

mod explained;
mod file;
mod matching;
mod miss;
mod pattern;
mod policy;
mod subjects;
#[cfg(test)]
mod tests;
mod waiver;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use explained::{ExplainedWaivers, Uncovered};
pub use pattern::Pattern;
pub use waiver::{OfImage, Until, Waived, Waiver, WaiverState, WaiverUse, Whom};

pub(crate) use matching::waive;

use crate::catalogue::{Catalogue, CatalogueErrors};
use crate::view::Policy;

/// An example of the file, with everything in it. A test loads it; docs/configuration.md shows it.
pub const EXAMPLE: &str = include_str!("example.yaml");

/// More text than this is no settings file.
pub const LARGEST: usize = 1 << 20;

/// The operator's settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Operator {
    /// The file that they come from; none: there is none.
    pub file: Option<String>,
    /// What is accepted, in the order of the file.
    pub waivers: Vec<Waiver>,
    /// What is stated for checks, each with its place as origin.
    pub policy: Policy,
    /// How the daemon is restarted on a host without systemd.
    pub service: Option<ServiceCommands>,
}

/// Commands of a host without systemd:
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

impl Default for Operator {
    fn default() -> Self {
        Self { file: None, waivers: Vec::new(), policy: Policy::unstated(), service: None }
    }
}

impl Operator {
    /// Reads the text of a file. Ids of checks are those of the catalogue.
    ///
    /// # Errors
    /// Every mistake with its line and column.
    pub fn parse(file: &str, text: &str, catalogue: &Catalogue) -> Result<Self, CatalogueErrors> {
        file::read(file, text, catalogue)
    }

    /// The same without its waivers: for commands that change the host, where only `--fix` chooses.
    #[must_use]
    pub fn without_waivers(&self) -> Self {
        Self { waivers: Vec::new(), ..self.clone() }
    }

    /// JSON Schema of the file, for editors.
    pub fn schema() -> serde_json::Value {
        file::schema()
    }
}
