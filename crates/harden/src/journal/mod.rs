//! The journal: what was there before, what is being done, what was done. Every record is on disk before the action that it names.
//!
//! STATE/lock, STATE/daemon-start.json, STATE/runs/RUN/{plan.json, journal.jsonl, before-N}. One run is one folder; its journal only
//! ever grows.

mod ledger;
mod op;
mod record;
mod run_log;
mod state_dir;

/// See [`crate::fuzzing`].
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing {
    use super::{Ledger, record};

    /// The bytes of a journal: cut where a crash may cut them, they say less and nothing else.
    pub(crate) fn records(data: &[u8]) {
        let Ok((records, good)) = record::parse(data) else { return };
        assert!(good <= data.len());
        Ledger::of(&records);
        let (again, whole) = record::parse(&data[..good]).expect("what was good stays good");
        assert_eq!((again.len(), whole), (records.len(), good));
    }
}

pub(crate) use ledger::Ledger;
pub(crate) use op::Op;
pub use record::Direction;
pub(crate) use record::{Before, Ending, OpState, Record, StepState};
pub(crate) use run_log::{Reopened, RunLog};
pub(crate) use state_dir::{Lock, StateDir};
