//! From findings to fixes to the threats they end.
//!
//! Each fix is previewed alone on the Snapshot and the Snapshot judged again: what a fix ends is worked out, not claimed. The
//! attack graph and the exact minimum set come later; until then fixes are ordered by counted things only.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use facts::Snapshot;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::judge::Change;
use crate::{Action, Event, Finding, Remedy, Severity, SubjectKind, ThreatFinding, ThreatStatus, Verdict};

/// One fix: a remedy with what it does to the threats, worked out by previewing it on the Snapshot and judging again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Fix {
    /// What `--fix` takes: a check id, for all subjects that fail.
    pub id: String,
    /// What it achieves.
    pub title: String,
    /// One remedy a subject.
    pub remedies: Vec<Remedy>,
    /// The worst disruption among them.
    pub event: Event,
    /// What it disturbs.
    pub disrupts: String,
    /// Names of the containers that it touches.
    pub affects: Vec<String>,
    /// Findings that it ends.
    pub findings: Vec<String>,
    /// Threats on elements that it mitigates: `DK-D-01 web`.
    pub ends: Vec<String>,
    /// Threats on elements that it makes partly mitigated.
    pub reduces: Vec<String>,
    /// The command to copy.
    pub command: String,
}

/// What to fix first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Advice {
    /// Fixes, best first. Only those that `harden` carries out.
    pub fixes: Vec<Fix>,
}

impl Advice {
    /// The first `count` fixes.
    pub fn top(&self, count: usize) -> &[Fix] {
        &self.fixes[..count.min(self.fixes.len())]
    }
}

/// Orders the fixes of these findings by what each ends. `change` tells what remedies change, by a preview of the Snapshot.
pub(crate) fn advise<'c>(
    snapshot: &Snapshot,
    findings: &[Finding],
    threats: &[ThreatFinding],
    mut change: impl FnMut(&[Remedy]) -> Change<'c>,
) -> Advice {
    let mut failing: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.verdict == Verdict::Fail) {
        failing.entry(&finding.check).or_default().push(finding);
    }
    let mut fixes: Vec<(Rank, Fix)> = Vec::new();
    for (check, group) in &failing {
        let group: Vec<&Finding> = group.iter().copied().filter(|finding| carried_out(&finding.remedy.action)).collect();
        if group.is_empty() {
            continue;
        }
        let remedies: Vec<Remedy> = group.iter().map(|finding| finding.remedy.clone()).collect();
        let change = change(&remedies);
        fixes.extend(fix(snapshot, check, &group, remedies, &Effect { failing: &failing, threats, change: &change }));
    }
    fixes.sort_by(|(left, _), (right, _)| left.cmp(right));
    Advice { fixes: fixes.into_iter().map(|(_, fix)| fix).collect() }
}

/// Whether `harden` of this version carries the action out.
fn carried_out(action: &Action) -> bool {
    matches!(action, Action::DaemonSetting { .. } | Action::AuditRule { .. } | Action::ContainerUpdate { .. })
}

/// What a fix changes, beside what was before.
struct Effect<'a> {
    /// Findings that fail, by check, in their order.
    failing: &'a BTreeMap<&'a str, Vec<&'a Finding>>,
    threats: &'a [ThreatFinding],
    change: &'a Change<'a>,
}

impl Effect<'_> {
    /// Ids of the findings that it ends, worst first.
    fn ended(&self) -> Vec<String> {
        let changed = self.change.checks.iter().filter_map(|(check, still)| Some((self.failing.get(check)?, still)));
        let mut groups: Vec<_> = changed.collect();
        groups.sort_by_key(|(group, _)| group.first().map(|finding| (finding.severity, &finding.check)));
        let ended = groups.into_iter().flat_map(|(group, still)| group.iter().filter(|finding| !still.contains(&finding.id)));
        ended.map(|finding| finding.id.clone()).collect()
    }
}

/// Best first: distinct threats ended by severity, then threats reduced, then findings ended, then the cheaper event, then the id.
type Rank = (Reverse<[usize; 4]>, Reverse<usize>, Reverse<usize>, Event, String);

fn fix(snapshot: &Snapshot, check: &str, group: &[&Finding], remedies: Vec<Remedy>, effect: &Effect<'_>) -> Option<(Rank, Fix)> {
    let ended = effect.ended();
    if ended.is_empty() {
        return None;
    }
    let (mut ends, mut reduces) = (Vec::new(), Vec::new());
    let mut ended_ids: BTreeSet<(Severity, &str)> = BTreeSet::new();
    let mut reduced_ids: BTreeSet<&str> = BTreeSet::new();
    for (position, now) in &effect.change.threats {
        let threat = &effect.threats[*position];
        let named = format!("{} {}", threat.id, threat.element.name);
        match (threat.status, *now) {
            (ThreatStatus::Open | ThreatStatus::Partly, ThreatStatus::Mitigated) => {
                ended_ids.insert((threat.severity, &threat.id));
                ends.push(named);
            }
            (ThreatStatus::Open, ThreatStatus::Partly) => {
                reduced_ids.insert(&threat.id);
                reduces.push(named);
            }
            _ => {}
        }
    }
    let event = remedies.iter().map(|remedy| remedy.event).max().unwrap_or(Event::None);
    let mut by_severity = [0; 4];
    for (severity, _) in &ended_ids {
        by_severity[*severity as usize] += 1;
    }
    let rank = (Reverse(by_severity), Reverse(reduced_ids.len()), Reverse(ended.len()), event, check.to_owned());
    let first = group.first()?;
    Some((
        rank,
        Fix {
            id: check.to_owned(),
            title: first.title.to_string(),
            event,
            disrupts: first.remedy.disrupts.to_string(),
            affects: affected(snapshot, &remedies),
            findings: ended,
            ends,
            reduces,
            command: format!("cofferdam harden apply --fix {check}"),
            remedies,
        },
    ))
}

/// Containers that the remedies touch: those updated; with icc, those that run, since the change needs a window without them.
fn affected(snapshot: &Snapshot, remedies: &[Remedy]) -> Vec<String> {
    let mut names: BTreeSet<String> = BTreeSet::new();
    for remedy in remedies {
        match &remedy.action {
            Action::ContainerUpdate { .. } if remedy.subject.kind == SubjectKind::Container => {
                names.insert(remedy.subject.name.to_string());
            }
            Action::DaemonSetting { key, .. } if key == "icc" => {
                let containers = snapshot.engine().and_then(|engine| engine.containers.known()).into_iter().flatten();
                let running =
                    containers.filter_map(|container| container.known()).filter(|c| c.state.known().is_some_and(|state| state.running));
                names.extend(running.map(|container| container.name.clone()));
            }
            _ => {}
        }
    }
    names.into_iter().collect()
}
