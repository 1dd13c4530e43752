//! What would be done, to whom, how it is undone and what the host is expected to look like afterwards.

use std::collections::BTreeMap;

use assess::Event;
use harden::plan::{Change, Changed, Obstacle, Plan, PredictedChange, Refusal, Step};

use super::assess::counts;
use super::page::{Page, Span, dim, plain, strong};
use crate::style::{Style, Tone};
use crate::words;

/// Column where the text of a step's field begins.
const HANG: usize = 14;

/// A plan to read before saying yes. `apply` is the command that carries it out, for whoever does so later.
pub fn plan(plan: &Plan, apply: Option<&str>, style: Style) -> String {
    let mut page = Page::new(style);
    let engine = [&plan.engine.endpoint, &plan.engine.version].map(String::as_str).into_iter().filter(|word| !word.is_empty());
    let engine = engine.collect::<Vec<_>>().join(", engine ");
    page.split(&[strong(format!("Plan for {}", plan.host))], &[dim(engine)]);
    page.split(&[dim(format!("from what was seen {}", words::time(&plan.snapshot.taken_at)))], &[dim(words::digest(&plan.snapshot))]);
    overview(&mut page, plan);
    let mut number = 1;
    for alike in alike(&plan.steps) {
        step(&mut page, number, &alike);
        number += alike.len();
    }
    refused(&mut page, &plan.refused);
    by_hand(&mut page, plan);
    predicted(&mut page, plan);
    if let Some(command) = apply.filter(|_| !plan.steps.is_empty()) {
        page.gap();
        page.paragraph(0, &[plain("Nothing has been changed yet. To do it:")]);
        page.command(2, command);
    }
    page.finish()
}

/// Why nothing is done.
pub fn refusal(refusal: &Refusal, style: Style) -> String {
    let mut page = Page::new(style);
    page.paragraph(0, &[Span::new(Tone::Bad, "Refused:"), plain("nothing was changed.")]);
    for obstacle in &refusal.obstacles {
        self::obstacle(&mut page, obstacle);
    }
    page.finish()
}

fn overview(page: &mut Page, plan: &Plan) {
    page.gap();
    if plan.steps.is_empty() {
        return page.paragraph(0, &[plain("Nothing to do: what was asked for is in force, or needs a person.")]);
    }
    let affects = plan.affects();
    let touched = if affects.is_empty() { "no container is touched".to_owned() } else { format!("touches {}", listed(&affects)) };
    let event = Span::new(event_tone(plan.event()), format!("{};", words::downtime(plan.event())));
    page.paragraph(0, &[plain(format!("{}:", words::count(plan.steps.len(), "step"))), event, plain(touched)]);
}

/// Steps in their order; neighbours that do the same to different containers together, so that forty limits read as one.
fn alike(steps: &[Step]) -> Vec<Vec<&Step>> {
    let mut groups: Vec<Vec<&Step>> = Vec::new();
    for step in steps {
        match groups.last_mut() {
            Some(group) if same_but_for_the_container(group[0], step) => group.push(step),
            _ => groups.push(vec![step]),
        }
    }
    groups
}

fn same_but_for_the_container(one: &Step, other: &Step) -> bool {
    fn body(step: &Step) -> Vec<&str> {
        step.diff.lines().filter(|line| !line.starts_with("+++") && !line.starts_with("---")).collect()
    }
    matches!((&one.change, &other.change), (Change::ContainerUpdate(_), Change::ContainerUpdate(_)))
        && one.remedies == other.remedies
        && one.event == other.event
        && one.residue == other.residue
        && one.notes == other.notes
        && body(one) == body(other)
}

fn step(page: &mut Page, number: usize, alike: &[&Step]) {
    let step = alike[0];
    page.gap();
    if alike.len() == 1 {
        page.entry(0, 3, &[strong(number.to_string())], &[strong(&step.title)]);
    } else {
        let numbers = format!("{number}-{}", number + alike.len() - 1);
        page.entry(
            0,
            3,
            &[strong(numbers)],
            &[strong(&step.title), plain(format!("and the same for {}", words::count(alike.len() - 1, "other")))],
        );
    }
    field(page, "event", event_tone(step.event), words::downtime(step.event));
    field(page, "makes pass", Tone::Plain, &step.remedies.join(", "));
    let affects: Vec<String> = alike.iter().flat_map(|step| step.affects.iter().cloned()).collect();
    let touches = if affects.is_empty() { "no container".to_owned() } else { listed(&affects) };
    field(page, "touches", Tone::Plain, &touches);
    for note in &step.notes {
        field(page, "note", Tone::Doubt, note);
    }
    if !step.diff.is_empty() {
        page.gap();
        page.diff(3, &step.diff);
        page.gap();
    }
    for condition in &step.preconditions {
        field(page, "only if", Tone::Dim, condition);
    }
    field(page, "undo", Tone::Plain, &step.undo);
    let residue = if step.residue.is_empty() { "nothing" } else { &step.residue };
    field(page, "not undone", Tone::Plain, residue);
}

fn field(page: &mut Page, name: &str, tone: Tone, text: &str) {
    page.entry(3, HANG, &[dim(name)], &[Span::new(tone, text)]);
}

/// All names: whoever says yes must be able to see every one.
fn listed(names: &[String]) -> String {
    names.join(", ")
}

fn event_tone(event: Event) -> Tone {
    if event >= Event::Restart { Tone::Doubt } else { Tone::Good }
}

fn refused(page: &mut Page, obstacles: &[Obstacle]) {
    if obstacles.is_empty() {
        return;
    }
    page.heading("LEFT OUT", "");
    for obstacle in obstacles {
        self::obstacle(page, obstacle);
    }
}

fn obstacle(page: &mut Page, obstacle: &Obstacle) {
    let mut body = Vec::new();
    if !obstacle.checks.is_empty() {
        let subject = if obstacle.subject.is_empty() { String::new() } else { format!("@{}", obstacle.subject) };
        body.push(strong(format!("{}{subject}:", obstacle.checks.join(", "))));
    } else if !obstacle.subject.is_empty() {
        body.push(strong(format!("{}:", obstacle.subject)));
    }
    body.push(plain(&obstacle.reason));
    page.entry(1, 3, &[plain("-")], &body);
    if !obstacle.hint.is_empty() {
        page.entry(3, 9, &[dim("hint:")], &[plain(&obstacle.hint)]);
    }
}

fn by_hand(page: &mut Page, plan: &Plan) {
    if plan.advice.is_empty() {
        return;
    }
    page.heading("FOR YOU TO DO", "");
    for item in &plan.advice {
        page.entry(1, 3, &[plain("-")], &[strong(format!("{}, {}:", item.check, item.subject)), plain(&item.text)]);
    }
}

fn predicted(page: &mut Page, plan: &Plan) {
    if plan.steps.is_empty() {
        return;
    }
    page.heading("PREDICTED", "verify compares this with what is measured");
    if plan.predicted.changes.is_empty() {
        page.paragraph(1, &[plain("No verdict changes.")]);
    }
    for group in changes(&plan.predicted.changes) {
        let lead = [turned(group.before, group.after)];
        page.entry(1, 21, &lead, &[strong(group.what), plain(format!("on {}", words::names(group.names.iter().copied(), 6)))]);
    }
    let mut line = vec![dim("then:")];
    line.extend(counts(&plan.predicted.summary));
    page.paragraph(1, &line);
}

/// `fail -> pass`.
pub(super) fn turned(before: &str, after: &str) -> Span {
    let tone = match after {
        "pass" | "mitigated" => Tone::Good,
        "fail" | "open" => Tone::Bad,
        _ => Tone::Doubt,
    };
    Span::new(tone, format!("{before} -> {after}"))
}

/// One check or threat that changes in one way, with all it concerns.
pub(super) struct ChangeGroup<'a> {
    pub(super) what: &'a str,
    pub(super) before: &'a str,
    pub(super) after: &'a str,
    pub(super) names: Vec<&'a str>,
}

/// Checks before threats, alike ones together.
pub(super) fn changes(changes: &[PredictedChange]) -> Vec<ChangeGroup<'_>> {
    let mut groups: BTreeMap<(&Changed, &str, &str), Vec<&str>> = BTreeMap::new();
    for change in changes {
        groups.entry((&change.what, &change.before, &change.after)).or_default().push(&change.subject.name);
    }
    groups.into_iter().map(|((what, before, after), names)| ChangeGroup { what: what.id(), before, after, names }).collect()
}
