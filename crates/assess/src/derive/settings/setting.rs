//! One setting with all its sources.

use facts::Fact;
use serde_json::Value;

/// Where a setting stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The value in force is the one that file and flags ask for.
    Effective,
    /// The file asks for another value, and a restart (or reload) would bring it.
    PendingRestart,
    /// Flag and file both set it: the daemon refuses its next start.
    Conflict,
    /// The file asks for a value, and the running daemon provably has another one although it restarted since.
    NotInForce,
    /// The value in force could not be seen.
    Unknown,
}

/// A value in the configuration file.
#[derive(Clone, Debug, PartialEq)]
pub struct FileValue {
    /// Value.
    pub value: Value,
    /// Line of the key, from 1.
    pub line: usize,
}

/// A value on the command line.
#[derive(Clone, Debug, PartialEq)]
pub struct FlagValue {
    /// Value; a bare boolean flag is true.
    pub value: Value,
    /// Index in argv.
    pub index: usize,
    /// The flag as pflag names it, without dashes (`host` for the key `hosts`).
    pub flag: String,
}

/// One setting with all its sources.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Key of daemon.json.
    pub key: &'static str,
    /// Built-in default; none: unset.
    pub default: Option<Value>,
    /// The configuration file as it is now.
    pub in_file: Option<FileValue>,
    /// The command line.
    pub by_flag: Option<FlagValue>,
    /// The configuration file as it was when the process started; `Known(None)`: it did not hold the key.
    pub at_start: Fact<Option<Value>>,
    /// What the API or the kernel shows of the running process; Absent: nothing shows this setting in this version.
    pub in_use: Fact<Value>,
    /// The value in force. Absent: unset, and it has no default.
    pub effective: Fact<Value>,
    /// Where it stands.
    pub state: State,
    /// Where the value in force was seen, for people: `/etc/docker/daemon.json:2 log-level`.
    pub source: String,
}
