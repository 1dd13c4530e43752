//! The chosen findings: what they are, whom they serve, why they were chosen, what was changed, and what was measured on both sides.

use std::collections::BTreeSet;

use assess::{Check, Event, Finding, SubjectKind, Verdict};
use harden::plan::Plan;
use serde::Serialize;

use super::Comparison;
use super::measured::{Measured, measured};
use super::threats::{Group, groups};
use crate::words;

/// One chosen finding.
#[derive(Debug, Serialize)]
pub(super) struct Chosen {
    pub(super) check: String,
    pub(super) title: String,
    pub(super) numbers: String,
    pub(super) component: String,
    pub(super) letters: Vec<NamedLetter>,
    pub(super) severity: &'static str,
    /// What an attacker gains without it.
    pub(super) why: String,
    /// Why it was chosen.
    pub(super) reason: String,
    pub(super) threats: Vec<Served>,
    pub(super) remedy: String,
    pub(super) disrupts: String,
    pub(super) steps: Vec<StepShown>,
    /// Steps alike beyond those shown.
    pub(super) more_steps: usize,
    pub(super) before: Measured,
    pub(super) after: Measured,
    /// What the measure does and does not do.
    pub(super) note: Option<String>,
    /// What a person types to see the same.
    pub(super) reproduce: String,
}

/// A letter and its name.
#[derive(Debug, Serialize)]
pub(super) struct NamedLetter {
    pub(super) letter: char,
    pub(super) name: &'static str,
}

/// A threat that the finding serves.
#[derive(Debug, Serialize)]
pub(super) struct Served {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) letter: char,
    pub(super) correction: Option<String>,
    pub(super) groups: Vec<Group>,
}

/// A step of the plan.
#[derive(Debug, Serialize)]
pub(super) struct StepShown {
    pub(super) title: String,
    pub(super) event: &'static str,
    pub(super) affects: String,
    pub(super) undo: String,
    pub(super) residue: String,
    pub(super) also: Vec<String>,
    pub(super) diff: Vec<DiffLine>,
}

/// One line of a diff.
#[derive(Debug, Serialize)]
pub(super) struct DiffLine {
    /// `head`, `hunk`, `add`, `del` or `same`.
    pub(super) kind: &'static str,
    pub(super) text: String,
}

/// Steps that are shown for one finding.
const STEPS: usize = 3;

pub(super) fn build(comparison: &Comparison<'_>) -> Vec<Chosen> {
    ids(comparison).iter().map(|id| chosen(comparison, id)).collect()
}

/// Check ids of the chosen findings, each once, in the order given.
pub(super) fn ids(comparison: &Comparison<'_>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    if comparison.chosen.is_empty() {
        let (before, after) = (&comparison.before.assessment.results, &comparison.after.assessment.results);
        let passes = |check: &String| after.get(check).is_some_and(|result| result.verdict == Verdict::Pass);
        return before
            .values()
            .filter(|result| result.verdict == Verdict::Fail && passes(&result.check))
            .map(|result| result.check.clone())
            .collect();
    }
    let ids = comparison.chosen.iter().map(|given| check_id(comparison, given));
    ids.filter(|id| seen.insert(id.clone())).collect()
}

/// The check behind what `--fix` takes.
fn check_id(comparison: &Comparison<'_>, given: &str) -> String {
    let id = given.split_once('@').map_or(given, |(id, _)| id);
    let Some((benchmark, number)) = id.split_once(':') else { return id.to_owned() };
    let table = comparison.benchmarks.get(benchmark);
    let control = table.and_then(|table| table.controls.iter().find(|control| control.id == number));
    control.map_or_else(|| id.to_owned(), |control| control.check.clone())
}

fn chosen(comparison: &Comparison<'_>, id: &str) -> Chosen {
    let check = comparison.checks.get(id);
    let assessments = [comparison.before.assessment, comparison.after.assessment];
    let finding = assessments.iter().flat_map(|assessment| &assessment.findings).find(|finding| finding.check == id);
    let stride = check.map(|check| check.stride.clone()).or(finding.map(|finding| finding.stride.clone())).unwrap_or_default();
    let before = measured(&comparison.before, id);
    let after = measured(&comparison.after, id);
    let threats = served(comparison, id);
    let steps = comparison.plan.map(|plan| steps(plan, id)).unwrap_or_default();
    let more_steps = steps.len().saturating_sub(STEPS);
    Chosen {
        check: id.to_owned(),
        title: check.map(|check| &check.title).or(finding.map(|finding| &finding.title)).map_or_else(|| id.to_owned(), ToString::to_string),
        numbers: numbers(comparison, id),
        component: component(comparison, id),
        letters: stride.iter().map(|letter| NamedLetter { letter: letter.letter(), name: letter.name() }).collect(),
        severity: check.map(|check| check.severity).or(finding.map(|finding| finding.severity)).map_or("", assess::Severity::word),
        why: check.map(|check| check.why.clone()).unwrap_or_default(),
        reason: reason(comparison, id, finding),
        threats,
        remedy: remedy(check, finding),
        disrupts: check
            .map(|check| &check.remedy.disrupts)
            .or(finding.map(|finding| &finding.remedy.disrupts))
            .map_or_else(String::new, ToString::to_string),
        steps: steps.into_iter().take(STEPS).collect(),
        more_steps,
        before,
        after,
        note: check.and_then(|check| check.note.clone()),
        reproduce: reproduce(comparison, id),
    }
}

fn numbers(comparison: &Comparison<'_>, id: &str) -> String {
    let of = |table: &assess::Benchmark| {
        let ids: Vec<String> = table.controls.iter().filter(|control| control.check == id).map(|control| control.id.clone()).collect();
        (!ids.is_empty()).then(|| (table.id.clone(), ids))
    };
    words::numbers(&comparison.benchmarks.values().filter_map(of).collect())
}

fn remedy(check: Option<&Check>, finding: Option<&Finding>) -> String {
    // The finding's text is bound to its subject, the check's may have holes.
    finding.map(|finding| &finding.remedy.text).or(check.map(|check| &check.remedy.text)).map_or_else(String::new, ToString::to_string)
}

fn reproduce(comparison: &Comparison<'_>, id: &str) -> String {
    let result = comparison.after.assessment.results.get(id).or(comparison.before.assessment.results.get(id));
    result.and_then(|result| result.subjects.first()).map_or_else(String::new, |judgement| judgement.reproduce.to_string())
}

/// The element of the system that the check looks at.
fn component(comparison: &Comparison<'_>, id: &str) -> String {
    let results = [&comparison.before, &comparison.after].map(|side| side.assessment.results.get(id));
    let Some(result) = results.into_iter().flatten().next() else { return String::new() };
    let Some(first) = result.subjects.first() else { return String::new() };
    let plural = match first.subject.kind {
        SubjectKind::Host => return "host".to_owned(),
        SubjectKind::Daemon => return "daemon".to_owned(),
        SubjectKind::Container => "containers",
        SubjectKind::Image => "images",
        SubjectKind::Network => "networks",
    };
    let failing: Vec<&str> =
        result.subjects.iter().filter(|judged| judged.verdict == Verdict::Fail).map(|judged| &*judged.subject.name).collect();
    if failing.is_empty() { plural.to_owned() } else { format!("{plural}: {}", words::names(failing, 6)) }
}

fn served(comparison: &Comparison<'_>, id: &str) -> Vec<Served> {
    let assessments = [comparison.before.assessment, comparison.after.assessment];
    let all = assessments.iter().flat_map(|assessment| &assessment.threats);
    let serving: BTreeSet<&str> =
        all.filter(|threat| threat.checks.iter().any(|check| check.check == id)).map(|threat| threat.id.as_str()).collect();
    let in_order = comparison.threats.iter().filter(|threat| serving.contains(threat.id.as_str()));
    in_order
        .map(|threat| Served {
            id: threat.id.clone(),
            title: threat.title.clone(),
            letter: threat.stride.letter(),
            correction: threat.correction.clone(),
            groups: groups(comparison, &threat.id),
        })
        .collect()
}

/// Worked out and never claimed: how bad it is, what the fix ends by itself (the earlier state was judged with it), what it costs.
fn reason(comparison: &Comparison<'_>, id: &str, finding: Option<&Finding>) -> String {
    let mut sentences = Vec::new();
    if let Some(finding) = finding {
        sentences.push(format!("Its severity is {}.", finding.severity.word()));
    }
    if let Some(fix) = comparison.before.assessment.advice.fixes.iter().find(|fix| fix.id == id) {
        let ids = |named: &[String]| -> Vec<String> {
            let ids: BTreeSet<&str> = named.iter().map(|name| name.split(' ').next().unwrap_or_default()).collect();
            ids.into_iter().map(str::to_owned).collect()
        };
        let (ends, reduces) = (ids(&fix.ends), ids(&fix.reduces));
        for (verb, ids) in [("ends", ends), ("reduces", reduces)] {
            if !ids.is_empty() {
                sentences.push(format!("By itself it {verb} {}.", words::names(ids.iter().map(String::as_str), 8)));
            }
        }
    }
    if let Some(finding) = finding {
        sentences.push(match finding.remedy.event {
            Event::None => "The fix stops nothing that runs.".to_owned(),
            Event::Reload => "The fix costs a reload of the daemon, which no container notices.".to_owned(),
            Event::Restart => "The fix costs one restart of the daemon.".to_owned(),
            Event::Recreate => "The fix needs containers to be created anew.".to_owned(),
            Event::People => "The fix is for people to carry out.".to_owned(),
        });
    }
    if comparison.chosen.is_empty() {
        sentences.push("It is listed because it failed before and passes after.".to_owned());
    }
    sentences.join(" ")
}

fn steps(plan: &Plan, id: &str) -> Vec<StepShown> {
    let own = plan.steps.iter().filter(|step| step.remedies.iter().any(|remedy| remedy == id));
    own.map(|step| StepShown {
        title: step.title.clone(),
        event: words::downtime(step.event),
        affects: words::names(step.affects.iter().map(String::as_str), 8),
        undo: step.undo.clone(),
        residue: step.residue.clone(),
        also: step.remedies.iter().filter(|remedy| *remedy != id).cloned().collect(),
        diff: diff(&step.diff),
    })
    .collect()
}

pub(super) fn diff(text: &str) -> Vec<DiffLine> {
    text.split_terminator('\n')
        .map(|line| DiffLine {
            kind: match line.as_bytes().first() {
                _ if line.starts_with("+++") || line.starts_with("---") => "head",
                Some(b'@') => "hunk",
                Some(b'+') => "add",
                Some(b'-') => "del",
                _ => "same",
            },
            text: line.replace('\t', "    "),
        })
        .collect()
}
