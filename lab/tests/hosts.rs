//! Real hosts: verdicts on the weak and the sound one, the five stories, a reboot.
#![cfg(feature = "real")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use lab::{VmOptions, World};
use serde_json::{Value, json};
use support::{Host, State, difference, say};

/// What one story fixes: story, the three `--fix`, and whether containers keep their processes.
const STORIES: &[(&str, [&str; 3], bool)] = &[
    ("A", ["cis-docker-1.6.0:1.1.3", "cis-docker-1.6.0:1.1.4", "cis-docker-1.6.0:1.1.8"], true),
    ("B", ["cis-docker-1.2.0:2.13", "cis-docker-1.2.0:2.17", "cis-docker-1.2.0:4.5"], true),
    ("C", ["cis-docker-1.2.0:1.2.3", "cis-docker-1.2.0:5.10", "cis-docker-1.2.0:5.14"], true),
    ("D", ["cis-docker-1.6.0:2.15", "cis-docker-1.6.0:2.16", "cis-docker-1.6.0:2.14"], true),
    // icc needs a window in which no container runs.
    ("E", ["cis-docker-1.2.0:2.1", "cis-docker-1.2.0:2.17", "cis-docker-1.2.0:2.2"], false),
];

const FAIL_1_6_0: &[&str] = &["1.1.3", "1.1.4", "1.1.8", "2.14", "2.15", "2.16"];
const FAIL_1_2_0: &[&str] = &["1.2.3", "2.1", "2.2", "2.13", "2.17", "5.10", "5.14"];

fn verdicts_are(host: &Host, expected: &str) -> Result<()> {
    for (benchmark, controls) in [("cis-docker-1.6.0", FAIL_1_6_0), ("cis-docker-1.2.0", FAIL_1_2_0)] {
        let verdicts = host.verdicts(benchmark)?;
        for control in controls {
            ensure!(verdicts[*control] == expected, "{benchmark} {control} is {}, not {expected}", verdicts[*control]);
        }
        let content_trust = &verdicts["4.5"];
        ensure!(content_trust == "manual", "{benchmark} 4.5 is {content_trust}");
    }
    Ok(())
}

#[test]
fn weak_and_sound() -> Result<()> {
    let weak = Host::resume(World::Weak, VmOptions::default())?;
    verdicts_are(&weak, "fail")?;
    let (verdict, facts) = log_level(&weak)?;
    ensure!(verdict == "fail" && facts.contains("/etc/docker/daemon.json:2"), "by file: {verdict} {facts}");
    drop(weak);
    let sound = Host::resume(World::Sound, VmOptions::default())?;
    verdicts_are(&sound, "pass")?;
    let fixes: String = STORIES.iter().flat_map(|story| story.1).map(|fix| format!(" --fix {fix}")).collect();
    let plan = sound.json(&format!("harden plan --format json{fixes}"))?;
    ensure!(plan["steps"].as_array().is_some_and(Vec::is_empty), "a plan from a hardened host is empty: {plan:#}");
    spellings(&sound)
}

/// Verdict and facts of the log level: one subject, one verdict.
fn log_level(host: &Host) -> Result<(String, String)> {
    let run = host.json("bench docker --benchmark cis-docker-1.6.0 --format json")?;
    let control = run["controls"].as_array().into_iter().flatten().find(|control| control["id"] == "2.3").cloned().unwrap_or_default();
    let subjects = control["subjects"].as_array().cloned().unwrap_or_default();
    ensure!(subjects.len() == 1, "one verdict: {control:#}");
    Ok((control["verdict"].as_str().unwrap_or_default().to_owned(), subjects[0]["facts"].to_string()))
}

/// One setting by file, by flag with `=`, by flag with a blank: one verdict with its source; in both: a conflict, refused before writing.
fn spellings(host: &Host) -> Result<()> {
    const FLAG: &str = "/etc/systemd/system/docker.service.d/flag.conf";
    host.run("mkdir -p /etc/systemd/system/docker.service.d")?;
    for flags in ["--log-level=debug", "--log-level debug", "-l debug"] {
        host.run(&format!(
            "printf '{{\"labels\":[\"team=lab\"]}}' >/etc/docker/daemon.json; \
             printf '[Service]\\nExecStart=\\nExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock {flags}\\n' >{FLAG}; \
             systemctl daemon-reload; systemctl reset-failed docker; systemctl restart docker"
        ))?;
        let (verdict, facts) = log_level(host)?;
        ensure!(verdict == "fail" && facts.contains("argv["), "by flag {flags}: {verdict} {facts}");
    }
    // The daemon runs; somebody adds the key to the file too: it would refuse its next start.
    host.run("printf '{\"log-level\":\"debug\"}' >/etc/docker/daemon.json")?;
    let before = host.state()?;
    let refused = host.cofferdam("harden apply --fix cis-docker-1.6.0:2.3 --yes")?;
    ensure!(refused.code == 2, "a conflict is refused: {refused:?}");
    ensure!(refused.stderr.contains("log-level"), "the refusal names the key: {refused:?}");
    ensure!(host.state()? == before, "a refusal changes nothing:\n{}", difference(&before, &host.state()?));
    Ok(())
}

#[test]
fn five_stories() -> Result<()> {
    let mut host = Host::resume(World::Weak, VmOptions::default())?;
    let mut measured = BTreeMap::new();
    let only = std::env::var("COFFERDAM_STORIES").ok();
    for (name, fixes, keeps_processes) in STORIES.iter().filter(|(name, ..)| only.as_ref().is_none_or(|only| only.contains(name))) {
        say(&format!("-- story {name}"));
        host.reset()?;
        measured.insert(*name, story(&host, fixes, *keeps_processes).with_context(|| format!("story {name}"))?);
    }
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/stories.json");
    let mut kept: BTreeMap<String, Value> = serde_json::from_str(&fs::read_to_string(&place)?)?;
    for (name, found) in measured {
        let known = kept.insert(name.to_owned(), found.clone());
        let same = known.as_ref() == Some(&found) || std::env::var_os("COFFERDAM_UPDATE").is_some();
        ensure!(same, "story {name} differs from docs/stories.json (COFFERDAM_UPDATE=1 writes it):\n{found:#}");
    }
    if std::env::var_os("COFFERDAM_UPDATE").is_some() {
        fs::write(&place, format!("{:#}\n", json!(kept)))?;
    }
    Ok(())
}

/// Statuses of each threat, counted over its elements: `open 9, partly 1`.
type Statuses = BTreeMap<(String, String), String>;

fn statuses(assessment: &Value) -> Statuses {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let threats = assessment["threats"].as_array().into_iter().flatten();
    threats.map(|threat| ((word(&threat["id"]), word(&threat["element"]["id"])), word(&threat["status"]))).collect()
}

fn counted(statuses: &Statuses, threat: &str) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for status in statuses.iter().filter(|((id, _), _)| id == threat).map(|(_, status)| status) {
        *counts.entry(status).or_default() += 1;
    }
    counts.iter().map(|(status, count)| format!("{status} {count}")).collect::<Vec<_>>().join(", ")
}

/// Where every threat stood before, as the plan predicted, and as measured after.
fn compared(before: &Value, plan: &Value, after: &Value) -> Value {
    let before = statuses(before);
    let mut predicted = before.clone();
    for change in plan["predicted"]["changes"].as_array().into_iter().flatten() {
        if let Some(threat) = change["threat"].as_str() {
            let element = change["subject"]["id"].as_str().unwrap_or_default();
            predicted.insert((threat.to_owned(), element.to_owned()), change["after"].as_str().unwrap_or_default().to_owned());
        }
    }
    let after = statuses(after);
    let ids: BTreeSet<&String> = before.keys().map(|(id, _)| id).collect();
    let row = |id: &str| json!({"before": counted(&before, id), "predicted": counted(&predicted, id), "after": counted(&after, id)});
    ids.into_iter().map(|id| (id.clone(), row(id))).collect::<serde_json::Map<String, Value>>().into()
}

fn story(host: &Host, fixes: &[&str; 3], keeps_processes: bool) -> Result<Value> {
    let before = host.state()?;
    let judged_before = host.json("assess --format json")?;
    let flags: String = fixes.iter().map(|fix| format!(" --fix {fix}")).collect();
    host.cofferdam_exits(&format!("harden plan{flags}"), 0)?;
    let plan = host.json(&format!("harden plan --format json{flags}"))?;
    ensure!(host.state()? == before, "a plan changes nothing:\n{}", difference(&before, &host.state()?));

    say(&host.cofferdam_exits(&format!("harden apply{flags} --yes"), 0)?);
    let hardened = host.state()?;
    for fix in fixes {
        let (benchmark, control) = fix.split_once(':').unwrap_or_default();
        let verdict = &host.verdicts(benchmark)?[control];
        let expected = if control == "4.5" { "manual" } else { "pass" };
        ensure!(verdict == expected, "{fix} is {verdict} after apply, not {expected}");
        seen_by_others(host, fix, &hardened)?;
    }
    for (container, was) in &before.containers {
        let is = &hardened.containers[container];
        ensure!(is.running == was.running, "{container} ran: {}, runs: {}", was.running, is.running);
        if keeps_processes {
            ensure!((is.pid, &is.started_at) == (was.pid, &was.started_at), "{container} lost its process: {was:?} {is:?}");
        }
    }
    let judged_after = host.json("assess --format json")?;
    host.cofferdam_exits("harden verify --last --yes", 0)?;
    ensure!(host.run("cofferdam harden status")?.contains("rollback"), "status says how to go back");

    say(&host.cofferdam_exits("harden rollback --last --yes", 0)?);
    let after = host.state()?;
    let (left, right) = if keeps_processes { (before, after) } else { (without_processes(&before), without_processes(&after)) };
    ensure!(left == right, "rollback brings everything back:\n{}", difference(&left, &right));
    no_secret_left(host)?;
    let compared = compared(&judged_before, &plan, &judged_after);
    for (threat, row) in compared.as_object().into_iter().flatten() {
        ensure!(row["predicted"] == row["after"], "{threat} was predicted otherwise: {row}");
    }
    Ok(compared)
}

/// The effect by the word of docker, auditctl, systemctl and /proc.
fn seen_by_others(host: &Host, fix: &str, state: &State) -> Result<()> {
    let has = |text: &str, words: &[&str]| words.iter().all(|word| text.contains(word));
    let holds = match fix {
        "cis-docker-1.6.0:1.1.3" | "cis-docker-1.2.0:1.2.3" => has(&state.audit, &["/usr/sbin/dockerd"]),
        "cis-docker-1.6.0:1.1.4" => has(&state.audit, &["/run/containerd "]) || has(&state.audit, &["dir=/run/containerd"]),
        "cis-docker-1.6.0:1.1.8" => has(&state.audit, &["/run/containerd/containerd.sock"]),
        "cis-docker-1.2.0:2.13" | "cis-docker-1.6.0:2.15" => has(&state.daemon, &["live-restore=true"]),
        "cis-docker-1.2.0:2.1" => state.daemon.lines().any(|line| line == "false"),
        "cis-docker-1.2.0:2.17" | "cis-docker-1.6.0:2.14" => {
            let status = host.run("docker run --rm --network none lab/busybox:1 grep NoNewPrivs /proc/self/status")?;
            status.trim().ends_with('1')
        }
        "cis-docker-1.6.0:2.16" => host.vm.ssh("pidof docker-proxy")?.code != 0,
        "cis-docker-1.2.0:2.2" => !host.run("cat /etc/docker/daemon.json")?.contains("debug"),
        "cis-docker-1.2.0:5.10" => {
            state.containers.values().filter(|container| container.running).all(|container| container.memory_max != "max")
        }
        "cis-docker-1.2.0:5.14" => {
            state.containers.values().all(|container| matches!(container.restart.as_str(), "no:0" | "on-failure:5" | "on-failure:3"))
        }
        "cis-docker-1.2.0:4.5" => true,
        other => anyhow::bail!("no outside view of {other}"),
    };
    ensure!(holds, "{fix} is not seen from outside: {state:#?}");
    Ok(())
}

/// Only the journal's root-only before-bytes may hold what was in the host's own files; no planted secret is in any of those.
fn no_secret_left(host: &Host) -> Result<()> {
    let found = host.run("grep -rl planted-secret /var/lib/cofferdam || true")?;
    ensure!(found.trim().is_empty(), "secrets in {found}");
    host.cofferdam_exits("snapshot --record /tmp/recording.json --output /tmp/snapshot.json", 0)?;
    let found = host.run("grep -l planted-secret /tmp/recording.json /tmp/snapshot.json || true")?;
    ensure!(found.trim().is_empty(), "secrets in {found}");
    Ok(())
}

/// A host as openSUSE lays it out, constructed on Debian: /usr/bin/dockerd, its flags in /etc/sysconfig/docker.
#[test]
fn a_host_as_opensuse_has_it() -> Result<()> {
    let host = Host::resume(World::Weak, VmOptions::default())?;
    host.run(
        "set -e; systemctl stop docker.socket docker; mv /usr/sbin/dockerd /usr/bin/dockerd; mkdir -p /etc/sysconfig /etc/systemd/system/docker.service.d; \
         printf 'DOCKER_OPTS=\"--log-level=warn --userland-proxy=true\"\n' >/etc/sysconfig/docker; printf '{\"labels\":[\"team=lab\"]}' >/etc/docker/daemon.json; \
         printf '[Service]\nEnvironmentFile=/etc/sysconfig/docker\nExecStart=\nExecStart=/usr/bin/dockerd --add-runtime oci=/usr/sbin/runc $DOCKER_NETWORK_OPTIONS $DOCKER_OPTS\n' \
         >/etc/systemd/system/docker.service.d/opensuse.conf; systemctl daemon-reload; systemctl reset-failed docker docker.socket; systemctl start docker",
    )?;
    let verdicts = host.verdicts("cis-docker-1.6.0")?;
    for (control, expected) in
        [("1.1.3", "fail"), ("1.1.13", "fail"), ("2.3", "fail"), ("2.16", "fail"), ("2.15", "fail"), ("3.21", "pass"), ("3.22", "pass")]
    {
        ensure!(verdicts[control] == expected, "{control} is {}, not {expected}", verdicts[control]);
    }
    // A key beside a flag would keep the daemon from its next start.
    let refused = host.cofferdam("harden plan --fix cis-docker-1.6.0:2.16")?;
    ensure!(refused.code == 2 && refused.stderr.contains("userland-proxy"), "a flag sets it: {refused:?}");
    let fixes = "--fix cis-docker-1.6.0:1.1.3 --fix cis-docker-1.6.0:1.1.13 --fix cis-docker-1.6.0:2.15";
    let before = host.state()?;
    host.cofferdam_exits(&format!("harden apply {fixes} --yes"), 0)?;
    let after = host.state()?;
    ensure!(
        after.audit.contains("/usr/bin/dockerd") && !after.audit.contains("/usr/sbin/dockerd"),
        "the daemon's real path: {}",
        after.audit
    );
    ensure!(after.audit.contains("/etc/sysconfig/docker"), "the file of its flags: {}", after.audit);
    let verdicts = host.verdicts("cis-docker-1.6.0")?;
    for control in ["1.1.3", "1.1.13", "2.15"] {
        ensure!(verdicts[control] == "pass", "{control} is {} after apply", verdicts[control]);
    }
    host.cofferdam_exits("harden rollback --last --yes", 0)?;
    let back = host.state()?;
    ensure!(back == before, "rollback brings everything back:\n{}", difference(&before, &back));
    Ok(())
}

#[test]
fn reboot_after_apply() -> Result<()> {
    let mut host = Host::resume(World::Weak, VmOptions::durable())?;
    let fixes =
        ["cis-docker-1.6.0:1.1.3", "cis-docker-1.6.0:1.1.4", "cis-docker-1.6.0:1.1.8", "cis-docker-1.6.0:2.15", "cis-docker-1.6.0:2.14"];
    let flags: String = fixes.iter().map(|fix| format!(" --fix {fix}")).collect();
    let before = host.state()?;
    host.cofferdam_exits(&format!("harden apply{flags} --yes"), 0)?;
    say(&format!("reboot: {:?}", host.vm.reboot()?));
    host.run("for i in $(seq 60); do systemctl is-active -q docker && break; sleep 2; done; docker ps -q >/dev/null")?;
    let verdicts = host.verdicts("cis-docker-1.6.0")?;
    for fix in fixes {
        let control = fix.rsplit_once(':').map_or(fix, |(_, control)| control);
        ensure!(verdicts[control] == "pass", "{control} is {} after a reboot", verdicts[control]);
    }
    let rules = host.run("auditctl -l")?;
    ensure!(rules.contains("/etc/passwd") && rules.contains("site-hostname"), "rules of others are loaded:\n{rules}");
    // Containers with policy `no` stay down after a boot, and there are other processes: the rest comes back.
    host.cofferdam_exits("harden rollback --last --yes", 0)?;
    let after = host.state()?;
    let same = (&before.files, &before.audit, &before.daemon) == (&after.files, &after.audit, &after.daemon);
    ensure!(same, "rollback after a reboot brings everything back:\n{}", difference(&before, &after));
    Ok(())
}

/// The same host but for process ids and start times of containers.
fn without_processes(state: &State) -> State {
    let mut state = state.clone();
    for container in state.containers.values_mut() {
        container.pid = u64::from(container.pid != 0);
        container.started_at.clear();
    }
    state
}
