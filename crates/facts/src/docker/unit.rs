//! The systemd unit that runs the daemon, as its files have it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::host::TextFile;
use crate::{Fact, Observed};

/// A unit with its fragment and drop-ins in the order in which systemd reads them (systemd.unit(5)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Unit {
    /// `docker.service`.
    pub name: String,
    /// The main file. Absent: none in the search path.
    pub fragment: Observed<TextFile>,
    /// Drop-ins `NAME.d/*.conf`, sorted by file name as systemd applies them.
    pub drop_ins: Fact<Vec<Observed<TextFile>>>,
    /// The fragment of the socket unit that activates it. Absent: no such unit.
    pub socket: Observed<TextFile>,
}
