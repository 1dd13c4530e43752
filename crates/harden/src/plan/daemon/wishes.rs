//! What the settings ask of the file, key by key, and what stands against each.

use assess::derive::settings::{Setting, Settings, State};
use assess::{Action, Remedy};
use facts::Fact;
use facts::docker::Engine;
use serde_json::{Value, json};

use super::super::build::{obstacle, swarm_state};
use super::super::{KeyEdit, Obstacle};

/// What the settings need, before it is known how they are taken up.
pub(super) struct Wishes<'r> {
    pub(super) remedies: Vec<&'r Remedy>,
    pub(super) edits: Vec<KeyEdit>,
    pub(super) pending: Vec<KeyEdit>,
}

/// Why the configuration file is not edited at all.
pub(super) fn unusable(engine: &Engine, settings: &Settings) -> Option<String> {
    let path = match &settings.path {
        Fact::Known(path) => path,
        other => return Some(format!("the daemon's configuration file is not known: {}", other.why().unwrap_or("it has none"))),
    };
    if let Some(why) = settings.unwritable() {
        return Some(format!("{path} {why}"));
    }
    engine.config_file.fact.why().map(|why| format!("{path} could not be read: {why}"))
}

pub(super) fn wishes<'r>(engine: &Engine, settings: &Settings, remedies: &[&'r Remedy]) -> Result<Wishes<'r>, Vec<Obstacle>> {
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
pub(super) fn no_swarm(engine: &Engine) -> Result<(), (String, &'static str)> {
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
