//! One file a command. Each reads top to bottom: facts, judgement, answer.

mod advise;
mod assess;
mod bench;
mod catalogue;
mod compare;
mod diff;
mod doctor;
mod explain;
mod harden;
mod man;
mod report;
mod snapshot;

use ::assess::{Catalogue, Finding, Severity, Verdict};
use anyhow::{Context, Result};
use clap::CommandFactory;

use crate::arguments::{Arguments, Command, FailOn};
use crate::containment;
use crate::exit::Exit;
use crate::output::Output;

/// Runs one command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    let Arguments { global, command } = arguments;
    let output = Output::new(&global);
    containment::before_reading(&global, output, &command)?;
    match command {
        Command::Assess(command) => assess::run(&global, output, &command),
        Command::Bench(command) => bench::run(&global, output, &command),
        Command::Advise(command) => advise::run(&global, output, &command),
        Command::Diff(command) => diff::run(&global, output, &command),
        Command::Doctor(command) => doctor::run(&global, output, &command),
        Command::Explain(command) => explain::run(&global, output, &command),
        Command::Harden(command) => harden::run(&global, output, command),
        Command::Report(command) => report::run(&global, output, &command),
        Command::Snapshot(command) => snapshot::run(&global, output, &command),
        Command::Catalogue(command) => catalogue::run(output, command),
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "cofferdam", &mut text);
            output.answer(None, &String::from_utf8(text).context("completions are text")?)?;
            Ok(Exit::Fine)
        }
        Command::Man { dir } => man::run(output, dir.as_deref()),
        // Only returns when the daemon could not be started in its place.
        Command::Rehearse { dir } => Ok(Exit::Rehearsal(::harden::rehearse_child(&dir))),
    }
}

/// Version of the catalogue: it is part of the binary.
const CATALOGUE: &str = env!("CARGO_PKG_VERSION");

/// The catalogue inside this binary. Tests prove that it loads.
fn catalogue() -> Result<Catalogue> {
    Catalogue::load().context("the built-in catalogue does not load")
}

fn for_judging() -> Result<Catalogue> {
    Catalogue::load_for_judging().context("the built-in catalogue does not load")
}

/// Reads what judging needs of the catalogue while something else is looked at: neither needs the other.
fn catalogue_beside<T>(look: impl FnOnce() -> T) -> (Result<Catalogue>, T) {
    std::thread::scope(|scope| {
        let beside = std::thread::Builder::new().spawn_scoped(scope, for_judging).ok();
        let seen = look();
        // Where no thread is to be had it is done here.
        let catalogue = beside.map_or_else(|| Ok(for_judging()), std::thread::ScopedJoinHandle::join);
        (catalogue.unwrap_or_else(|panic| std::panic::resume_unwind(panic)), seen)
    })
}

/// Whether something is at or above the threshold.
fn exit_of(fail_on: Option<FailOn>, findings: &[Finding]) -> Exit {
    let at_least = |worst: Severity| findings.iter().any(|finding| finding.verdict == Verdict::Fail && finding.severity <= worst);
    let found = match fail_on {
        None => false,
        Some(FailOn::Critical) => at_least(Severity::Critical),
        Some(FailOn::High) => at_least(Severity::High),
        Some(FailOn::Medium) => at_least(Severity::Medium),
        Some(FailOn::Low) => at_least(Severity::Low),
        Some(FailOn::Unknown) => findings.iter().any(|finding| finding.verdict == Verdict::Unknown),
    };
    if found { Exit::Found } else { Exit::Fine }
}
