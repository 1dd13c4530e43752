//! The classic runs, line by line, before and after.

use assess::{Benchmark, BenchmarkResult, ControlResult, Summary};
use serde::Serialize;

use super::{Comparison, chosen, model};
use crate::words;

/// One benchmark.
#[derive(Debug, Serialize)]
pub(super) struct Run {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) before: String,
    pub(super) after: String,
    pub(super) changed: usize,
    pub(super) sections: Vec<Section>,
}

/// A section's controls.
#[derive(Debug, Serialize)]
pub(super) struct Section {
    pub(super) name: String,
    pub(super) rows: Vec<Line>,
    /// Whether a chosen finding stands in it.
    pub(super) chosen: bool,
}

/// One control.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) before: &'static str,
    pub(super) after: &'static str,
    /// The word in brackets.
    pub(super) mark_before: &'static str,
    pub(super) mark_after: &'static str,
    pub(super) changed: bool,
    pub(super) chosen: bool,
}

pub(super) fn build(comparison: &Comparison<'_>) -> Vec<Run> {
    let chosen = chosen::ids(comparison);
    let runs = comparison.before.benchmarks.iter().filter_map(|before| {
        let after = comparison.after.benchmarks.iter().find(|after| after.benchmark == before.benchmark)?;
        let table = comparison.benchmarks.get(&before.benchmark);
        Some(run(before, after, table, &chosen))
    });
    runs.collect()
}

fn run(before: &BenchmarkResult, after: &BenchmarkResult, table: Option<&Benchmark>, chosen: &[String]) -> Run {
    let mut sections: Vec<Section> = Vec::new();
    for old in &before.controls {
        let Some(now) = after.controls.iter().find(|control| control.id == old.id) else { continue };
        let slug =
            table.and_then(|table| table.controls.iter().find(|control| control.id == old.id)).map(|control| control.section.as_str());
        let number = old.id.split('.').next().unwrap_or_default();
        let name = format!("{number} {}", slug.map(words::section_name).unwrap_or_default());
        if sections.last().is_none_or(|section| section.name != name) {
            sections.push(Section { name, rows: Vec::new(), chosen: false });
        }
        if let Some(section) = sections.last_mut() {
            let line = line(old, now, chosen);
            section.chosen |= line.chosen;
            section.rows.push(line);
        }
    }
    let of = |result: &BenchmarkResult| model::summary(&Summary::of(result.controls.iter().map(|control| control.verdict)));
    Run {
        id: before.benchmark.clone(),
        name: words::benchmark_name(&before.benchmark),
        before: of(before),
        after: of(after),
        changed: sections.iter().flat_map(|section| &section.rows).filter(|line| line.changed).count(),
        sections,
    }
}

fn line(old: &ControlResult, now: &ControlResult, chosen: &[String]) -> Line {
    Line {
        id: old.id.clone(),
        title: now.title.clone(),
        before: old.verdict.word(),
        after: now.verdict.word(),
        mark_before: words::mark(old.verdict),
        mark_after: words::mark(now.verdict),
        changed: old.verdict != now.verdict,
        chosen: chosen.contains(&now.check),
    }
}
