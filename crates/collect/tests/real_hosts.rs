//! Recordings of real hosts, replayed: two of the lab's virtual machines (Debian 12, systemd, control groups version 2, AppArmor, auditd),
//! and a Docker 29.7.2 started by hand on a machine without systemd and with control groups version 1.
//!
//! Made by: `snapshot --recording FILE`. Where a question changes, record anew.

#![allow(clippy::unwrap_used, reason = "helpers of tests may")]

use collect::{Recording, World, collect};
use facts::docker::{Container, Engine};
use facts::{Fact, Snapshot};
use serde_json::Value;

const WEAK: &str = include_str!("recordings/weak.json");
const SOUND: &str = include_str!("recordings/sound.json");

/// Docker 29, an API in the clear, no userland proxy.
const ENGINE_29: &str = include_str!("recordings/engine-29.json");

/// What is asked since these recordings were made: there it is unknown, and nothing else is. Record anew, and empty this list.
const ASKED_SINCE: &[&str] = &[];

const NOT_RECORDED: &str = "not in the recording";

/// The gaps but for those.
fn gaps(snapshot: &Snapshot) -> Vec<&str> {
    let is_new = |gap: &&facts::Gap| gap.why == NOT_RECORDED && ASKED_SINCE.contains(&gap.what.as_str());
    snapshot.gaps.iter().filter(|gap| !is_new(gap)).map(|gap| gap.what.as_str()).collect()
}

/// Why something is unknown, for all that is and was asked then.
fn unknowns(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if let Some(why) = members.get("unknown").and_then(|unknown| unknown["why"].as_str()) {
                found.extend((!why.contains(NOT_RECORDED)).then(|| why.to_owned()));
            }
            members.values().for_each(|value| unknowns(value, found));
        }
        Value::Array(members) => members.iter().for_each(|value| unknowns(value, found)),
        _ => {}
    }
}

async fn replay(text: &str) -> Snapshot {
    assert!(!text.contains("planted-secret"));
    let recording = Recording::from_json(text).unwrap();
    assert_eq!(recording.to_json(), text);
    let options = recording.options.clone();
    let snapshot = collect(&World::replaying(recording), &options).await.unwrap();
    let changed: Vec<_> =
        gaps(&snapshot).into_iter().filter(|what| snapshot.gaps.iter().any(|gap| gap.what == *what && gap.why == NOT_RECORDED)).collect();
    assert!(changed.is_empty(), "a question has changed, record anew: {changed:?}");
    assert_eq!(Snapshot::from_json(&snapshot.to_json()).unwrap(), snapshot);
    snapshot
}

fn engine(snapshot: &Snapshot) -> &Engine {
    snapshot.engine().unwrap()
}

fn container<'s>(snapshot: &'s Snapshot, name: &str) -> &'s Container {
    let containers = engine(snapshot).containers.known().unwrap();
    containers.iter().filter_map(|container| container.known()).find(|container| container.name == name).unwrap()
}

fn text(fact: &Fact<String>) -> &str {
    fact.known().unwrap()
}

#[tokio::test]
async fn the_weak_host() {
    let snapshot = replay(WEAK).await;
    assert!(gaps(&snapshot).is_empty(), "root sees everything there: {:?}", snapshot.gaps);
    let (host, engine) = (&snapshot.host, engine(&snapshot));
    assert_eq!((host.cgroup_version.known(), text(&host.service_manager)), (Some(&2), "systemd"));
    assert!(host.lsms.known().unwrap().contains(&"apparmor".to_owned()));
    let rules: Vec<&str> = host.audit.rules.known().unwrap().iter().map(|rule| rule.text.as_str()).collect();
    assert_eq!(rules, ["-w /etc/passwd -p wa -k identity", "-a always,exit -F arch=b64 -S sethostname -F key=site-hostname"]);
    assert_eq!(host.audit.status.known().unwrap().enabled, 1);
    let files = host.audit.rule_files.known().unwrap().iter().map(|file| file.known().unwrap().path.rsplit('/').next().unwrap());
    assert_eq!(files.collect::<Vec<_>>(), ["50-site.rules", "audit.rules", "audit.rules"]);

    // Socket activation: init is the socket's peer and holds it too.
    let process = engine.process.known().unwrap();
    assert_eq!(
        (process.found_by.as_str(), text(&process.exe), text(&process.unit)),
        ("socket inode", "/usr/sbin/dockerd", "docker.service")
    );
    assert_eq!(process.argv.known(), engine.cmdline.known());
    assert_eq!(process.proxies.known().unwrap().iter().map(|proxy| proxy.host_port).collect::<Vec<_>>(), [Some(8080); 2]);
    assert_eq!(text(&process.containerd_socket), "/run/containerd/containerd.sock");
    assert!(engine.pid_file.known().is_some());
    assert!(engine.config_file.known().unwrap().text.contains("\"log-level\":\"debug\""));
    let unit = engine.unit.known().unwrap();
    assert_eq!(unit.fragment.known().unwrap().path, "/usr/lib/systemd/system/docker.service");
    assert!(unit.fragment.known().unwrap().text.contains("KillMode=process"));
    assert!(unit.drop_ins.known().unwrap()[0].known().unwrap().text.contains("HTTP_PROXY=[redacted]"));
    assert!(unit.socket.known().unwrap().text.contains("SocketGroup=docker"));

    let backup = container(&snapshot, "backup");
    assert_eq!(backup.privileged.known(), Some(&true));
    let kernel = backup.process.known().unwrap();
    assert_eq!(kernel.lsm_label.known().map(String::as_str), Some("unconfined"));
    assert_eq!((kernel.status.known().unwrap().seccomp, kernel.status.known().unwrap().cap_bounding.as_str()), (0, "0000003fffffffff"));
    let worker = container(&snapshot, "worker").process.known().unwrap();
    assert_eq!(worker.status.known().unwrap().uids, [1000; 4]);
    assert_eq!(worker.lsm_label.known().map(String::as_str), Some("docker-default (enforce)"));
    assert!(container(&snapshot, "old").process.is_absent());
    let socket = &container(&snapshot, "ci").mounts.known().unwrap()[0];
    assert_eq!((socket.source.as_str(), text(&socket.resolved_source)), ("/var/run/docker.sock", "/run/docker.sock"));
    assert!(container(&snapshot, "db").env.known().unwrap().iter().any(|variable| variable.looks_like_credential));
}

#[tokio::test]
async fn the_sound_host() {
    let snapshot = replay(SOUND).await;
    let rules = snapshot.host.audit.rules.known().unwrap();
    assert_eq!(rules.len(), 10);
    assert!(rules.iter().any(|rule| rule.text == "-a always,exit -F arch=b32 -S all -F dir=/run/containerd -F perm=wa -F key=docker"));
    let engine = engine(&snapshot);
    assert_eq!(engine.info.known().unwrap().live_restore.known(), Some(&true));
    // Without a userland proxy dockerd itself holds the published port, and that is not the API.
    let process = engine.process.known().unwrap();
    assert_eq!(process.proxies.known().unwrap().len(), 0);
    let listener = &process.listeners.known().unwrap()[0];
    assert_eq!((listener.port, listener.is_api.known()), (8080, Some(&false)));
    let db = container(&snapshot, "db");
    let kernel = db.process.known().unwrap();
    assert!(kernel.status.known().unwrap().no_new_privileges);
    let limits = kernel.cgroup.known().unwrap();
    assert_eq!(limits.memory_max, Fact::Known(facts::docker::Limit::At(64 << 20)));
    assert_eq!(limits.pids_max, Fact::Known(facts::docker::Limit::At(100)));
    assert_eq!((db.read_only_rootfs.known(), db.restart_policy.known().map(|policy| policy.retries)), (Some(&true), Some(5)));
    let destinations: Vec<&str> = db.mounts.known().unwrap().iter().map(|mount| mount.destination.as_str()).collect();
    assert_eq!(destinations, ["/data", "/run/secrets/db-password"]);
}

#[tokio::test]
async fn an_engine_of_version_29() {
    let snapshot = replay(ENGINE_29).await;
    // Without securityfs the list of security modules is shorter, and says so.
    assert_eq!(gaps(&snapshot), ["list of Linux security modules"]);
    assert_eq!(snapshot.host.cgroup_version.known(), Some(&1));
    assert!(snapshot.host.service_manager.is_absent());
    let engine = engine(&snapshot);
    assert_eq!(engine.version.known().unwrap().version, "29.7.2");
    let info = engine.info.known().unwrap();
    assert!(info.security_options.known().unwrap().contains(&"name=no-new-privileges".to_owned()));
    assert!(info.userland_proxy.is_absent(), "this engine names it only when it is on");
    assert!(engine.unit.is_absent());
    let process = engine.process.known().unwrap();
    assert_eq!(text(&process.containerd_socket), "/tmp/collect-dockerd29/exec/containerd/containerd.sock");
    let listeners = process.listeners.known().unwrap();
    let row = |port: u16| listeners.iter().find(|listener| listener.port == port).unwrap();
    assert_eq!((row(2375).is_api.known(), row(2375).answers_without_certificate.known()), (Some(&true), Some(&true)));
    assert_eq!(row(8080).is_api.known(), Some(&false));
    let limited = container(&snapshot, "limited");
    let limits = limited.process.known().unwrap().cgroup.known().unwrap();
    assert_eq!((limits.version, limits.memory_max.known()), (1, Some(&facts::docker::Limit::At(64 << 20))));
    let plain = container(&snapshot, "plain").process.known().unwrap();
    assert_eq!(plain.cgroup.known().unwrap().memory_max, Fact::Known(facts::docker::Limit::Unlimited));
    assert!(plain.status.known().unwrap().no_new_privileges, "the daemon's default reaches new containers");
    assert!(plain.lsm_label.fact.is_absent(), "no module labels processes there");
    // Every member that the facts speak of is still there in the newest shape of the API.
    let mut whys = Vec::new();
    unknowns(&serde_json::from_str(&snapshot.to_json()).unwrap(), &mut whys);
    let not_asked = listeners.iter().filter(|listener| listener.tls.is_unknown()).count() * 2;
    // The docker program's version is never asked for: that would start it.
    whys.retain(|why| !why.starts_with("the docker program says it only when"));
    assert_eq!(whys.len(), not_asked, "{whys:?}");
}

/// A recording that lacks an answer gives a Snapshot that says less, and never anything else: no failure to look reads as an absence,
/// an empty list or a default.
#[tokio::test]
async fn less_seen_is_never_seen_otherwise() {
    for text in [WEAK, SOUND, ENGINE_29] {
        let whole = Recording::from_json(text).unwrap();
        let options = whole.options.clone();
        let full: Value = serde_json::from_str(&replay(text).await.to_json()).unwrap();
        for question in whole.answers.keys() {
            let mut part = whole.clone();
            part.answers.remove(question);
            let snapshot = collect(&World::replaying(part), &options).await.unwrap();
            let part: Value = serde_json::from_str(&snapshot.to_json()).unwrap();
            for member in ["host", "docker"] {
                let mut place = member.to_owned();
                assert!(says_less(&full[member], &part[member], &mut place), "without `{question}`, {place} says something else");
            }
        }
    }
}

/// Whether `part` equals `full` but for facts that are unknown in it. Numbers of sources shift, and files that nothing names are left out.
fn says_less(full: &Value, part: &Value, place: &mut String) -> bool {
    // A proxy whose command line could not be read has no known port: the one place where null says so. And the daemon may be found in
    // another way, which is said.
    if part.get("unknown").is_some() || (part.is_null() && place.ends_with(".host_port")) || place.ends_with(".found_by") {
        return true;
    }
    let length = place.len();
    match (full, part) {
        (Value::Object(full), Value::Object(part)) => {
            let is_map_of_files =
                [".files", ".resolved_paths", ".engine_files.mounts", ".sshd.includes"].iter().any(|map| place.ends_with(map));
            let ends = is_map_of_files || full.len() == part.len();
            ends && part.iter().filter(|(name, _)| *name != "source").all(|(name, part)| {
                place.push_str(&format!(".{name}"));
                let less = full.get(name).is_some_and(|full| says_less(full, part, place));
                if less {
                    place.truncate(length);
                }
                less
            })
        }
        (Value::Array(full), Value::Array(part)) => {
            full.len() == part.len()
                && full.iter().zip(part).enumerate().all(|(index, (full, part))| {
                    place.push_str(&format!("[{index}]"));
                    let less = says_less(full, part, place);
                    if less {
                        place.truncate(length);
                    }
                    less
                })
        }
        (full, part) => full == part,
    }
}
