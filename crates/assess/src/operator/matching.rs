//! Which waiver covers which finding. A waiver turns `fail` and `manual` into `waived` and nothing else: what could not be seen is not
//! accepted, and what passes needs no acceptance.

use std::collections::BTreeMap;

use facts::Snapshot;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::Operator;
use super::miss::{Candidate, notes};
use super::subjects::Faces;
use super::waiver::{Waived, Waiver, WaiverState, WaiverUse};
use crate::judge::finding_id;
use crate::{CheckResult, Judgement, SubjectKind, Verdict};

/// Marks what is waived in the results, and says what came of each waiver.
pub(crate) fn waive(operator: &Operator, snapshot: &Snapshot, results: &mut BTreeMap<String, CheckResult>) -> Vec<WaiverUse> {
    if operator.waivers.is_empty() {
        return Vec::new();
    }
    let faces = Faces::of(snapshot);
    let today = day(&snapshot.taken_at);
    let file = operator.file.as_deref().unwrap_or("cofferdam.yaml");
    let mut ready: Vec<Ready<'_>> = operator.waivers.iter().map(|waiver| Ready::new(waiver, file, today)).collect();
    for (id, result) in results.iter_mut() {
        let named: Vec<usize> = (0..ready.len()).filter(|index| ready[*index].waiver.checks.contains(id)).collect();
        if named.is_empty() {
            continue;
        }
        for (index, judgement) in result.subjects.iter_mut().enumerate() {
            let verdict = judgement.verdict;
            let mut covered_by = None;
            for at in &named {
                let one = &mut ready[*at];
                if !one.means(&faces, judgement, index) {
                    continue;
                }
                let finding = finding_id(id, &judgement.subject);
                match verdict {
                    Verdict::Fail | Verdict::Manual => match covered_by {
                        Some(first) if !one.has_ended => one.meant.push((finding, Candidate::CoveredBy(first))),
                        _ if one.has_ended => one.covers.push(finding),
                        _ => {
                            covered_by = Some(one.waiver.place.line);
                            one.covers.push(finding);
                            judgement.waiver = Some(one.waived(verdict));
                            judgement.verdict = Verdict::Waived;
                        }
                    },
                    _ => one.meant.push((finding, Candidate::Is(verdict))),
                }
            }
        }
        result.verdict = Verdict::worst(result.subjects.iter().map(|one| one.verdict));
    }
    ready.into_iter().map(|one| one.came_of_it(results, &faces)).collect()
}

/// The day of a Snapshot, in UTC: the clock of whoever judges has no say.
fn day(taken_at: &str) -> Option<Date> {
    taken_at.parse::<Timestamp>().ok().map(|time| time.to_zoned(TimeZone::UTC).date())
}

/// A waiver while it is held against findings.
pub(super) struct Ready<'o> {
    pub(super) waiver: &'o Waiver,
    pub(super) today: Option<Date>,
    pub(super) has_ended: bool,
    source: String,
    /// Whether the subject at an index of a kind is meant: the same for every check that asks about that kind.
    means: BTreeMap<SubjectKind, Vec<bool>>,
    pub(super) covers: Vec<String>,
    /// What it means and does not cover, and why not.
    pub(super) meant: Vec<(String, Candidate)>,
}

impl<'o> Ready<'o> {
    fn new(waiver: &'o Waiver, file: &str, today: Option<Date>) -> Self {
        Self {
            waiver,
            today,
            has_ended: waiver.has_ended(today),
            source: format!("{file}:{}", waiver.place.line),
            means: BTreeMap::new(),
            covers: Vec::new(),
            meant: Vec::new(),
        }
    }

    /// Subjects come in the order of their check's result.
    fn means(&mut self, faces: &Faces<'_>, judgement: &Judgement, index: usize) -> bool {
        let known = self.means.entry(judgement.subject.kind).or_default();
        if let Some(means) = known.get(index) {
            return *means;
        }
        let means = self.waiver.whom.means(&judgement.subject, faces.get(&judgement.subject));
        known.push(means);
        means
    }

    fn waived(&self, verdict: Verdict) -> Waived {
        Waived {
            verdict,
            reason: self.waiver.reason.clone(),
            owner: self.waiver.owner.clone(),
            until: self.waiver.until.to_string(),
            source: self.source.clone(),
        }
    }

    fn came_of_it(self, results: &BTreeMap<String, CheckResult>, faces: &Faces<'_>) -> WaiverUse {
        let state = match (self.has_ended, self.covers.is_empty()) {
            (true, _) => WaiverState::Expired,
            (false, false) => WaiverState::Used,
            (false, true) => WaiverState::Unused,
        };
        let notes = notes(&self, state, results, faces);
        let Waiver { check, subject, image, reason, owner, until, .. } = self.waiver.clone();
        let broad = self.waiver.is_broad();
        WaiverUse {
            check,
            subject,
            image,
            reason,
            owner,
            until: until.to_string(),
            source: self.source,
            state,
            broad,
            findings: self.covers,
            notes,
        }
    }
}
