//! Threats on real elements: each catalogue threat becomes one finding an element, and its status follows from checks.

use std::collections::BTreeMap;

use crate::catalogue::threat_file::element_subject;
use crate::expression::Expression;
use crate::judge::checks::{Subjects, Verdicts};
use crate::judge::ground::Ground;
use crate::judge::leaves::{Leaves, Tree, add_new};
use crate::judge::relations::Relations;
use crate::measure::Measure;
use crate::threat::CheckOfThreat;
use crate::{Catalogue, CheckResult, Element, ShownFact, SubjectKind, Threat, ThreatFinding, ThreatStatus, Verdict};

/// Everything that the status of threats follows from.
pub(super) struct Judged<'j> {
    pub(super) catalogue: &'j Catalogue,
    pub(super) subjects: &'j Subjects<'j>,
    pub(super) relations: &'j Relations,
    pub(super) verdicts: &'j Verdicts<'j>,
    /// The same with evidence; none: statuses alone are wanted.
    pub(super) results: Option<&'j BTreeMap<String, CheckResult>>,
    /// Verdicts of a Snapshot with the same subjects: threats that can't differ from it are left out.
    pub(super) before: Option<&'j Verdicts<'j>>,
}

/// All threats on all elements, by letter, id and name.
pub(super) fn threats(judged: &Judged<'_>) -> Vec<ThreatFinding> {
    let mut threats: Vec<&Threat> = judged.catalogue.threats.iter().collect();
    threats.sort_by_key(|threat| (threat.stride, &threat.id));
    let mut findings: Vec<ThreatFinding> = Vec::new();
    for threat in threats {
        if judged.is_as_before(threat) {
            continue;
        }
        let measured = Measured::of(threat, judged);
        let kind = &threat.element_kind;
        match element_subject(kind) {
            // Subjects are in the order of their names already.
            Some(subject_kind) => {
                findings.extend(judged.subjects.subjects(subject_kind).into_iter().enumerate().map(|(index, subject)| {
                    let element = Element { kind: kind.clone(), id: subject.id.clone(), name: subject.name.clone() };
                    measured.finding(element, subject_kind, index)
                }))
            }
            None => {
                let element = Element { kind: kind.clone(), id: kind.clone(), name: threat.element_name.clone() };
                findings.push(measured.finding(element, SubjectKind::Host, 0));
            }
        }
    }
    findings
}

impl Judged<'_> {
    /// Whether nothing that the threat depends on can have changed: neither a check nor a fact of its condition.
    fn is_as_before(&self, threat: &Threat) -> bool {
        let Some(before) = self.before else { return false };
        if threat.applies_when.as_ref().is_some_and(|when| !when.paths().is_empty()) {
            return false;
        }
        let names = threat.mitigated_when.names().into_iter().chain(threat.reduced_by.iter().map(String::as_str));
        names.into_iter().all(|name| match self.catalogue.measures.get(name) {
            Some(measure) => measure.iter().flat_map(Measure::names).all(|check| self.verdicts.get(check) == before.get(check)),
            None => self.verdicts.get(name) == before.get(name),
        })
    }
}

/// One threat, ready to be asked of every element.
struct Measured<'j> {
    threat: &'j Threat,
    judged: &'j Judged<'j>,
    mitigated_when: Tree<'j>,
    reduced_by: Vec<Tree<'j>>,
}

impl<'j> Measured<'j> {
    fn of(threat: &'j Threat, judged: &'j Judged<'j>) -> Self {
        let (catalogue, verdicts) = (judged.catalogue, judged.verdicts);
        Self {
            threat,
            judged,
            mitigated_when: Tree::of(&threat.mitigated_when, catalogue, verdicts),
            reduced_by: threat.reduced_by.iter().map(|name| Tree::named(name, catalogue, verdicts)).collect(),
        }
    }

    fn finding(&self, element: Element, kind: SubjectKind, index: usize) -> ThreatFinding {
        let (mut own, mut reducing) = (Leaves::default(), Leaves::default());
        let mitigated = self.mitigated_when.standing(kind, index, self.judged.relations, &mut own);
        for measure in &self.reduced_by {
            measure.standing(kind, index, self.judged.relations, &mut reducing);
        }
        let applies = self.threat.applies_when.as_ref().map(|when| when.evaluate(self.judged.subjects.values(kind, index)).value);
        let ground = Ground::of(applies, mitigated, &own, &reducing);
        let bare = ThreatFinding {
            id: self.threat.id.clone(),
            title: String::new(),
            stride: self.threat.stride,
            severity: self.threat.severity,
            element,
            status: ground.status(),
            reason: String::new(),
            mitigation: String::new(),
            checks: Vec::new(),
            facts: Vec::new(),
        };
        let Some(results) = self.judged.results else { return bare };
        let mut checks = own.checks.clone();
        add_new(&mut checks, reducing.checks.iter().copied());
        let facts = match bare.status {
            ThreatStatus::NotApplicable => self.condition(kind, index),
            _ => evidence(&checks, results),
        };
        let checks: Vec<CheckOfThreat> = checks.into_iter().map(|check| self.of_check(check, (kind, index), results)).collect();
        ThreatFinding {
            title: self.threat.title.clone(),
            reason: ground.reason(self.threat, &own, &reducing) + &accepted(bare.status, &checks),
            mitigation: self.threat.mitigation.clone(),
            facts,
            checks,
            ..bare
        }
    }

    /// A check's part in the threat. It is waived where everything that makes its verdict is; its standing does not change by that.
    fn of_check(
        &self,
        (check, verdict, member): (&str, Verdict, Option<usize>),
        (kind, index): (SubjectKind, usize),
        results: &BTreeMap<String, CheckResult>,
    ) -> CheckOfThreat {
        let judged = |member: usize| results.get(check)?.subjects.get(member);
        let waiver = member.and_then(judged).and_then(|one| one.waiver.clone());
        let asked_of = self.judged.catalogue.checks.get(check).map(|check| check.subject);
        let another =
            |subject| self.judged.relations.touched(kind, index, subject).members().filter_map(judged).any(|one| one.verdict == verdict);
        match waiver.filter(|_| !asked_of.is_some_and(another)) {
            None => CheckOfThreat { check: check.to_owned(), verdict, waiver: None },
            waiver => CheckOfThreat { check: check.to_owned(), verdict: Verdict::Waived, waiver },
        }
    }

    /// The facts by which it does not apply.
    fn condition(&self, kind: SubjectKind, index: usize) -> Vec<ShownFact> {
        let mut paths: Vec<&str> = Vec::new();
        add_new(&mut paths, self.threat.applies_when.iter().flat_map(Expression::paths).map(String::as_str));
        self.judged.subjects.with_frame(kind, index, |frame| paths.iter().map(|path| frame.shown(path)).collect())
    }
}

/// What of it the operator accepts: that changes no status.
fn accepted(status: ThreatStatus, checks: &[CheckOfThreat]) -> String {
    if matches!(status, ThreatStatus::Mitigated | ThreatStatus::NotApplicable) {
        return String::new();
    }
    let said = |check: &CheckOfThreat| {
        let waiver = check.waiver.as_ref()?;
        Some(format!("; {} is waived, until {} ({})", check.check, waiver.until, waiver.owner))
    };
    checks.iter().filter_map(said).collect()
}

/// What each check shows first: the rest stands with the check's own judgement.
fn evidence(checks: &[(&str, Verdict, Option<usize>)], results: &BTreeMap<String, CheckResult>) -> Vec<ShownFact> {
    let mut facts: Vec<ShownFact> = Vec::new();
    for (check, _, member) in checks {
        let judged = member.and_then(|member| results.get(*check)?.subjects.get(member));
        add_new(&mut facts, judged.and_then(|judged| judged.facts.first()).cloned());
    }
    facts
}
