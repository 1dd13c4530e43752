//! Threats on real elements: each catalogue threat becomes one finding an element, and its status follows from checks.

use std::collections::BTreeMap;

use crate::catalogue::threat_file::element_subject;
use crate::expression::Expression;
use crate::judge::checks::{Subjects, Verdicts};
use crate::judge::ground::Ground;
use crate::judge::leaves::{Leaves, Tree, add_new};
use crate::judge::relations::Relations;
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
}

/// All threats on all elements, by letter, id and name.
pub(super) fn threats(judged: &Judged<'_>) -> Vec<ThreatFinding> {
    let mut findings: Vec<ThreatFinding> = Vec::new();
    for threat in in_order(judged.catalogue) {
        let measured = Measured::of(threat, judged);
        let kind = &threat.element_kind;
        match element_subject(kind) {
            // Subjects are in the order of their names already.
            Some(subject_kind) => {
                findings.extend(judged.subjects.subjects(subject_kind).into_iter().enumerate().map(|(index, subject)| {
                    let element = Element { kind: kind.clone(), id: subject.id.to_string(), name: subject.name.to_string() };
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

/// Threats by letter and id.
pub(super) fn in_order(catalogue: &Catalogue) -> Vec<&Threat> {
    let mut threats: Vec<&Threat> = catalogue.threats.iter().collect();
    threats.sort_by_key(|threat| (threat.stride, &threat.id));
    threats
}

/// The statuses of one threat alone, in the order of its elements.
pub(super) fn statuses(threat: &Threat, judged: &Judged<'_>) -> Vec<ThreatStatus> {
    let measured = Measured::of(threat, judged);
    let (kind, count) = judged.elements(threat);
    (0..count).map(|index| measured.weigh(kind, index).0.status()).collect()
}

impl Judged<'_> {
    /// Of which subjects a threat is asked, and how many there are. What is no subject is one element, on the host.
    pub(super) fn elements(&self, threat: &Threat) -> (SubjectKind, usize) {
        match element_subject(&threat.element_kind) {
            Some(kind) => (kind, self.subjects.subjects(kind).len()),
            None => (SubjectKind::Host, 1),
        }
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

    /// What decides on that element, with what its measures and those that reduce it say.
    fn weigh(&self, kind: SubjectKind, index: usize) -> (Ground<'j>, Leaves<'j>, Leaves<'j>) {
        let (mut own, mut reducing) = (Leaves::default(), Leaves::default());
        let mitigated = self.mitigated_when.standing(kind, index, self.judged.relations, &mut own);
        for measure in &self.reduced_by {
            measure.standing(kind, index, self.judged.relations, &mut reducing);
        }
        let applies = self.threat.applies_when.as_ref().map(|when| when.evaluate(self.judged.subjects.values(kind, index)).value);
        let ground = Ground::of(applies, mitigated, &own, &reducing);
        (ground, own, reducing)
    }

    fn finding(&self, element: Element, kind: SubjectKind, index: usize) -> ThreatFinding {
        let (ground, own, reducing) = self.weigh(kind, index);
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
        self.judged.subjects.with_frame(kind, index, |frame| paths.iter().map(|path| frame.shown(&(*path).into())).collect())
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
