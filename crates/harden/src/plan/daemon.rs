//! The daemon's configuration: all settings in one edit, and one reload or restart that puts them in force.

use std::collections::BTreeSet;

use assess::derive::settings::{Setting, Settings, State, settings};
use assess::{Action, Event, Remedy};
use facts::docker::{Container, Engine, arguments, parse_config};
use facts::host::TextFile;
use facts::{Fact, Snapshot};
use serde_json::{Value, json};

use super::build::{Draft, obstacle, swarm_state};
use super::unit::{Service, service};
use super::{Change, ContainerRef, DaemonChange, How, KeyEdit, Obstacle, Options, ServiceControl, Step};
use crate::edit::{daemon_json, diff};

/// Keys that dockerd takes up on SIGHUP and that we set; of the others it takes no notice until it starts.
pub(crate) const RELOADABLE: &[&str] = &["live-restore", "debug"];

/// Keys that hide every container, cut clients off or stop the daemon when they come into force unawares.
const DANGEROUS: &[&str] = &[
    "authorization-plugins",
    "bridge",
    "containerd",
    "data-root",
    "exec-root",
    "hosts",
    "tls",
    "tlscacert",
    "tlscert",
    "tlskey",
    "tlsverify",
    "userns-remap",
];

/// What the settings need, before it is known how they are taken up.
struct Wishes<'r> {
    remedies: Vec<&'r Remedy>,
    edits: Vec<KeyEdit>,
    pending: Vec<KeyEdit>,
}

/// Adds the one step that sets what is not in force.
pub(super) fn draft(snapshot: &Snapshot, engine: &Engine, remedies: &[&Remedy], options: &Options, draft: &mut Draft) {
    let own: Vec<&Remedy> = remedies.iter().copied().filter(|remedy| matches!(remedy.action, Action::DaemonSetting { .. })).collect();
    if own.is_empty() {
        return;
    }
    let settings = settings(snapshot);
    if let Some(reason) = unusable(engine, &settings) {
        return draft.against.push(obstacle(&own, "daemon", reason, "repair the file by hand, then plan again"));
    }
    let wishes = match wishes(engine, &settings, &own) {
        Ok(wishes) => wishes,
        Err(obstacles) => return draft.against.extend(obstacles),
    };
    if wishes.edits.is_empty() && wishes.pending.is_empty() {
        return;
    }
    match step(snapshot, engine, &settings, &wishes, options) {
        Ok(step) => {
            draft.effective.extend(wishes.remedies.into_iter().cloned());
            draft.steps.push(step);
        }
        Err(obstacles) => draft.against.extend(obstacles),
    }
}

/// Why the configuration file is not edited at all.
fn unusable(engine: &Engine, settings: &Settings) -> Option<String> {
    let path = match &settings.path {
        Fact::Known(path) => path,
        other => return Some(format!("the daemon's configuration file is not known: {}", other.why().unwrap_or("it has none"))),
    };
    if let Some(error) = &settings.file_error {
        return Some(format!("{path} is {error}"));
    }
    engine.config_file.fact.why().map(|why| format!("{path} could not be read: {why}"))
}

fn wishes<'r>(engine: &Engine, settings: &Settings, remedies: &[&'r Remedy]) -> Result<Wishes<'r>, Vec<Obstacle>> {
    let mut against = Vec::new();
    let mut wishes = Wishes { remedies: Vec::new(), edits: Vec::new(), pending: Vec::new() };
    for remedy in remedies {
        let Action::DaemonSetting { key, value } = &remedy.action else { continue };
        let Some(setting) = settings.by_key.get(key.as_str()) else {
            let reason = format!("how the daemon takes up `{key}` is not known to this version");
            against.push(obstacle(&[remedy], "daemon", reason, "set it by hand"));
            continue;
        };
        let earlier = wishes.edits.iter().chain(&wishes.pending).find(|edit| edit.key == *key);
        if let Some(earlier) = earlier {
            if earlier.value != *value {
                let reason = format!("two remedies ask for different values of `{key}`: {} and {value}", earlier.value);
                against.push(obstacle(&[remedy], "daemon", reason, "choose one of them"));
            }
            wishes.remedies.push(remedy);
            continue;
        }
        match need(settings, setting, value) {
            Ok(Need::Nothing) => {}
            Ok(Need::Edit(edit)) => {
                wishes.edits.push(edit);
                wishes.remedies.push(remedy);
            }
            Ok(Need::TakenUp(edit)) => {
                wishes.pending.push(edit);
                wishes.remedies.push(remedy);
            }
            Err((reason, hint)) => against.push(obstacle(&[remedy], "daemon", reason, hint)),
        }
    }
    let wanted = |key: &str| wishes.edits.iter().chain(&wishes.pending).find(|edit| edit.key == key).map(|edit| &edit.value);
    if wanted("live-restore") == Some(&json!(true))
        && let Err((reason, hint)) = no_swarm(engine)
    {
        let own: Vec<&Remedy> = of_key(&wishes.remedies, "live-restore");
        against.push(obstacle(&own, "daemon", reason, hint));
    }
    if wanted("icc") == Some(&json!(false)) {
        let iptables = settings.get("iptables");
        let off = |value: Option<&Value>| value == Some(&json!(false));
        if off(iptables.effective.known()) || off(iptables.in_file.as_ref().map(|given| &given.value)) {
            let own: Vec<&Remedy> = of_key(&wishes.remedies, "icc");
            let reason = format!("`iptables` is false ({}), and the daemon refuses to start with `icc` false then", iptables.source);
            against.push(obstacle(&own, "daemon", reason, "let the daemon manage its firewall rules (iptables true), then plan again"));
        }
    }
    if against.is_empty() { Ok(wishes) } else { Err(against) }
}

fn of_key<'r>(remedies: &[&'r Remedy], wanted: &str) -> Vec<&'r Remedy> {
    remedies.iter().copied().filter(|remedy| matches!(&remedy.action, Action::DaemonSetting { key, .. } if key == wanted)).collect()
}

/// Live restore and swarm exclude each other: a reload takes it silently, the next start is refused (measured).
fn no_swarm(engine: &Engine) -> Result<(), (String, &'static str)> {
    match swarm_state(engine) {
        Fact::Known(state) if state == "inactive" || state.is_empty() => Ok(()),
        Fact::Known(state) => Err((
            format!("the engine is part of a swarm ({state}): with `live-restore` the daemon would refuse its next start"),
            "live restore is not to be had on a swarm node",
        )),
        other => {
            Err((format!("whether the engine is part of a swarm could not be seen: {}", other.why().unwrap_or("it does not say")), ""))
        }
    }
}

enum Need {
    Nothing,
    Edit(KeyEdit),
    TakenUp(KeyEdit),
}

fn need(settings: &Settings, setting: &Setting, value: &Value) -> Result<Need, (String, &'static str)> {
    let key = setting.key;
    let path = settings.path.known().map_or("daemon.json", String::as_str);
    let in_file = setting.in_file.as_ref().map(|given| &given.value);
    if setting.state == State::Conflict {
        let (flag, line) = (setting.by_flag.as_ref(), setting.in_file.as_ref().map_or(0, |given| given.line));
        let (flag, index) = flag.map_or(("", 0), |given| (given.flag.as_str(), given.index));
        return Err((
            format!("`{key}` stands both in the flag --{flag} (argv[{index}]) and in {path}:{line}: the daemon refuses its next start"),
            "take one of the two out by hand, then plan again",
        ));
    }
    let in_force = setting.effective.known();
    if let Some(flag) = &setting.by_flag {
        if in_force == Some(value) {
            return Ok(Need::Nothing);
        }
        return Err((
            format!(
                "`{key}` is set by the flag --{} (argv[{}] of the daemon's command line); with the key in {path} too the daemon would refuse to start",
                flag.flag, flag.index
            ),
            "change the flag in the unit (systemctl edit) or take it out, then plan again; edits of units come with a later version",
        ));
    }
    let edit = KeyEdit { key: key.to_owned(), value: value.clone(), before: in_file.cloned(), in_force: in_force.cloned() };
    if in_force == Some(value) && (in_file == Some(value) || (in_file.is_none() && setting.default.as_ref() == Some(value))) {
        return Ok(Need::Nothing);
    }
    Ok(if in_file == Some(value) { Need::TakenUp(edit) } else { Need::Edit(edit) })
}

fn step(snapshot: &Snapshot, engine: &Engine, settings: &Settings, wishes: &Wishes<'_>, options: &Options) -> Result<Step, Vec<Obstacle>> {
    let own = &wishes.remedies;
    let against = |reason: String, hint: &str| vec![obstacle(own, "daemon", reason, hint)];
    let config_path = settings.path.known().cloned().unwrap_or_default();
    let keys: Vec<&KeyEdit> = wishes.edits.iter().chain(&wishes.pending).collect();
    let reload_only = keys.iter().all(|edit| RELOADABLE.contains(&edit.key.as_str()));
    let mut notes = Vec::new();

    awaits(engine, settings, &keys, reload_only, &mut notes).map_err(|(reason, hint)| against(reason, hint))?;
    let Some(process) = engine.process.known() else {
        return Err(against(
            format!("the daemon's process was not found: {}", engine.process.fact.why().unwrap_or("none holds the socket")),
            "",
        ));
    };
    let control = control(snapshot, &process.unit, options);
    let unit = match (&control, &engine.unit) {
        (ServiceControl::Systemd { .. }, Fact::Known(unit)) => Some(service(unit)),
        _ => None,
    };
    let live_restore_now = settings.bool("live-restore").known().copied();
    let wanted_live_restore = keys.iter().find(|edit| edit.key == "live-restore").and_then(|edit| edit.value.as_bool());
    let carry = may_carry(engine, settings, unit.as_ref(), live_restore_now);

    let (running, idle) = if reload_only {
        (Vec::new(), Vec::new())
    } else {
        containers(engine).map_err(|reason| against(reason, "the plan must know every container before the daemon restarts"))?
    };
    let needs_window = keys.iter().any(|edit| edit.key == "icc" && edit.in_force.as_ref() != Some(&edit.value));
    let how = match (reload_only, running.is_empty(), needs_window, &carry) {
        (true, ..) => How::Reload,
        (false, true, ..) => How::Restart,
        (false, false, true, _) => How::Window,
        (false, false, false, Ok(())) => How::Restart,
        (false, false, false, Err(why)) if options.stop_containers => {
            notes.push(format!("live restore cannot carry the containers ({why}), so they stop and start again"));
            How::Window
        }
        (false, false, false, Err(why)) => {
            let names: Vec<&str> = running.iter().map(|container| container.name.as_str()).collect();
            return Err(against(
                format!("the daemon must restart, and live restore cannot carry {} over it: {why}", names.join(", ")),
                "plan with --stop-containers to accept that they stop and start again",
            ));
        }
    };
    if how != How::Reload {
        if let Some(id) = &options.own_container {
            return Err(against(
                format!("cofferdam itself runs in container {} of this engine: the restart would end it half way", short(id)),
                "run cofferdam on the host",
            ));
        }
        if let Some(Fact::Known(Service { masked: true, .. })) = unit {
            return Err(against(
                format!("the unit of {} is masked: systemd would not start the daemon again", control.words()),
                "systemctl unmask",
            ));
        }
        if matches!(unit, Some(Fact::Unknown { .. })) {
            notes.push("the unit's files could not be read: whether it is masked is looked at when the plan is applied".to_owned());
        }
    }
    if how == How::Window {
        window_obstacles(engine, &running, own)?;
    }
    if how != How::Reload && control == ServiceControl::None {
        notes.push(
            "a person must restart the daemon: there is no systemd unit, and cofferdam.yaml names no command (service: {restart: [...]}); \
             cofferdam does not apply this step"
                .to_owned(),
        );
    }

    let change = DaemonChange {
        write_path: match snapshot.host.resolved_paths.get(&config_path) {
            Some(Fact::Known(target)) => target.clone(),
            _ => config_path.clone(),
        },
        creates: engine.config_file.fact.is_absent(),
        edits: wishes.edits.clone(),
        pending: wishes.pending.clone(),
        flags: settings.by_key.values().filter(|setting| setting.by_flag.is_some()).map(|setting| setting.key.to_owned()).collect(),
        how,
        live_restore_now,
        live_restore_after: wanted_live_restore.or(live_restore_now).unwrap_or(false),
        may_carry: carry.is_ok(),
        running,
        idle,
        service: control,
        config_path,
    };
    describe(engine, change, own, notes).map_err(|reason| against(reason, "report this"))
}

/// Refuses what a restart or reload would put in force besides our keys, and names what is harmless.
fn awaits(
    engine: &Engine,
    settings: &Settings,
    keys: &[&KeyEdit],
    reload_only: bool,
    notes: &mut Vec<String>,
) -> Result<(), (String, &'static str)> {
    let path = settings.path.known().map_or("daemon.json", String::as_str);
    let is_ours = |key: &str| keys.iter().any(|edit| edit.key == key);
    let mut waiting: BTreeSet<String> = BTreeSet::new();
    for setting in settings.by_key.values().filter(|setting| setting.in_file.is_some() && !is_ours(setting.key)) {
        let line = setting.in_file.as_ref().map_or(0, |given| given.line);
        match setting.state {
            State::Conflict => {
                return Err((
                    format!("`{}` stands both in a flag and in {path}:{line}: the daemon would refuse its next start", setting.key),
                    "take one of the two out by hand, then plan again",
                ));
            }
            State::Effective => {}
            _ if reload_only && setting.key != "authorization-plugins" => {}
            _ if DANGEROUS.contains(&setting.key) => {
                return Err((
                    format!(
                        "{path}:{line} sets `{}`, which is not provably in force: this step would put it in force as well",
                        setting.key
                    ),
                    "restart the daemon yourself when that is wanted, or take the key out; then plan again",
                ));
            }
            _ => {
                waiting.insert(setting.key.to_owned());
            }
        }
    }
    // Flags that the table of settings does not know: any key that is a flag, too, stops the next start.
    let argv = engine.process.known().and_then(|process| process.argv.known()).or_else(|| engine.cmdline.known());
    let Some(argv) = argv else {
        return Err((
            "the daemon's command line could not be read, so it cannot be told which keys its flags set".to_owned(),
            "run as root on the host",
        ));
    };
    let entries = engine.config_file.known().and_then(|file| parse_config(&file.text).ok()).unwrap_or_default();
    for flag in arguments(argv) {
        if let Some(entry) = entries.iter().find(|entry| entry.key == flag.name || entry.key == format!("{}s", flag.name)) {
            return Err((
                format!(
                    "`{}` stands both in the flag --{} (argv[{}]) and in {path}:{}: the daemon would refuse its next start",
                    entry.key, flag.name, flag.index, entry.line
                ),
                "take one of the two out by hand, then plan again",
            ));
        }
    }
    if !waiting.is_empty() && !reload_only {
        let keys: Vec<String> = waiting.into_iter().collect();
        notes.push(format!(
            "the restart also puts in force what {path} says already and the daemon may not have taken up: {}",
            keys.join(", ")
        ));
    }
    Ok(())
}

fn control(snapshot: &Snapshot, unit: &Fact<String>, options: &Options) -> ServiceControl {
    let has_systemd = snapshot.host.service_manager.known().is_some_and(|manager| manager == "systemd");
    match (unit, &options.service) {
        (Fact::Known(unit), _) if has_systemd => ServiceControl::Systemd { unit: unit.clone() },
        (_, Some(commands)) => ServiceControl::Commands(commands.clone()),
        _ => ServiceControl::None,
    }
}

/// Whether running containers outlive a restart of the daemon; if not, why.
fn may_carry(engine: &Engine, settings: &Settings, unit: Option<&Fact<Service>>, now: Option<bool>) -> Result<(), String> {
    no_swarm(engine).map_err(|(reason, _)| reason)?;
    let setting = settings.get("live-restore");
    if let Some(flag) = &setting.by_flag
        && flag.value != json!(true)
    {
        return Err(format!("the flag --live-restore (argv[{}]) switches it off", flag.index));
    }
    if now.is_none() {
        return Err(format!("whether it is on could not be seen: {}", setting.effective.why().unwrap_or("the engine does not say")));
    }
    match unit {
        Some(Fact::Known(service)) if service.kill_mode != "process" => {
            Err(format!("the unit has KillMode={}, so systemd kills the containers' processes with the daemon", service.kill_mode))
        }
        Some(Fact::Unknown { why }) => Err(format!("the unit's KillMode could not be seen: {why}")),
        _ => Ok(()),
    }
}

/// Containers that run, in the order in which they were started, and those that the daemon could start by itself.
pub(crate) fn containers(engine: &Engine) -> Result<(Vec<ContainerRef>, Vec<ContainerRef>), String> {
    let all = match &engine.containers.fact {
        Fact::Known(all) => all,
        other => return Err(format!("the containers could not be listed: {}", other.why().unwrap_or("the engine has no list"))),
    };
    let (mut running, mut idle) = (Vec::new(), Vec::new());
    for member in all {
        let container = match &member.fact {
            Fact::Known(container) => container,
            Fact::Absent => continue,
            Fact::Unknown { why } => return Err(format!("a container could not be inspected: {why}")),
        };
        let (Fact::Known(state), Fact::Known(policy)) = (&container.state, &container.restart_policy) else {
            return Err(format!("state and restart policy of container {} could not be seen", container.name));
        };
        let found = ContainerRef {
            id: container.id.clone(),
            name: container.name.clone(),
            running: state.running,
            pid: state.pid,
            started_at: state.started_at.clone(),
            policy: policy.clone(),
        };
        if is_task(container) {
            // Swarm starts and stops its tasks by itself.
        } else if state.running || state.status == "restarting" {
            running.push(ContainerRef { running: true, ..found });
        } else if policy.name != "no" && !matches!(state.status.as_str(), "removing" | "dead") {
            idle.push(found);
        }
    }
    // RFC 3339 in UTC with fixed places sorts as text; the engine trims trailing zeros of the fraction, so compare without the Z.
    running.sort_by(|a, b| (a.started_at.trim_end_matches('Z'), &a.name).cmp(&(b.started_at.trim_end_matches('Z'), &b.name)));
    idle.sort_by(|a, b| a.name.cmp(&b.name));
    Ok((running, idle))
}

pub(crate) fn is_task(container: &Container) -> bool {
    container.labels.known().is_some_and(|labels| labels.iter().any(|label| label.starts_with("com.docker.swarm.")))
}

/// Containers that would not survive a stop, or not come back the same.
fn window_obstacles(engine: &Engine, running: &[ContainerRef], remedies: &[&Remedy]) -> Result<(), Vec<Obstacle>> {
    let mut against = Vec::new();
    for container in super::build::seen(engine).filter(|container| running.iter().any(|known| known.id == container.id)) {
        let name = &container.name;
        let mut push = |reason: String, hint: &str| against.push(obstacle(remedies, name, reason, hint));
        match &container.auto_remove {
            Fact::Known(false) | Fact::Absent => {}
            Fact::Known(true) => push(
                format!(
                    "the restart needs a window in which no container runs, and {name} was started with --rm: stopping it would delete it"
                ),
                "stop it yourself, or start it without --rm; then plan again",
            ),
            Fact::Unknown { why } => push(format!("whether {name} was started with --rm could not be seen: {why}"), ""),
        }
        if container.state.known().is_some_and(|state| state.paused) {
            push(format!("container {name} is paused, and would come back running"), "unpause or stop it, then plan again");
        }
        if container.labels.known().is_some_and(|labels| labels.iter().any(|label| label.starts_with("io.kubernetes."))) {
            push(
                format!("container {name} belongs to a Kubernetes pod: the kubelet starts pods by itself while the window is open"),
                "drain the node and stop the kubelet first",
            );
        }
    }
    if against.is_empty() { Ok(()) } else { Err(against) }
}

/// The step with its texts.
fn describe(engine: &Engine, change: DaemonChange, remedies: &[&Remedy], mut notes: Vec<String>) -> Result<Step, String> {
    let before = engine.config_file.known().map(|file: &TextFile| file.text.as_str());
    let wishes: Vec<daemon_json::Wish> = change.edits.iter().map(|edit| (edit.key.clone(), Some(edit.value.clone()))).collect();
    let after = daemon_json::edit(before, &wishes).map_err(|error| format!("{}: {error}", change.config_path))?;
    let keys: Vec<String> = change.edits.iter().chain(&change.pending).map(|edit| format!("{} {}", edit.key, edit.value)).collect();
    let names: Vec<&str> = change.running.iter().map(|container| container.name.as_str()).collect();
    let (event, doing) = match change.how {
        How::Reload => (Event::Reload, "reload the daemon"),
        How::Restart if names.is_empty() => (Event::Restart, "restart the daemon (no container runs)"),
        How::Restart => (Event::Restart, "restart the daemon once, containers carried by live restore"),
        How::Window => (Event::Restart, "restart the daemon once, in a window in which no container runs"),
    };
    let carries = change.how == How::Restart && !names.is_empty();
    let mut residue = Vec::new();
    match change.how {
        How::Reload => {}
        How::Restart if names.is_empty() => {}
        How::Restart => notes.push(format!(
            "{} keep running with the same processes; while the daemon is down (seconds) docker commands fail, and so do published ports on \
             127.0.0.1",
            names.join(", ")
        )),
        How::Window => {
            notes.push(format!(
                "stopped in this order, each with its own stop timeout: {}; started again in the old order: {}",
                names.iter().rev().copied().collect::<Vec<_>>().join(", "),
                names.join(", ")
            ));
            residue.push("containers that were stopped and started have new processes, StartedAt and a RestartCount of 0".to_owned());
        }
    }
    if carries && change.live_restore_now == Some(false) && !change.live_restore_after {
        notes.push("live restore is switched on for the restart only, and off again afterwards".to_owned());
    }
    if !change.idle.is_empty() {
        let idle: Vec<&str> = change.idle.iter().map(|container| container.name.as_str()).collect();
        notes.push(format!("kept down, although the daemon may start them by itself when it starts: {}", idle.join(", ")));
    }
    let sets = |key: &str, value: Value| change.edits.iter().chain(&change.pending).any(|edit| edit.key == key && edit.value == value);
    if sets("icc", json!(false)) {
        notes.push(bridge_note(engine));
    }
    if sets("userland-proxy", json!(false)) {
        notes.push("published ports on [::1] stop answering without the proxy; 127.0.0.1 goes on through the firewall rules".to_owned());
        residue.push("the kernel keeps route_localnet=1 on docker0 until that bridge is made anew (a reboot)".to_owned());
    }
    if sets("no-new-privileges", json!(true)) {
        notes.push("it holds for containers that are created from now on; those that exist keep what they were created with".to_owned());
    }
    let undo_way = match change.how {
        How::Reload => "reload with the old values in force, then the old bytes",
        How::Restart => "restart with live restore still on, then the old values in force, then the old bytes",
        How::Window => "the same window again with the old file",
    };
    let mut step = Step::draft(format!("set {}: {doing}", keys.join(", ")), remedies, event, Change::Daemon(change.clone()));
    step.diff = diff::unified(&change.config_path, before, Some(&after));
    step.affects = match change.how {
        How::Reload => Vec::new(),
        How::Restart | How::Window => names.iter().map(|name| (*name).to_owned()).collect(),
    };
    step.undo = format!("{undo_way}; if someone edited the file since, only these keys go back and the rest stays");
    step.residue = residue.join("; ");
    step.preconditions = vec![
        format!("{} is the same file, byte for byte", change.config_path),
        "the daemon is the same process of the same version, with the same swarm state".to_owned(),
    ];
    if change.how != How::Reload {
        step.preconditions.push("the same containers run, started at the same times".to_owned());
        step.preconditions.push(format!("restarted by {}", change.service.words()));
    }
    step.notes = notes;
    Ok(step)
}

/// Who could notice that containers on the default bridge no longer reach each other.
fn bridge_note(engine: &Engine) -> String {
    let on_bridge: Vec<String> = super::build::seen(engine)
        .filter(|container| {
            container.state.known().is_some_and(|state| state.running)
                && container.networks.known().is_some_and(|networks| networks.iter().any(|network| network.name == "bridge"))
        })
        .map(|container| container.name.clone())
        .collect();
    match on_bridge.len() {
        0 => "no running container is on the default bridge; networks of users keep their own option".to_owned(),
        _ => format!(
            "on the default bridge, where containers no longer reach each other except by --link: {}; networks of users keep their own option",
            on_bridge.join(", ")
        ),
    }
}

fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}
