//! What one run takes: wall time, processor time, peak memory, and, in a run of its own, what it starts.
//!
//! A command is started by a small process of its own (this program once more), whose children's use the kernel adds up for it alone.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeVal;
use serde::{Deserialize, Serialize};

/// One run.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Measured {
    pub(super) wall_ms: f64,
    /// User and system time of it and of all that it waited for.
    pub(super) cpu_ms: f64,
    /// The largest resident set among them; `None` for what runs inside this program. Nothing below some 10 MB is seen: what a process
    /// inherits from the one that starts it counts.
    pub(super) peak_mb: Option<f64>,
    /// `None`: killed, or no program.
    pub(super) exit: Option<i32>,
}

/// What a run starts, by strace.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq)]
pub(super) struct Started {
    /// Programs executed, itself included, a shell around it not.
    pub(super) programs: usize,
    /// Processes made.
    pub(super) processes: usize,
}

/// The least wall time.
pub(super) fn least(runs: &[Measured]) -> f64 {
    runs.iter().map(|run| run.wall_ms).fold(f64::INFINITY, f64::min)
}

/// Measures work inside this program.
pub(super) fn here<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, Measured)> {
    let (cpu, begun) = (cpu_ms(&getrusage(UsageWho::RUSAGE_SELF)?), Instant::now());
    let value = work()?;
    let wall_ms = ms(begun.elapsed());
    let cpu_ms = cpu_ms(&getrusage(UsageWho::RUSAGE_SELF)?) - cpu;
    Ok((value, Measured { wall_ms, cpu_ms, peak_mb: None, exit: None }))
}

/// Measures a command; its output is thrown away.
pub(super) fn process(command: &[String], host: &str) -> Result<Measured> {
    let mut starter = Command::new(std::env::current_exe()?);
    starter.args(["bench", "measure", "--"]).args(command).env("DOCKER_HOST", host);
    serde_json::from_str(&crate::process::read(&mut starter)?).context("the measuring process wrote no figures")
}

/// The process around one command: see [`process`].
pub(super) fn child(command: &[String]) -> Result<()> {
    let (program, arguments) = command.split_first().context("no command")?;
    let begun = Instant::now();
    let status = Command::new(program).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let wall_ms = ms(begun.elapsed());
    let exit = status.with_context(|| format!("cannot start {program}"))?.code();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    // Linux counts in kilobytes.
    #[expect(clippy::cast_precision_loss, reason = "kilobytes of memory")]
    let peak_mb = Some(usage.max_rss() as f64 / 1024.0);
    super::say(&serde_json::to_string(&Measured { wall_ms, cpu_ms: cpu_ms(&usage), peak_mb, exit })?);
    Ok(())
}

/// Counts what a command starts. It is slower below strace, so this run is not timed.
pub(super) fn started(command: &[String], host: &str) -> Result<Option<Started>> {
    let log = tempfile::NamedTempFile::new()?;
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-e", "signal=none", "-e", "trace=execve,execveat,clone,clone3,fork,vfork", "-o"]).arg(log.path());
    strace.args(command).env("DOCKER_HOST", host).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    match strace.status() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        status => ensure!(status?.code().is_some(), "strace was killed"),
    }
    let mut started = count(&String::from_utf8_lossy(&std::fs::read(log.path())?));
    if command.first().is_some_and(|program| program == "sh") && started.programs > 1 {
        started.programs -= 1;
    }
    Ok(Some(started))
}

/// Counts by strace's own words. A call that another thread interrupts is two lines, of which the first names the flags and the second
/// the result.
fn count(log: &str) -> Started {
    let mut started = Started { programs: 0, processes: 0 };
    for line in log.lines() {
        let Some((_, call)) = line.split_once(' ') else { continue };
        let call = call.trim_start().trim_start_matches("<... ");
        let failed = call.contains(") = -1 ") || call.contains("= ? ");
        let unfinished = call.ends_with("<unfinished ...>");
        if call.starts_with("exec") {
            started.programs += usize::from(!unfinished && !failed);
        } else if ["clone", "fork", "vfork"].iter().any(|name| call.starts_with(name)) {
            // The flags stand in the first line only.
            let first = call.contains('(') && !line.contains("resumed>");
            started.processes += usize::from(first && !call.contains("CLONE_THREAD") && !failed);
        }
    }
    started
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn cpu_ms(usage: &Usage) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "seconds and microseconds of processor time")]
    let ms = |time: TimeVal| time.tv_sec() as f64 * 1000.0 + time.tv_usec() as f64 / 1000.0;
    ms(usage.user_time()) + ms(usage.system_time())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting() {
        let log = "\
10 execve(\"/bin/sh\", [\"sh\"], 0x7ffd /* 9 vars */) = 0
10 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD, child_tidptr=0x7f) = 11
11 execve(\"/usr/local/bin/ls\", [\"ls\"], 0x55 /* 9 vars */) = -1 ENOENT (No such file or directory)
11 execve(\"/bin/ls\", [\"ls\"], 0x55 /* 9 vars */ <unfinished ...>
10 clone3({flags=CLONE_VM|CLONE_THREAD, stack=0x7f}, 88) = 12
11 <... execve resumed>) = 0
10 vfork( <unfinished ...>
13 execve(\"/bin/true\", [\"true\"], 0x55 /* 9 vars */) = 0
10 <... vfork resumed>) = 13
10 clone3({flags=CLONE_VM|CLONE_VFORK}, 88) = -1 ENOSYS (Function not implemented)
";
        assert_eq!(count(log), Started { programs: 3, processes: 2 });
    }

    #[test]
    fn work_inside_is_measured() {
        let (value, measured) = here(|| Ok(7)).unwrap();
        assert!(value == 7 && measured.wall_ms >= 0.0 && measured.cpu_ms >= 0.0);
        assert!(here(|| -> Result<()> { anyhow::bail!("no") }).is_err());
    }
}
