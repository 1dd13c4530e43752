//! A daemon of the lab on this machine: kill -9 at every boundary of the journal.
//!
//! Nothing in the product knows of this test: strace kills the process as it enters its N-th fsync, rename or socket write.
#![cfg(feature = "real")]

use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use lab::{Daemon, DaemonOptions};
use serde_json::Value;

const CONFIG: &str = "{\n    \"log-level\" :\"debug\",\n\n  \"labels\": [\"team=lab\"] }";
const FIXES: &[&str] = &[
    "docker.daemon.live-restore",
    "docker.daemon.userland-proxy-off",
    "docker.daemon.log-level-info",
    "docker.container.pids-limit",
    "docker.container.restart-on-failure-5",
];
/// The calls that make a change durable or visible.
const BOUNDARIES: &str = "fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat";

/// Where the tested binary is: `cargo xtask test` builds it and says so.
fn binary() -> std::path::PathBuf {
    std::env::var_os("COFFERDAM_BIN").expect("COFFERDAM_BIN names the binary under test; run `cargo xtask test`").into()
}

#[expect(clippy::print_stderr, reason = "a long test says where it is")]
fn say(text: &str) {
    eprintln!("{text}");
}

struct Trial<'d> {
    daemon: &'d Daemon,
    state: std::path::PathBuf,
    config: std::path::PathBuf,
}

impl Trial<'_> {
    fn arguments(&self, words: &[&str]) -> Vec<String> {
        let mut arguments: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let fixed = [
            ("--host", self.daemon.host()),
            ("--state", self.state.display().to_string()),
            ("--config", self.config.display().to_string()),
        ];
        arguments.extend(fixed.into_iter().flat_map(|(flag, value)| [flag.to_owned(), value]));
        arguments
    }

    fn cofferdam(&self, words: &[&str]) -> Result<Output> {
        Command::new(binary()).args(self.arguments(words)).output().context("cofferdam")
    }

    fn ends_well(&self, words: &[&str]) -> Result<String> {
        let output = self.cofferdam(words)?;
        ensure!(output.status.success(), "{words:?}: {output:?}");
        Ok(String::from_utf8(output.stdout)?)
    }

    fn apply_words() -> Vec<&'static str> {
        let mut words = vec!["harden", "apply", "--yes", "--no-rehearsal"];
        words.extend(FIXES.iter().flat_map(|fix| ["--fix", fix]));
        words
    }

    /// Applies, killed at the N-th boundary. True: it got to its end before.
    fn killed_at(&self, boundary: u32) -> Result<bool> {
        let status = Command::new("strace")
            // Without -f: cofferdam alone is killed, not the daemon that it restarts.
            .args(["-qq", "-o", "/dev/null", "-e", &format!("trace={BOUNDARIES}")])
            .args(["-e", &format!("inject={BOUNDARIES}:signal=KILL:when={boundary}")])
            .arg(binary())
            .args(self.arguments(&Self::apply_words()))
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .status()?;
        Ok(status.success())
    }

    /// What must be as before: bytes, mode, running containers with their processes, policies and limits, the daemon's values.
    fn fingerprint(&self) -> Result<String> {
        let file = std::fs::read_to_string(self.daemon.config())?;
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(self.daemon.config())?.permissions());
        let mut lines = vec![file, format!("{mode:o}"), self.docker("info --format {{.LiveRestoreEnabled}}")?];
        let mut ids: Vec<String> = self.docker("ps -aq --no-trunc")?.lines().map(str::to_owned).collect();
        ids.sort();
        for id in ids {
            let format = "inspect --format {{.Name}}|{{.State.Pid}}|{{.State.StartedAt}}|{{.HostConfig.RestartPolicy}}|{{.State.Running}}";
            let line = self.docker(&format!("{format} {id}"))?;
            let pids = std::fs::read_to_string(Path::new("/sys/fs/cgroup/pids/docker").join(&id).join("pids.max")).unwrap_or_default();
            lines.push(format!("{line} pids.max={}", pids.trim()));
        }
        Ok(lines.join("\n"))
    }

    fn docker(&self, line: &str) -> Result<String> {
        self.daemon.docker(line.split(' '))?.success()
    }

    /// Where the newest run stands; empty: there is none.
    fn newest_run(&self) -> Result<String> {
        let runs: Value = serde_json::from_str(&self.ends_well(&["harden", "status", "--format", "json"])?)?;
        let newest = runs.as_array().and_then(|runs| runs.last());
        Ok(newest.and_then(|run| run["state"].as_str()).unwrap_or_default().to_owned())
    }

    fn fixed(&self) -> Result<()> {
        let run = self.ends_well(&["assess", "--format", "json"])?;
        let run: Value = serde_json::from_str(&run)?;
        for fix in FIXES {
            let verdict = &run["results"][fix]["verdict"];
            ensure!(verdict == "pass", "{fix} is {verdict}");
        }
        Ok(())
    }
}

#[test]
fn killed_at_every_boundary() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("lab-").tempdir_in("/tmp")?;
    let path = folder.path().canonicalize()?;
    let daemon = Daemon::start(&path, &DaemonOptions::config(CONFIG), &say)?;
    let image = daemon.import_busybox_image()?;
    let trial = Trial { daemon: &daemon, state: path.join("cofferdam"), config: path.join("cofferdam.yaml") };
    std::fs::write(&trial.config, format!("service:\n  restart: [\"{}\"]\n", daemon.restart_script().display()))?;
    for (name, policy) in [("web", "always"), ("worker", "no"), ("queue", "unless-stopped")] {
        trial.docker(&format!("run -d --name {name} --restart {policy} {image}"))?;
    }
    // One that a restart of the daemon would start by itself, and must not.
    trial.docker(&format!("run -d --name parked --restart always {image}"))?;
    trial.docker("stop parked")?;

    let mut boundary = 0;
    loop {
        boundary += 1;
        let before = trial.fingerprint()?;
        let complete = trial.killed_at(boundary)?;
        // The daemon may be down now: only cofferdam is asked until it has finished the run, one way or the other.
        let status = trial.ends_well(&["harden", "status"])?;
        let state = trial.newest_run()?;
        say(&format!("boundary {boundary}: {state}"));
        let finished = || format!("boundary {boundary}\n{status}");
        match state.as_str() {
            "" | "empty" | "rolled-back" => {}
            "complete" => drop(trial.ends_well(&["harden", "rollback", "--last", "--yes"]).with_context(finished)?),
            _ => {
                ensure!(status.contains("resume") && status.contains("rollback"), "status says what to type: {status}");
                if boundary % 2 == 0 {
                    trial.ends_well(&["harden", "resume", "--last", "--yes"]).with_context(finished)?;
                    trial.fixed().with_context(finished)?;
                }
                trial.ends_well(&["harden", "rollback", "--last", "--yes"]).with_context(finished)?;
            }
        }
        let after = trial.fingerprint()?;
        ensure!(before == after, "not as before after boundary {boundary}:\n{before}\n---\n{after}\n{status}");
        if complete {
            break;
        }
    }
    say(&format!("{} boundaries", boundary - 1));
    ensure!(boundary > 20, "a journal of five fixes has more than {boundary} boundaries");
    Ok(())
}
