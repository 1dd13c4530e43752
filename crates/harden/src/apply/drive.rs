//! One run from its first step to its last, or as far as it gets.

use facts::Snapshot;

use super::containers;
use super::harden::timestamp;
use super::report::{Outcome, Report};
use super::run::Run;
use crate::error::Error;
use crate::journal::{Direction, Ending, Record, StepState};
use crate::plan::{Change, Plan, Step};
use crate::progress::Progress;
use crate::system::{file, process};

impl Run<'_> {
    /// Goes one way to the end, or as far as it gets.
    pub(super) async fn drive(&mut self, direction: Direction, now: Option<Snapshot>) -> Result<Report, Error> {
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
        Ok(Report { run: self.log.id.clone(), direction, outcome, steps: done, notes: std::mem::take(&mut self.notes) })
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
