//! What the checks and threats are expected to say after a plan, and how two Assessments differ.

use std::collections::BTreeMap;

use assess::{Assessment, Summary};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The expected outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Prediction {
    /// Counts over all checks.
    pub summary: Summary,
    /// What changes, checks first, in a stable order.
    pub changes: Vec<PredictedChange>,
}

/// A check or a threat.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Changed {
    /// Check id.
    Check(String),
    /// Threat id.
    Threat(String),
}

impl Changed {
    /// The id.
    pub fn id(&self) -> &str {
        match self {
            Self::Check(id) | Self::Threat(id) => id,
        }
    }
}

/// Whom a change concerns: a check's subject or a threat's element.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct ChangedSubject {
    /// `container`, `daemon`, `docker.networks`, ...
    pub kind: String,
    /// Stable id.
    pub id: String,
    /// Name for people.
    pub name: String,
}

/// One verdict or threat status that changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct PredictedChange {
    /// Which check or threat.
    #[serde(flatten)]
    pub what: Changed,
    /// On whom.
    pub subject: ChangedSubject,
    /// Before: `fail`, `open`.
    pub before: String,
    /// After: `pass`, `mitigated`.
    pub after: String,
}

/// Every verdict and threat status that differs between two Assessments. A subject that only one of them has is left out: it came or
/// went, which is no effect of a remedy.
pub fn changes(before: &Assessment, after: &Assessment) -> Vec<PredictedChange> {
    let mut found = Vec::new();
    for (check, old) in &before.results {
        let Some(new) = after.results.get(check) else { continue };
        let now: BTreeMap<_, _> = new.subjects.iter().map(|one| ((one.subject.kind, &one.subject.id), one.verdict)).collect();
        for judged in &old.subjects {
            let subject = &judged.subject;
            if let Some(now) = now.get(&(subject.kind, &subject.id)).filter(|now| **now != judged.verdict) {
                found.push(PredictedChange {
                    what: Changed::Check(check.clone()),
                    subject: ChangedSubject {
                        kind: subject.kind.word().to_owned(),
                        id: subject.id.to_string(),
                        name: subject.name.to_string(),
                    },
                    before: judged.verdict.word().to_owned(),
                    after: now.word().to_owned(),
                });
            }
        }
    }
    let now: BTreeMap<_, _> =
        after.threats.iter().map(|threat| ((&threat.id, &threat.element.kind, &threat.element.id), threat.status)).collect();
    for old in &before.threats {
        let element = &old.element;
        if let Some(now) = now.get(&(&old.id, &element.kind, &element.id)).filter(|now| **now != old.status) {
            found.push(PredictedChange {
                what: Changed::Threat(old.id.clone()),
                subject: ChangedSubject { kind: element.kind.clone(), id: element.id.clone(), name: element.name.clone() },
                before: old.status.word().to_owned(),
                after: now.word().to_owned(),
            });
        }
    }
    found.sort_by(|a, b| (&a.what, &a.subject.name, &a.subject.id).cmp(&(&b.what, &b.subject.name, &b.subject.id)));
    found
}
