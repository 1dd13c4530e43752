//! What a real dockerd (Debian's 20.10) takes from a hostile daemon.json, beside what the checks of the file say of it.
#![cfg(feature = "real")]

use anyhow::{Context, Result, ensure};
use assess::derive::settings::settings;
use assess::{Assessment, Catalogue, Verdict};
use collect::{Endpoint, World, collect};
use facts::{Fact, Snapshot, Tool};
use lab::{Daemon, DaemonOptions};
use serde_json::json;

const LOADS: &str = "docker.daemon.config-file-loads";
const PLAIN: &str = "docker.daemon.config-file-plain";

/// Each line means something else to the daemon than it seems to.
const MISLEADING: &str = "{
  \"icc\": true, \"icc\": false,
  \"live-restore\": true, \"live-restore\": null,
  \"ip-forward\": null,
  \"label\": [\"no=where\"],
  \"log-opts\": {\"max-size\": \"1m\"}, \"log-opts\": {\"max-file\": \"3\", \"max-file\": \"4\"},
  \"wrap\": {\"userland-proxy\": false, \"log-level\": \"debug\"}
} trailing {\"icc\": true}
";

struct Bench {
    daemon: Daemon,
    catalogue: Catalogue,
    runtime: tokio::runtime::Runtime,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn new(config: &str) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("hc").tempdir_in("/tmp")?;
        std::fs::create_dir(folder.path().join("d"))?;
        let daemon = Daemon::start(folder.path().join("d"), &DaemonOptions::config(config), &|_| {})?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { daemon, catalogue: Catalogue::load().map_err(|error| anyhow::anyhow!("{error}"))?, runtime, _folder: folder })
    }

    fn look(&self) -> Result<(Snapshot, Assessment)> {
        let endpoint = Endpoint::resolve(Some(&self.daemon.host()), None).expect("an endpoint");
        let options = collect::Options {
            taken_at: "2026-01-01T00:00:00Z".to_owned(),
            tool: Tool { name: "test".to_owned(), version: "0".to_owned() },
            state_dir: "/nonexistent".to_owned(),
        };
        let snapshot = self.runtime.block_on(collect(&World::real(Some(endpoint)), &options))?;
        let assessment = assess::assess(&snapshot, &self.catalogue);
        Ok((snapshot, assessment))
    }
}

fn verdict(assessment: &Assessment, check: &str) -> Verdict {
    assessment.results[check].verdict
}

fn told(assessment: &Assessment, check: &str) -> String {
    assessment.findings.iter().filter(|finding| finding.check == check).map(|finding| format!("{finding:?}")).collect()
}

#[test]
fn the_value_that_counts_is_the_one_that_the_daemon_took() -> Result<()> {
    let bench = Bench::new(MISLEADING)?;
    let (snapshot, assessment) = bench.look()?;
    let file = snapshot.engine().and_then(|engine| engine.config_file.known()).context("the file was read")?;
    ensure!(!file.text.contains("trailing") && !file.text.contains("no=where"), "redacted: {}", file.text);
    ensure!(verdict(&assessment, LOADS) == Verdict::Pass, "it started with it: {}", told(&assessment, LOADS));
    ensure!(verdict(&assessment, PLAIN) == Verdict::Fail);
    let daemon = assess::derive::views(&snapshot).daemon.context("there is a daemon")?;
    let file = daemon.view.config_file.known().context("the file was judged")?;
    let why = file.misleading.known().context("and read")?.members.join("\n");
    for part in [
        "line 2: `icc`",
        "line 3: `live-restore`",
        "line 4: `ip-forward` is null",
        "line 5: `label`",
        "line 6: `log-opts`",
        "`log-opts/max-file`",
    ] {
        ensure!(why.contains(part), "{part} is missing in {why}");
    }
    for part in ["line 7: `userland-proxy`: false within `wrap`", "line 7: `log-level` within `wrap` sets nothing", "line 8: text behind"] {
        ensure!(why.contains(part), "{part} is missing in {why}");
    }

    // What we say is in force, and what the daemon says of it: the API, and the line that it logs at a reload.
    bench.daemon.reload()?;
    let log = bench.daemon.log();
    let reloaded =
        log.rsplit_once("Reloaded configuration: ").context("the daemon logs what it runs with")?.1.lines().next().unwrap_or_default();
    let shown = |part: &str| reloaded.contains(&part.replace('"', "\\\""));
    ensure!(shown("\"log-opts\":{\"max-file\":\"4\",\"max-size\":\"1m\"}"), "{reloaded}");
    let found = settings(&snapshot);
    for (key, value) in [("icc", false), ("live-restore", true), ("userland-proxy", false)] {
        ensure!(found.bool(key) == Fact::Known(value), "{key}: {:?}", found.get(key));
        // False is left out of that line.
        ensure!(shown(&format!("\"{key}\":true")) == value, "{key}: {reloaded}");
    }
    ensure!(!shown("\"ip-forward\":true"), "null is false: {reloaded}");
    ensure!(found.get("log-level").effective == Fact::Known(json!("info")) && shown("\"log-level\":\"info\""), "{reloaded}");
    ensure!(!shown("\"labels\""), "a flag's name sets nothing: {reloaded}");
    Ok(())
}

#[test]
fn what_is_said_of_the_next_start_is_what_happens_then() -> Result<()> {
    let bench = Bench::new("{\"debug\": true}\n")?;
    for (text, starts) in [
        ("{\"debug\": true, \"no-such\": 1}", false),
        ("{\"Debug\": true}", false),
        ("{\"debug_\": true}", false),
        ("{\"debug\": \"true\"}", false),
        ("{\"mtu\": 1.4e3}", false),
        ("{\"log-opts\": {\"max-file\": 3}}", false),
        ("{\"debug\": true, // why\n}", false),
        ("{\"debug\": true,}", false),
        ("\u{feff}{\"debug\": true}", false),
        ("", false),
        ("[]", false),
        ("{\"pidfile\": \"/run/other.pid\"}", false),
        ("{\"hosts\": []}", false),
        ("{\"firewall-backend\": \"nftables\"}", false),
        ("{\"debug\": true} trailing", true),
        ("{\"debug\": true, \"debug\": false}", true),
        ("{\"label\": [\"a=b\"], \"wrap\": {\"debug\": true}}", true),
        ("null", true),
    ] {
        // The daemon runs with the file of before; this one was written since.
        std::fs::write(bench.daemon.config(), text)?;
        let (_, assessment) = bench.look()?;
        let said = if starts { Verdict::Pass } else { Verdict::Fail };
        ensure!(verdict(&assessment, LOADS) == said, "{text}: {:?} {}", verdict(&assessment, LOADS), told(&assessment, LOADS));
        let restarted = bench.daemon.restart();
        ensure!(restarted.is_ok() == starts, "{text}: {restarted:?}");
        if restarted.is_err() {
            std::fs::write(bench.daemon.config(), "{\"debug\": true}\n")?;
            bench.daemon.up()?;
        }
    }
    Ok(())
}
