//! What is not pass and not not-applicable.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Remedy, Severity, ShownFact, Stride, Subject, Verdict, Waived};

/// One check's judgement of one subject that deserves attention.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// `CHECK` for host and daemon, `CHECK@NAME` otherwise: what `--fix` takes.
    pub id: String,
    /// Check id.
    pub check: String,
    /// The check's title.
    pub title: Arc<str>,
    /// Whom it concerns.
    pub subject: Subject,
    /// `fail`, `unknown`, `manual` or `waived`.
    pub verdict: Verdict,
    /// How bad.
    pub severity: Severity,
    /// Letters that it serves.
    pub stride: Vec<Stride>,
    /// Its numbers: benchmark id to controls.
    #[serde(with = "shared")]
    #[schemars(with = "BTreeMap<String, Vec<String>>")]
    pub benchmarks: Arc<BTreeMap<String, Vec<String>>>,
    /// Why this verdict, with the value.
    pub reason: Arc<str>,
    /// The facts it rests on.
    pub facts: Arc<[ShownFact]>,
    /// What a person types to see the same.
    pub reproduce: Arc<str>,
    /// What to do.
    pub remedy: Remedy,
    /// Why the operator accepts it; null: nobody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiver: Option<Waived>,
}

/// The numbers of a check are the same for a thousand containers, and are kept once.
mod shared {
    use super::{Arc, BTreeMap};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(numbers: &Arc<BTreeMap<String, Vec<String>>>, serializer: S) -> Result<S::Ok, S::Error> {
        BTreeMap::serialize(numbers, serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<BTreeMap<String, Vec<String>>>, D::Error> {
        BTreeMap::deserialize(deserializer).map(Arc::new)
    }
}
