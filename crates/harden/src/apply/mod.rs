//! The only writer of the workspace: carries plans out, takes them up again after a crash, and takes them back.
//!
//! Nothing here replays a list. Each step has a state before and a state after, kept in the journal; whichever way a run goes, it looks
//! at the system and does what is missing on the way there. So apply, resume and rollback are the same code with another aim.

mod audit;
mod containers;
mod daemon;
mod drive;
mod files;
mod harden;
mod precondition;
mod report;
mod run;
mod startup;
mod target;

pub use harden::{Harden, Options};
pub use report::{Outcome, Report};
