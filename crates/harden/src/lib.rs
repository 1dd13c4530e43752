//! Hardening: plans (pure) and the only writer of the workspace.
//!
//! [`plan::plan`] turns remedies into a [`plan::Plan`] without touching anything. [`Harden::apply`] carries it out, with a journal that
//! lets [`Harden::resume`] and [`Harden::rollback`] finish after a crash at any instant; [`verify()`] compares the prediction with a
//! new measurement.

mod apply;
mod edit;
mod error;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod journal;
pub mod plan;
mod progress;
mod rehearsal;
mod status;
mod system;
mod text;
mod verify;

pub use apply::{Harden, Options, Outcome, Report};
pub use error::Error;
pub use journal::Direction;
pub use progress::{Observer, Progress};
pub use rehearsal::{Rehearsal, rehearse_child};
pub use status::{RunState, RunStatus, StepStatus};
pub use system::process::own_container;
pub use verify::{Difference, Verification, verify};
