//! For people in a terminal, at three in the morning: what, where, how bad, what to type.

mod assess;
mod bench;
mod diff;
mod doctor;
mod explain;
mod page;
mod plan;
mod run;
mod verify;

pub use assess::{advice, assess, threats};
pub use bench::bench;
pub use diff::diff;
pub use doctor::doctor;
pub use explain::explain;
pub use plan::{plan, refusal};
pub use run::{outcome, runs};
pub use verify::verification;
