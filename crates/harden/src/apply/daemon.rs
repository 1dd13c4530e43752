//! The daemon step, whichever way it goes: it looks at what rules, restarts or reloads only for what differs, and keeps containers alive
//! or brings them back in their old order.

use std::path::Path;
use std::time::{Duration, Instant};

use assess::derive::settings::{Settings, settings};
use facts::docker::Engine;
use facts::{Fact, Snapshot};
use serde_json::Value;

use super::run::Run;
use super::startup;
use super::target::Target;
use crate::error::Error;
use crate::journal::{Direction, Op, Record};
use crate::plan::build::seen;
use crate::plan::daemon::{RELOADABLE, containers, is_task};
use crate::plan::{ContainerRef, DaemonChange, DaemonIdentity};
use crate::system::file;

/// How long a reload may take to show.
const RELOAD: Duration = Duration::from_secs(30);

/// How long a daemon that is being restarted by someone else may stay silent.
const SILENCE: Duration = Duration::from_secs(20);

/// Exit code of a container that was killed (128 + SIGKILL).
const KILLED: i64 = 137;

impl Run<'_> {
    /// Brings the daemon to where this direction goes, from wherever it is. Containers that did not start again are in the result.
    pub(super) async fn daemon(&mut self, step: &str, change: &DaemonChange, direction: Direction) -> Result<Vec<String>, Error> {
        let path = Path::new(&change.write_path);
        self.log.keep_file(step, path)?;
        self.wake(step, change, direction).await?;
        let now = self.snapshot().await;
        let settings = settings_of(&now)?;
        startup::keep(self.state, &now)?;
        let target = Target::of(self, change, direction, &settings)?;
        if target.by_key && direction == Direction::Back {
            self.note(format!("{} was changed by others since: only the keys of this run go back, the rest stays", change.write_path))?;
        }
        for key in &target.left {
            self.note(format!("`{key}` in {} was changed by others since: left as it is", change.write_path))?;
        }
        if !rules(&settings, &target, |key| !RELOADABLE.contains(&key)) {
            self.restart(step, change, &target, &now, &settings).await?;
        }
        self.reloadable(step, change, &target).await?;
        self.settle(step, path, target.text.as_deref(), &target).await?;
        let unstarted = self.bring_back(step).await?;
        self.past_return.set(false);
        self.rule_check(change, &target).await?;
        Ok(unstarted)
    }

    /// A daemon that is down is started, with a file that it accepts.
    async fn wake(&mut self, step: &str, change: &DaemonChange, direction: Direction) -> Result<(), Error> {
        let interrupted = matches!(self.log.ledger.open, Some((_, Op::Restart | Op::StartDaemon)));
        let patience = if interrupted { SILENCE } else { Duration::from_secs(5) };
        if self.service.answers_within(patience).await {
            return Ok(());
        }
        // Without an engine to look at, only the defaults are known: enough to leave unsaid what goes without saying.
        let defaults = settings(&self.collector.collect().await);
        let target = Target::of(self, change, direction, &defaults)?;
        // Containers may have outlived the daemon: a start without live restore would kill them.
        let path = Path::new(&change.write_path);
        let file_says = file::read(path)?
            .and_then(|content| String::from_utf8(content.bytes).ok())
            .and_then(|text| crate::edit::daemon_json::value(&text, "live-restore"));
        let carries = change.may_carry && (file_says == Some(Value::from(true)) || change.live_restore_now == Some(true));
        let extra: &[(&str, bool)] = if carries { &[("live-restore", true)] } else { &[] };
        let text = target.start_text(change, &defaults, extra)?;
        self.settle(step, path, text.as_deref(), &target).await?;
        self.act(step, Op::StartDaemon).await?;
        let now = self.snapshot().await;
        startup::started_with(self.state, &now, text.as_deref())
    }

    /// Restarts the daemon once: containers are carried by live restore, or stopped where that cannot be.
    async fn restart(
        &mut self,
        step: &str,
        change: &DaemonChange,
        target: &Target,
        now: &Snapshot,
        settings: &Settings,
    ) -> Result<(), Error> {
        let engine = engine_of(now)?;
        let (running, idle) = containers(engine).map_err(Error::Effect)?;
        let icc = !rules(settings, target, |key| key == "icc");
        let window = !running.is_empty() && (icc || !change.may_carry);
        let carries = !running.is_empty() && !window;
        self.boundary("the restart of the daemon")?;

        let text = if carries {
            let text = target.start_text(change, settings, &[("live-restore", true)])?;
            self.park(step, &idle).await?;
            self.settle(step, Path::new(&change.write_path), text.as_deref(), target).await?;
            if settings.bool("live-restore").known() != Some(&true) {
                self.reload(step, identity(engine)).await?;
                self.shows(change, &[("live-restore".to_owned(), true)]).await?;
            }
            self.boundary("the restart of the daemon")?;
            text
        } else {
            let text = target.start_text(change, settings, &[])?;
            self.park(step, &idle).await?;
            if window {
                let tasks: Vec<String> =
                    seen(engine).filter(|container| is_task(container)).map(|container| container.id.clone()).collect();
                self.clear(step, &running, &tasks).await?;
            }
            self.settle(step, Path::new(&change.write_path), text.as_deref(), target).await?;
            text
        };
        self.past_return.set(true);
        self.act(step, Op::Restart).await?;

        let after = self.snapshot().await;
        startup::started_with(self.state, &after, text.as_deref())?;
        if identity(engine).is_some() && identity(engine) == identity(engine_of(&after)?) {
            return Err(Error::Service("the daemon is still the same process: the restart did not happen".to_owned()));
        }
        if carries {
            self.carried(step, &running, &after).await?;
        }
        Ok(())
    }

    /// Sets restart policies aside: a daemon that starts also starts every `always` container, and failed `on-failure` ones, running
    /// before or not, in no order (measured).
    async fn park(&mut self, step: &str, containers: &[ContainerRef]) -> Result<(), Error> {
        for container in containers.iter().filter(|container| container.policy.name != "no") {
            let (id, name, policy) = (container.id.clone(), container.name.clone(), container.policy.clone());
            self.act(step, Op::Park { id, name, policy }).await?;
        }
        Ok(())
    }

    /// Stops every running container, last started first. Tasks of a swarm are the swarm's to stop and start.
    async fn clear(&mut self, step: &str, running: &[ContainerRef], tasks: &[String]) -> Result<(), Error> {
        self.log.append(&Record::Ran { step: step.to_owned(), containers: running.to_vec() })?;
        self.past_return.set(true);
        self.park(step, running).await?;
        for container in running.iter().rev() {
            // A job that ended by itself meanwhile must not be run a second time.
            match self.engine.inspect(&container.id).await? {
                Some(now) if now.running || now.restarting => {
                    self.act(step, Op::Stop { id: container.id.clone(), name: container.name.clone() }).await?;
                }
                _ => self.note(format!("container {} ended by itself before it was stopped", container.name))?,
            }
        }
        // Someone else's timer may have started one meanwhile: not ours to stop, since nobody agreed to it.
        let mut others = self.engine.running().await?;
        others.retain(|id| !tasks.contains(id));
        if !others.is_empty() {
            return Err(Error::Effect(format!(
                "while the containers were stopped, another one was started: {}",
                others.iter().map(|id| id.get(..12).unwrap_or(id)).collect::<Vec<_>>().join(", ")
            )));
        }
        Ok(())
    }

    /// Whether live restore kept its word; what it lost is started again.
    async fn carried(&mut self, step: &str, before: &[ContainerRef], after: &Snapshot) -> Result<(), Error> {
        let engine = engine_of(after)?;
        for container in before {
            let state = seen(engine).find(|known| known.id == container.id).and_then(|known| known.state.known());
            let Some(state) = state else {
                self.note(format!("container {} is gone after the restart", container.name))?;
                continue;
            };
            if state.running && (container.pid == 0 || state.pid == container.pid) {
                continue;
            }
            let killed = self.engine.inspect(&container.id).await?.is_some_and(|now| now.exit_code == KILLED);
            if state.running || killed {
                self.note(format!("container {} did not keep its processes over the restart", container.name))?;
            } else {
                self.note(format!("container {} ended by itself during the restart", container.name))?;
            }
            // A job that ended by itself must not be run a second time.
            if !state.running && killed {
                self.act(step, Op::Start { id: container.id.clone(), name: container.name.clone() }).await?;
            }
        }
        Ok(())
    }

    /// Puts the keys in force that a reload takes up. Only spelled out values count: a removed key keeps its old value.
    async fn reloadable(&mut self, step: &str, change: &DaemonChange, target: &Target) -> Result<(), Error> {
        let now = self.snapshot().await;
        let settings = settings_of(&now)?;
        if rules(&settings, target, |key| RELOADABLE.contains(&key)) {
            return Ok(());
        }
        let wanted: Vec<(String, bool)> =
            RELOADABLE.iter().filter_map(|key| Some(((*key).to_owned(), target.in_force.get(*key)?.as_bool()?))).collect();
        // Nothing implied: what the file does not say would not be taken up.
        let extra: Vec<(&str, bool)> = wanted.iter().map(|(key, value)| (key.as_str(), *value)).collect();
        let text = spelled_out(target, change, &settings, &extra)?;
        self.settle(step, Path::new(&change.write_path), text.as_deref(), target).await?;
        self.reload(step, identity(engine_of(&now)?)).await?;
        self.shows(change, &wanted).await
    }

    /// Waits until the daemon shows these values.
    async fn shows(&self, change: &DaemonChange, wanted: &[(String, bool)]) -> Result<(), Error> {
        let begun = Instant::now();
        loop {
            let info = self.engine.info().await?;
            let missing = wanted.iter().find(|(key, value)| match key.as_str() {
                "live-restore" => info.live_restore != Some(*value),
                "debug" => info.debug != Some(*value),
                _ => false,
            });
            let Some((key, value)) = missing else { return Ok(()) };
            if begun.elapsed() > RELOAD {
                return Err(Error::Effect(format!(
                    "the daemon was told to reload and does not show `{key}` {value}: it may have refused {}\nhint: look into its log",
                    change.config_path
                )));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Makes the file say this; nothing is written where it does.
    async fn settle(&mut self, step: &str, path: &Path, text: Option<&str>, target: &Target) -> Result<(), Error> {
        let now = file::read(path)?;
        match (text, now) {
            (Some(text), Some(now)) if now.bytes == text.as_bytes() && now.attributes == target.attributes => Ok(()),
            (Some(text), _) => self.write(step, path, text.as_bytes(), &target.attributes).await,
            (None, Some(_)) => self.remove_file(step, path).await,
            (None, None) => self.remove_folders(step, path).await,
        }
    }

    /// Restart policies come back, then the containers that we stopped, in their old order. Those that do not start are returned.
    async fn bring_back(&mut self, step: &str) -> Result<Vec<String>, Error> {
        let mut down = Vec::new();
        for container in self.log.ledger.ran.clone() {
            if self.is_down_by_us(&container).await? {
                down.push(container);
            }
        }
        for (id, (name, policy)) in self.log.ledger.parked.clone() {
            self.act(step, Op::Unpark { id, name, policy }).await?;
        }
        let mut unstarted = Vec::new();
        for container in down {
            match self.act(step, Op::Start { id: container.id.clone(), name: container.name.clone() }).await {
                Ok(()) => {}
                Err(error) => {
                    self.note(format!("{} did not start again: {error}", container.name))?;
                    unstarted.push(container.name);
                }
            }
        }
        Ok(unstarted)
    }

    /// Whether a container of the window is to be started: we stopped it, or the machine was booted again while its restart policy was
    /// set aside, or while the window was open at all. One that ended by itself with success is done.
    async fn is_down_by_us(&self, container: &ContainerRef) -> Result<bool, Error> {
        let ledger = &self.log.ledger;
        if ledger.stopped.contains(&container.id) {
            return Ok(true);
        }
        let Some(now) = self.engine.inspect(&container.id).await?.filter(|now| !now.running) else { return Ok(false) };
        Ok(match ledger.parked.get(&container.id) {
            Some((_, policy)) if policy.name != "on-failure" => true,
            Some(_) => now.exit_code != 0,
            None => now.exit_code != 0 && ledger.begins.last().is_some_and(|(_, boot, _)| *boot != ledger.ran_in),
        })
    }

    /// Whether everything rules that should.
    async fn rule_check(&self, change: &DaemonChange, target: &Target) -> Result<(), Error> {
        let now = self.snapshot().await;
        let settings = settings_of(&now)?;
        for (key, wanted) in &target.in_force {
            let found = settings.by_key.get(key.as_str()).map(|setting| &setting.effective);
            match found {
                Some(Fact::Known(value)) if value == wanted => {}
                Some(Fact::Known(value)) => {
                    return Err(Error::Effect(format!(
                        "`{key}` is {value} in the running daemon, not {wanted}, although {} asks for it",
                        change.config_path
                    )));
                }
                // Not shown by this version, and not provable: verification says so, it is no failure.
                _ => {}
            }
        }
        Ok(())
    }
}

fn spelled_out(target: &Target, change: &DaemonChange, settings: &Settings, extra: &[(&str, bool)]) -> Result<Option<String>, Error> {
    // Start from the text and say each of them, implied by a default or not.
    let base = target.start_text(change, settings, extra)?;
    let wishes: Vec<_> = extra
        .iter()
        .filter(|(key, _)| !change.flags.iter().any(|flag| flag == key))
        .map(|(key, value)| ((*key).to_owned(), Some(Value::from(*value))))
        .collect();
    crate::edit::daemon_json::edit(base.as_deref(), &wishes)
        .map(Some)
        .map_err(|error| Error::State(format!("{}: {error}", change.write_path)))
}

/// Whether every value of these keys rules that should. What cannot be seen does not.
fn rules(settings: &Settings, target: &Target, of: impl Fn(&str) -> bool) -> bool {
    target
        .in_force
        .iter()
        .filter(|(key, _)| of(key))
        .all(|(key, wanted)| settings.by_key.get(key.as_str()).and_then(|setting| setting.effective.known()) == Some(wanted))
}

fn engine_of(snapshot: &Snapshot) -> Result<&Engine, Error> {
    snapshot
        .engine()
        .ok_or_else(|| Error::Effect(format!("the engine could not be read: {}", snapshot.docker.why().unwrap_or("none was found"))))
}

fn settings_of(snapshot: &Snapshot) -> Result<Settings, Error> {
    engine_of(snapshot).map(|_| settings(snapshot))
}

fn identity(engine: &Engine) -> Option<DaemonIdentity> {
    let process = engine.process.known()?;
    process.start_ticks.known().map(|ticks| DaemonIdentity { pid: process.pid, start_ticks: *ticks })
}
