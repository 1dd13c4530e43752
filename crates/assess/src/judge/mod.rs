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

use std::collections::BTreeMap;

use facts::{Snapshot, Tool, digest};

pub use bench::bench_of;
pub(crate) use frame::Frame;
pub(crate) use judgement::judgement;
pub use selection::{Selection, SelectionError, bench_part};
pub(crate) use unseen::{Unseen, unseen};

use crate::derive::views;
use crate::view::Daemon;
use crate::{Assessment, BenchmarkResult, Catalogue, Check, CheckResult, Finding, SnapshotRef, Summary, Target, ThreatFinding};
use checks::{Subjects, Verdicts};
use relations::Relations;
use threats::Judged;

/// Name and number of the format of an Assessment.
pub const ASSESSMENT_SCHEMA: &str = "cofferdam/assessment/1";

/// Judges a Snapshot: all checks on all subjects, threats on all elements, and what to fix first.
pub fn assess(snapshot: &Snapshot, catalogue: &Catalogue) -> Assessment {
    let parts = judge(snapshot, catalogue);
    let before = verdicts_of(&parts.results);
    let advice = crate::advice::advise(snapshot, &parts.findings, &parts.threats, |preview| {
        with_subjects(preview, |subjects, relations| {
            what_if(subjects, relations, catalogue, &checks::verdicts(subjects, catalogue), Some(&before))
        })
    });
    Assessment {
        schema: ASSESSMENT_SCHEMA.to_owned(),
        tool: Tool { name: "cofferdam".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        target: target(snapshot),
        snapshot: SnapshotRef { digest: digest(snapshot), taken_at: snapshot.taken_at.clone() },
        summary: Summary::of(parts.results.values().map(|result| result.verdict)),
        gaps: snapshot.gaps.clone(),
        results: parts.results,
        findings: parts.findings,
        threats: parts.threats,
        advice,
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
    with_subjects(snapshot, |subjects, relations| {
        let verdicts = checks::verdicts(subjects, catalogue);
        let bare = |(id, check): (&String, &Check)| (id.clone(), checks::bare_result(subjects, check, &verdicts[id.as_str()]));
        let results = catalogue.checks.iter().map(bare).collect();
        let (findings, threats) = what_if(subjects, relations, catalogue, &verdicts, None);
        Outlook { results, findings, threats }
    })
}

fn judge(snapshot: &Snapshot, catalogue: &Catalogue) -> Outlook {
    with_subjects(snapshot, |subjects, relations| {
        let results: BTreeMap<String, CheckResult> =
            catalogue.checks.iter().map(|(id, check)| (id.clone(), checks::result(subjects, check))).collect();
        let verdicts = verdicts_of(&results);
        let findings = checks::findings(subjects, catalogue, &results);
        let threats = match relations {
            Some(relations) => {
                threats::threats(&Judged { catalogue, subjects, relations, verdicts: &verdicts, results: Some(&results), before: None })
            }
            None => Vec::new(),
        };
        Outlook { results, findings, threats }
    })
}

fn verdicts_of(results: &BTreeMap<String, CheckResult>) -> Verdicts<'_> {
    results.iter().map(|(id, result)| (id.as_str(), result.subjects.iter().map(|one| one.verdict).collect())).collect()
}

/// Findings and threats by id and status. With verdicts of `before`, threats that can't differ from then are left out.
fn what_if(
    subjects: &Subjects<'_>,
    relations: Option<&Relations>,
    catalogue: &Catalogue,
    verdicts: &Verdicts<'_>,
    before: Option<&Verdicts<'_>>,
) -> (Vec<Finding>, Vec<ThreatFinding>) {
    let threats = match relations {
        Some(relations) => threats::threats(&Judged { catalogue, subjects, relations, verdicts, results: None, before }),
        None => Vec::new(),
    };
    (checks::bare_findings(subjects, catalogue, verdicts), threats)
}

/// Works out what is judged. Without an engine there is nothing that Docker's threats could be on, and so no relations.
fn with_subjects<R>(snapshot: &Snapshot, judge: impl FnOnce(&Subjects<'_>, Option<&Relations>) -> R) -> R {
    let views = views(snapshot);
    let no_daemon = Daemon::unseen("no engine was asked for");
    let subjects = Subjects::of(snapshot, &views, &no_daemon);
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
