//! The way in: apply, resume, rollback.

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use facts::Snapshot;

use super::containers;
use super::precondition::{check, check_live};
use super::report::{Outcome, Report};
use super::run::{By, Collect, Run};
use crate::error::Error;
use crate::journal::{Direction, Ending, Lock, Record, Reopened, RunLog, StateDir, StepState};
use crate::plan::{Change, Plan, Refusal, ServiceControl, Step};
use crate::progress::{Observer, Progress};
use crate::rehearsal::{Rehearsal, rehearse};
use crate::status::{RunStatus, describe};
use crate::system::engine::Engine;
use crate::system::service::Service;
use crate::system::{file, process};
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
            return Ok(Report { run: String::new(), outcome: Outcome::Nothing, steps: Vec::new(), notes: Vec::new() });
        }
        let (state, _lock) = self.locked()?;
        self.refuse_open_runs(&state)?;
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
        let nothing = |run: String| Ok(Report { run, outcome: Outcome::Nothing, steps: Vec::new(), notes: Vec::new() });
        let (log, plan) = match RunLog::reopen(&state, wanted)? {
            Reopened::Run(run) => *run,
            Reopened::Empty(id) => return nothing(id),
        };
        let direction = direction.unwrap_or(log.ledger.direction());
        let is_there = match direction {
            // A run without a beginning changed nothing; taking it up again would be a new apply, which has its own preconditions.
            Direction::Forward => log.ledger.is_complete(),
            Direction::Back => log.ledger.is_rolled_back() || log.ledger.touched.is_empty() && log.ledger.begins.is_empty(),
        };
        if is_there {
            return nothing(log.id);
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

impl Run<'_> {
    /// Goes one way to the end, or as far as it gets.
    async fn drive(&mut self, direction: Direction, now: Option<Snapshot>) -> Result<Report, Error> {
        self.log.append(&Record::Begin {
            direction,
            boot_id: process::boot_id()?,
            at: timestamp(),
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        })?;
        for path in self.log.ledger.files.keys() {
            file::sweep(path)?;
        }
        let mut done = Vec::new();
        let result = match direction {
            Direction::Forward => self.forward(now, &mut done).await,
            Direction::Back => self.back(&mut done).await,
        };
        let (ending, outcome) = match result {
            Ok(unstarted) if unstarted.is_empty() => (Ending::Complete, Outcome::Done),
            Ok(problems) => (Ending::Partly, Outcome::Partly { why: problems.join("; ") }),
            Err(Failure::Stopped(why)) => (Ending::Stopped, Outcome::Stopped { why }),
            Err(Failure::PutBack(why)) => (Ending::Partly, Outcome::Partly { why }),
            Err(Failure::Stuck(why)) => (Ending::Stuck, Outcome::Stuck { why }),
        };
        let why = match &outcome {
            Outcome::Nothing | Outcome::Done => String::new(),
            Outcome::Partly { why } | Outcome::Stopped { why } | Outcome::Stuck { why } => why.clone(),
        };
        self.log.append(&Record::End { direction, ending, at: timestamp(), why })?;
        Ok(Report { run: self.log.id.clone(), outcome, steps: done, notes: std::mem::take(&mut self.notes) })
    }

    async fn forward(&mut self, now: Option<Snapshot>, done: &mut Vec<String>) -> Result<Vec<String>, Failure> {
        let plan = self.plan;
        let mut now = now;
        let mut problems = Vec::new();
        for (index, step) in plan.steps.iter().enumerate() {
            if self.log.ledger.steps.get(&step.id) == Some(&StepState::Done) {
                done.push(step.title.clone());
                continue;
            }
            self.boundary(&step.title).map_err(|error| Failure::of(&error))?;
            self.observer.notice(Progress::Step { number: index + 1, of: plan.steps.len(), title: step.title.clone() });
            self.step(&step.id, StepState::Doing).map_err(|error| Failure::of(&error))?;
            match self.one(step, Direction::Forward, &mut now).await {
                Ok(unstarted) => {
                    // Left open where a container is down, so that a resume tries it again.
                    if unstarted.is_empty() {
                        self.step(&step.id, StepState::Done).map_err(|error| Failure::of(&error))?;
                    }
                    problems.extend(unstarted.into_iter().map(|name| format!("{name} did not start again")));
                    done.push(step.title.clone());
                }
                Err(error @ Error::Stopped(_)) => return Err(Failure::of(&error)),
                Err(error) => return Err(self.put_step_back(step, &error).await),
            }
        }
        problems.extend(self.unmeasured(plan).await);
        Ok(problems)
    }

    /// A step that failed is taken back by itself; those before it stay.
    async fn put_step_back(&mut self, step: &Step, error: &Error) -> Failure {
        self.observer.notice(Progress::Warning(format!("{}: {error}; putting it back", step.title)));
        let back = async {
            self.step(&step.id, StepState::Undoing)?;
            let problems = self.one(step, Direction::Back, &mut None).await?;
            if problems.is_empty() {
                self.step(&step.id, StepState::Undone)?;
            }
            Ok::<_, Error>(problems)
        };
        match back.await {
            Ok(problems) if problems.is_empty() => Failure::PutBack(format!("{} failed and was put back: {error}", step.title)),
            Ok(problems) => Failure::PutBack(format!(
                "{} failed and was put back, but {} did not start again: {error}",
                step.title,
                problems.join(", ")
            )),
            Err(second) => Failure::Stuck(format!("{} failed: {error}; putting it back failed, too: {second}", step.title)),
        }
    }

    async fn back(&mut self, done: &mut Vec<String>) -> Result<Vec<String>, Failure> {
        let plan = self.plan;
        let mut problems = Vec::new();
        let touched: Vec<&Step> = plan.steps.iter().rev().filter(|step| self.log.ledger.touched.contains(&step.id)).collect();
        for (index, step) in touched.iter().enumerate() {
            if self.log.ledger.steps.get(&step.id) == Some(&StepState::Undone) {
                done.push(step.title.clone());
                continue;
            }
            self.boundary(&format!("taking back: {}", step.title)).map_err(|error| Failure::of(&error))?;
            self.observer.notice(Progress::Step { number: index + 1, of: touched.len(), title: format!("take back: {}", step.title) });
            let result = async {
                self.step(&step.id, StepState::Undoing)?;
                let unstarted = self.one(step, Direction::Back, &mut None).await?;
                if unstarted.is_empty() {
                    self.step(&step.id, StepState::Undone)?;
                }
                Ok::<_, Error>(unstarted)
            };
            let unstarted = result.await.map_err(|error| Failure::of(&error))?;
            problems.extend(unstarted.into_iter().map(|name| format!("{name} did not start again")));
            done.push(step.title.clone());
        }
        Ok(problems)
    }

    /// One step in one direction.
    async fn one(&mut self, step: &Step, direction: Direction, now: &mut Option<Snapshot>) -> Result<Vec<String>, Error> {
        match (&step.change, direction) {
            (Change::ContainerUpdate(change), direction) => {
                let snapshot = match now.take() {
                    Some(snapshot) => snapshot,
                    None => self.snapshot().await,
                };
                let result = match direction {
                    Direction::Forward => self.container_forward(&step.id, change, &snapshot).await,
                    Direction::Back => self.container_back(&step.id, change, &snapshot).await,
                };
                // Updates of other containers change nothing of what the next one needs.
                *now = Some(snapshot);
                result.map(|()| Vec::new())
            }
            (Change::AuditRules(change), Direction::Forward) => self.audit_forward(&step.id, change).await.map(|()| Vec::new()),
            (Change::AuditRules(change), Direction::Back) => self.audit_back(&step.id, change).await.map(|()| Vec::new()),
            (Change::Daemon(change), direction) => self.daemon(&step.id, change, direction).await,
        }
    }

    /// Limits that the kernel does not hold although the engine said yes.
    async fn unmeasured(&self, plan: &Plan) -> Vec<String> {
        let changes: Vec<_> = plan
            .steps
            .iter()
            .filter_map(|step| match &step.change {
                Change::ContainerUpdate(change) => Some(change),
                Change::AuditRules(_) | Change::Daemon(_) => None,
            })
            .collect();
        if changes.is_empty() {
            return Vec::new();
        }
        let now = self.snapshot().await;
        changes.into_iter().flat_map(|change| containers::missing(&now, change)).collect()
    }
}

/// Why a run did not get to its end.
enum Failure {
    /// On request.
    Stopped(String),
    /// A step failed and is as it was.
    PutBack(String),
    /// A step failed and is in between.
    Stuck(String),
}

impl Failure {
    fn of(error: &Error) -> Self {
        match error {
            Error::Stopped(before) => Self::Stopped(before.clone()),
            other => Self::Stuck(other.to_string()),
        }
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
