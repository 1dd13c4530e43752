//! `cofferdam bench docker`: the classic run.

use ::assess::{Benchmark, Catalogue};
use anyhow::{Context, Result, anyhow};

use super::{catalogue, exit_of};
use crate::arguments::{Bench, Format, Global};
use crate::exit::Exit;
use crate::input;
use crate::output::Output;

pub(crate) fn run(global: &Global, output: Output, command: &Bench) -> Result<Exit> {
    let pure = &command.pure;
    let catalogue = catalogue()?;
    let benchmark = find(&catalogue, &command.benchmark)?;
    let snapshot = input::snapshot(global, pure.snapshot.as_deref())?;
    let assessment = ::assess::assess(&snapshot, &catalogue);
    let result = ::assess::bench_of(&assessment, &catalogue, &benchmark.id).context("the benchmark was found")?;
    let text = match pure.format {
        Format::Text => report::text::bench(&assessment, benchmark, &result, output.style(pure.output.as_deref())),
        Format::Json => report::json::bench(&assessment, &result, super::CATALOGUE),
    };
    output.answer(pure.output.as_deref(), &text)?;
    let named: Vec<_> = assessment
        .findings
        .into_iter()
        .filter(|finding| benchmark.controls.iter().any(|control| control.check.as_deref() == Some(finding.check.as_str())))
        .collect();
    Ok(exit_of(pure.fail_on, &named))
}

/// The benchmark of that id; `auto`: the newest.
pub(crate) fn find<'c>(catalogue: &'c Catalogue, id: &str) -> Result<&'c Benchmark> {
    let known = || catalogue.benchmarks.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    let found = if id == "auto" { catalogue.benchmarks.values().next_back() } else { catalogue.benchmarks.get(id) };
    found.ok_or_else(|| anyhow!("no benchmark `{id}`\nhint: there are {}", known()))
}
