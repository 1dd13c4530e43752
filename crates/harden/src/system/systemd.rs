//! systemd over D-Bus: the same calls that systemctl makes, without starting a process.

use std::time::Duration;

use futures_util::StreamExt;
use zbus::zvariant::OwnedObjectPath;

use crate::error::Error;

/// A daemon may take long to stop its containers; systemd's own limits come first.
const PATIENCE: Duration = Duration::from_secs(600);

#[zbus::proxy(
    interface = "org.freedesktop.systemd1.Manager",
    default_service = "org.freedesktop.systemd1",
    default_path = "/org/freedesktop/systemd1",
    gen_blocking = false
)]
trait Manager {
    fn subscribe(&self) -> zbus::Result<()>;
    fn load_unit(&self, name: &str) -> zbus::Result<OwnedObjectPath>;
    fn start_unit(&self, name: &str, mode: &str) -> zbus::Result<OwnedObjectPath>;
    fn restart_unit(&self, name: &str, mode: &str) -> zbus::Result<OwnedObjectPath>;
    fn reload_unit(&self, name: &str, mode: &str) -> zbus::Result<OwnedObjectPath>;
    fn reset_failed_unit(&self, name: &str) -> zbus::Result<()>;
    #[zbus(signal)]
    fn job_removed(&self, id: u32, job: OwnedObjectPath, unit: String, result: String) -> zbus::Result<()>;
}

#[zbus::proxy(interface = "org.freedesktop.systemd1.Unit", default_service = "org.freedesktop.systemd1", gen_blocking = false)]
trait Unit {
    #[zbus(property)]
    fn load_state(&self) -> zbus::Result<String>;
    #[zbus(property)]
    fn active_state(&self) -> zbus::Result<String>;
    #[zbus(property)]
    fn can_reload(&self) -> zbus::Result<bool>;
}

/// What systemd does with a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    Start,
    Restart,
    Reload,
}

impl Job {
    fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Restart => "restart",
            Self::Reload => "reload",
        }
    }
}

/// What systemd says of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnitState {
    /// `loaded`, `masked`, `not-found`.
    pub(crate) load: String,
    /// `active`, `failed`, `activating`, ...
    pub(crate) active: String,
    /// Whether it has an ExecReload.
    pub(crate) can_reload: bool,
}

/// Looks at a unit.
pub(crate) async fn state(unit: &str) -> Result<UnitState, Error> {
    let asked = async {
        let bus = zbus::Connection::system().await?;
        let path = ManagerProxy::new(&bus).await?.load_unit(unit).await?;
        let proxy = UnitProxy::builder(&bus).path(path)?.cache_properties(zbus::proxy::CacheProperties::No).build().await?;
        Ok::<_, zbus::Error>(UnitState {
            load: proxy.load_state().await?,
            active: proxy.active_state().await?,
            can_reload: proxy.can_reload().await?,
        })
    };
    within(Duration::from_secs(30), asked).await.map_err(|why| Error::Service(format!("systemd did not tell the state of {unit}: {why}")))
}

/// Runs a job and waits until systemd has finished it. Earlier failures are forgotten first: three starts within a minute would
/// otherwise be refused (StartLimitBurst).
pub(crate) async fn run(unit: &str, job: Job) -> Result<(), Error> {
    let done = async {
        let bus = zbus::Connection::system().await?;
        let manager = ManagerProxy::new(&bus).await?;
        manager.subscribe().await?;
        let mut removed = manager.receive_job_removed().await?;
        if job != Job::Reload {
            // A unit that never failed has nothing to reset: systemd says so, and that is fine.
            let _ = manager.reset_failed_unit(unit).await;
        }
        let path = match job {
            Job::Start => manager.start_unit(unit, "replace").await?,
            Job::Restart => manager.restart_unit(unit, "replace").await?,
            Job::Reload => manager.reload_unit(unit, "replace").await?,
        };
        while let Some(signal) = removed.next().await {
            let args = signal.args()?;
            if *args.job() == path {
                return Ok::<_, zbus::Error>(args.result().clone());
            }
        }
        Ok("lost".to_owned())
    };
    let word = job.word();
    match within(PATIENCE, done).await {
        Ok(result) if result == "done" => Ok(()),
        Ok(result) => Err(Error::Service(format!("systemd could not {word} {unit}: {result}\nhint: journalctl -u {unit} -n 50"))),
        Err(why) => Err(Error::Service(format!("systemd did not {word} {unit}: {why}"))),
    }
}

async fn within<T>(patience: Duration, work: impl Future<Output = zbus::Result<T>>) -> Result<T, String> {
    match tokio::time::timeout(patience, work).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(crate::text::one_line(&error.to_string())),
        Err(_) => Err(format!("no answer within {} s", patience.as_secs())),
    }
}
