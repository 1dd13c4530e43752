//! `cofferdam bench docker`: the classic run.

use ::assess::{Assessment, Benchmark, BenchmarkResult, Catalogue, Extent, Finding, Selection, SelectionError};
use anyhow::{Result, anyhow};

use super::{catalogue, catalogue_beside, compare, exit_of};
use crate::arguments::{Bench, Format, Global};
use crate::containment;
use crate::exit::Exit;
use crate::input;
use crate::operator;
use crate::output::Output;

pub(crate) fn run(global: &Global, output: Output, command: &Bench) -> Result<Exit> {
    let pure = &command.pure;
    if let Some(file) = &command.compare {
        return compare::run(global, output, command, &catalogue()?, file);
    }
    let (catalogue, snapshot) = catalogue_beside(|| input::snapshot(global, pure.snapshot.as_deref()));
    let catalogue = catalogue?;
    let benchmark = find(&catalogue, &command.benchmark)?;
    let operator = operator::for_judging(global, output, &catalogue)?;
    let snapshot = snapshot?;
    containment::nothing_more_is_read(output);
    let assessment =
        ::assess::assess_with(&snapshot, &catalogue, &operator, Extent { evidence_of_all: pure.format == Format::Json, advice: false });
    let result = part(command, &assessment, &catalogue, benchmark)?;
    let text = match pure.format {
        Format::Text => report::text::bench(&assessment, benchmark, &result, output.style(pure.output.as_deref())),
        Format::Json => report::json::bench(&assessment, &result, super::CATALOGUE),
    };
    output.answer(pure.output.as_deref(), &text)?;
    let judged = |finding: &Finding| {
        let rows = result.controls.iter().filter(|control| control.check == finding.check);
        rows.flat_map(|control| &control.subjects).any(|one| one.subject == finding.subject)
    };
    let named: Vec<_> = assessment.findings.iter().filter(|finding| judged(finding)).cloned().collect();
    Ok(exit_of(pure.fail_on, &named))
}

/// The rows that were asked for. A condition that matches nothing is a mistake, and no clean run.
fn part(command: &Bench, assessment: &Assessment, catalogue: &Catalogue, benchmark: &Benchmark) -> Result<BenchmarkResult> {
    let selection = Selection {
        sections: command.section.clone(),
        checks: command.check.clone(),
        level: command.level,
        containers: command.container.clone(),
    };
    ::assess::bench_part(assessment, catalogue, &benchmark.id, &selection).map_err(|error| {
        let hint = match &error {
            SelectionError::Levels(_) => "--benchmark cis-docker-1.8.0 names them".to_owned(),
            SelectionError::Container(_) => "docker ps --all lists their names".to_owned(),
            _ => format!("cofferdam bench docker --benchmark {} lists every row", benchmark.id),
        };
        anyhow!("{error}\nhint: {hint}")
    })
}

/// The benchmark of that id; `auto`: the newest.
pub(crate) fn find<'c>(catalogue: &'c Catalogue, id: &str) -> Result<&'c Benchmark> {
    let known = || catalogue.benchmarks.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    let version = |benchmark: &&Benchmark| -> Vec<u32> {
        let text = benchmark.id.rsplit('-').next().unwrap_or_default();
        text.split('.').map(|part| part.parse().unwrap_or(0)).collect()
    };
    let found = if id == "auto" { catalogue.benchmarks.values().max_by_key(version) } else { catalogue.benchmarks.get(id) };
    found.ok_or_else(|| anyhow!("no benchmark `{id}`\nhint: there are {}", known()))
}
