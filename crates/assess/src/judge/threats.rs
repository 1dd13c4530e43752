//! Threats on real elements: each catalogue threat becomes one finding an element, and its status follows from checks.

use std::collections::BTreeMap;

use crate::catalogue::threat_file::element_subject;
use crate::expression::Value;
use crate::judge::checks::{Detail, Subjects};
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
    /// The same with evidence.
    pub(super) results: &'j BTreeMap<String, CheckResult>,
    pub(super) detail: Detail,
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
struct Leaves<'j> {
    standings: Vec<(&'j str, Standing<'j>)>,
    /// Checks with their verdict, and the subject that decided.
    checks: Vec<(&'j str, Verdict, Option<usize>)>,
}

impl<'j> Judged<'j> {
    fn finding(&self, threat: &'j Threat, element: Element, kind: SubjectKind, index: usize) -> ThreatFinding {
        let mut own = Leaves::default();
        let mitigated = standing(&threat.mitigated_when, &mut |name| self.measure(name, kind, index, &mut own));
        let mut reducing = Leaves::default();
        for name in &threat.reduced_by {
            self.measure(name, kind, index, &mut reducing);
        }
        let applies = threat.applies_when.as_ref().map(|when| when.evaluate(self.subjects.values(kind, index)).value);
        let ground = Ground::of(applies, mitigated, &own, &reducing);
        let bare = ThreatFinding {
            id: threat.id.clone(),
            title: String::new(),
            stride: threat.stride,
            severity: threat.severity,
            element,
            status: ground.status(),
            reason: String::new(),
            mitigation: String::new(),
            checks: Vec::new(),
            facts: Vec::new(),
        };
        if self.detail == Detail::Verdicts {
            return bare;
        }
        let mut checks = own.checks.clone();
        add_new(&mut checks, reducing.checks.iter().copied());
        let mut facts: Vec<ShownFact> = Vec::new();
        for (check, _, member) in &checks {
            let judged = member.and_then(|member| self.results.get(*check)?.subjects.get(member));
            add_new(&mut facts, judged.into_iter().flat_map(|judged| judged.facts.iter().cloned()));
        }
        ThreatFinding {
            title: threat.title.clone(),
            reason: ground.reason(threat, &own, &reducing),
            mitigation: threat.mitigation.clone(),
            checks: checks.into_iter().map(|(check, verdict, _)| CheckOfThreat { check: check.to_owned(), verdict }).collect(),
            facts,
            ..bare
        }
    }

    /// Where a measure stands, noting what it rests on.
    fn measure(&self, name: &'j str, kind: SubjectKind, index: usize, leaves: &mut Leaves<'j>) -> Standing<'j> {
        let found = match self.catalogue.measures.get(name) {
            Some(Some(measure)) => standing(measure, &mut |check| self.check(check, kind, index, leaves)),
            Some(None) => Standing::NotBuilt,
            None if self.catalogue.checks.contains_key(name) => self.check(name, kind, index, leaves),
            None => Standing::NotBuilt,
        };
        add_new(&mut leaves.standings, [(name, found)]);
        found
    }

    /// A check on the subjects that the element touches: the worst of them.
    fn check(&self, id: &'j str, kind: SubjectKind, index: usize, leaves: &mut Leaves<'j>) -> Standing<'j> {
        let (Some(check), Some(verdicts)) = (self.catalogue.checks.get(id), self.verdicts.get(id)) else { return Standing::NotBuilt };
        let touched = self.relations.touched(kind, index, check.subject);
        let worst = touched.members().filter_map(|member| Some((*verdicts.get(member)?, member))).min();
        let (verdict, member) = match (worst, touched.is_whole()) {
            (Some((Verdict::Fail, member)), _) => (Verdict::Fail, Some(member)),
            (_, false) => (Verdict::Unknown, None),
            (Some((verdict, member)), true) => (verdict, Some(member)),
            // Nobody whom it could concern: it holds for all of them.
            (None, true) => (Verdict::Pass, None),
        };
        add_new(&mut leaves.checks, [(id, verdict, member)]);
        Standing::of(verdict, id)
    }
}

/// What decides a status.
enum Ground<'j> {
    /// The condition is not measured by this version.
    NotMeasured,
    /// The condition is not met.
    NotMet,
    /// The condition could not be seen.
    ConditionUnseen(String),
    Mitigated,
    NotBuilt,
    Unseen(&'j str),
    ForAPerson(&'j str),
    /// It is not mitigated, and something helps.
    Partly,
    /// It is not mitigated, and what might help could not be seen.
    PerhapsPartly(&'j str),
    Open,
}

impl<'j> Ground<'j> {
    fn of(applies: Option<Value>, mitigated: Standing<'j>, own: &Leaves<'j>, reducing: &Leaves<'j>) -> Self {
        match applies {
            None => return Self::NotMeasured,
            Some(Value::Bool(true)) => {}
            Some(Value::Bool(false)) => return Self::NotMet,
            Some(other) => return Self::ConditionUnseen(other.why().unwrap_or("a fact could not be seen").to_owned()),
        }
        match mitigated {
            Standing::Holds => return Self::Mitigated,
            Standing::NotBuilt => return Self::NotBuilt,
            Standing::Unseen(check) => return Self::Unseen(check),
            Standing::ForAPerson(check) => return Self::ForAPerson(check),
            // A measure that has no meaning here does not mitigate.
            Standing::Fails | Standing::Meaningless => {}
        }
        let mut unseen = None;
        for (_, standing) in own.standings.iter().chain(&reducing.standings) {
            match standing {
                Standing::Holds => return Self::Partly,
                Standing::Unseen(check) => unseen = unseen.or(Some(*check)),
                _ => {}
            }
        }
        // Something that could not be seen might reduce it: then it is not certain that nothing does.
        unseen.map_or(Self::Open, Self::PerhapsPartly)
    }

    fn status(&self) -> ThreatStatus {
        match self {
            Self::NotMet => ThreatStatus::NotApplicable,
            Self::Mitigated => ThreatStatus::Mitigated,
            Self::Partly => ThreatStatus::Partly,
            Self::Open => ThreatStatus::Open,
            Self::NotMeasured
            | Self::ConditionUnseen(_)
            | Self::NotBuilt
            | Self::Unseen(_)
            | Self::ForAPerson(_)
            | Self::PerhapsPartly(_) => ThreatStatus::Unknown,
        }
    }

    fn reason(&self, threat: &Threat, own: &Leaves<'_>, reducing: &Leaves<'_>) -> String {
        let that = |wanted: Standing<'_>| names(own.standings.iter().filter(|(_, standing)| *standing == wanted));
        let lacking = || match that(Standing::Fails) {
            failing if failing.is_empty() => format!("{} has no meaning here", that(Standing::Meaningless)),
            failing => format!("{failing} missing"),
        };
        match self {
            Self::NotMeasured => format!("whether it applies is not measured yet ({})", threat.applies_text),
            Self::NotMet => format!("its condition is not met here: {}", threat.applies_text),
            Self::ConditionUnseen(why) => format!("whether it applies could not be seen ({}): {why}", threat.applies_text),
            Self::Mitigated => format!("{} in force", that(Standing::Holds)),
            Self::NotBuilt => format!("no check is built yet for {}", that(Standing::NotBuilt)),
            Self::Unseen(check) => format!("{check} could not be seen"),
            Self::ForAPerson(check) => format!("{check} is for a person to decide"),
            Self::Partly => {
                let holding = own.standings.iter().chain(&reducing.standings).filter(|(_, standing)| *standing == Standing::Holds);
                format!("{} in force, {}", names(holding), lacking())
            }
            Self::PerhapsPartly(check) => format!("{}; {check} could not be seen", lacking()),
            Self::Open => lacking(),
        }
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

fn names<'n>(standings: impl Iterator<Item = &'n (&'n str, Standing<'n>)>) -> String {
    let mut names: Vec<&str> = Vec::new();
    add_new(&mut names, standings.map(|(name, _)| *name));
    names.join(", ")
}
