//! The writer on a real dockerd of its own: the window of `icc`, a start that fails, edits of others, a stop in the middle.
//!
//! Crashes are tried elsewhere (lab/tests/daemon.rs): they need a process to kill.
#![cfg(feature = "real")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, ensure};
use assess::{Action, Assessment, Catalogue, Remedy, Verdict};
use collect::{Endpoint, World, collect};
use facts::{Fact, Snapshot, Tool};
use harden::plan::{Options as PlanOptions, Plan, ServiceCommands, plan};
use harden::{Harden, Options, Outcome, Progress, RunState, verify};
use lab::{Daemon, DaemonOptions};

/// By hand, on purpose: a tab, trailing blanks, no line feed at the end.
const CONFIG: &str = "{\n    \"log-level\" :\"debug\",\n\t\"labels\": [\"team=lab\"]   }";

const CONTAINERS: &[&[&str]] = &[
    &["run", "-d", "--name", "first-no", "lab/busybox:1"],
    &["run", "-d", "--name", "second-always", "--restart", "always", "lab/busybox:1"],
    &["run", "-d", "--name", "third-unless", "--restart", "unless-stopped", "lab/busybox:1"],
    &["run", "-d", "--name", "fourth-failure", "--restart", "on-failure:3", "lab/busybox:1"],
    &["run", "-d", "--name", "idle-always", "--restart", "always", "lab/busybox:1"],
    &["stop", "idle-always"],
    &["run", "-d", "--name", "idle-failed", "lab/busybox:1", "false"],
    &["wait", "idle-failed"],
    &["update", "--restart", "on-failure:2", "idle-failed"],
    &["run", "-d", "--name", "idle-no", "lab/busybox:1"],
    &["stop", "idle-no"],
];

struct Bench {
    daemon: Daemon,
    folder: tempfile::TempDir,
    catalogue: Catalogue,
    runtime: tokio::runtime::Runtime,
}

impl Bench {
    fn new() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("hd").tempdir_in("/tmp")?;
        std::fs::create_dir(folder.path().join("d"))?;
        let daemon = Daemon::start(folder.path().join("d"), &DaemonOptions::config(CONFIG), &|_| {})?;
        daemon.import_busybox_image()?;
        for words in CONTAINERS {
            daemon.docker(*words)?.success().with_context(|| words.join(" "))?;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { daemon, folder, catalogue: Catalogue::load().map_err(|error| anyhow::anyhow!("{error}"))?, runtime })
    }

    fn state(&self) -> std::path::PathBuf {
        self.folder.path().join("state")
    }

    async fn look(&self) -> Snapshot {
        let endpoint = Endpoint::resolve(Some(&self.daemon.host()), None).expect("an endpoint");
        let options = collect::Options {
            taken_at: "2026-01-01T00:00:00Z".to_owned(),
            tool: Tool { name: "test".to_owned(), version: "0".to_owned() },
            state_dir: self.state().display().to_string(),
        };
        match collect(&World::real(Some(endpoint)), &options).await {
            Ok(snapshot) => snapshot,
            Err(error) => {
                let mut snapshot = collect(&World::real(None), &options).await.expect("a host");
                snapshot.docker = Fact::unknown(error.to_string());
                snapshot
            }
        }
    }

    fn judge(&self, snapshot: &Snapshot) -> Assessment {
        assess::assess(snapshot, &self.catalogue)
    }

    /// The plan that makes these checks pass, with this program as the way to restart the daemon.
    fn plan(&self, checks: &[&str], restart: &Path) -> Result<Plan> {
        let snapshot = self.runtime.block_on(self.look());
        let assessment = self.judge(&snapshot);
        let remedies: Vec<Remedy> = assessment
            .findings
            .iter()
            .filter(|finding| finding.verdict == Verdict::Fail && checks.contains(&finding.check.as_str()))
            .map(|finding| finding.remedy.clone())
            .collect();
        ensure!(remedies.iter().all(|remedy| remedy.action != Action::Manual), "{checks:?}");
        let service = ServiceCommands { restart: vec![restart.display().to_string()], ..ServiceCommands::default() };
        let options = PlanOptions { service: Some(service), ..PlanOptions::default() };
        Ok(plan(&snapshot, &|snapshot| self.judge(snapshot), &remedies, &options)?)
    }

    fn harden(&self, stop: &Arc<AtomicBool>) -> Harden {
        Harden::new(Options { state_dir: self.state(), no_rehearsal: true, stop: stop.clone(), ..Options::default() })
    }

    /// What must come back: the file's bytes, what rules, every container's state and policy, and the order of those that run.
    fn canon(&self) -> Result<String> {
        let docker = |words: &[&str]| -> Result<String> { self.daemon.docker(words)?.success() };
        let ids = docker(&["ps", "-aq"])?;
        let format = "{{.Name}} {{.State.Running}} {{.HostConfig.RestartPolicy.Name}}:{{.HostConfig.RestartPolicy.MaximumRetryCount}}";
        let started = "{{if .State.Running}}{{.State.StartedAt}} {{.Name}}{{end}}";
        let inspect = |format: &str| -> Result<Vec<String>> {
            let words: Vec<&str> = ["inspect", "--format", format].into_iter().chain(ids.split_whitespace()).collect();
            let mut lines: Vec<String> = docker(&words)?.lines().map(str::to_owned).collect();
            lines.sort();
            Ok(lines)
        };
        let order: Vec<String> =
            inspect(started)?.iter().filter_map(|line| line.split_once(' ').map(|(_, name)| name.to_owned())).collect();
        let icc = docker(&["network", "inspect", "bridge", "--format", "{{index .Options \"com.docker.network.bridge.enable_icc\"}}"])?;
        let live = docker(&["info", "--format", "{{.LiveRestoreEnabled}}"])?;
        let bytes = std::fs::read_to_string(self.daemon.config())?;
        Ok(format!("{bytes}\nicc {icc} live {live}\n{}\nin order {}", inspect(format)?.join("\n"), order.join(" ")))
    }

    fn pids(&self) -> Result<String> {
        let ids = self.daemon.docker(["ps", "-q"])?.success()?;
        let words: Vec<&str> = ["inspect", "--format", "{{.Name}} {{.State.Pid}}"].into_iter().chain(ids.split_whitespace()).collect();
        self.daemon.docker(words)?.success()
    }
}

const ICC: &[&str] = &["docker.daemon.icc-disabled", "docker.daemon.userland-proxy-off"];

#[test]
fn a_window_brings_back_what_ran_and_nothing_else() -> Result<()> {
    let bench = Bench::new()?;
    let (before, stop) = (bench.canon()?, Arc::default());
    let harden = bench.harden(&stop);
    let plan = bench.plan(ICC, &bench.daemon.restart_script())?;
    ensure!(plan.affects().len() == 4, "{:?}", plan.affects());
    let report = bench.runtime.block_on(harden.apply(&plan, &(), async || bench.look().await))?;
    ensure!(report.outcome == Outcome::Done, "{report:?}");
    let after = bench.canon()?;
    ensure!(after.contains("icc false") && after.contains("in order /first-no /second-always /third-unless /fourth-failure"), "{after}");
    ensure!(after.contains("/idle-always false always:0") && after.contains("/idle-failed false on-failure:2"), "{after}");
    let verification = verify(&plan, &bench.judge(&bench.runtime.block_on(bench.look())));
    ensure!(verification.holds() && verification.confirmed > 0, "{verification:?}");
    let empty = bench.plan(ICC, &bench.daemon.restart_script())?;
    ensure!(empty.steps.is_empty(), "a hardened host needs nothing: {empty:?}");

    let report = bench.runtime.block_on(harden.rollback("last", &(), async || bench.look().await))?;
    ensure!(report.outcome == Outcome::Done, "{report:?}");
    ensure!(bench.canon()? == before, "{}", bench.canon()?);
    ensure!(harden.status()?[0].state == RunState::RolledBack);
    Ok(())
}

#[test]
fn a_start_that_fails_is_put_back() -> Result<()> {
    let bench = Bench::new()?;
    let (before, pids, stop) = (bench.canon()?, bench.pids()?, Arc::default());
    let harden = bench.harden(&stop);
    // A restart that a new configuration does not survive.
    let restart = bench.folder.path().join("restart");
    let control = bench.daemon.folder().join("control.sh");
    let script = format!(
        "#!/bin/sh\nif grep -q userland {}; then sh {control} stop; exit 1; fi\nexec sh {control} restart\n",
        bench.daemon.config().display(),
        control = control.display()
    );
    std::fs::write(&restart, script)?;
    std::fs::set_permissions(&restart, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    let plan = bench.plan(&["docker.daemon.userland-proxy-off"], &restart)?;
    let report = bench.runtime.block_on(harden.apply(&plan, &(), async || bench.look().await))?;
    ensure!(matches!(&report.outcome, Outcome::Partly { why } if why.contains("was put back")), "{report:?}");
    ensure!(bench.canon()? == before, "{}", bench.canon()?);
    ensure!(bench.pids()? == pids, "live restore carried the containers over the failed start");
    ensure!(harden.status()?[0].state == RunState::Partly);
    Ok(())
}

#[test]
fn edits_of_others_survive_the_way_back() -> Result<()> {
    let bench = Bench::new()?;
    let (pids, stop) = (bench.pids()?, Arc::default());
    let harden = bench.harden(&stop);
    let plan = bench.plan(&["docker.daemon.live-restore", "docker.daemon.log-level-info"], &bench.daemon.restart_script())?;
    bench.runtime.block_on(harden.apply(&plan, &(), async || bench.look().await))?;
    let text = std::fs::read_to_string(bench.daemon.config())?;
    std::fs::write(bench.daemon.config(), text.replace("{\n", "{\n  \"max-concurrent-downloads\": 5,\n"))?;
    let report = bench.runtime.block_on(harden.rollback("last", &(), async || bench.look().await))?;
    ensure!(report.outcome == Outcome::Done && report.notes.iter().any(|note| note.contains("changed by others")), "{report:?}");
    let text = std::fs::read_to_string(bench.daemon.config())?;
    ensure!(text == CONFIG.replace("{\n", "{\n  \"max-concurrent-downloads\": 5,\n"), "{text}");
    ensure!(bench.canon()?.contains("live false"), "{}", bench.canon()?);
    ensure!(bench.pids()? == pids, "containers keep their processes both ways");
    Ok(())
}

#[test]
fn a_stop_on_request_leaves_a_journal_to_go_on_with() -> Result<()> {
    let bench = Bench::new()?;
    let (before, pids) = (bench.canon()?, bench.pids()?);
    let stop: Arc<AtomicBool> = Arc::default();
    let harden = bench.harden(&stop);
    let plan = bench.plan(&["docker.daemon.log-level-info"], &bench.daemon.restart_script())?;
    // The operator presses Ctrl-C when live restore was just switched on for the restart.
    let press = stop.clone();
    let observer = move |news: Progress| {
        if news == Progress::Action("reload the daemon".to_owned()) {
            press.store(true, Ordering::SeqCst);
        }
    };
    let report = bench.runtime.block_on(harden.apply(&plan, &observer, async || bench.look().await))?;
    ensure!(matches!(report.outcome, Outcome::Stopped { .. }), "{report:?}");
    let status = harden.status()?.remove(0);
    ensure!(status.state == RunState::Stopped && status.words.contains("restart policy set aside: "), "{status:?}");
    let refused = bench.runtime.block_on(harden.apply(&plan, &(), async || bench.look().await));
    ensure!(refused.is_err_and(|error| error.to_string().contains("is not finished")), "an open run comes first");
    stop.store(false, Ordering::SeqCst);
    let report = bench.runtime.block_on(harden.resume("last", &(), async || bench.look().await))?;
    ensure!(report.outcome == Outcome::Done, "{report:?}");
    ensure!(bench.canon()?.contains("\"log-level\" :\"info\"") && bench.canon()?.contains("live false"), "{}", bench.canon()?);
    let report = bench.runtime.block_on(harden.rollback("last", &(), async || bench.look().await))?;
    ensure!(report.outcome == Outcome::Done && bench.canon()? == before && bench.pids()? == pids, "{report:?}");
    Ok(())
}
