//! A remedy as a function on the Snapshot: what the host is expected to look like afterwards.
//!
//! `harden` previews a plan with this, advice ranks fixes with it, and `verify` compares it with what is then measured. A difference
//! is a defect of ours. So only what is known of each change is previewed (hardening.md), never what we would like it to do.

use std::collections::{BTreeMap, BTreeSet};

use facts::docker::{Container, Engine, Limit, StartupRecord};
use facts::host::{Audit, AuditField, AuditRule, FileKind, FileStat, TextFile, TextForm};
use facts::{Fact, Observed, Snapshot, Source, SourceId};
use serde_json::{Map, Value};

use super::{Action, Remedy, WatchKind};

/// Where cofferdam persists its audit rules.
const RULES_FILE: &str = "/etc/audit/rules.d/cofferdam.rules";

/// The Snapshot as the remedies are expected to leave it. What the remedies do not touch stays as it is; remedies that this
/// version does not carry out (recreate, manual) change nothing.
pub fn preview(snapshot: &Snapshot, remedies: &[Remedy]) -> Snapshot {
    let mut after = snapshot.clone();
    carry_out(&mut after, remedies);
    after
}

/// The same on a copy that is at hand. Subjects neither come nor go by it, and no container's part in an image or a network changes.
pub(crate) fn carry_out(after: &mut Snapshot, remedies: &[Remedy]) {
    let settings: Vec<(&str, &Value)> = remedies
        .iter()
        .filter_map(|remedy| match &remedy.action {
            Action::DaemonSetting { key, value } => Some((key.as_str(), value)),
            _ => None,
        })
        .collect();
    if !settings.is_empty() {
        let source = after.sources.intern(Source::Predicted { step: "daemon settings".to_owned() });
        let boot_id = after.host.boot_id.clone();
        if let Fact::Known(engine) = &mut after.docker {
            let created = engine.config_file.fact.is_absent();
            daemon_settings(engine, &settings, source, &boot_id);
            if let (true, Some(file)) = (created, engine.config_file.known()) {
                // A file that is new can be watched, so checks that had no meaning without it get one.
                after.host.files.insert(file.path.clone(), Observed::new(source, Fact::Known(file.stat.clone())));
                after.host.resolved_paths.insert(file.path.clone(), Fact::Known(file.path.clone()));
            }
        }
    }
    let places = container_places(after, remedies);
    for remedy in remedies {
        match &remedy.action {
            Action::AuditRule { path, kind, perm, key } => {
                let source = after.sources.intern(Source::Predicted { step: remedy.check.clone() });
                audit_rule(&mut after.host.audit, path, *kind, perm, key, source);
            }
            Action::ContainerUpdate { memory, pids_limit, restart } => {
                if let Some(container) = places.get(&*remedy.subject.id).and_then(|place| container_mut(after, *place)) {
                    if let Some(memory) = memory {
                        limit_memory(container, *memory);
                    }
                    if let Some(pids) = pids_limit {
                        limit_pids(container, *pids);
                    }
                    if let Some(policy) = restart {
                        container.restart_policy = Fact::Known(policy.clone());
                    }
                }
            }
            Action::DaemonSetting { .. } | Action::ContainerRecreate | Action::Manual => {}
        }
    }
}

/// The file holds the keys, the daemon has started with it (or reloaded live-restore), and shows what it shows of them.
fn daemon_settings(engine: &mut Engine, settings: &[(&str, &Value)], source: SourceId, boot_id: &Fact<String>) {
    let Some(text) = edited(&engine.config_file.fact, settings) else { return };
    let stat = match &engine.config_file.fact {
        Fact::Known(file) => file.stat.clone(),
        _ => new_file(&text),
    };
    let path = engine.config_path.known().cloned().unwrap_or_default();
    let restarts = settings.iter().any(|(key, _)| *key != "live-restore");
    let identity = engine.process.known().and_then(|process| Some((process.pid, *process.start_ticks.known()?, boot_id.known()?.clone())));
    if let (true, Some((pid, start_ticks, boot_id))) = (restarts, identity) {
        let record = StartupRecord { config_path: path.clone(), config_text: Some(text.clone()), pid, start_ticks, boot_id };
        engine.startup = Observed::new(source, Fact::Known(record));
    }
    let form = Fact::Known(TextForm { sound_encoding: true, json_error: None });
    engine.config_file = Observed::new(source, Fact::Known(TextFile { path, stat, text, form }));
    let shows_new_privileges = engine.version.known().is_some_and(|version| shows_no_new_privileges(&version.api_version));
    for (key, value) in settings {
        setting_shown(engine, key, value, shows_new_privileges);
    }
}

/// What API and kernel show of one key once it is in force.
fn setting_shown(engine: &mut Engine, key: &str, value: &Value, shows_new_privileges: bool) {
    let flag = value.as_bool();
    match (key, flag) {
        ("live-restore", Some(on)) => {
            if let Some(info) = engine.info.fact.known_mut() {
                info.live_restore = Fact::Known(on);
            }
        }
        ("debug", Some(on)) => {
            if let Some(info) = engine.info.fact.known_mut() {
                info.debug = Fact::Known(on);
            }
        }
        ("icc", Some(on)) => default_bridge_icc(engine, on),
        ("userland-proxy", Some(on)) => {
            if let Some(shown) = engine.info.fact.known_mut().and_then(|info| info.userland_proxy.known_mut()) {
                *shown = on;
            }
            if let (false, Some(process)) = (on, engine.process.fact.known_mut()) {
                process.proxies = Fact::Known(Vec::new());
            }
        }
        ("no-new-privileges", Some(on)) if shows_new_privileges => {
            if let Some(options) = engine.info.fact.known_mut().and_then(|info| info.security_options.known_mut()) {
                options.retain(|option| option != "name=no-new-privileges");
                if on {
                    options.push("name=no-new-privileges".to_owned());
                }
            }
        }
        _ => {}
    }
}

fn default_bridge_icc(engine: &mut Engine, on: bool) {
    for network in engine.networks.fact.known_mut().into_iter().flatten() {
        let default_bridge = network.fact.known_mut().filter(|network| network.name == "bridge");
        if let Some(options) = default_bridge.and_then(|network| network.options.known_mut()) {
            options.insert("com.docker.network.bridge.enable_icc".to_owned(), on.to_string());
        }
    }
}

/// The file's text with the keys set. Layout is the writer's business (`harden`); what is predicted is the content.
fn edited(file: &Fact<TextFile>, settings: &[(&str, &Value)]) -> Option<String> {
    let mut map: Map<String, Value> = match file {
        Fact::Known(file) if file.text.trim().is_empty() => Map::new(),
        Fact::Known(file) => serde_json::from_str(&file.text).ok()?,
        Fact::Absent => Map::new(),
        Fact::Unknown { .. } => return None,
    };
    for (key, value) in settings {
        map.insert((*key).to_owned(), (*value).clone());
    }
    serde_json::to_string_pretty(&map).ok()
}

fn new_file(text: &str) -> FileStat {
    FileStat {
        kind: FileKind::File,
        mode: 0o644,
        uid: 0,
        gid: 0,
        size: u64::try_from(text.len()).unwrap_or(u64::MAX),
        device: 0,
        inode: 0,
        ctime_ns: 0,
        mtime_ns: 0,
        target: None,
        acl: Fact::Absent,
    }
}

fn shows_no_new_privileges(api_version: &str) -> bool {
    let mut parts = api_version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= (1, 43)
}

/// The rule is loaded for both architectures, and a file of rules.d loads it again at the next boot.
fn audit_rule(audit: &mut Audit, path: &str, kind: WatchKind, perm: &str, key: &str, source: SourceId) {
    let place = match kind {
        WatchKind::File => "path",
        WatchKind::Dir => "dir",
    };
    let mut lines = String::new();
    for arch in ["b64", "b32"] {
        let text = format!("-a always,exit -F arch={arch} -F {place}={path} -F perm={perm} -F key={key}");
        lines.push_str(&text);
        lines.push('\n');
        if let Some(rules) = audit.rules.fact.known_mut() {
            let field = |name: &str, value: &str| AuditField { name: name.to_owned(), operator: "=".to_owned(), value: value.to_owned() };
            rules.push(AuditRule {
                list: "exit".to_owned(),
                action: "always".to_owned(),
                all_syscalls: true,
                syscalls: Vec::new(),
                fields: vec![field("arch", arch), field(place, path), field("perm", perm), field("key", key)],
                text,
            });
        }
    }
    let Some(files) = audit.rule_files.known_mut() else { return };
    let own = files.iter_mut().find_map(|file| file.fact.known_mut().filter(|file| file.path == RULES_FILE));
    match own {
        Some(file) => file.text.push_str(&lines),
        None => {
            let stat = new_file(&lines);
            files.push(Observed::new(source, Fact::Known(TextFile { path: RULES_FILE.to_owned(), stat, text: lines, form: Fact::Absent })));
        }
    }
}

/// Where the containers stand that are changed: looking for each of a thousand would be a million looks.
fn container_places<'r>(snapshot: &Snapshot, remedies: &'r [Remedy]) -> BTreeMap<&'r str, usize> {
    let changed = remedies.iter().filter(|remedy| matches!(remedy.action, Action::ContainerUpdate { .. }));
    let wanted: BTreeSet<&'r str> = changed.map(|remedy| &*remedy.subject.id).collect();
    if wanted.is_empty() {
        return BTreeMap::new();
    }
    let containers = snapshot.engine().and_then(|engine| engine.containers.known()).into_iter().flatten().enumerate();
    containers.filter_map(|(place, container)| Some((*wanted.get(container.known()?.id.as_str())?, place))).collect()
}

fn container_mut(snapshot: &mut Snapshot, place: usize) -> Option<&mut Container> {
    snapshot.docker.known_mut()?.containers.fact.known_mut()?.get_mut(place)?.fact.known_mut()
}

fn limit_memory(container: &mut Container, bytes: u64) {
    container.memory = Fact::Known(i64::try_from(bytes).unwrap_or(i64::MAX));
    if let Some(cgroup) = container.process.known_mut().and_then(|process| process.cgroup.fact.known_mut()) {
        cgroup.memory_max = Fact::Known(Limit::At(bytes));
    }
}

fn limit_pids(container: &mut Container, tasks: u64) {
    container.pids_limit = Fact::Known(i64::try_from(tasks).unwrap_or(i64::MAX));
    if let Some(cgroup) = container.process.known_mut().and_then(|process| process.cgroup.fact.known_mut()) {
        cgroup.pids_max = Fact::Known(Limit::At(tasks));
    }
}
