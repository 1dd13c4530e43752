//! Recordings: questions and answers of one run. A recording is a test fixture, an offline assessment and a support bundle at once.

mod recorder;
mod replayer;

pub use recorder::Recorder;
pub(crate) use replayer::replay;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::obstacle::Obstacle;
use crate::options::Options;

/// Name and number of the format.
const SCHEMA: &str = "cofferdam/recording/1";

/// Everything that was asked and answered in one run. Redacted, since the sources answer so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// `cofferdam/recording/1`.
    pub schema: String,
    /// With which the run was made: with the same ones a replay gives the same Snapshot, byte for byte.
    pub options: Options,
    /// The engine's URL; none: no engine was asked.
    pub endpoint: Option<String>,
    /// The engine's Unix socket; none: it was reached in another way.
    pub socket: Option<String>,
    /// Answers by question.
    pub answers: BTreeMap<String, Told>,
}

/// An answer or an obstacle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    /// What was answered.
    Answer(Value),
    /// Why nothing was.
    Obstacle(Obstacle),
}

/// Why a recording cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordingError {
    /// Not JSON, or not of a recording's shape.
    #[error("not a readable recording: {0}")]
    Malformed(String),
    /// Another format.
    #[error("recording has schema `{0}`, this version reads `{SCHEMA}`")]
    Schema(String),
}

impl Recording {
    /// Reads a recording from its JSON.
    pub fn from_json(text: &str) -> Result<Self, RecordingError> {
        let recording: Self = serde_json::from_str(text).map_err(|error| RecordingError::Malformed(error.to_string()))?;
        if recording.schema == SCHEMA { Ok(recording) } else { Err(RecordingError::Schema(recording.schema)) }
    }

    /// The canonical JSON.
    pub fn to_json(&self) -> String {
        facts::canonical_json(self)
    }
}

/// How questions are written down. One place, so that recorder and replayer cannot differ.
mod question {
    use std::net::SocketAddr;

    use crate::source::{Content, EngineQuestion, Namespace, ProcText, ProcessId, Program, TcpEnds};

    pub(super) fn lstat(path: &str) -> String {
        format!("file lstat {path}")
    }
    pub(super) fn text(path: &str, content: Content) -> String {
        format!("file read {} {path}", content.word())
    }
    pub(super) fn kernel(path: &str) -> String {
        format!("kernel {path}")
    }
    pub(super) fn names(path: &str) -> String {
        format!("file list {path}")
    }
    pub(super) fn canonical(path: &str) -> String {
        format!("file resolve {path}")
    }
    pub(super) fn pids() -> String {
        "process list".to_owned()
    }
    pub(super) fn process(process: ProcessId, file: ProcText) -> String {
        format!("process {process} {}", file.name())
    }
    pub(super) fn exe(process: ProcessId) -> String {
        format!("process {process} exe")
    }
    pub(super) fn argv(process: ProcessId, program: Program) -> String {
        format!("process {process} argv {}", program.word())
    }
    pub(super) fn namespace(process: ProcessId, namespace: Namespace) -> String {
        format!("process {process} ns/{}", namespace.name())
    }
    pub(super) fn shares_root(process: ProcessId) -> String {
        format!("process {process} shares root")
    }
    pub(super) fn socket_inodes(process: ProcessId) -> String {
        format!("process {process} socket inodes")
    }
    pub(super) fn children(process: ProcessId) -> String {
        format!("process {process} children")
    }
    pub(super) fn unix_listeners(process: ProcessId, file_name: &str) -> String {
        format!("process {process} unix listeners {file_name}")
    }
    pub(super) fn tcp_listeners(process: ProcessId) -> String {
        format!("process {process} tcp listeners")
    }
    pub(super) fn cgroup_mounts() -> String {
        "process self cgroup mounts".to_owned()
    }
    pub(super) fn mount_of(process: ProcessId, path: &str) -> String {
        format!("process {process} mount of {path}")
    }
    pub(super) fn mounts(process: ProcessId) -> String {
        format!("process {process} mounts")
    }
    pub(super) fn engine(question: &EngineQuestion) -> String {
        question.path().map_or_else(|_| "engine GET (impossible id)".to_owned(), |path| format!("engine GET {path}"))
    }
    pub(super) fn peer() -> String {
        "engine peer".to_owned()
    }
    pub(super) fn tcp_ends() -> String {
        "engine connection".to_owned()
    }
    pub(super) fn tcp_other_end(ends: TcpEnds) -> String {
        format!("process self other end of {} at {}", ends.ours, ends.engine)
    }
    pub(super) fn client_environment() -> String {
        "process self client environment".to_owned()
    }
    pub(super) fn audit_status() -> String {
        "audit status".to_owned()
    }
    pub(super) fn audit_rules() -> String {
        "audit rules".to_owned()
    }
    pub(super) fn probe(address: SocketAddr) -> String {
        format!("probe {address}")
    }
}
