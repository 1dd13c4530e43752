//! The classic run: a benchmark's table of contents, each row answered by its check.

use std::collections::BTreeMap;

use crate::{Assessment, Benchmark, BenchmarkResult, Catalogue, CheckResult, Control, ControlResult, Verdict};

/// A run of one benchmark over what was judged. None: no such benchmark.
pub fn bench_of(assessment: &Assessment, catalogue: &Catalogue, benchmark: &str) -> Option<BenchmarkResult> {
    Some(run(catalogue.benchmarks.get(benchmark)?, &assessment.results, catalogue))
}

/// A run of one table of contents.
pub(super) fn run(table: &Benchmark, results: &BTreeMap<String, CheckResult>, catalogue: &Catalogue) -> BenchmarkResult {
    let controls = table.controls.iter().map(|control| row(control, results, catalogue)).collect();
    BenchmarkResult { benchmark: table.id.clone(), controls }
}

fn row(control: &Control, results: &BTreeMap<String, CheckResult>, catalogue: &Catalogue) -> ControlResult {
    let title = catalogue.checks.get(&control.check).map_or_else(|| control.slug.clone(), |check| check.title.to_string());
    // An assessment that another version of the program made may lack a check.
    let (verdict, reason, subjects) = match results.get(&control.check) {
        Some(result) => (result.verdict, summary(result), result.subjects.clone()),
        None => (Verdict::Unknown, format!("the assessment says nothing of {}", control.check), Vec::new()),
    };
    ControlResult {
        id: control.id.clone(),
        level: control.level,
        assessment: control.assessment.clone(),
        scored: control.scored,
        check: control.check.clone(),
        title,
        verdict,
        reason,
        subjects,
    }
}

/// One sentence for all subjects: the reason of a single one, or the names of those that decide.
fn summary(result: &CheckResult) -> String {
    match result.subjects.as_slice() {
        [] => "there is nothing here that it could be asked about".to_owned(),
        [one] if is_once(one) => one.reason.to_string(),
        many => {
            let deciding: Vec<&str> = many.iter().filter(|one| one.verdict == result.verdict).map(|one| &*one.subject.name).collect();
            let shown = deciding.iter().take(5).copied().collect::<Vec<_>>().join(", ");
            let more = deciding.len().saturating_sub(5);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("{} of {}: {shown}{more}", deciding.len(), many.len())
        }
    }
}

fn is_once(judgement: &crate::Judgement) -> bool {
    matches!(judgement.subject.kind, crate::SubjectKind::Host | crate::SubjectKind::Daemon)
}
