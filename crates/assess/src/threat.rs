//! Threats: as the catalogue has them, and as they stand on a real element.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Severity, ShownFact, Stride};

/// Where a threat stands on one element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ThreatStatus {
    /// Nothing that mitigates it holds.
    Open,
    /// Something that mitigates or reduces it holds, not enough.
    Partly,
    /// A fact that it needs could not be seen, or a check that it needs is not built yet.
    Unknown,
    /// What mitigates it holds.
    Mitigated,
    /// Its condition is not met here.
    NotApplicable,
}

impl ThreatStatus {
    /// The word used in JSON and in text.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Partly => "partly",
            Self::Unknown => "unknown",
            Self::Mitigated => "mitigated",
            Self::NotApplicable => "not-applicable",
        }
    }
}

/// The part of the system that a threat aims at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Element {
    /// `docker.containers`, `docker.daemon`, ...
    pub kind: String,
    /// Stable id of the instance; the kind itself where there is one only.
    pub id: String,
    /// Name for people.
    pub name: String,
}

/// One threat of the catalogue.
#[derive(Clone, Debug, PartialEq)]
pub struct Threat {
    /// `DK-E-01`.
    pub id: String,
    /// What happens.
    pub title: String,
    /// Its letter.
    pub stride: Stride,
    /// `docker.containers`, ...
    pub element_kind: String,
    /// Name of the element for people.
    pub element_name: String,
    /// `process`, `store`, `store (log)`, `flow`, `external`.
    pub element_type: String,
    /// Positions from which it is done.
    pub attacker: Vec<String>,
    /// Condition over views; `None`: not measurable by this version.
    pub applies_when: Option<crate::expression::Expression>,
    /// The condition in words.
    pub applies_text: String,
    /// What must hold, over measures.
    pub mitigated_when: crate::measure::Measure,
    /// Measures that help without being enough.
    pub reduced_by: Vec<String>,
    /// What to do, in words.
    pub mitigation: String,
    /// ATT&CK technique ids.
    pub attack: Vec<String>,
    /// CWE id.
    pub cwe: String,
    /// How bad.
    pub severity: Severity,
    /// Why so.
    pub severity_reason: String,
    /// What is often said wrongly of it.
    pub correction: Option<String>,
    /// Stories that name it: `A` to `E`.
    pub stories: Vec<String>,
}

/// One threat on one real element, measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ThreatFinding {
    /// Threat id.
    pub id: String,
    /// What happens.
    pub title: String,
    /// Its letter.
    pub stride: Stride,
    /// How bad.
    pub severity: Severity,
    /// On what.
    pub element: Element,
    /// Where it stands.
    pub status: ThreatStatus,
    /// Why: the measures that hold, fail or are unknown.
    pub reason: String,
    /// What to do.
    pub mitigation: String,
    /// The checks behind it, `CHECK=verdict`.
    pub checks: Vec<CheckOfThreat>,
    /// The facts behind it.
    pub facts: Vec<ShownFact>,
}

/// A check's part in a threat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CheckOfThreat {
    /// Check id.
    pub check: String,
    /// Its verdict on this element. `waived` mitigates nothing.
    pub verdict: crate::Verdict,
    /// Why the operator accepts it; left out: nobody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiver: Option<crate::Waived>,
}
