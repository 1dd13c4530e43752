//! What came of runs: the one that just ended, and all that the journal knows.

use harden::{Direction, Outcome, Report, RunState, RunStatus};

use super::page::{Page, Span, dim, plain, strong};
use crate::style::{Style, Tone};
use crate::words;

/// How a run ended, what is in force now, what the operator should know.
pub fn outcome(report: &Report, style: Style) -> String {
    let mut page = Page::new(style);
    let back = report.direction == Direction::Back;
    let (tone, word, why) = match &report.outcome {
        Outcome::Nothing if back => (Tone::Good, "Nothing to do:", "nothing of this run is in force any more."),
        Outcome::Nothing => (Tone::Good, "Nothing to do:", "what was asked for is in force already."),
        Outcome::Done if back => (Tone::Good, "Taken back.", ""),
        Outcome::Done => (Tone::Good, "Done.", ""),
        Outcome::Partly { why } if back => (Tone::Bad, "Taken back in part only:", why.as_str()),
        Outcome::Partly { why } => (Tone::Bad, "Done in part only:", why.as_str()),
        Outcome::Stopped { why } => (Tone::Doubt, "Stopped on request:", why.as_str()),
        Outcome::Stuck { why } => (Tone::Bad, "Stuck half way:", why.as_str()),
    };
    page.paragraph(0, &[Span::new(tone, word), plain(why)]);
    for step in &report.steps {
        page.entry(1, 3, &[plain("-")], &[plain(step)]);
    }
    for note in &report.notes {
        page.entry(1, 7, &[Span::new(Tone::Doubt, "note:")], &[plain(note)]);
    }
    if !report.run.is_empty() {
        let more = if back { "what was done" } else { "what was done and how to go back" };
        page.paragraph(0, &[dim(format!("run {}; {more}: cofferdam harden status", report.run))]);
    }
    page.finish()
}

/// Runs as the journal knows them, each with what to type next.
pub fn runs(runs: &[RunStatus], style: Style) -> String {
    let mut page = Page::new(style);
    if runs.is_empty() {
        page.paragraph(0, &[plain("No run is recorded: cofferdam has changed nothing on this host.")]);
    }
    for run in runs {
        page.gap();
        let began = if run.began.is_empty() { String::new() } else { format!("began {}", words::time(&run.began)) };
        page.split(&[strong(format!("run {}", run.id))], &[dim(began)]);
        page.paragraph(1, &[Span::new(tone(run.state), &run.words)]);
        for step in &run.steps {
            page.entry(3, 20, &[dim(step.state)], &[plain(&step.title)]);
            if !step.residue.is_empty() && step.state == "taken back" {
                page.entry(20, 22, &[], &[dim(format!("not undone: {}", step.residue))]);
            }
        }
        for note in &run.notes {
            page.entry(3, 20, &[Span::new(Tone::Doubt, "note")], &[plain(note)]);
        }
        for next in &run.next {
            page.command(3, next);
        }
    }
    page.finish()
}

fn tone(state: RunState) -> Tone {
    match state {
        RunState::Complete | RunState::RolledBack => Tone::Good,
        RunState::Empty => Tone::Dim,
        RunState::Partly | RunState::Stopped => Tone::Doubt,
        RunState::Interrupted | RunState::Stuck | RunState::RollbackOpen | RunState::Damaged => Tone::Bad,
    }
}
