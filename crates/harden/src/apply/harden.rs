//! The way in: apply, resume, rollback.

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use facts::Snapshot;

use super::precondition::{check, check_live};
use super::report::Report;
use super::run::{By, Collect, Run};
use crate::error::Error;
use crate::journal::{Direction, Lock, Record, Reopened, RunLog, StateDir};
use crate::plan::{Plan, Refusal, ServiceControl};
use crate::progress::{Observer, Progress};
use crate::rehearsal::{Rehearsal, rehearse, sweep};
use crate::status::{RunStatus, describe};
use crate::system::engine::Engine;
use crate::system::process;
use crate::system::service::Service;
use crate::verify::Verification;

/// How to write.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the journals are: /var/lib/cofferdam.
    pub state_dir: PathBuf,
    /// Applies without having rehearsed the daemon's configuration (`--no-rehearsal`).
    pub no_rehearsal: bool,
    /// The program that answers to `__rehearse DIR` with [`crate::rehearse_child`]: this one, where none is named.
    pub rehearsal_program: PathBuf,
    /// Set by a signal handler: the run stops at the next place where the host may be left.
    pub stop: Arc<AtomicBool>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            state_dir: "/var/lib/cofferdam".into(),
            no_rehearsal: false,
            rehearsal_program: "/proc/self/exe".into(),
            stop: Arc::default(),
        }
    }
}

/// The writer.
#[derive(Clone, Debug, Default)]
pub struct Harden {
    options: Options,
}

impl Harden {
    /// A writer with these options.
    pub fn new(options: Options) -> Self {
        Self { options }
    }

    /// Carries a plan out. An error means that nothing was changed; what happened after the first change is in the [`Report`].
    pub async fn apply(&self, plan: &Plan, observer: &dyn Observer, collector: impl AsyncFn() -> Snapshot) -> Result<Report, Error> {
        let collector = By(collector);
        if plan.steps.is_empty() {
            return Ok(Report::nothing(String::new(), Direction::Forward));
        }
        let (state, _lock) = self.locked()?;
        self.refuse_open_runs(&state)?;
        sweep(state.path());
        let mut now = collector.collect().await;
        check(plan, &now)?;
        check_live(plan, &now)?;
        let engine = Engine::at(&plan.engine.endpoint)?;
        let service = |log: PathBuf| Service::new(control(plan), engine.clone(), log);
        if let Some(change) = plan.daemon() {
            let restarts = change.how != crate::plan::How::Reload;
            service(PathBuf::new()).check(restarts).await.map_err(|why| Error::Refused(Refusal::because(why, "")))?;
            if !self.options.no_rehearsal {
                observer.notice(Progress::Waiting("rehearsing the daemon's configuration beside the running one".to_owned()));
                let rehearsal = rehearse(plan, &now, state.path(), &self.options.rehearsal_program).await;
                accept(&rehearsal)?;
                // The rehearsal takes its time: look again.
                now = collector.collect().await;
                check(plan, &now)?;
                check_live(plan, &now)?;
            }
        }
        let log = RunLog::create(&state, plan, &timestamp())?;
        let service = service(log.service_log());
        let mut run = self.run(plan, &state, log, engine, service, observer, &collector);
        run.drive(Direction::Forward, Some(now)).await
    }

    /// Takes an interrupted run up again, in the direction that it had.
    pub async fn resume(&self, run: &str, observer: &dyn Observer, collector: impl AsyncFn() -> Snapshot) -> Result<Report, Error> {
        let collector = By(collector);
        self.again(run, None, observer, &collector).await
    }

    /// Takes a run back: complete, in part or interrupted.
    pub async fn rollback(&self, run: &str, observer: &dyn Observer, collector: impl AsyncFn() -> Snapshot) -> Result<Report, Error> {
        let collector = By(collector);
        self.again(run, Some(Direction::Back), observer, &collector).await
    }

    async fn again(
        &self,
        wanted: &str,
        direction: Option<Direction>,
        observer: &dyn Observer,
        collector: &dyn Collect,
    ) -> Result<Report, Error> {
        let (state, _lock) = self.locked()?;
        let (log, plan) = match RunLog::reopen(&state, wanted)? {
            Reopened::Run(run) => *run,
            Reopened::Empty(id) => return Ok(Report::nothing(id, direction.unwrap_or(Direction::Forward))),
        };
        let direction = direction.unwrap_or(log.ledger.direction());
        let is_there = match direction {
            // A run without a beginning changed nothing; taking it up again would be a new apply, which has its own preconditions.
            Direction::Forward => log.ledger.is_complete(),
            Direction::Back => log.ledger.is_rolled_back() || log.ledger.touched.is_empty() && log.ledger.begins.is_empty(),
        };
        if is_there {
            return Ok(Report::nothing(log.id, direction));
        }
        if let Some(other) = self.open_run(&state)?.filter(|other| *other != log.id) {
            return Err(Error::Refused(Refusal::because(
                format!("run {other} is not finished"),
                format!("cofferdam harden resume {other}, or rollback {other}, first"),
            )));
        }
        let engine = Engine::at(&plan.engine.endpoint)?;
        let service = Service::new(control(&plan), engine.clone(), log.service_log());
        if plan.daemon().is_some() {
            observer.notice(Progress::Waiting("waiting for what an interrupted run may have left running".to_owned()));
            service.quiet().await?;
        }
        let mut run = self.run(&plan, &state, log, engine, service, observer, collector);
        run.drive(direction, None).await
    }

    /// What every run came to, oldest first.
    pub fn status(&self) -> Result<Vec<RunStatus>, Error> {
        if !self.options.state_dir.exists() {
            return Ok(Vec::new());
        }
        let state = StateDir::existing(&self.options.state_dir)?;
        let boot = process::boot_id().unwrap_or_default();
        Ok(state.runs()?.into_iter().map(|id| describe(&id, RunLog::read(&state, &id), &boot)).collect())
    }

    /// The plan of a run: by id, by number, or `last`.
    pub fn plan_of(&self, run: &str) -> Result<Plan, Error> {
        let state = StateDir::existing(&self.options.state_dir)?;
        let (plan, _) = RunLog::read(&state, run)?;
        plan.ok_or_else(|| Error::State(format!("run {run} has no plan: it ended before it began")))
    }

    /// Keeps the outcome of a verification with its run.
    pub fn record_verification(&self, run: &str, verification: &Verification) -> Result<(), Error> {
        let (state, _lock) = self.locked()?;
        let Reopened::Run(mut found) = RunLog::reopen(&state, run)? else { return Ok(()) };
        let differences = verification.differences.iter().map(ToString::to_string).collect();
        found.0.append(&Record::Verified { at: timestamp(), differences })
    }

    /// Tries the daemon's configuration of a plan beside the running daemon, changing nothing.
    pub async fn rehearse(&self, plan: &Plan, snapshot: &Snapshot) -> Result<Rehearsal, Error> {
        let state = StateDir::open(&self.options.state_dir)?;
        Ok(rehearse(plan, snapshot, state.path(), &self.options.rehearsal_program).await)
    }

    fn locked(&self) -> Result<(StateDir, Lock), Error> {
        let state = StateDir::open(&self.options.state_dir)?;
        let lock = state.lock()?;
        Ok((state, lock))
    }

    fn open_run(&self, state: &StateDir) -> Result<Option<String>, Error> {
        for id in state.runs()?.into_iter().rev() {
            if RunLog::read(state, &id)?.1.is_open() {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    fn refuse_open_runs(&self, state: &StateDir) -> Result<(), Error> {
        match self.open_run(state)? {
            None => Ok(()),
            Some(id) => Err(Error::Refused(Refusal::because(
                format!("run {id} is not finished: it was interrupted"),
                format!("cofferdam harden status explains; cofferdam harden resume {id}, or rollback {id}, first"),
            ))),
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of a run, put together in one place")]
    fn run<'a>(
        &'a self,
        plan: &'a Plan,
        state: &'a StateDir,
        log: RunLog,
        engine: Engine,
        service: Service,
        observer: &'a dyn Observer,
        collector: &'a dyn Collect,
    ) -> Run<'a> {
        let stop = &*self.options.stop;
        Run { plan, state, log, engine, service, observer, collector, stop, past_return: Cell::new(false), notes: Vec::new() }
    }
}

/// Who restarts the daemon of this plan.
fn control(plan: &Plan) -> ServiceControl {
    plan.daemon().map_or(ServiceControl::None, |change| change.service.clone())
}

/// A rehearsal that failed stops the plan; one that could not be held needs the operator's word.
fn accept(rehearsal: &Rehearsal) -> Result<(), Error> {
    match rehearsal {
        Rehearsal::Accepted { .. } | Rehearsal::NotNeeded => Ok(()),
        Rehearsal::Refused { line } => Err(Error::Refused(Refusal::because(
            format!("rehearsed beside the running daemon, this configuration was refused by dockerd itself: {line}"),
            "nothing was changed; repair what it names, then plan again",
        ))),
        Rehearsal::Differs { differences } => Err(Error::Refused(Refusal::because(
            format!("rehearsed beside the running daemon, this configuration does not do what it should: {}", differences.join("; ")),
            "nothing was changed; report this",
        ))),
        Rehearsal::NotHeld { why } => Err(Error::Refused(Refusal::because(
            format!("the configuration could not be rehearsed: {why}"),
            "nothing was changed; --no-rehearsal applies it all the same",
        ))),
    }
}

/// Now, in UTC with whole seconds.
pub(crate) fn timestamp() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
