//! How the examples of checks come out: for whoever writes one.

use assess::catalogue::{Example, ExampleOutcome};
use assess::{Catalogue, Place};

use super::page::{Page, Span, dim, plain, strong};
use crate::style::{Style, Tone};
use crate::words;

/// Column where the name of an example begins: `  ok   not-applicable `.
const HANG: usize = 23;

/// How many examples hold, and how many do not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExampleCounts {
    /// Examples that hold.
    pub hold: usize,
    /// Examples that do not.
    pub fail: usize,
}

/// Runs the examples of these checks. `full` shows each with its reason; without it only those that do not hold are shown.
pub fn examples<'c>(catalogue: &Catalogue, checks: impl IntoIterator<Item = &'c str>, full: bool, style: Style) -> (String, ExampleCounts) {
    let mut page = Page::new(style);
    let (mut total, mut number, mut failing) = (ExampleCounts::default(), 0, 0);
    for id in checks {
        let Some(check) = catalogue.checks.get(id) else { continue };
        let file = catalogue.file(id).unwrap_or_default();
        let run: Vec<_> = catalogue.examples(id).iter().map(|example| (example, example.outcome(check))).collect();
        let hold = run.iter().filter(|(_, outcome)| matches!(outcome, Ok(outcome) if outcome.mismatch.is_none())).count();
        let fail = run.len() - hold;
        total = ExampleCounts { hold: total.hold + hold, fail: total.fail + fail };
        number += 1;
        failing += usize::from(fail > 0);
        let count = if fail == 0 { words::count(run.len(), "example") } else { format!("{hold} of {} examples", run.len()) };
        page.entry(0, 5, &[mark(fail == 0)], &[strong(id), dim(count)]);
        for (example, outcome) in &run {
            match outcome {
                Ok(outcome) if outcome.mismatch.is_some() => mismatch(&mut page, file, example, outcome),
                Ok(outcome) if full => holding(&mut page, example, outcome),
                Ok(_) => {}
                Err((place, message)) => broken(&mut page, file, example, *place, message),
            }
        }
    }
    page.gap();
    let verdict = match total.fail {
        0 => "all hold".to_owned(),
        fail => format!("{} of {} do not hold, in {}", fail, fail + total.hold, words::count(failing, "check")),
    };
    page.paragraph(
        0,
        &[plain(format!("{}, {}:", words::count(number, "check"), words::count(total.hold + total.fail, "example"))), strong(verdict)],
    );
    (page.finish(), total)
}

fn mark(holds: bool) -> Span {
    if holds { Span::new(Tone::Good, "ok") } else { Span::new(Tone::Bad, "FAIL") }
}

fn holding(page: &mut Page, example: &Example, outcome: &ExampleOutcome) {
    let judgement = &outcome.judgement;
    let verdict = Span::new(words::verdict_tone(judgement.verdict), judgement.verdict.word());
    page.entry(5, HANG, &[verdict], &[plain(format!("{}:", example.name)), dim(&judgement.reason)]);
}

/// What was expected, what came out, the facts that decided, and every part of the expressions.
fn mismatch(page: &mut Page, file: &str, example: &Example, outcome: &ExampleOutcome) {
    let judgement = &outcome.judgement;
    page.entry(5, 7, &[], &[strong(&example.name), dim(at(file, example.place()))]);
    let mut field = |name: &str, text: &str| page.entry(7, 17, &[dim(name)], &[plain(text)]);
    match &example.reason {
        Some(reason) if judgement.verdict == example.expect => field("expected", &format!("{} with the reason `{reason}`", example.expect)),
        _ => field("expected", example.expect.word()),
    }
    field("got", &format!("{}: {}", judgement.verdict, judgement.reason));
    for fact in judgement.facts.iter() {
        field("fact", &words::fact(fact, None));
    }
    for (name, steps) in &outcome.trace {
        for (index, step) in steps.iter().enumerate() {
            let name = if index == 0 { *name } else { "" };
            let indent = " ".repeat(2 * step.depth.min(12));
            let lead = [dim(format!("{name:<9}")), plain(&indent)];
            page.entry(7, 17 + indent.len(), &lead, &[plain(&step.text), dim("=>"), strong(step.value.to_string())]);
        }
    }
}

fn broken(page: &mut Page, file: &str, example: &Example, place: Place, message: &str) {
    page.entry(5, 7, &[], &[strong(&example.name), dim(at(file, place))]);
    page.entry(7, 17, &[dim("broken")], &[plain(message)]);
}

fn at(file: &str, place: Place) -> String {
    format!("({file}:{}:{})", place.line, place.column)
}
