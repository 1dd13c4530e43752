//! Judging a Snapshot: checks, benchmarks, threats, advice. Pure: the same Snapshot and catalogue give the same Assessment.
//!
//! [`derive`] works out facts from observations, [`view`] gives them typed names, [`expression`] is the language of the checks,
//! [`catalogue`] loads the data, [`assess`] puts it together.

mod advice;
mod assessment;
mod benchmark;
pub mod catalogue;
mod check;
pub mod derive;
pub mod doctor;
mod explain;
pub mod expression;
mod finding;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod judge;
pub mod measure;
mod near_miss;
pub mod operator;
pub mod peer;
mod remedy;
mod subject;
mod template;
mod threat;
mod verdict;
pub mod view;
mod yaml;

pub use advice::{Advice, Fix};
pub use assessment::{Assessment, CheckResult, Judgement, ShownFact, SnapshotRef, Summary, Target};
pub use benchmark::{Benchmark, BenchmarkResult, Control, ControlResult};
pub use catalogue::{Catalogue, CatalogueError, CatalogueErrors, Misnamed};
pub use check::{ByPolicy, Check, Question, RemedyTemplate, Severity, ShownAs, Stride};
pub use explain::{Explanation, explain};
pub use finding::Finding;
pub use judge::{
    ASSESSMENT_SCHEMA, Extent, Outlook, Selection, SelectionError, assess, assess_for, assess_with, bench, bench_of, bench_part, outlook,
    outlook_for,
};
pub use operator::{Operator, Waived, WaiverState, WaiverUse};
pub use remedy::{Action, Event, Remedy, WatchKind, preview};
pub use subject::{Subject, SubjectKind};
pub use threat::{CheckOfThreat, Element, Threat, ThreatFinding, ThreatStatus};
pub use verdict::Verdict;
pub use yaml::Place;
