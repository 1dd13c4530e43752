//! What could not be seen in this run, each thing once.

use std::collections::BTreeSet;
use std::sync::Mutex;

use facts::{Fact, Gap};

use crate::obstacle::Obstacle;

/// The least right that opens files and folders which their modes close.
pub(crate) const READ: &str = "CAP_DAC_READ_SEARCH, as root has it";

/// The least right that follows the links of another's process (/proc/PID/exe, fd, ns, root), see ptrace(2), "access mode checking".
pub(crate) const TRACE: &str = "CAP_SYS_PTRACE, as root has it";

/// Collected gaps. Sorted and without repetition, so that the order of concurrent answers leaves no trace.
#[derive(Default)]
pub(crate) struct Gaps(Mutex<BTreeSet<Gap>>);

impl Gaps {
    /// Notes a gap. `what` names a kind of thing and not one of a thousand: it stands once in the report.
    pub(crate) fn note(&self, what: &str, why: &str, needs: &str) {
        let gap = Gap { what: what.to_owned(), why: why.to_owned(), needs: needs.to_owned() };
        self.0.lock().expect("nothing panics while it holds the lock").insert(gap);
    }

    /// Notes a gap and gives the unknown fact that goes with it. `place` names the one object.
    pub(crate) fn unknown<T>(&self, what: &str, place: &str, obstacle: &Obstacle, rights: &str) -> Fact<T> {
        let needs = needs(obstacle, rights);
        self.note(what, &obstacle.to_string(), &needs);
        Fact::unknown(format!("{place}: {obstacle} (needs {needs})"))
    }

    /// The fact that an answer stands for: an absence is a fact, every other obstacle is a gap.
    pub(crate) fn fact<T>(&self, answer: Result<T, Obstacle>, what: &str, place: &str, rights: &str) -> Fact<T> {
        match answer {
            Ok(value) => Fact::Known(value),
            Err(Obstacle::NotFound) => Fact::Absent,
            Err(obstacle) => self.unknown(what, place, &obstacle, rights),
        }
    }

    /// All of them, sorted.
    pub(crate) fn into_sorted(self) -> Vec<Gap> {
        self.0.into_inner().expect("nothing panics while it holds the lock").into_iter().collect()
    }
}

/// The least that would help against this obstacle.
pub(crate) fn needs(obstacle: &Obstacle, rights: &str) -> String {
    match obstacle {
        Obstacle::Denied => rights.to_owned(),
        Obstacle::Forbidden(_) => "an authorization plugin that allows read-only requests".to_owned(),
        Obstacle::NotFound => "the object itself".to_owned(),
        Obstacle::Refused => "a server that listens".to_owned(),
        Obstacle::TimedOut { .. } => "an answer in time".to_owned(),
        Obstacle::TooLarge { .. } => "an answer of a sane size".to_owned(),
        Obstacle::NotAFile => "a regular file".to_owned(),
        Obstacle::Status(_) | Obstacle::Closed => "an engine in working order".to_owned(),
        Obstacle::Malformed(_) => "an answer that can be understood".to_owned(),
        Obstacle::Unsupported => "a kernel that supports it".to_owned(),
        Obstacle::NoWay { .. } => "a way to the engine".to_owned(),
        Obstacle::Other(_) => "another look".to_owned(),
        Obstacle::NotRecorded => "a recording that holds it".to_owned(),
    }
}
