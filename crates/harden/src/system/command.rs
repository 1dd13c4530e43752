//! The operator's own service command, for hosts without systemd.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::process;
use crate::error::Error;

const PATIENCE: Duration = Duration::from_secs(600);

/// Runs the words as a program, without a shell, and waits for it. Its output goes to a file: a daemon that it starts may keep the
/// other end of a pipe open for ever.
pub(crate) async fn run(words: &[String], log: &Path) -> Result<(), Error> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(Error::Service("cofferdam.yaml names no service command for this".to_owned()));
    };
    let line = words.join(" ");
    let output = OpenOptions::new().create(true).append(true).mode(0o600).open(log).map_err(|error| Error::io("open", log, error))?;
    let errors = output.try_clone().map_err(|error| Error::io("open", log, error))?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        // A group of its own: Ctrl-C at our terminal must not end a restart half way.
        .process_group(0)
        .spawn()
        .map_err(|error| Error::Service(format!("cannot run `{line}`: {error}")))?;
    // A resume after our death waits for it (see `quiet`): the command goes on without us.
    let _ = std::fs::write(log.with_extension("pid"), format!("{} {}", child.id(), process::start_ticks(child.id()).unwrap_or(0)));
    let begun = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => {
                return Err(Error::Service(format!("`{line}` failed ({status})\nhint: its output is in {}", log.display())));
            }
            Ok(None) if begun.elapsed() > PATIENCE => {
                return Err(Error::Service(format!("`{line}` did not end within {} s; it still runs", PATIENCE.as_secs())));
            }
            Ok(None) => tokio::time::sleep(Duration::from_millis(50)).await,
            Err(error) => return Err(Error::Service(format!("cannot wait for `{line}`: {error}"))),
        }
    }
}

/// Waits for a command that an interrupted run left behind.
pub(crate) async fn quiet(log: &Path) -> Result<(), Error> {
    let text = std::fs::read_to_string(log.with_extension("pid")).unwrap_or_default();
    let Some((Ok(pid), Ok(ticks))) = text.split_once(' ').map(|(pid, ticks)| (pid.parse::<u32>(), ticks.parse::<u64>())) else {
        return Ok(());
    };
    let begun = Instant::now();
    while ticks != 0 && process::start_ticks(pid) == Some(ticks) {
        if begun.elapsed() > PATIENCE {
            return Err(Error::Service(format!("the service command of the interrupted run still runs (process {pid})")));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}
