//! A benchmark is a table of contents: its numbers, and which check answers each.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Judgement, Verdict};

/// One benchmark version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Benchmark {
    /// `cis-docker-1.6.0`.
    pub id: String,
    /// Title in our words.
    pub title: String,
    /// Rows in numeric order.
    pub controls: Vec<Control>,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Control {
    /// `2.15`.
    pub id: String,
    /// Section slug.
    pub section: String,
    /// The check that answers it.
    pub check: String,
    /// Slug of docker-checks.csv.
    pub slug: String,
    /// Profile level; none where the data does not say.
    #[serde(default)]
    pub level: Option<u8>,
    /// `automated` or `manual`; none where the data does not say.
    #[serde(default)]
    pub assessment: Option<String>,
    /// `scored` of the versions that had the word.
    #[serde(default)]
    pub scored: Option<bool>,
}

/// One row, judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ControlResult {
    /// `2.15`.
    pub id: String,
    /// Profile level; null where the data does not say.
    pub level: Option<u8>,
    /// `automated` or `manual`; null where the data does not say.
    pub assessment: Option<String>,
    /// `scored` of the versions that had the word; null elsewhere.
    #[serde(default)]
    pub scored: Option<bool>,
    /// The check that answered.
    pub check: String,
    /// Title.
    pub title: String,
    /// Worst of the subjects.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
    /// Each subject.
    pub subjects: Vec<Judgement>,
}

/// A benchmark run: `cofferdam/bench/1` without its envelope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BenchmarkResult {
    /// `cis-docker-1.6.0`.
    pub benchmark: String,
    /// Rows in numeric order.
    pub controls: Vec<ControlResult>,
}
