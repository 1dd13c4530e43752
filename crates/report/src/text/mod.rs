//! For people in a terminal, at three in the morning: what, where, how bad, what to type.

mod assess;
mod bench;
mod diff;
mod doctor;
mod examples;
mod explain;
mod page;
mod peer;
mod plan;
mod run;
mod verify;
mod waivers;

pub use assess::{advice, assess, threats};
pub use bench::bench;
pub use diff::diff;
pub use doctor::doctor;
pub use examples::{ExampleCounts, examples};
pub use explain::explain;
pub use peer::comparison;
pub use plan::{plan, refusal};
pub use run::{outcome, runs};
pub use verify::verification;
pub use waivers::waivers;
