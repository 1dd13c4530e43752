//! From a Snapshot and a catalogue to an Assessment.

mod bench;
mod checks;
mod frame;
mod ground;
mod judgement;
mod leaves;
mod reason;
mod relations;
mod selection;
mod standing;
mod threats;
mod unseen;
mod what_if;

use std::collections::BTreeMap;

use facts::{Snapshot, Tool, digest};

pub use bench::bench_of;
pub(crate) use checks::finding_id;
pub(crate) use frame::Frame;
pub(crate) use judgement::judgement;
pub use selection::{Selection, SelectionError, bench_part};
pub(crate) use unseen::{Unseen, unseen};

use crate::advice::advise;
use crate::derive::views;
use crate::view::Daemon;
use crate::{
    Advice, Assessment, BenchmarkResult, Catalogue, Check, CheckResult, Finding, Operator, SnapshotRef, Summary, Target, ThreatFinding,
    Verdict, WaiverUse,
};
use checks::{Subjects, Verdicts};
use relations::Relations;
use threats::Judged;
pub(crate) use what_if::Change;
use what_if::WhatIf;

/// Name and number of the format of an Assessment.
pub const ASSESSMENT_SCHEMA: &str = "cofferdam/assessment/1";

/// Judges a Snapshot: all checks on all subjects, threats on all elements, and what to fix first. Nobody states or accepts anything.
pub fn assess(snapshot: &Snapshot, catalogue: &Catalogue) -> Assessment {
    assess_for(snapshot, catalogue, &Operator::default())
}

/// How much of an Assessment is worked out. What is left out is empty; verdicts, reasons, findings and the status of threats are always the
/// same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Facts and commands of what passes or does not apply, too: whoever writes the Assessment down wants them, a screen has no place.
    pub evidence_of_all: bool,
    /// What to fix first, which takes the judging of each fix's outcome.
    pub advice: bool,
}

impl Extent {
    /// Everything.
    pub const WHOLE: Self = Self { evidence_of_all: true, advice: true };
}

/// The same by what an operator states, with what that operator accepts marked as waived.
pub fn assess_for(snapshot: &Snapshot, catalogue: &Catalogue, operator: &Operator) -> Assessment {
    assess_with(snapshot, catalogue, operator, Extent::WHOLE)
}

/// The same to some extent.
pub fn assess_with(snapshot: &Snapshot, catalogue: &Catalogue, operator: &Operator, extent: Extent) -> Assessment {
    let ((parts, waivers, advice), digest) = std::thread::scope(|scope| {
        // It takes about as long as all the rest.
        let beside = std::thread::Builder::new().spawn_scoped(scope, || digest(snapshot)).ok();
        let judged = with_subjects(snapshot, operator, |subjects, relations| {
            let Parts { outlook: parts, unwaived, waivers } = judged(snapshot, subjects, relations, catalogue, operator, extent);
            let advice = if extent.advice {
                let mut what_if = WhatIf::of(snapshot, catalogue, subjects, relations, &unwaived, &parts.threats);
                advise(snapshot, &parts.findings, &parts.threats, |remedies| what_if.after(remedies))
            } else {
                Advice::default()
            };
            (parts, waivers, advice)
        });
        // Where no thread is to be had it is done here.
        let digest = beside.map_or_else(|| Ok(digest(snapshot)), std::thread::ScopedJoinHandle::join);
        (judged, digest.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    Assessment {
        schema: ASSESSMENT_SCHEMA.to_owned(),
        tool: Tool { name: "cofferdam".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        target: target(snapshot),
        snapshot: SnapshotRef { digest, taken_at: snapshot.taken_at.clone() },
        summary: Summary::of(parts.results.values().map(|result| result.verdict)),
        gaps: snapshot.gaps.clone(),
        results: parts.results,
        findings: parts.findings,
        threats: parts.threats,
        advice,
        config: operator.file.clone(),
        waivers,
    }
}

/// A run of one benchmark. None: no such benchmark. With an Assessment at hand, [`bench_of`] spares the judging.
pub fn bench(snapshot: &Snapshot, catalogue: &Catalogue, benchmark: &str) -> Option<BenchmarkResult> {
    let table = catalogue.benchmarks.get(benchmark)?;
    Some(bench::run(table, &judge(snapshot, catalogue).results, catalogue))
}

/// What follows from a Snapshot, without advice.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook {
    /// Every check with every subject.
    pub results: BTreeMap<String, CheckResult>,
    /// What is not pass and not not-applicable, worst first.
    pub findings: Vec<Finding>,
    /// Threats on real elements, by letter and id.
    pub threats: Vec<ThreatFinding>,
}

/// Verdicts and statuses alone, for "what if" and for many Snapshots: titles, reasons, evidence and remedies are left empty.
pub fn outlook(snapshot: &Snapshot, catalogue: &Catalogue) -> Outlook {
    outlook_for(snapshot, catalogue, &Operator::default())
}

/// The same by what an operator states. What that operator accepts is not marked: a waiver changes no threat.
pub fn outlook_for(snapshot: &Snapshot, catalogue: &Catalogue, operator: &Operator) -> Outlook {
    with_subjects(snapshot, operator, |subjects, relations| {
        let verdicts = checks::verdicts(subjects, catalogue);
        let bare = |(id, check): (&String, &Check)| (id.clone(), checks::bare_result(subjects, check, &verdicts[id.as_str()]));
        let results = catalogue.checks.iter().map(bare).collect();
        let findings = checks::bare_findings(subjects, catalogue, &verdicts);
        Outlook { results, findings, threats: threats_of(subjects, relations, catalogue, &verdicts, None) }
    })
}

/// What was judged, and what came of the waivers.
struct Parts<'c> {
    outlook: Outlook,
    /// Verdicts as if nothing were waived: those that threats rest on.
    unwaived: Verdicts<'c>,
    waivers: Vec<WaiverUse>,
}

fn judge(snapshot: &Snapshot, catalogue: &Catalogue) -> Outlook {
    let nobody = Operator::default();
    with_subjects(snapshot, &nobody, |subjects, relations| judged(snapshot, subjects, relations, catalogue, &nobody, Extent::WHOLE).outlook)
}

fn judged<'c>(
    snapshot: &Snapshot,
    subjects: &Subjects<'_>,
    relations: Option<&Relations>,
    catalogue: &'c Catalogue,
    operator: &Operator,
    extent: Extent,
) -> Parts<'c> {
    let mut results: BTreeMap<String, CheckResult> =
        catalogue.checks.iter().map(|(id, check)| (id.clone(), checks::result(subjects, check, extent))).collect();
    let unwaived: Verdicts<'c> = catalogue.checks.keys().map(|id| (id.as_str(), verdicts_of(&results[id]))).collect();
    let waivers = crate::operator::waive(operator, snapshot, &mut results);
    let findings = checks::findings(subjects, catalogue, &results);
    let threats = threats_of(subjects, relations, catalogue, &unwaived, Some(&results));
    Parts { outlook: Outlook { results, findings, threats }, unwaived, waivers }
}

fn verdicts_of(result: &CheckResult) -> Vec<Verdict> {
    result.subjects.iter().map(|one| one.verdict).collect()
}

/// Without results: by id and status alone.
fn threats_of(
    subjects: &Subjects<'_>,
    relations: Option<&Relations>,
    catalogue: &Catalogue,
    verdicts: &Verdicts<'_>,
    results: Option<&BTreeMap<String, CheckResult>>,
) -> Vec<ThreatFinding> {
    relations.map_or_else(Vec::new, |relations| threats::threats(&Judged { catalogue, subjects, relations, verdicts, results }))
}

/// Works out what is judged. Without an engine there is nothing that Docker's threats could be on, and so no relations.
fn with_subjects<R>(snapshot: &Snapshot, operator: &Operator, judge: impl FnOnce(&Subjects<'_>, Option<&Relations>) -> R) -> R {
    let views = views(snapshot);
    let no_daemon = Daemon::unseen("no engine was asked for");
    let subjects = Subjects::of(snapshot, &views, &no_daemon, &operator.policy);
    let relations = (!snapshot.docker.is_absent()).then(|| Relations::of(snapshot, &views));
    judge(&subjects, relations.as_ref())
}

pub(crate) fn target(snapshot: &Snapshot) -> Target {
    let engine = snapshot.engine();
    let by_engine = engine.and_then(|engine| engine.info.known()?.name.known());
    let name = snapshot.host.name.known().or(by_engine).cloned().unwrap_or_else(|| "unknown host".to_owned());
    let version = engine.and_then(|engine| engine.version.known()).map(|version| format!("docker {}", version.version));
    Target { kind: "docker-host".to_owned(), name, engine: version }
}
