//! What every run came to, in words, and what to type.

use serde::Serialize;

use crate::error::Error;
use crate::journal::{Direction, Ending, Ledger, StepState};
use crate::plan::Plan;

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// It ended before it began: nothing was changed.
    Empty,
    /// All of it was done.
    Complete,
    /// Some of it was done, the rest is as it was.
    Partly,
    /// It was interrupted: killed, or the machine went down.
    Interrupted,
    /// The operator stopped it.
    Stopped,
    /// A step failed and could not be put back.
    Stuck,
    /// It was taken back.
    RolledBack,
    /// Taking it back was interrupted, stopped or did not succeed.
    RollbackOpen,
    /// Its journal cannot be read.
    Damaged,
}

/// One step of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepStatus {
    /// `step-1`.
    pub id: String,
    /// What it does.
    pub title: String,
    /// `not begun`, `begun`, `done`, `being taken back`, `taken back`.
    pub state: &'static str,
    /// What does not fully come back when it is undone.
    pub residue: String,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunStatus {
    /// Its id.
    pub id: String,
    /// When it began, RFC 3339.
    pub began: String,
    /// Where it stands.
    pub state: RunState,
    /// The same in words, with the place where it was interrupted.
    pub words: String,
    /// Whether it was verified since, and how many differences there were.
    pub verified: Option<usize>,
    /// Its steps.
    pub steps: Vec<StepStatus>,
    /// Remarks that it left.
    pub notes: Vec<String>,
    /// What to type next.
    pub next: Vec<String>,
}

/// Explains a run from its journal.
pub(crate) fn describe(id: &str, read: Result<(Option<Plan>, Ledger), Error>, boot_id: &str) -> RunStatus {
    let (plan, ledger) = match read {
        Ok(found) => found,
        Err(error) => return damaged(id, &error),
    };
    let steps = plan.iter().flat_map(|plan| &plan.steps).map(|step| StepStatus {
        id: step.id.clone(),
        title: step.title.clone(),
        state: step_words(ledger.steps.get(&step.id)),
        residue: step.residue.clone(),
    });
    let state = state(&ledger);
    let steps: Vec<StepStatus> = steps.collect();
    RunStatus {
        id: id.to_owned(),
        began: ledger.begins.first().map(|(_, _, at)| at.clone()).unwrap_or_default(),
        words: words(state, &ledger, &steps, boot_id),
        state,
        verified: ledger.verified.as_ref().map(Vec::len),
        next: next(id, state, &ledger),
        steps,
        notes: ledger.notes.clone(),
    }
}

fn damaged(id: &str, error: &Error) -> RunStatus {
    RunStatus {
        id: id.to_owned(),
        began: String::new(),
        state: RunState::Damaged,
        words: format!("its journal cannot be read: {error}"),
        verified: None,
        steps: Vec::new(),
        notes: Vec::new(),
        next: vec!["look at the files of the run by hand: the old bytes of files are in before-N".to_owned()],
    }
}

fn state(ledger: &Ledger) -> RunState {
    match (ledger.begins.is_empty(), ledger.direction(), ledger.ended.as_ref().map(|(_, ending, ..)| *ending)) {
        (true, ..) => RunState::Empty,
        (_, Direction::Forward, Some(Ending::Complete)) => RunState::Complete,
        (_, Direction::Forward, Some(Ending::Partly)) => RunState::Partly,
        (_, Direction::Forward, Some(Ending::Stopped)) => RunState::Stopped,
        (_, Direction::Forward, Some(Ending::Stuck)) => RunState::Stuck,
        (_, Direction::Forward, None) => RunState::Interrupted,
        (_, Direction::Back, Some(Ending::Complete)) => RunState::RolledBack,
        (_, Direction::Back, _) => RunState::RollbackOpen,
    }
}

fn step_words(state: Option<&StepState>) -> &'static str {
    match state {
        None => "not begun",
        Some(StepState::Doing) => "begun",
        Some(StepState::Done) => "done",
        Some(StepState::Undoing) => "being taken back",
        Some(StepState::Undone) => "taken back",
    }
}

fn words(state: RunState, ledger: &Ledger, steps: &[StepStatus], boot_id: &str) -> String {
    let why = ledger.ended.as_ref().map(|(.., why)| why.as_str()).unwrap_or_default();
    let verified = match &ledger.verified {
        None => "not verified since".to_owned(),
        Some(differences) if differences.is_empty() => "measured as predicted".to_owned(),
        Some(differences) => format!("measured otherwise than predicted: {}", differences.join("; ")),
    };
    match state {
        RunState::Empty => "it ended before it began: nothing was changed".to_owned(),
        RunState::Complete => format!("complete, {verified}"),
        RunState::Partly => format!("done in part: {why}"),
        RunState::Stopped => format!("stopped on request before: {why}{}", open_ends(ledger)),
        RunState::Stuck => format!("a step failed and could not be put back: {why}{}", open_ends(ledger)),
        RunState::Interrupted => format!("interrupted {}{}", place(ledger, steps, boot_id), open_ends(ledger)),
        RunState::RolledBack => "taken back".to_owned(),
        RunState::RollbackOpen if why.is_empty() => {
            format!("interrupted while it was taken back, {}{}", place(ledger, steps, boot_id), open_ends(ledger))
        }
        RunState::RollbackOpen => format!("not taken back to the end: {why}{}", open_ends(ledger)),
        RunState::Damaged => String::new(),
    }
}

/// Where it was interrupted.
fn place(ledger: &Ledger, steps: &[StepStatus], boot_id: &str) -> String {
    let rebooted = ledger.begins.last().is_some_and(|(_, boot, _)| !boot_id.is_empty() && boot != boot_id);
    let reboot = if rebooted { ", and the machine was booted again since" } else { "" };
    let title = |id: &str| steps.iter().find(|step| step.id == id).map_or_else(|| id.to_owned(), |step| format!("{id} ({})", step.title));
    match (&ledger.open, &ledger.last_done) {
        (Some((step, op)), _) => format!("in {}, when it was about to {op} or had just done so{reboot}", title(step)),
        (None, Some(op)) => format!("after this was done: {op}{reboot}"),
        (None, None) => format!("before anything was changed{reboot}"),
    }
}

/// What is not as it should stay.
fn open_ends(ledger: &Ledger) -> String {
    let mut text = String::new();
    let down: Vec<&str> =
        ledger.ran.iter().filter(|container| ledger.stopped.contains(&container.id)).map(|container| container.name.as_str()).collect();
    if !down.is_empty() {
        text.push_str(&format!("; stopped by this run and not started again: {}", down.join(", ")));
    }
    if !ledger.parked.is_empty() {
        let names: Vec<&str> = ledger.parked.values().map(|(name, _)| name.as_str()).collect();
        text.push_str(&format!("; restart policy set aside: {}", names.join(", ")));
    }
    text
}

fn next(id: &str, state: RunState, ledger: &Ledger) -> Vec<String> {
    let resume = |what: &str| format!("cofferdam harden resume {id}      # {what}");
    let rollback = |what: &str| format!("cofferdam harden rollback {id}    # {what}");
    match state {
        RunState::Empty | RunState::RolledBack | RunState::Damaged => Vec::new(),
        RunState::Complete if ledger.verified.is_none() => {
            vec![format!("cofferdam harden verify {id}      # measure what it did"), rollback("take it back")]
        }
        RunState::Complete => vec![rollback("take it back")],
        RunState::Partly => vec![resume("try the rest again"), rollback("take back what was done")],
        RunState::Interrupted | RunState::Stopped | RunState::Stuck => vec![resume("finish it"), rollback("take it back")],
        RunState::RollbackOpen => vec![resume("finish taking it back")],
    }
}
