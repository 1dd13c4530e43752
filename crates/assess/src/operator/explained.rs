//! Waivers explained: what each covers, what it misses, and for one check what stands without a waiver and which waivers come close.

use facts::Snapshot;
use serde::Serialize;

use super::Operator;
use super::subjects::Faces;
use super::waiver::{Waiver, WaiverUse};
use crate::near_miss::near_miss;
use crate::{Assessment, Subject, Verdict};

/// The answer of `explain --waivers`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExplainedWaivers {
    /// The check that was asked about; none: all of them.
    pub check: Option<String>,
    /// The waivers that name it, in the order of the file.
    pub waivers: Vec<WaiverUse>,
    /// What fails it, or waits for a person, without a waiver. Without a check: empty.
    pub uncovered: Vec<Uncovered>,
}

/// A finding that no waiver covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Uncovered {
    /// Whom it concerns.
    #[serde(flatten)]
    pub subject: Subject,
    /// `fail`, `manual` or `unknown`.
    pub verdict: Verdict,
    /// Why this verdict.
    pub reason: String,
    /// Waivers that come close, with the part that does not match.
    pub near: Vec<String>,
}

impl Operator {
    /// Explains the waivers as they came out in an assessment that was made for this operator.
    pub fn explained(&self, snapshot: &Snapshot, assessment: &Assessment, check: Option<&str>) -> ExplainedWaivers {
        let names = |waiver: &Waiver| check.is_none_or(|check| waiver.checks.contains(check));
        let waivers =
            self.waivers.iter().zip(&assessment.waivers).filter(|(waiver, _)| names(waiver)).map(|(_, used)| used.clone()).collect();
        let faces = Faces::of(snapshot);
        let result = check.and_then(|check| assessment.results.get(check));
        let judged = result.into_iter().flat_map(|result| &result.subjects);
        let uncovered = judged
            .filter(|one| matches!(one.verdict, Verdict::Fail | Verdict::Manual | Verdict::Unknown))
            .map(|one| Uncovered {
                subject: one.subject.clone(),
                verdict: one.verdict,
                reason: one.reason.to_string(),
                near: self.near(&one.subject, one.verdict, check.unwrap_or_default(), &faces),
            })
            .collect();
        ExplainedWaivers { check: check.map(str::to_owned), waivers, uncovered }
    }

    /// What keeps each waiver that comes close from covering a finding.
    fn near(&self, subject: &Subject, verdict: Verdict, check: &str, faces: &Faces<'_>) -> Vec<String> {
        let face = faces.get(subject);
        let file = self.file.as_deref().unwrap_or("cofferdam.yaml");
        let miss = |waiver: &Waiver| {
            let whom = &waiver.whom;
            match (waiver.checks.contains(check), whom.means(subject, face)) {
                // It must have ended, or the verdict would be another.
                (true, true) if verdict == Verdict::Unknown => Some("is about it, but what could not be seen is not accepted".to_owned()),
                (true, true) => Some(format!("is about it and ended after {}", waiver.until)),
                (false, true) if !waiver.is_broad() => Some(format!("is about it, but for {}", waiver.check)),
                (true, false) if whom.takes(subject.kind) && whom.names(face) => Some("names it, but another image".to_owned()),
                (true, false) => {
                    let word = whom.word()?;
                    let names = face.map(|face| face.names.as_slice()).unwrap_or_default();
                    near_miss(&word, names.iter().copied()).map(|meant| format!("names `{word}`, and this is `{meant}`"))
                }
                (false, _) => None,
            }
        };
        self.waivers.iter().filter_map(|waiver| Some(format!("{file}:{} {}", waiver.place.line, miss(waiver)?))).collect()
    }
}
