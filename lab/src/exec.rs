//! Runs a program on this machine to its end, with input, with a time limit.

use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::{Output, wait};

/// Runs the command and collects what it says.
///
/// # Errors
/// When the program can't be started or isn't done within `limit`; it is killed then, with the children of its process group.
pub(crate) fn run(command: &mut Command, input: Option<&[u8]>, limit: Duration) -> Result<Output> {
    run_with(command, input, limit, None)
}

/// Like [`run`], and tells each line of standard output that begins with `step: `.
pub(crate) fn run_with(
    command: &mut Command,
    input: Option<&[u8]>,
    limit: Duration,
    progress: Option<crate::Progress<'_>>,
) -> Result<Output> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot start {name}"))?;
    if let (Some(mut pipe), Some(input)) = (child.stdin.take(), input) {
        let input = input.to_vec();
        // A program that ends without reading its input is no failure of ours.
        thread::spawn(move || pipe.write_all(&input));
    }
    let stderr = reader(child.stderr.take());
    let (stdout, ended) = thread::scope(|scope| {
        let (lines, told) = std::sync::mpsc::channel();
        let pipe = child.stdout.take();
        let stdout = scope.spawn(move || read_lines(pipe, &lines));
        let ended = wait::until(&name, limit, || {
            if let Some(tell) = progress {
                told.try_iter().for_each(|line: String| tell(&line));
            }
            Ok(child.try_wait()?)
        });
        if ended.is_err() {
            kill_group(&mut child);
        }
        let stdout = stdout.join().unwrap_or_default();
        if let Some(tell) = progress {
            told.try_iter().for_each(|line| tell(&line));
        }
        (stdout, ended)
    });
    let stderr = stderr.join().unwrap_or_default();
    let status = ended.with_context(|| format!("stderr so far: {}", String::from_utf8_lossy(&stderr).trim_end()))?;
    Ok(Output {
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
        code: code(status),
    })
}

/// The exit code as a shell would give it.
pub(crate) fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

fn kill_group(child: &mut Child) {
    if let Ok(pid) = i32::try_from(child.id()) {
        let _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
    }
    let _ = child.wait();
}

fn reader(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut bytes);
        }
        bytes
    })
}

fn read_lines(pipe: Option<impl Read>, lines: &std::sync::mpsc::Sender<String>) -> Vec<u8> {
    use std::io::{BufRead, BufReader};
    let mut bytes = Vec::new();
    let Some(pipe) = pipe else { return bytes };
    let mut pipe = BufReader::new(pipe);
    loop {
        let before = bytes.len();
        match pipe.read_until(b'\n', &mut bytes) {
            Ok(0) | Err(_) => return bytes,
            Ok(_) => {
                if let Some(step) = bytes[before..].strip_prefix(b"step: ") {
                    let _ = lines.send(String::from_utf8_lossy(step).trim_end().to_owned());
                }
            }
        }
    }
}
