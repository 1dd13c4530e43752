//! Reports of other tools that run the same benchmarks, read and held against our own verdicts.
//!
//! Known are docker-bench-security (its text, on a terminal or as its log, and its JSON in three shapes) and aquasecurity/docker-bench
//! (its text and its JSON). Neither says reliably which benchmark its numbers belong to, so that is worked out: see [`Numbering`].

mod compare;
mod error;
mod json;
mod numbering;
mod report;
mod text;
mod wording;

#[cfg(test)]
mod tests;

pub use compare::{ComparedRow, PeerComparison, PeerSummary, Relation, UnmappedRow, compare};
pub use error::PeerError;
pub use numbering::{NumberedBy, Numbering};
pub use report::{PeerForm, PeerOrigin, PeerReport, PeerRow, PeerTool, PeerWord};
