//! One check on one subject.

use std::sync::Arc;

use crate::expression::{Evaluation, Expression, Value};
use crate::judge::Extent;
use crate::judge::checks::is_finding;
use crate::judge::frame::Frame;
use crate::judge::reason;
use crate::template::{fill_shared, shell};
use crate::{Check, Judgement, Question, ShownFact, Verdict};

/// The verdict alone, for "what if".
pub(super) fn verdict(check: &Check, values: &[Value]) -> Verdict {
    decide(check, values).0
}

/// The verdict, and for one that is unknown what was evaluated in vain.
pub(super) fn undecided<'c>(check: &'c Check, values: &[Value]) -> (Verdict, Option<Evaluation<'c>>) {
    match decide(check, values) {
        (verdict, Ground::Unseen(evaluation)) => (verdict, Some(evaluation)),
        (verdict, _) => (verdict, None),
    }
}

enum Ground<'c> {
    /// `when` is false.
    NotAsked,
    /// `when` or `pass` could not be decided.
    Unseen(Evaluation<'c>),
    /// `pass` was decided.
    Decided(Evaluation<'c>),
    /// A person decides; where a statement of the operator would, these are the paths that it has to say more about.
    Asked(Vec<&'c str>),
}

/// `Unknown` never passes.
fn decide<'c>(check: &'c Check, values: &[Value]) -> (Verdict, Ground<'c>) {
    if let Some((when, _)) = &check.when {
        let applies = when.evaluate(values);
        match applies.value {
            Value::Bool(true) => {}
            Value::Bool(false) => return (Verdict::NotApplicable, Ground::NotAsked),
            _ => return (Verdict::Unknown, Ground::Unseen(applies)),
        }
    }
    match &check.question {
        Question::Manual(_) => match &check.by_policy {
            None => (Verdict::Manual, Ground::Asked(Vec::new())),
            Some(by_policy) => {
                let stated = by_policy.when.evaluate(values);
                match stated.value {
                    Value::Bool(true) => answer(by_policy.pass.evaluate(values)),
                    Value::Bool(false) => {
                        (Verdict::Manual, Ground::Asked(stated.read.into_iter().filter(|path| is_policy(path)).collect()))
                    }
                    _ => (Verdict::Unknown, Ground::Unseen(stated)),
                }
            }
        },
        Question::Predicate(pass) => answer(pass.evaluate(values)),
    }
}

fn answer(decision: Evaluation<'_>) -> (Verdict, Ground<'_>) {
    match decision.value {
        Value::Bool(true) => (Verdict::Pass, Ground::Decided(decision)),
        Value::Bool(false) => (Verdict::Fail, Ground::Decided(decision)),
        _ => (Verdict::Unknown, Ground::Unseen(decision)),
    }
}

/// Whether a fact is a statement of the operator.
pub(super) fn is_policy(path: &str) -> bool {
    path.starts_with("policy.")
}

/// All that [`decide`] can ask: a verdict is another only where a fact that one of these speaks of is.
pub(super) fn decided_by(check: &Check) -> impl Iterator<Item = &Expression> {
    let pass = match &check.question {
        Question::Manual(_) => None,
        Question::Predicate(pass) => Some(pass),
    };
    let by_policy = check.by_policy.iter().flat_map(|by_policy| [&by_policy.when, &by_policy.pass]);
    check.when.iter().map(|(when, _)| when).chain(pass).chain(by_policy)
}

/// The verdict with its reason and evidence.
pub(crate) fn judgement(check: &Check, frame: &Frame<'_>, extent: Extent) -> Judgement {
    let (verdict, ground) = decide(check, frame.values);
    let reason = match &ground {
        Ground::NotAsked => check.when.as_ref().map_or_else(String::new, |(_, words)| words.clone()),
        Ground::Unseen(decision) => reason::unseen(decision, frame),
        Ground::Decided(decision) => reason::decided(check.shows.as_ref(), decision, check.fact.first().map(AsRef::as_ref), frame),
        Ground::Asked(unstated) => {
            let unstated: Vec<&str> = unstated.iter().copied().filter(|path| frame.value(path) == Value::Absent).collect();
            reason::for_a_person(check.shows.as_ref(), check.fact.first().map(AsRef::as_ref), &unstated, frame)
        }
    };
    let (facts, reproduce) = if extent.evidence_of_all || is_finding(verdict) {
        (facts(check, verdict, frame), fill_shared(&check.reproduce, &frame.variables, frame.values, shell))
    } else {
        Default::default()
    };
    Judgement { subject: frame.subject.clone(), verdict, reason: reason.into(), facts, waiver: None, reproduce }
}

/// The value that the check shows, then its facts. Where it does not apply, showing is not guarded: the facts alone.
fn facts(check: &Check, verdict: Verdict, frame: &Frame<'_>) -> Arc<[ShownFact]> {
    let mut facts: Vec<ShownFact> = Vec::new();
    if let Some(shows) = check.shows.as_ref().filter(|_| verdict != Verdict::NotApplicable) {
        if shows.is_fact() {
            let path = check.fact.iter().find(|path| &***path == shows.source()).cloned();
            facts.push(frame.shown(&path.unwrap_or_else(|| shows.source().into())));
        } else {
            let origin = check.fact.first().map(|path| frame.origin(path)).unwrap_or_default();
            facts.push(frame.shown_as("shows".into(), &shows.evaluate(frame.values).value, &origin));
        }
    }
    // What the operator did not state is no evidence.
    for path in check.fact.iter().filter(|path| !(is_policy(path) && frame.value(path) == Value::Absent)) {
        if !facts.iter().any(|fact| fact.path == *path) {
            facts.push(frame.shown(path));
        }
    }
    facts.into()
}
