//! Threats on real elements: each catalogue threat becomes one finding an element, and its status follows from checks.

use std::collections::BTreeMap;

use crate::catalogue::threat_file::element_subject;
use crate::expression::Value;
use crate::judge::checks::Subjects;
use crate::judge::relations::Relations;
use crate::judge::standing::{Standing, standing};
use crate::threat::CheckOfThreat;
use crate::{Catalogue, CheckResult, Element, ShownFact, SubjectKind, Threat, ThreatFinding, ThreatStatus, Verdict};

/// Everything that the status of threats follows from.
pub(super) struct Judged<'j> {
    pub(super) catalogue: &'j Catalogue,
    pub(super) subjects: &'j Subjects<'j>,
    pub(super) relations: &'j Relations,
    /// Verdicts of each check in the order of its subjects.
    pub(super) verdicts: &'j BTreeMap<&'j str, Vec<Verdict>>,
    /// The same with evidence, where evidence is wanted.
    pub(super) results: &'j BTreeMap<String, CheckResult>,
}

/// All threats on all elements, by letter, id and name.
pub(super) fn threats(judged: &Judged<'_>) -> Vec<ThreatFinding> {
    let mut findings: Vec<ThreatFinding> = Vec::new();
    for threat in &judged.catalogue.threats {
        match element_subject(&threat.element_kind) {
            Some(kind) => {
                for (index, subject) in judged.subjects.subjects(kind).into_iter().enumerate() {
                    let element = Element { kind: threat.element_kind.clone(), id: subject.id.clone(), name: subject.name.clone() };
                    findings.push(judged.finding(threat, element, kind, index));
                }
            }
            None => {
                let element = Element { kind: threat.element_kind.clone(), id: threat.element_kind.clone(), name: threat.element_name.clone() };
                findings.push(judged.finding(threat, element, SubjectKind::Host, 0));
            }
        }
    }
    let place = |finding: &ThreatFinding| (finding.stride, finding.id.clone(), finding.element.name.clone(), finding.element.id.clone());
    findings.sort_by_cached_key(place);
    findings
}

/// What the measures of one threat say on one element.
#[derive(Default)]
struct Leaves {
    standings: Vec<(String, Standing)>,
    checks: Vec<CheckOfThreat>,
    facts: Vec<ShownFact>,
}

impl Judged<'_> {
    fn finding(&self, threat: &Threat, element: Element, kind: SubjectKind, index: usize) -> ThreatFinding {
        let mut own = Leaves::default();
        let mitigated = standing(&threat.mitigated_when, &mut |name| self.measure(name, kind, index, &mut own));
        let mut reducing = Leaves::default();
        for name in &threat.reduced_by {
            self.measure(name, kind, index, &mut reducing);
        }
        let (status, reason) = self.status(threat, kind, index, &mitigated, &own, &reducing);
        let Leaves { mut checks, mut facts, .. } = own;
        add_new(&mut checks, reducing.checks);
        add_new(&mut facts, reducing.facts);
        ThreatFinding {
            id: threat.id.clone(),
            title: threat.title.clone(),
            stride: threat.stride,
            severity: threat.severity,
            element,
            status,
            reason,
            mitigation: threat.mitigation.clone(),
            checks,
            facts,
        }
    }

    fn status(
        &self,
        threat: &Threat,
        kind: SubjectKind,
        index: usize,
        mitigated: &Standing,
        own: &Leaves,
        reducing: &Leaves,
    ) -> (ThreatStatus, String) {
        let Some(applies_when) = &threat.applies_when else {
            return (ThreatStatus::Unknown, format!("whether it applies is not measured yet ({})", threat.applies_text));
        };
        match applies_when.evaluate(self.subjects.values(kind, index)).value {
            Value::Bool(true) => {}
            Value::Bool(false) => return (ThreatStatus::NotApplicable, format!("its condition is not met here: {}", threat.applies_text)),
            other => {
                let why = other.why().unwrap_or("a fact could not be seen");
                return (ThreatStatus::Unknown, format!("whether it applies could not be seen ({}): {why}", threat.applies_text));
            }
        }
        let all = || own.standings.iter().chain(&reducing.standings);
        let holding = names(all().filter(|(_, standing)| *standing == Standing::Holds));
        let failing = names(own.standings.iter().filter(|(_, standing)| *standing == Standing::Fails));
        match mitigated {
            Standing::Holds => (ThreatStatus::Mitigated, format!("{} in force", names(own.standings.iter().filter(|(_, standing)| *standing == Standing::Holds)))),
            Standing::NotBuilt => (ThreatStatus::Unknown, format!("no check is built yet for {}", names(own.standings.iter().filter(|(_, standing)| *standing == Standing::NotBuilt)))),
            Standing::Unseen(why) | Standing::ForAPerson(why) => (ThreatStatus::Unknown, why.clone()),
            Standing::Fails | Standing::Meaningless => {
                let lacking = match (failing.is_empty(), names(own.standings.iter().filter(|(_, standing)| *standing == Standing::Meaningless))) {
                    (false, _) => format!("{failing} missing"),
                    (true, meaningless) => format!("{meaningless} has no meaning here"),
                };
                if !holding.is_empty() {
                    return (ThreatStatus::Partly, format!("{holding} in force, {lacking}"));
                }
                // Something that could not be seen might reduce it: then it is not certain that nothing does.
                let unseen = all().find_map(|(_, standing)| match standing {
                    Standing::Unseen(why) => Some(why),
                    _ => None,
                });
                match unseen {
                    Some(why) => (ThreatStatus::Unknown, format!("{lacking}; {why}")),
                    None => (ThreatStatus::Open, lacking),
                }
            }
        }
    }

    /// Where a measure stands, noting what it rests on.
    fn measure(&self, name: &str, kind: SubjectKind, index: usize, leaves: &mut Leaves) -> Standing {
        let found = match self.catalogue.measures.get(name) {
            Some(Some(measure)) => standing(measure, &mut |check| self.check(check, kind, index, leaves)),
            Some(None) => Standing::NotBuilt,
            None if self.catalogue.checks.contains_key(name) => self.check(name, kind, index, leaves),
            None => Standing::NotBuilt,
        };
        if !leaves.standings.iter().any(|(known, _)| known == name) {
            leaves.standings.push((name.to_owned(), found.clone()));
        }
        found
    }

    /// A check on the subjects that the element touches: the worst of them.
    fn check(&self, id: &str, kind: SubjectKind, index: usize, leaves: &mut Leaves) -> Standing {
        let (Some(check), Some(verdicts)) = (self.catalogue.checks.get(id), self.verdicts.get(id)) else { return Standing::NotBuilt };
        let touched = self.relations.touched(kind, index, check.subject);
        let of = |member: usize| verdicts.get(member).copied();
        let worst = touched.members.iter().filter_map(|member| Some((of(*member)?, *member))).min();
        let (verdict, member) = match (worst, &touched.unseen) {
            (Some((Verdict::Fail, member)), _) => (Verdict::Fail, Some(member)),
            (_, Some(_)) => (Verdict::Unknown, None),
            (Some((verdict, member)), None) => (verdict, Some(member)),
            // Nobody whom it could concern: it holds for all of them.
            (None, None) => (Verdict::Pass, None),
        };
        let part = CheckOfThreat { check: id.to_owned(), verdict };
        add_new(&mut leaves.checks, [part]);
        let facts = self.results.get(id).and_then(|result| result.subjects.get(member?)).map(|judgement| judgement.facts.as_slice());
        add_new(&mut leaves.facts, facts.unwrap_or_default().iter().cloned());
        Standing::of(verdict, id)
    }
}

/// Appends what is not in the list yet.
fn add_new<T: PartialEq>(list: &mut Vec<T>, more: impl IntoIterator<Item = T>) {
    for one in more {
        if !list.contains(&one) {
            list.push(one);
        }
    }
}

fn names<'n>(standings: impl Iterator<Item = &'n (String, Standing)>) -> String {
    let mut names: Vec<&str> = standings.map(|(name, _)| name.as_str()).collect();
    names.dedup();
    names.join(", ")
}
