//! A Docker daemon of its own on this machine, beside whatever else runs here: own network, own mounts, own files.

mod engine;
mod options;
mod space;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

pub use engine::Engine;
use engine::Programs;
pub use options::DaemonOptions;
use space::Space;

use crate::{Output, Progress, debian, exec, wait};

const CONTROL: &str = include_str!("control.sh");
const TREE: &str = include_str!("../../image/tree.sh");
/// The image that [`Daemon::import_busybox_image`] makes.
const IMAGE: &str = "lab/busybox:1";
const TO_ANSWER: Duration = Duration::from_secs(120);

/// A real dockerd (Debian's 20.10, or another [`Engine`]) in namespaces of its own. Dropped, it and all that it started are gone; what it wrote stays
/// in the caller's folder.
///
/// The machine's containers, firewall, `/run` and `/etc/docker` are not touched. `sh FOLDER/restart.sh` restarts it without us.
#[derive(Debug)]
pub struct Daemon {
    folder: PathBuf,
    space: Space,
}

impl Daemon {
    /// Starts a daemon that keeps everything in `folder`, which must exist. Missing Debian packages are installed.
    ///
    /// # Errors
    /// When a package can't be installed, a namespace can't be made (that needs root) or the daemon doesn't come up; the
    /// message holds the end of its log.
    pub fn start(folder: impl AsRef<Path>, options: &DaemonOptions, progress: Progress<'_>) -> Result<Self> {
        debian::need(debian::FOR_DAEMONS, progress)?;
        let programs = options.engine.programs(progress)?;
        let folder = folder.as_ref().canonicalize().context("no folder for the daemon")?;
        // dockerd and containerd put sockets below it; a socket's path has at most 107 bytes.
        ensure!(folder.as_os_str().len() <= 60, "too long for sockets below it: {}", folder.display());
        fs::write(folder.join("daemon.json"), &options.config)?;
        fs::create_dir_all(folder.join("etc"))?;
        fs::create_dir_all(folder.join("client"))?;
        let space = Space::open(&folder)?;
        let daemon = Self { folder, space };
        daemon.write_scripts(&programs, &options.flags)?;
        daemon.up()?;
        Ok(daemon)
    }

    /// Ends what a run left in the folder that could not end it itself. Nothing there is fine too.
    ///
    /// # Errors
    /// When a process doesn't die.
    pub fn end(folder: impl AsRef<Path>) -> Result<()> {
        Space::left_in(folder.as_ref()).map_or(Ok(()), |space| space.end())
    }

    /// Starts the daemon after a [`Daemon::stop`].
    ///
    /// # Errors
    /// When it doesn't come up; the message holds the end of its log.
    pub fn up(&self) -> Result<()> {
        self.control("start")
    }

    /// Stops the daemon (SIGTERM), and with it its containers unless live restore is on.
    ///
    /// # Errors
    /// When it doesn't end.
    pub fn stop(&self) -> Result<()> {
        self.control("stop")
    }

    /// Stops and starts the daemon.
    ///
    /// # Errors
    /// When it doesn't come up again; the message holds the end of its log.
    pub fn restart(&self) -> Result<()> {
        self.control("restart")
    }

    /// Has the daemon read its file again (SIGHUP) and waits until it says that it has.
    ///
    /// # Errors
    /// When it doesn't take the file, with the end of its log.
    pub fn reload(&self) -> Result<()> {
        let before = self.log().len();
        kill(self.signalled()?, Signal::SIGHUP)?;
        wait::until("the reload", Duration::from_secs(20), || {
            let log = self.log();
            let new = log.get(before..).unwrap_or_default();
            let refused = new.lines().any(|line| line.contains("level=error") || line.contains("level=fatal"));
            ensure!(!refused, "the daemon refused its configuration");
            Ok(new.contains("Reloaded configuration").then_some(()))
        })
        .with_context(|| self.log_end())
    }

    /// Kills the daemon (SIGKILL), as a crash does it. Its containers go on; its containerd ends by itself.
    ///
    /// # Errors
    /// When it isn't running.
    pub fn crash(&self) -> Result<()> {
        let pid = self.signalled()?;
        kill(pid, Signal::SIGKILL)?;
        wait::until("the daemon's end", Duration::from_secs(20), || Ok((!space::alive(pid.as_raw())).then_some(())))
    }

    /// Runs Debian's docker client on this daemon.
    ///
    /// # Errors
    /// When it can't be started or takes longer than two minutes. A command that fails is no error: see [`Output`].
    pub fn docker<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Result<Output> {
        self.docker_with_input(arguments, None)
    }

    /// Imports a small image with a static busybox and gives its name. Its command `idle` does nothing and ends at once when
    /// asked to, `serve` answers HTTP on port 8080.
    ///
    /// # Errors
    /// When the daemon refuses it.
    pub fn import_busybox_image(&self) -> Result<String> {
        self.import_image(IMAGE, &[])?;
        Ok(IMAGE.to_owned())
    }

    /// The same image under another name, with Dockerfile lines (`USER 1000`, `VOLUME /data`, `ENV A=b` ...) in its configuration.
    ///
    /// # Errors
    /// When the daemon refuses it.
    pub fn import_image(&self, name: &str, changes: &[&str]) -> Result<()> {
        let tree = tempfile::tempdir()?;
        let mut tar = Command::new("sh");
        tar.args(["-ec", &format!("{TREE}\nmake_tree \"$1/tree\" /bin/busybox; tar -C \"$1/tree\" -c -f \"$1/tree.tar\" .\n"), "sh"])
            .arg(tree.path());
        exec::run(&mut tar, None, TO_ANSWER)?.success().context("cannot make the busybox tree")?;
        let mut arguments = vec!["import".to_owned(), "-c".to_owned(), "CMD [\"idle\"]".to_owned()];
        for change in changes {
            arguments.extend(["-c".to_owned(), (*change).to_owned()]);
        }
        arguments.extend(["-".to_owned(), name.to_owned()]);
        let archive = fs::read(tree.path().join("tree.tar"))?;
        self.docker_with_input(arguments, Some(&archive))?.success().with_context(|| format!("cannot import {name}"))?;
        Ok(())
    }

    /// A command that runs a program in the daemon's network and mount namespaces.
    #[must_use]
    pub fn inside(&self, program: impl AsRef<OsStr>) -> Command {
        self.space.command(program.as_ref())
    }

    /// The process id of dockerd, if it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        let pid: i32 = fs::read_to_string(self.folder.join("docker.pid")).ok()?.trim().parse().ok()?;
        u32::try_from(pid).ok().filter(|_| space::alive(pid))
    }

    /// The folder with all files.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The daemon's configuration file (`--config-file`).
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.folder.join("daemon.json")
    }

    /// The API's socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.folder.join("docker.sock")
    }

    /// The API's address, for `DOCKER_HOST` and `--host`.
    #[must_use]
    pub fn host(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// A program without arguments that restarts the daemon, says nothing, and needs none of us.
    #[must_use]
    pub fn restart_script(&self) -> PathBuf {
        self.folder.join("restart.sh")
    }

    /// Everything that the daemon has logged.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.folder.join("docker.log")).unwrap_or_default()).into_owned()
    }

    fn control(&self, verb: &str) -> Result<()> {
        let output = exec::run(Command::new("sh").arg(self.folder.join("control.sh")).arg(verb), None, TO_ANSWER)?;
        if !output.ok() {
            bail!("the daemon's {verb} failed\n{}", self.log_end());
        }
        Ok(())
    }

    fn docker_with_input<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>, input: Option<&[u8]>) -> Result<Output> {
        // By its full name: another client may come first in PATH.
        let mut command = Command::new("/usr/bin/docker");
        command.env("DOCKER_CONFIG", self.folder.join("client")).env_remove("DOCKER_CONTEXT").env_remove("DOCKER_TLS_VERIFY");
        command.args(["-H", &self.host()]).args(arguments);
        exec::run(&mut command, input, TO_ANSWER)
    }

    fn signalled(&self) -> Result<Pid> {
        let pid = self.pid().context("the daemon isn't running")?;
        Ok(Pid::from_raw(i32::try_from(pid)?))
    }

    fn log_end(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        format!("the daemon's log ends with:\n{}", lines[lines.len().saturating_sub(10)..].join("\n"))
    }

    fn write_scripts(&self, programs: &Programs, flags: &[String]) -> Result<()> {
        let flags: Vec<String> = programs.flags.iter().copied().chain(flags.iter().map(String::as_str)).map(quoted).collect();
        let folder = quoted(self.folder.to_str().context("the folder's name isn't UTF-8")?);
        let bin = quoted(programs.folder.to_str().context("the folder of the engine isn't UTF-8")?);
        let control = CONTROL
            .replace("@FOLDER@", &folder)
            .replace("@HOLDER@", &self.space.holder().to_string())
            .replace("@BIN@", &bin)
            .replace("@FLAGS@", &flags.join(" "));
        write_program(&self.folder.join("control.sh"), &control)?;
        write_program(&self.restart_script(), &format!("#!/bin/sh\nexec sh {folder}/control.sh restart\n"))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Nobody is left to hear of a failure; `Daemon::end` says it.
        let _ = self.space.end();
    }
}

fn write_program(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// One word for a shell, whatever is in it.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}
