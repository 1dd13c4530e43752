//! A lab host: a virtual machine that a test may break, cut off from power and put back.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;

use crate::guard::Guard;
use crate::image::Image;
use crate::machine::Machine;
use crate::qemu::{DiskCache, Qemu, Start};
use crate::ssh::Ssh;
use crate::{Output, Progress};

/// The saved state that every world has.
pub(crate) const READY: &str = "ready";
const TO_BOOT: Duration = Duration::from_secs(300);
const TO_ANSWER: Duration = Duration::from_secs(90);
const TO_RUN: Duration = Duration::from_secs(300);

/// How a lab host is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VmOptions {
    pub(crate) cache: DiskCache,
}

impl VmOptions {
    /// What the guest has flushed is on the disk, as with a real one: for tests with [`Vm::power_cut`].
    #[must_use]
    pub const fn durable() -> Self {
        Self { cache: DiskCache::WriteThrough }
    }
}

impl Default for VmOptions {
    /// The quickest: after a killed qemu the disk is worthless.
    fn default() -> Self {
        Self { cache: DiskCache::Unsafe }
    }
}

/// How a reboot went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Reboot {
    /// The guest shut down in order and booted again.
    Clean,
    /// The guest did not come to the end of its shutdown: it was switched off and booted again.
    Forced,
}

/// A running (or cut off) lab host. Dropped, its qemu is killed and its files are removed; the same happens when the process
/// that holds it is killed.
#[derive(Debug)]
pub struct Vm {
    ssh: Option<Ssh>,
    qemu: Option<Qemu>,
    image: Image,
    machine: Machine,
    cache: DiskCache,
    folder: PathBuf,
    sockets: PathBuf,
    _lock: File,
    // Last: it removes the folders.
    _guard: Guard,
}

impl Vm {
    /// A machine without power, with folders of its own; the disk is to be put at [`Vm::disk`].
    pub(crate) fn new(cache: &Path, machine: &Machine, image: Image, options: VmOptions) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("vm-").tempdir_in(cache)?.keep();
        let lock = File::create(folder.join("lock"))?;
        lock.lock()?;
        // Not TMPDIR: a long one would not leave room in a socket's path.
        let sockets = tempfile::Builder::new().prefix("lab-").tempdir_in("/tmp")?.keep();
        let guard = Guard::new(&folder, &sockets)?;
        Ok(Self {
            ssh: None,
            qemu: None,
            image,
            machine: machine.clone(),
            cache: options.cache,
            folder,
            sockets,
            _lock: lock,
            _guard: guard,
        })
    }

    pub(crate) fn disk(&self) -> PathBuf {
        self.folder.join("disk.qcow2")
    }

    /// Switches the machine on in the state of a world.
    pub(crate) fn resume(&mut self) -> Result<()> {
        self.start(Some(READY))?;
        self.connect(TO_ANSWER)?;
        self.set_clock()
    }

    /// Runs a command line in a root shell (bash) of the host.
    ///
    /// # Errors
    /// When the host can't be reached or the command takes longer than 5 minutes. A command that fails is no error: see [`Output`].
    pub fn ssh(&self, line: &str) -> Result<Output> {
        self.ssh_within(line, TO_RUN)
    }

    /// Like [`Vm::ssh`] with another time limit.
    ///
    /// # Errors
    /// When the host can't be reached or the command takes longer than `limit`.
    pub fn ssh_within(&self, line: &str, limit: Duration) -> Result<Output> {
        self.explain(self.session()?.run(line, None, limit, None)).with_context(|| format!("ssh: {line}"))
    }

    /// Like [`Vm::ssh`], with bytes for the command's standard input.
    ///
    /// # Errors
    /// When the host can't be reached or the command takes longer than 5 minutes.
    pub fn ssh_with_input(&self, line: &str, input: &[u8]) -> Result<Output> {
        self.explain(self.session()?.run(line, Some(input), TO_RUN, None)).with_context(|| format!("ssh: {line}"))
    }

    /// Runs a script in the host; its lines that begin with `step: ` are told.
    pub(crate) fn script(&self, script: &str, progress: Progress<'_>) -> Result<()> {
        let output = self.session()?.run("bash -c \"$(cat)\"", Some(script.as_bytes()), Duration::from_secs(900), Some(progress));
        self.explain(output)?.success().context("the world's script failed")?;
        Ok(())
    }

    /// Copies a file or folder of this machine into the host (scp); modes and times are kept.
    ///
    /// # Errors
    /// When scp fails.
    pub fn push(&self, local: impl AsRef<Path>, remote: &str) -> Result<()> {
        self.explain(self.session()?.push(local.as_ref(), remote))
    }

    /// Copies a file or folder of the host to this machine (scp).
    ///
    /// # Errors
    /// When scp fails.
    pub fn pull(&self, remote: &str, local: impl AsRef<Path>) -> Result<()> {
        self.explain(self.session()?.pull(remote, local.as_ref()))
    }

    /// Makes a TCP port of the host reachable on 127.0.0.1 of this machine and gives the port here. Lasts until the next cold boot.
    ///
    /// # Errors
    /// When qemu refuses.
    pub fn forward(&self, port: u16) -> Result<u16> {
        let qemu = self.powered()?;
        if let Ok(known) = qemu.forwarded(port) {
            return Ok(known);
        }
        said_nothing(&qemu.monitor.human(&format!("hostfwd_add n tcp:127.0.0.1:0-:{port}"))?)?;
        qemu.forwarded(port)
    }

    /// Cuts the power: SIGKILL to qemu at this very instant. [`Vm::boot`] switches it on again.
    ///
    /// # Errors
    /// When the host was not started with [`VmOptions::durable`]: its disk would lose what a real one keeps, and a test would
    /// prove nothing. When it has no power.
    pub fn power_cut(&mut self) -> Result<()> {
        ensure!(self.cache == DiskCache::WriteThrough, "a power cut needs a host that was started with VmOptions::durable()");
        self.powered()?;
        self.qemu = None;
        self.ssh = None;
        Ok(())
    }

    /// Switches on a host without power: a cold boot from its disk. Returns when systemd has started everything.
    ///
    /// # Errors
    /// When it has power, or isn't up within 5 minutes; the message holds the console's last lines.
    pub fn boot(&mut self) -> Result<()> {
        if let Some(qemu) = &mut self.qemu
            && qemu.running()?
        {
            bail!("the host is running already");
        }
        self.start(None)?;
        self.connect(TO_BOOT)?;
        // Exit code 1 is `degraded`, which a test may have wanted.
        let state = self.ssh_within("systemctl is-system-running --wait", TO_BOOT)?;
        ensure!(matches!(state.stdout.trim(), "running" | "degraded"), "the host is {} after its boot", state.stdout.trim());
        Ok(())
    }

    /// Shuts the host down in order and boots it again. (For qemu it's two runs: a reset of a resumed machine was seen to hang.)
    ///
    /// # Errors
    /// When it isn't up again in time; the message holds the console's last lines.
    pub fn reboot(&mut self) -> Result<Reboot> {
        let way = self.off("systemctl reboot")?;
        self.boot()?;
        Ok(way)
    }

    /// Shuts the host down in order; [`Vm::boot`] switches it on again.
    ///
    /// # Errors
    /// When the host has no power or qemu doesn't end.
    pub fn shutdown(&mut self) -> Result<Reboot> {
        self.off("systemctl poweroff")
    }

    /// Puts the host back to the world's first state while it runs: memory, processes and disk. Takes seconds, also after
    /// reboots and power cuts. What [`Vm::save`] kept stays.
    ///
    /// # Errors
    /// When the host has no power (boot it first) or doesn't answer afterwards.
    pub fn reset(&mut self) -> Result<()> {
        self.load(READY)
    }

    /// Saves the host's state, memory and disk, under a name.
    ///
    /// # Errors
    /// When qemu can't save or the host doesn't answer afterwards.
    pub fn save(&mut self, name: &str) -> Result<()> {
        self.save_state(name)?;
        self.connect(TO_ANSWER)
    }

    /// Goes back to a saved state and sets the clock.
    ///
    /// # Errors
    /// When there is no such state, the host has no power or doesn't answer afterwards.
    pub fn load(&mut self, name: &str) -> Result<()> {
        said_nothing(&self.powered()?.monitor.human(&format!("loadvm {name}"))?)?;
        self.connect(TO_ANSWER)?;
        self.set_clock()
    }

    /// Halts the host's processors.
    ///
    /// # Errors
    /// When the host has no power.
    pub fn pause(&self) -> Result<()> {
        self.powered()?.monitor.execute("stop", &json!({})).map(drop)
    }

    /// Lets a paused host go on and sets its clock.
    ///
    /// # Errors
    /// When the host has no power or doesn't answer.
    pub fn cont(&self) -> Result<()> {
        self.powered()?.monitor.execute("cont", &json!({}))?;
        self.set_clock()
    }

    /// Sets the host's clock to this machine's.
    ///
    /// # Errors
    /// When the host can't be reached.
    pub fn set_clock(&self) -> Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
        self.ssh(&format!("date -s @{}.{:03}", now.as_secs(), now.subsec_millis()))?.success().map(drop)
    }

    /// The last lines of the host's serial console.
    #[must_use]
    pub fn console(&self) -> String {
        self.qemu.as_ref().map(Qemu::console).unwrap_or_default()
    }

    /// The process id of the qemu that runs the host, if it has power.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.qemu.as_ref().map(Qemu::pid)
    }

    /// Saves the first state of a world, switches off and gives the disk away.
    pub(crate) fn into_world(mut self, disk: &Path) -> Result<()> {
        self.save_state(READY)?;
        self.powered_mut()?.quit()?;
        std::fs::rename(self.disk(), disk).with_context(|| format!("cannot move the disk to {}", disk.display()))
    }

    fn save_state(&mut self, name: &str) -> Result<()> {
        // A connection in the saved state would be a session without a client after each load.
        self.ssh = None;
        std::thread::sleep(Duration::from_millis(500));
        said_nothing(&self.powered()?.monitor.human(&format!("savevm {name}"))?)
    }

    fn off(&mut self, command: &str) -> Result<Reboot> {
        // The connection may end before the answer.
        let _ = self.ssh_within(command, Duration::from_secs(60));
        let qemu = self.powered_mut()?;
        let mut way = Reboot::Clean;
        if qemu.ended(Duration::from_secs(180)).is_err() {
            way = Reboot::Forced;
            qemu.quit()?;
        }
        self.ssh = None;
        self.qemu = None;
        Ok(way)
    }

    fn start(&mut self, state: Option<&str>) -> Result<()> {
        let disk = self.disk();
        let start = Start { disk: &disk, cache: self.cache, state, folder: &self.folder, sockets: &self.sockets };
        self.qemu = None;
        self.qemu = Some(Qemu::start(&self.machine, &self.image, &start)?);
        Ok(())
    }

    fn connect(&mut self, limit: Duration) -> Result<()> {
        self.ssh = None;
        let port = self.powered()?.forwarded(22)?;
        let key = self.image.ssh_key();
        let ssh = Ssh::connect(port, &key, &self.sockets, limit);
        self.ssh = Some(self.explain(ssh)?);
        Ok(())
    }

    fn session(&self) -> Result<&Ssh> {
        self.ssh.as_ref().context("the host has no power (boot it first)")
    }

    fn powered(&self) -> Result<&Qemu> {
        self.qemu.as_ref().context("the host has no power (boot it first)")
    }

    fn powered_mut(&mut self) -> Result<&mut Qemu> {
        self.qemu.as_mut().context("the host has no power (boot it first)")
    }

    /// A failure of the connection alone says little: the console says what the host was doing.
    fn explain<T>(&self, result: Result<T>) -> Result<T> {
        result.with_context(|| format!("the host's console ends with:\n{}", self.console()))
    }
}

/// The human monitor has no error codes: silence is success.
fn said_nothing(answer: &str) -> Result<()> {
    match answer.trim() {
        "" => Ok(()),
        text => bail!("qemu: {text}"),
    }
}
