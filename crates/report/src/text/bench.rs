//! The classic benchmark run: one line a control.

use std::collections::BTreeMap;

use assess::{Assessment, Benchmark, BenchmarkResult, ControlResult, Judgement, Summary, Verdict};

use super::assess::{counts, gaps, header};
use super::page::{Page, Span, dim, plain, strong};
use super::waivers;
use crate::style::Style;
use crate::words;

/// Column where the text of a control begins: `[PASS] 5.12.1 `.
const HANG: usize = 14;

/// Every control under its section, the facts under what fails, totals, the next command.
pub fn bench(assessment: &Assessment, benchmark: &Benchmark, result: &BenchmarkResult, style: Style) -> String {
    let mut page = Page::new(style);
    header(&mut page, assessment);
    page.gap();
    page.split(&[strong(words::benchmark_name(&result.benchmark))], &[dim(&benchmark.title)]);
    let sections: BTreeMap<&str, &str> = benchmark.controls.iter().map(|control| (control.id.as_str(), control.section.as_str())).collect();
    let mut current = None;
    for control in &result.controls {
        let section = sections.get(control.id.as_str()).copied();
        if section != current {
            let number = control.id.split('.').next().unwrap_or_default();
            page.heading(&format!("{number} {}", section.map(words::section_name).unwrap_or_default()), "");
            current = section;
        }
        row(&mut page, control);
    }
    totals(&mut page, result);
    gaps(&mut page, &assessment.gaps);
    waivers::block(&mut page, assessment);
    next(&mut page, result);
    page.finish()
}

fn row(page: &mut Page, control: &ControlResult) {
    let mark = Span::new(words::verdict_tone(control.verdict), format!("[{}]", words::mark(control.verdict)));
    let lead = [mark, plain(format!(" {:<6}", control.id))];
    let mut line = vec![plain(&control.title)];
    line.extend(kind(control).map(dim));
    if control.subjects.is_empty() && control.verdict == Verdict::Unknown {
        line.push(dim(format!("({})", control.reason)));
    }
    page.entry(0, HANG, &lead, &line);
    match control.verdict {
        Verdict::Pass | Verdict::NotApplicable => {}
        verdict => subjects(page, control, verdict),
    }
}

/// How the benchmark itself would have it judged, in the words of its version.
fn kind(control: &ControlResult) -> Option<&'static str> {
    match (control.assessment.as_deref(), control.scored) {
        (Some("automated"), _) => Some("(Automated)"),
        (Some("manual"), _) => Some("(Manual)"),
        (_, Some(true)) => Some("(Scored)"),
        (_, Some(false)) => Some("(Not Scored)"),
        _ => None,
    }
}

/// Those subjects that made the verdict, alike ones together, each kind with one fact and its source.
fn subjects(page: &mut Page, control: &ControlResult, verdict: Verdict) {
    let mut groups: Vec<Vec<&Judgement>> = Vec::new();
    for judgement in control.subjects.iter().filter(|judgement| judgement.verdict == verdict) {
        let is_alike = |other: &Judgement| other.reason == judgement.reason && other.waiver == judgement.waiver;
        match groups.iter_mut().find(|group| is_alike(group[0])) {
            Some(group) => group.push(judgement),
            None => groups.push(vec![judgement]),
        }
    }
    if groups.is_empty() {
        return page.paragraph(HANG, &[dim(&control.reason)]);
    }
    for group in groups.iter().take(3) {
        let who = words::names(group.iter().map(|judgement| &*judgement.subject.name), 4);
        page.entry(HANG, HANG + 2, &[], &[plain(format!("{who}: {}", group[0].reason))]);
        let of = (group.len() > 1).then_some(&*group[0].subject.name);
        if let Some(fact) = words::evidence(&group[0].reason, &group[0].facts).next() {
            page.entry(HANG + 2, HANG + 4, &[], &[dim(words::fact(fact, of))]);
        }
        if let Some(waiver) = &group[0].waiver {
            page.entry(HANG + 2, HANG + 4, &[], &[dim(waivers::accepted(waiver))]);
        }
    }
    if groups.len() > 3 {
        let left: usize = groups[3..].iter().map(Vec::len).sum();
        page.paragraph(HANG, &[dim(format!("and {} more, each with its own value: --format json", words::count(left, "subject")))]);
    }
    let others = control.subjects.len() - groups.iter().map(Vec::len).sum::<usize>();
    if others > 0 {
        page.paragraph(HANG, &[dim(format!("{} otherwise: {}", words::count(others, "subject"), other_verdicts(control, verdict)))]);
    }
}

fn other_verdicts(control: &ControlResult, verdict: Verdict) -> String {
    let mut by_verdict: BTreeMap<Verdict, usize> = BTreeMap::new();
    for judgement in control.subjects.iter().filter(|judgement| judgement.verdict != verdict) {
        *by_verdict.entry(judgement.verdict).or_default() += 1;
    }
    by_verdict.iter().map(|(verdict, number)| format!("{number} {}", verdict.word())).collect::<Vec<_>>().join(", ")
}

fn totals(page: &mut Page, result: &BenchmarkResult) {
    let summary = Summary::of(result.controls.iter().map(|control| control.verdict));
    page.gap();
    let mut line = vec![strong(format!("{}:", words::count(result.controls.len(), "control")))];
    line.extend(counts(&summary));
    page.paragraph(0, &line);
    if summary.waived > 0 {
        page.paragraph(0, &[dim("WAIV: accepted by the operator; the fact stands.")]);
    }
    page.paragraph(0, &[dim("UNKN: a fact could not be seen, and that never passes. NOTE: for a person to decide. N/A: no meaning here.")]);
}

fn next(page: &mut Page, result: &BenchmarkResult) {
    if let Some(control) = result.controls.iter().find(|control| control.verdict == Verdict::Fail) {
        page.gap();
        page.entry(0, 6, &[dim("Next:")], &[dim("see the fix of a control before it happens")]);
        page.command(2, &format!("cofferdam harden plan --fix {}:{}", result.benchmark, control.id));
    }
}
