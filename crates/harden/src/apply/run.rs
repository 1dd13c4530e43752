//! One run in progress: the journal, the ways to the system, and the rule that the first is written before the second is used.

use std::cell::Cell;
use std::path::Path;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use facts::Snapshot;

use crate::error::Error;
use crate::journal::{Op, Record, RunLog, StateDir, StepState};
use crate::plan::daemon::containers;
use crate::plan::{Plan, UpdateBody};
use crate::progress::{Observer, Progress};
use crate::system::audit::Audit;
use crate::system::engine::Engine;
use crate::system::file::{self, Attributes};
use crate::system::service::Service;

/// A fresh Snapshot whenever it is asked for.
pub(super) trait Collect {
    fn collect(&self) -> Pin<Box<dyn Future<Output = Snapshot> + '_>>;
}

/// A closure as a collector.
pub(super) struct By<C>(pub(super) C);

impl<C: AsyncFn() -> Snapshot> Collect for By<C> {
    fn collect(&self) -> Pin<Box<dyn Future<Output = Snapshot> + '_>> {
        Box::pin(async { (self.0)().await })
    }
}

/// One run in progress.
pub(super) struct Run<'a> {
    pub(super) plan: &'a Plan,
    pub(super) state: &'a StateDir,
    pub(super) log: RunLog,
    pub(super) engine: Engine,
    pub(super) service: Service,
    pub(super) observer: &'a dyn Observer,
    pub(super) collector: &'a dyn Collect,
    pub(super) stop: &'a AtomicBool,
    /// Once containers are down there is no stopping before they are up again.
    pub(super) past_return: Cell<bool>,
    /// What the operator should know at the end.
    pub(super) notes: Vec<String>,
}

impl Run<'_> {
    /// A fresh look. A daemon that has just started may be too slow for the reader's patience: then once more.
    pub(super) async fn snapshot(&self) -> Snapshot {
        for _ in 0..3 {
            let snapshot = self.collector.collect().await;
            let whole = snapshot.engine().is_some_and(|engine| engine.info.known().is_some() && containers(engine).is_ok());
            if whole || !self.engine.answers().await {
                return snapshot;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        self.collector.collect().await
    }

    /// Stops here if the operator asked for it, and if the host may be left like this.
    pub(super) fn boundary(&self, before: &str) -> Result<(), Error> {
        if self.stop.load(Ordering::SeqCst) && !self.past_return.get() { Err(Error::Stopped(before.to_owned())) } else { Ok(()) }
    }

    /// Something that the operator should know now and at the end.
    pub(super) fn note(&mut self, text: String) -> Result<(), Error> {
        self.observer.notice(Progress::Warning(text.clone()));
        self.notes.push(text.clone());
        self.log.append(&Record::Note { text })
    }

    pub(super) fn step(&mut self, step: &str, state: StepState) -> Result<(), Error> {
        self.log.append(&Record::Step { step: step.to_owned(), state })
    }

    /// Writes the intention down, does it, writes the end down.
    pub(super) async fn act(&mut self, step: &str, op: Op) -> Result<(), Error> {
        self.observer.notice(Progress::Action(op.to_string()));
        let n = self.log.begin(step, &op)?;
        let done = self.perform(&op).await;
        self.log.end(n, step, &op, done.as_ref().err())?;
        done
    }

    async fn perform(&self, op: &Op) -> Result<(), Error> {
        match op {
            Op::Update { id, body, .. } => self.engine.update(id, body).await,
            Op::LoadRule { rule, arch } => Audit::open()?.load(rule, arch).await.map(|_| ()),
            Op::DeleteRule { rule, arch } => Audit::open()?.delete(rule, arch).await.map(|_| ()),
            Op::MakeDirectory { path } => file::make_directory(Path::new(path)),
            Op::RemoveDirectory { path } => file::remove_directory(Path::new(path)).map(|_| ()),
            Op::Remove { path } => file::remove(Path::new(path)),
            Op::Restart => self.service.restart().await,
            Op::StartDaemon => self.service.start().await,
            Op::Park { id, .. } => self.set_policy(id, &facts::docker::RestartPolicy { name: "no".to_owned(), retries: 0 }).await,
            Op::Unpark { id, policy, .. } => self.set_policy(id, policy).await,
            Op::Stop { id, .. } => absent_is_fine(self.engine.stop(id).await),
            Op::Start { id, .. } => self.engine.start(id).await,
            // These two need more than the record holds; see `write` and `reload`.
            Op::Write { path, .. } => Err(Error::State(format!("no content for {path}"))),
            Op::Reload => Err(Error::State("no process to reload".to_owned())),
        }
    }

    async fn set_policy(&self, id: &str, policy: &facts::docker::RestartPolicy) -> Result<(), Error> {
        let body = UpdateBody { restart: Some(policy.clone()), ..UpdateBody::default() };
        absent_is_fine(self.engine.update(id, &body).await)
    }

    /// Replaces a file that was kept; its folder is made if it is not there.
    pub(super) async fn write(&mut self, step: &str, path: &Path, bytes: &[u8], attributes: &Attributes) -> Result<(), Error> {
        for folder in file::missing_directories(path) {
            self.act(step, Op::MakeDirectory { path: folder.display().to_string() }).await?;
        }
        let op = Op::Write { path: path.display().to_string(), digest: file::digest(bytes) };
        self.observer.notice(Progress::Action(op.to_string()));
        let n = self.log.begin(step, &op)?;
        let done = file::write(path, bytes, attributes);
        self.log.end(n, step, &op, done.as_ref().err())?;
        done
    }

    /// Makes the daemon read its configuration again.
    pub(super) async fn reload(&mut self, step: &str, daemon: Option<crate::plan::DaemonIdentity>) -> Result<(), Error> {
        self.observer.notice(Progress::Action(Op::Reload.to_string()));
        let n = self.log.begin(step, &Op::Reload)?;
        let done = self.service.reload(daemon).await;
        self.log.end(n, step, &Op::Reload, done.as_ref().err())?;
        done
    }
}

/// A container that is gone needs no policy and no stop.
fn absent_is_fine(result: Result<(), Error>) -> Result<(), Error> {
    match result {
        Err(Error::Engine { status: 404, .. }) => Ok(()),
        other => other,
    }
}
