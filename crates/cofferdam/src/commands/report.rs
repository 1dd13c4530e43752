//! `cofferdam report`: before and after, as a document.

use ::assess::{Assessment, Benchmark, BenchmarkResult, Catalogue, Operator};
use ::report::compare::{Comparison, Side};
use anyhow::{Context, Result};
use facts::Snapshot;

use super::{bench, catalogue};
use crate::arguments::{Document, Global, Report};
use crate::containment;
use crate::exit::Exit;
use crate::output::Output;
use crate::{fixes, input, operator};

pub(crate) fn run(global: &Global, output: Output, command: &Report) -> Result<Exit> {
    let catalogue = catalogue()?;
    let tables = command.benchmark.iter().map(|id| bench::find(&catalogue, id).cloned()).collect::<Result<Vec<Benchmark>>>()?;
    for fix in &command.fix {
        fixes::resolve(&catalogue, fix)?;
    }
    let plan = match &command.plan {
        None => None,
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            Some(harden::plan::Plan::from_json(&text).map_err(anyhow::Error::msg).with_context(|| path.display().to_string())?)
        }
    };
    let operator = operator::for_judging(global, output, &catalogue)?;
    let (before, after) = (input::read(&command.before)?, input::read(&command.after)?);
    containment::nothing_more_is_read(output);
    let before = State::of(before, &catalogue, &operator, &tables)?;
    let after = State::of(after, &catalogue, &operator, &tables)?;
    let comparison = Comparison {
        before: before.side(),
        after: after.side(),
        plan: plan.as_ref(),
        chosen: &command.fix,
        checks: &catalogue.checks,
        benchmarks: &catalogue.benchmarks,
        threats: &catalogue.threats,
        kubernetes: &catalogue.kubernetes,
    };
    let text = match command.format {
        Document::Markdown => ::report::compare::markdown(&comparison, None),
        Document::Html => ::report::compare::html(&comparison),
        Document::Svg => ::report::compare::picture(&comparison).context("no benchmark was run on both sides")?,
    };
    output.answer(command.output.as_deref(), &text)?;
    Ok(Exit::Fine)
}

/// One snapshot, judged.
struct State {
    snapshot: Snapshot,
    assessment: Assessment,
    benchmarks: Vec<BenchmarkResult>,
}

impl State {
    fn of(snapshot: Snapshot, catalogue: &Catalogue, operator: &Operator, tables: &[Benchmark]) -> Result<Self> {
        let assessment = ::assess::assess_for(&snapshot, catalogue, operator);
        let benchmarks = tables
            .iter()
            .map(|table| ::assess::bench_of(&assessment, catalogue, &table.id).context("the benchmark was found"))
            .collect::<Result<Vec<_>>>()?;
        Ok(Self { snapshot, assessment, benchmarks })
    }

    fn side(&self) -> Side<'_> {
        Side { snapshot: &self.snapshot, assessment: &self.assessment, benchmarks: &self.benchmarks }
    }
}
