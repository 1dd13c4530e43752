//! The deliverable: what was there, what was done about it, and what is there now, each statement with its fact.
//!
//! One model is built from two measured states; Markdown and HTML are two templates over that model, so they say the same.

mod benchmarks;
mod chosen;
mod measured;
mod model;
mod picture;
mod render;
mod system;
mod threats;

use std::collections::BTreeMap;

use assess::{Assessment, Benchmark, BenchmarkResult, Check, Threat};
use facts::Snapshot;
use harden::plan::Plan;

/// One measured state.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// What was seen.
    pub snapshot: &'a Snapshot,
    /// What follows from it.
    pub assessment: &'a Assessment,
    /// The classic runs, one a benchmark.
    pub benchmarks: &'a [BenchmarkResult],
}

/// Two states of one host, and what the catalogue says of them.
#[derive(Clone, Copy, Debug)]
pub struct Comparison<'a> {
    /// The earlier state.
    pub before: Side<'a>,
    /// The later state.
    pub after: Side<'a>,
    /// What was applied in between, where it is known: its diffs are shown.
    pub plan: Option<&'a Plan>,
    /// The chosen findings as `--fix` takes them (`docker.daemon.live-restore`, `cis-docker-1.6.0:2.15`, `CHECK@NAME`). Empty: every
    /// check whose verdict went from fail to pass.
    pub chosen: &'a [String],
    /// The checks of the catalogue, by id.
    pub checks: &'a BTreeMap<String, Check>,
    /// The tables of contents of the benchmarks, by id.
    pub benchmarks: &'a BTreeMap<String, Benchmark>,
    /// The Docker threats of the catalogue, in its order.
    pub threats: &'a [Threat],
    /// The reference Kubernetes model: printed whole, never measured here.
    pub kubernetes: &'a [Threat],
}

/// The report as Markdown. `picture` is the file name of the [`picture`], if it is stored beside.
pub fn markdown(comparison: &Comparison<'_>, picture: Option<&str>) -> String {
    render::markdown(&model::build(comparison), picture)
}

/// The report as one HTML file that needs nothing else: no script, no font, no picture from elsewhere.
pub fn html(comparison: &Comparison<'_>) -> String {
    let model = model::build(comparison);
    let picture = picture::draw(&model);
    render::html(&model, picture.as_deref())
}

/// The classic run before and after, two terminals side by side, as an SVG file of its own. None: no benchmark was run on both sides.
pub fn picture(comparison: &Comparison<'_>) -> Option<String> {
    picture::draw(&model::build(comparison))
}
