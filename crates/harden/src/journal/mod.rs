//! The journal: what was there before, what is being done, what was done. Every record is on disk before the action that it names.
//!
//! STATE/lock, STATE/daemon-start.json, STATE/runs/RUN/{plan.json, journal.jsonl, before-N}. One run is one folder; its journal only
//! ever grows.

mod ledger;
mod op;
mod record;
mod run_log;
mod state_dir;

pub(crate) use ledger::Ledger;
pub(crate) use op::Op;
pub use record::Direction;
pub(crate) use record::{Before, Ending, OpState, Record, StepState};
pub(crate) use run_log::{Reopened, RunLog};
pub(crate) use state_dir::{Lock, StateDir};
