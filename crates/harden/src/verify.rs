//! Comparing the prediction with the measurement. A difference is a defect of ours, or someone else's hand.

use assess::{Assessment, ThreatFinding, Verdict};
use serde::Serialize;

use crate::plan::{Changed, ChangedSubject, Plan, PredictedChange};

/// One place where the prediction and the measurement part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Check or threat id.
    pub id: String,
    /// Whom it concerns, by name.
    pub subject: String,
    /// What was predicted.
    pub predicted: String,
    /// What was measured.
    pub measured: String,
    /// Why, in the measurement's words.
    pub reason: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} on {}: predicted {}, measured {}", self.id, self.subject, self.predicted, self.measured)?;
        if self.reason.is_empty() { Ok(()) } else { write!(f, " ({})", self.reason) }
    }
}

/// How the prediction fared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// How many predicted changes were measured as predicted.
    pub confirmed: usize,
    /// Where they part.
    pub differences: Vec<Difference>,
}

impl Verification {
    /// Whether everything is as predicted.
    pub fn holds(&self) -> bool {
        self.differences.is_empty()
    }

    /// 0 as predicted, 3 not.
    pub fn exit_code(&self) -> u8 {
        if self.holds() { 0 } else { 3 }
    }
}

/// Compares what a plan predicted with a fresh Assessment, per check and subject and per threat and element; and what it did not
/// predict, by the counts.
pub fn verify(plan: &Plan, measured: &Assessment) -> Verification {
    let mut verification = Verification::default();
    for change in &plan.predicted.changes {
        let (found, reason) = look_up(change, measured);
        if found == change.after {
            verification.confirmed += 1;
        } else {
            verification.differences.push(Difference {
                id: change.what.id().to_owned(),
                subject: change.subject.name.clone(),
                predicted: change.after.clone(),
                measured: found,
                reason,
            });
        }
    }
    let (wanted, found) = (plan.predicted.summary, measured.summary);
    if verification.differences.is_empty() && wanted != found {
        for (verdict, wanted, found) in [
            (Verdict::Pass, wanted.pass, found.pass),
            (Verdict::Fail, wanted.fail, found.fail),
            (Verdict::Unknown, wanted.unknown, found.unknown),
        ] {
            if wanted != found {
                verification.differences.push(Difference {
                    id: "all checks".to_owned(),
                    subject: plan.host.clone(),
                    predicted: format!("{wanted} {verdict}"),
                    measured: format!("{found} {verdict}"),
                    reason: "something changed that the plan did not predict".to_owned(),
                });
            }
        }
    }
    verification
}

fn look_up(change: &PredictedChange, measured: &Assessment) -> (String, String) {
    let gone = || ("not measured".to_owned(), "it is not in the new assessment".to_owned());
    match &change.what {
        Changed::Check(check) => {
            let subjects = measured.results.get(check).map(|result| result.subjects.as_slice()).unwrap_or_default();
            let found = find(&change.subject, subjects, |judged| (judged.subject.kind.word(), &*judged.subject.id, &*judged.subject.name));
            found.map_or_else(gone, |judged| (judged.verdict.word().to_owned(), judged.reason.to_string()))
        }
        Changed::Threat(threat) => {
            let threats: Vec<&ThreatFinding> = measured.threats.iter().filter(|found| found.id == *threat).collect();
            let found = find(&change.subject, &threats, |found| (&found.element.kind, &found.element.id, &found.element.name));
            found.map_or_else(gone, |found| (found.status.word().to_owned(), found.reason.clone()))
        }
    }
}

/// The one with the same id; else the one with the same name, since the daemon makes its default bridge anew, with a new id, when it
/// starts and no container runs.
fn find<'m, T>(wanted: &ChangedSubject, among: &'m [T], part: impl Fn(&T) -> (&str, &str, &str)) -> Option<&'m T> {
    let of_kind = || among.iter().filter(|member| part(member).0 == wanted.kind);
    of_kind().find(|member| *part(member).1 == wanted.id).or_else(|| of_kind().find(|member| *part(member).2 == wanted.name))
}
