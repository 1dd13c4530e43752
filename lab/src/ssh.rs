//! The way into a guest: ssh with one kept connection, since a handshake under emulation takes half a second.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::{Output, exec, wait};

/// Tells the command's exit code apart from ssh's own 255.
const CODE: &str = "#lab-exit-code=";

/// A kept connection to a guest's sshd.
#[derive(Debug)]
pub(crate) struct Ssh {
    master: Child,
    port: u16,
    key: PathBuf,
    socket: PathBuf,
}

impl Ssh {
    /// Connects, again and again until the guest answers.
    pub(crate) fn connect(port: u16, key: &Path, sockets: &Path, limit: Duration) -> Result<Self> {
        let socket = sockets.join("ssh");
        wait::until("ssh to the guest", limit, || {
            let _ = std::fs::remove_file(&socket);
            let mut command = Command::new("ssh");
            command.args(options(key)).args(["-N", "-M", "-p", &port.to_string(), "-S"]).arg(&socket).arg("root@127.0.0.1");
            let master = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().context("cannot start ssh")?;
            // Dropped, and so killed, when it doesn't come to a connection.
            let mut ssh = Self { master, port, key: key.to_owned(), socket: socket.clone() };
            let open = wait::until("connection", Duration::from_secs(30), || {
                // The socket appears after the log-in.
                if ssh.socket.exists() {
                    return Ok(Some(true));
                }
                Ok(ssh.master.try_wait()?.map(|_| false))
            });
            Ok(matches!(open, Ok(true)).then_some(ssh))
        })
    }

    /// Runs a command line in the guest's shell.
    pub(crate) fn run(&self, line: &str, input: Option<&[u8]>, limit: Duration, progress: Option<crate::Progress<'_>>) -> Result<Output> {
        let mut command = Command::new("ssh");
        command.args(options(&self.key)).args(["-p", &self.port.to_string(), "-S"]).arg(&self.socket).arg("root@127.0.0.1");
        // In a subshell, so that an `exit` in the line doesn't skip the report.
        command.arg(format!("( {line}\n); printf '{CODE}%d\\n' $? >&2"));
        let mut output = exec::run_with(&mut command, input, limit, progress)?;
        if let Some((before, code)) = output.stderr.rsplit_once(CODE)
            && let Ok(code) = code.trim().parse()
        {
            output.stderr = before.to_owned();
            output.code = code;
        } else if output.code == 255 {
            bail!("ssh: connection failed: {}", output.stderr.trim_end());
        }
        Ok(output)
    }

    /// Copies a file or a folder into the guest.
    pub(crate) fn push(&self, local: &Path, remote: &str) -> Result<()> {
        self.copy(local.as_os_str(), format!("root@127.0.0.1:{remote}").as_ref())
    }

    /// Copies a file or a folder out of the guest.
    pub(crate) fn pull(&self, remote: &str, local: &Path) -> Result<()> {
        self.copy(format!("root@127.0.0.1:{remote}").as_ref(), local.as_os_str())
    }

    fn copy(&self, from: &std::ffi::OsStr, to: &std::ffi::OsStr) -> Result<()> {
        let mut command = Command::new("scp");
        command.args(options(&self.key)).args(["-p", "-r", "-P", &self.port.to_string(), "-o"]);
        command.arg(format!("ControlPath={}", self.socket.display())).arg(from).arg(to);
        exec::run(&mut command, None, Duration::from_secs(600))?
            .success()
            .with_context(|| format!("scp {} {}", from.to_string_lossy(), to.to_string_lossy()))?;
        Ok(())
    }
}

impl Drop for Ssh {
    fn drop(&mut self) {
        let _ = self.master.kill();
        let _ = self.master.wait();
        let _ = std::fs::remove_file(&self.socket);
    }
}

/// Every guest of a base image has the same host key, on a port that changes: there is nothing to remember.
fn options(key: &Path) -> Vec<String> {
    let mut options = vec!["-F".to_owned(), "/dev/null".to_owned(), "-i".to_owned(), key.display().to_string()];
    for option in [
        "LogLevel=ERROR",
        "StrictHostKeyChecking=no",
        "UserKnownHostsFile=/dev/null",
        "IdentitiesOnly=yes",
        "IdentityAgent=none",
        "BatchMode=yes",
        "ConnectTimeout=10",
        "KexAlgorithms=curve25519-sha256",
    ] {
        options.extend(["-o".to_owned(), option.to_owned()]);
    }
    options
}
