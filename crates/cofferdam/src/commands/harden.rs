//! `cofferdam harden`: the commands that change the host, and those that explain what was changed.

mod consent;
mod outcome;
mod planned;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ::assess::{Catalogue, Operator};
use ::harden::plan::Plan;
use ::harden::{Error, Harden as Writer, Options, Progress, Report, verify};
use anyhow::{Context, Result};
use facts::Snapshot;

use super::catalogue;
use crate::arguments::{Ask, Format, Global, Harden, Run};
use crate::exit::Exit;
use crate::input;
use crate::operator;
use crate::output::Output;

pub(crate) fn run(global: &Global, output: Output, command: Harden) -> Result<Exit> {
    match command {
        Harden::Plan { fixes, pure, stop_containers } => planned::show(global, output, &fixes.fix, &pure, stop_containers),
        Harden::Apply { plan, fix, ask, no_rehearsal, stop_containers } => {
            apply(&Session::new(global, output, no_rehearsal)?.judging()?, plan, &fix, &ask, stop_containers)
        }
        Harden::Status { format } => status(global, output, format),
        Harden::Verify { run, .. } => verify_again(&Session::new(global, output, false)?.judging()?, &run),
        Harden::Resume { run, ask } => again(&Session::new(global, output, true)?, &run, &ask, Way::Resume),
        Harden::Rollback { run, ask } => again(&Session::new(global, output, true)?, &run, &ask, Way::Rollback),
    }
}

/// What every writing command needs.
struct Session<'g> {
    global: &'g Global,
    output: Output,
    catalogue: Catalogue,
    operator: Operator,
    writer: Writer,
    stop: Arc<AtomicBool>,
}

impl<'g> Session<'g> {
    fn new(global: &'g Global, output: Output, no_rehearsal: bool) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let rehearsal_program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("/proc/self/exe"));
        let options = Options { state_dir: global.state.clone(), no_rehearsal, rehearsal_program, stop: stop.clone() };
        Ok(Self { global, output, catalogue: catalogue()?, operator: Operator::default(), writer: Writer::new(options), stop })
    }

    /// With the operator's settings. What only goes on or back does without: a mistake in a file must not stand in the way back.
    fn judging(self) -> Result<Self> {
        Ok(Self { operator: operator::for_changing(self.global, self.output, &self.catalogue)?, ..self })
    }

    fn judge(&self, snapshot: &Snapshot) -> ::assess::Assessment {
        ::assess::assess_for(snapshot, &self.catalogue, &self.operator)
    }

    /// Runs work that writes; Ctrl-C, a closed terminal and SIGTERM stop it at the next place where the host may be left.
    fn work<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        input::runtime()?.block_on(async {
            let stop = self.stop.clone();
            let listening = tokio::spawn(async move {
                use tokio::signal::unix::{SignalKind, signal};
                let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)) =
                    (signal(SignalKind::interrupt()), signal(SignalKind::terminate()), signal(SignalKind::hangup()))
                else {
                    return;
                };
                loop {
                    tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {}, _ = hangup.recv() => {} }
                    stop.store(true, Ordering::SeqCst);
                }
            });
            let result = work.await;
            listening.abort();
            Ok(result)
        })
    }
}

fn apply(session: &Session<'_>, file: Option<PathBuf>, fixes: &[String], ask: &Ask, stop_containers: bool) -> Result<Exit> {
    let before = input::snapshot(session.global, None)?;
    let judged = session.judge(&before);
    let plan = match file {
        Some(path) => {
            let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            Plan::from_json(&text).map_err(anyhow::Error::msg).with_context(|| path.display().to_string())?
        }
        None => {
            let options = planned::options(&session.operator, &before, stop_containers);
            match planned::make(&options, &session.catalogue, &session.operator, &before, &judged, fixes)? {
                Ok(plan) => plan,
                Err(refusal) => return Ok(outcome::refused(session.output, &refusal)),
            }
        }
    };
    session.output.answer(None, &report::text::plan(&plan, None, session.output.style(None)))?;
    if plan.steps.is_empty() {
        return Ok(if plan.refused.is_empty() { Exit::Fine } else { Exit::Failed });
    }
    if !consent::given(ask.yes, "Apply this plan?")? {
        return Ok(Exit::Failed);
    }
    let observer = |news: Progress| session.output.progress(news);
    let result = session.work(session.writer.apply(&plan, &observer, || input::fresh_or_host(session.global)))?;
    let report = match result {
        Ok(report) => report,
        Err(error) => return outcome::failed(session.output, error),
    };
    let measured = input::snapshot(session.global, None).map(|after| session.judge(&after));
    let measured = match measured {
        Ok(measured) => measured,
        Err(error) => {
            outcome::show(session.output, &report)?;
            return Err(error.context("the host could not be measured after the change (cofferdam harden verify tries again)"));
        }
    };
    let verification = verify(&plan, &measured);
    session.output.answer(None, &report::text::verification(&plan, &verification, session.output.style(None)))?;
    session.writer.record_verification(&report.run, &verification)?;
    outcome::show(session.output, &report)?;
    Ok(outcome::exit(&report, verification.holds() && plan.refused.is_empty()))
}

/// Which way an earlier run is taken up.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Resume,
    Rollback,
}

fn again(session: &Session<'_>, run: &Run, ask: &Ask, way: Way) -> Result<Exit> {
    let id = named(run);
    let plan = session.writer.plan_of(&id)?;
    let residue: Vec<&str> = plan.steps.iter().map(|step| step.residue.as_str()).filter(|residue| !residue.is_empty()).collect();
    let question = match way {
        Way::Resume => "Finish this run?",
        Way::Rollback => {
            session
                .output
                .say(&format!("taking back: {}", plan.steps.iter().map(|step| step.title.as_str()).collect::<Vec<_>>().join("; ")));
            for residue in residue {
                session.output.say(&format!("will not fully come back: {residue}"));
            }
            "Take this run back?"
        }
    };
    if !consent::given(ask.yes, question)? {
        return Ok(Exit::Failed);
    }
    let observer = |news: Progress| session.output.progress(news);
    let collector = || input::fresh_or_host(session.global);
    let result: Result<Report, Error> = match way {
        Way::Resume => session.work(session.writer.resume(&id, &observer, collector))?,
        Way::Rollback => session.work(session.writer.rollback(&id, &observer, collector))?,
    };
    match result {
        Ok(report) => {
            outcome::show(session.output, &report)?;
            Ok(outcome::exit(&report, true))
        }
        Err(error) => outcome::failed(session.output, error),
    }
}

fn verify_again(session: &Session<'_>, run: &Run) -> Result<Exit> {
    let id = named(run);
    let plan = session.writer.plan_of(&id)?;
    let measured = session.judge(&input::snapshot(session.global, None)?);
    let verification = verify(&plan, &measured);
    session.writer.record_verification(&id, &verification)?;
    session.output.answer(None, &report::text::verification(&plan, &verification, session.output.style(None)))?;
    Ok(if verification.holds() { Exit::Fine } else { Exit::Partly })
}

fn status(global: &Global, output: Output, format: Format) -> Result<Exit> {
    let writer = Writer::new(Options { state_dir: global.state.clone(), ..Options::default() });
    let runs = writer.status()?;
    let text = match format {
        Format::Json => facts::canonical_json(&runs),
        Format::Text => report::text::runs(&runs, output.style(None)),
    };
    output.answer(None, &text)?;
    Ok(Exit::Fine)
}

fn named(run: &Run) -> String {
    run.run.clone().unwrap_or_else(|| "last".to_owned())
}
