//! What the caller decides: the time to write down, and how patient to be.

use std::time::Duration;

use facts::Tool;
use serde::{Deserialize, Serialize};

/// What goes into the Snapshot's head. Passed in, so that collecting from a recording gives the same bytes at any time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// When collecting begins, RFC 3339 in UTC with whole seconds.
    pub taken_at: String,
    /// The program that collects.
    pub tool: Tool,
    /// cofferdam's state directory, where `harden` left what it knows of the daemon's start: usually `/var/lib/cofferdam`.
    pub state_dir: String,
}

/// Bounds of one run against a real engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For one engine call, from request to the last byte.
    pub call: Duration,
    /// For all engine calls together; afterwards each one answers at once that the time is up.
    pub overall: Duration,
    /// Largest answer to a listing, in bytes.
    pub list_bytes: u64,
    /// Largest answer about a single object, in bytes.
    pub object_bytes: u64,
    /// Connections to the engine that are open at a time.
    pub connections: usize,
    /// For one probe of a listening TCP socket.
    pub probe: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            call: Duration::from_secs(10),
            overall: Duration::from_secs(60),
            list_bytes: 32 << 20,
            object_bytes: 2 << 20,
            connections: 8,
            probe: Duration::from_secs(2),
        }
    }
}
