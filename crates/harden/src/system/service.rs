//! Who reloads and restarts the daemon.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::engine::Engine;
use super::systemd::{self, Job};
use super::{command, process};
use crate::error::Error;
use crate::plan::{DaemonIdentity, ServiceControl};

/// How long a daemon may take until it answers. 15 to 33 s were measured under emulation.
const READY: Duration = Duration::from_secs(180);

/// The daemon's service.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    control: ServiceControl,
    engine: Engine,
    /// Where the output of the operator's commands goes.
    log: PathBuf,
}

impl Service {
    pub(crate) fn new(control: ServiceControl, engine: Engine, log: PathBuf) -> Self {
        Self { control, engine, log }
    }

    /// Refuses early what would fail half way: a masked or unknown unit, no way to restart.
    pub(crate) async fn check(&self, restarts: bool) -> Result<(), String> {
        match &self.control {
            ServiceControl::Systemd { unit } => {
                let state = systemd::state(unit).await.map_err(|error| error.to_string())?;
                match state.load.as_str() {
                    "loaded" => Ok(()),
                    other => Err(format!("systemd says that {unit} is {other}: it would not start the daemon again")),
                }
            }
            ServiceControl::Commands(commands) if restarts && commands.restart.is_empty() => Err(nobody()),
            ServiceControl::None if restarts => Err(nobody()),
            ServiceControl::Commands(_) | ServiceControl::None => Ok(()),
        }
    }

    /// Makes the daemon read its configuration again. It does so in its own time: whoever calls looks for the effect.
    pub(crate) async fn reload(&self, daemon: Option<DaemonIdentity>) -> Result<(), Error> {
        match &self.control {
            ServiceControl::Systemd { unit } if systemd::state(unit).await?.can_reload => return systemd::run(unit, Job::Reload).await,
            ServiceControl::Commands(commands) if !commands.reload.is_empty() => return command::run(&commands.reload, &self.log).await,
            _ => {}
        }
        let daemon =
            daemon.ok_or_else(|| Error::Service("the daemon's process is not known, so it cannot be told to reload".to_owned()))?;
        process::hang_up(daemon.pid, daemon.start_ticks)
    }

    /// Waits until nothing that an interrupted run began is still under way.
    pub(crate) async fn quiet(&self) -> Result<(), Error> {
        let ServiceControl::Systemd { unit } = &self.control else { return command::quiet(&self.log).await };
        let begun = Instant::now();
        while matches!(systemd::state(unit).await?.active.as_str(), "activating" | "deactivating" | "reloading") && begun.elapsed() < READY
        {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Ok(())
    }

    /// Restarts the daemon and waits until it answers.
    pub(crate) async fn restart(&self) -> Result<(), Error> {
        match &self.control {
            ServiceControl::Systemd { unit } => systemd::run(unit, Job::Restart).await?,
            ServiceControl::Commands(commands) => command::run(&commands.restart, &self.log).await?,
            ServiceControl::None => return Err(Error::Service(nobody())),
        }
        self.ready().await
    }

    /// Starts a daemon that is down and waits until it answers.
    pub(crate) async fn start(&self) -> Result<(), Error> {
        match &self.control {
            ServiceControl::Systemd { unit } => systemd::run(unit, Job::Start).await?,
            ServiceControl::Commands(commands) if commands.start.is_empty() => command::run(&commands.restart, &self.log).await?,
            ServiceControl::Commands(commands) => command::run(&commands.start, &self.log).await?,
            ServiceControl::None => return Err(Error::Service(nobody())),
        }
        self.ready().await
    }

    async fn ready(&self) -> Result<(), Error> {
        if self.answers_within(READY).await {
            return Ok(());
        }
        Err(Error::NoAnswer { request: "GET /_ping".to_owned(), why: format!("no answer within {} s after the start", READY.as_secs()) })
    }

    /// Waits for the daemon to answer.
    pub(crate) async fn answers_within(&self, patience: Duration) -> bool {
        let begun = Instant::now();
        loop {
            if self.engine.answers().await {
                return true;
            }
            if begun.elapsed() > patience {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

fn nobody() -> String {
    "nobody is known who could restart the daemon: it runs under no systemd unit, and cofferdam.yaml names no command\n\
     hint: service: {restart: [rc-service, docker, restart]}"
        .to_owned()
}
