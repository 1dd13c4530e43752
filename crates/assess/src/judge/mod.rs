//! From a Snapshot and a catalogue to an Assessment.

mod bench;
mod checks;
mod frame;
mod judgement;
mod reason;
mod relations;
mod standing;
mod threats;

use std::collections::BTreeMap;

use facts::{Snapshot, Tool, digest};

pub use bench::bench_of;
pub(crate) use frame::Frame;
pub(crate) use judgement::judgement;

use crate::derive::{Views, views};
use crate::view::Daemon;
use crate::{Assessment, BenchmarkResult, Catalogue, CheckResult, Finding, SnapshotRef, Summary, Target, ThreatFinding, Verdict};
use checks::{Detail, Subjects};
use relations::Relations;
use threats::Judged;

/// Name and number of the format of an Assessment.
pub const ASSESSMENT_SCHEMA: &str = "cofferdam/assessment/1";

/// Judges a Snapshot: all checks on all subjects, threats on all elements, and what to fix first.
pub fn assess(snapshot: &Snapshot, catalogue: &Catalogue) -> Assessment {
    let parts = judge(snapshot, catalogue, Detail::Full);
    let advice = crate::advice::advise(snapshot, &parts.findings, &parts.threats, |preview| {
        let after = outlook(preview, catalogue);
        (after.findings, after.threats)
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
    catalogue.benchmarks.contains_key(benchmark).then(|| assess(snapshot, catalogue)).and_then(|assessment| bench_of(&assessment, catalogue, benchmark))
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
    judge(snapshot, catalogue, Detail::Verdicts)
}

fn judge(snapshot: &Snapshot, catalogue: &Catalogue, detail: Detail) -> Outlook {
    let views = views(snapshot);
    let no_daemon = Daemon::unseen("no engine was asked for");
    let subjects = Subjects::of(snapshot, &views, &no_daemon);
    let results: BTreeMap<String, CheckResult> =
        catalogue.checks.iter().map(|(id, check)| (id.clone(), checks::result(&subjects, check, detail))).collect();
    let findings = checks::findings(&subjects, catalogue, &results, detail);
    let threats = standing_threats(snapshot, catalogue, &views, &subjects, &results, detail);
    Outlook { results, findings, threats }
}

fn standing_threats(
    snapshot: &Snapshot,
    catalogue: &Catalogue,
    views: &Views,
    subjects: &Subjects<'_>,
    results: &BTreeMap<String, CheckResult>,
    detail: Detail,
) -> Vec<ThreatFinding> {
    // No engine was asked for: there is nothing that Docker's threats could be on.
    if snapshot.docker.is_absent() {
        return Vec::new();
    }
    let verdicts: BTreeMap<&str, Vec<Verdict>> =
        results.iter().map(|(id, result)| (id.as_str(), result.subjects.iter().map(|one| one.verdict).collect())).collect();
    let relations = Relations::of(snapshot, views);
    threats::threats(&Judged { catalogue, subjects, relations: &relations, verdicts: &verdicts, results, detail })
}

fn target(snapshot: &Snapshot) -> Target {
    let engine = snapshot.engine();
    let by_engine = engine.and_then(|engine| engine.info.known()?.name.known());
    let name = snapshot.host.name.known().or(by_engine).cloned().unwrap_or_else(|| "unknown host".to_owned());
    let version = engine.and_then(|engine| engine.version.known()).map(|version| format!("docker {}", version.version));
    Target { kind: "docker-host".to_owned(), name, engine: version }
}

