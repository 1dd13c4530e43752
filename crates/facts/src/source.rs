//! Where an object was read. Sources are interned: a Snapshot of a thousand containers names each API path once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Fact;

/// The place that one object was read from. The pointer inside it (JSON path, line, argv index) is derived from the field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Source {
    /// An engine API path, e.g. `/containers/3f…/json`.
    Api {
        /// Path and query as requested.
        path: String,
    },
    /// A file of the host.
    File {
        /// Absolute path.
        path: String,
    },
    /// A file below /proc or /sys: the kernel's word.
    Kernel {
        /// Absolute path.
        path: String,
    },
    /// The command line of a process.
    Argv {
        /// Process id at the time of reading.
        pid: u32,
    },
    /// A netlink conversation, e.g. `audit: list rules`.
    Netlink {
        /// Family and request.
        request: String,
    },
    /// A connection that was tried, e.g. `tcp 127.0.0.1:2375 GET /_ping`.
    Probe {
        /// Address and request.
        request: String,
    },
    /// cofferdam's own journal of an earlier run.
    Journal {
        /// Run id.
        run: String,
    },
    /// The prediction of a plan, not a measurement.
    Predicted {
        /// Id of the plan's step.
        step: String,
    },
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Api { path } => write!(f, "API {path}"),
            Self::File { path } | Self::Kernel { path } => write!(f, "{path}"),
            Self::Argv { pid } => write!(f, "/proc/{pid}/cmdline"),
            Self::Netlink { request } => write!(f, "netlink {request}"),
            Self::Probe { request } => write!(f, "probe {request}"),
            Self::Journal { run } => write!(f, "journal {run}"),
            Self::Predicted { step } => write!(f, "predicted by step {step}"),
        }
    }
}

/// Index of a [`Source`] in the Snapshot's table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct SourceId(pub u32);

/// The Snapshot's table of sources, in the order of first use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// The id of `source`, added if it is new.
    pub fn intern(&mut self, source: Source) -> SourceId {
        let position = self.0.iter().position(|known| *known == source).unwrap_or_else(|| {
            self.0.push(source);
            self.0.len() - 1
        });
        SourceId(u32::try_from(position).expect("fewer than four billion sources"))
    }

    /// Adds a source that is known to be new, without looking for it. Collectors of many objects use this.
    pub fn push(&mut self, source: Source) -> SourceId {
        self.0.push(source);
        SourceId(u32::try_from(self.0.len() - 1).expect("fewer than four billion sources"))
    }

    /// The source with this id; none if the Snapshot was damaged.
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.0.get(id.0 as usize)
    }
}

/// One object as it was read, with where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Observed<T> {
    /// Where it was read, or where it was looked for.
    pub source: SourceId,
    /// What was read there.
    pub fact: Fact<T>,
}

impl<T> Observed<T> {
    /// An object and its source.
    pub fn new(source: SourceId, fact: Fact<T>) -> Self {
        Self { source, fact }
    }

    /// The object, if it was read.
    pub fn known(&self) -> Option<&T> {
        self.fact.known()
    }
}

/// Not collected.
impl<T> Default for Observed<T> {
    fn default() -> Self {
        Self { source: SourceId::default(), fact: Fact::default() }
    }
}
