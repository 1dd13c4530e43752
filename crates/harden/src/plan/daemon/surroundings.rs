//! What a reload or restart depends on besides our keys: other keys that wait, the unit, live restore.

use std::collections::BTreeSet;

use assess::derive::settings::{Settings, State};
use facts::docker::{Engine, arguments, parse_config};
use facts::{Fact, Snapshot};
use serde_json::json;

use super::super::unit::Service;
use super::super::{KeyEdit, Options, ServiceControl};
use super::wishes::no_swarm;

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

/// Refuses what a restart or reload would put in force besides our keys, and names what is harmless.
pub(super) fn awaits(
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

/// Who reloads and restarts the daemon.
pub(super) fn control(snapshot: &Snapshot, unit: &Fact<String>, options: &Options) -> ServiceControl {
    let has_systemd = snapshot.host.service_manager.known().is_some_and(|manager| manager == "systemd");
    match (unit, &options.service) {
        (Fact::Known(unit), _) if has_systemd => ServiceControl::Systemd { unit: unit.clone() },
        (_, Some(commands)) => ServiceControl::Commands(commands.clone()),
        _ => ServiceControl::None,
    }
}

/// Whether running containers outlive a restart of the daemon; if not, why.
pub(super) fn may_carry(engine: &Engine, settings: &Settings, unit: Option<&Fact<Service>>, now: Option<bool>) -> Result<(), String> {
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
