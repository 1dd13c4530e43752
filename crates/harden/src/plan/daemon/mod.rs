//! The daemon's configuration: all settings in one edit, and one reload or restart that puts them in force.

mod containers;
mod describe;
mod surroundings;
mod wishes;

pub(crate) use containers::{containers, is_task};

use assess::derive::settings::{Settings, settings};
use assess::{Action, Remedy};
use facts::docker::Engine;
use facts::{Fact, Snapshot};

use super::build::{Draft, obstacle};
use super::unit::{Service, service};
use super::{DaemonChange, How, KeyEdit, Obstacle, Options, ServiceControl, Step};
use containers::window_obstacles;
use describe::describe;
use surroundings::{awaits, control, may_carry};
use wishes::{Wishes, unusable, wishes};

/// Keys that dockerd takes up on SIGHUP and that we set; of the others it takes no notice until it starts.
pub(crate) const RELOADABLE: &[&str] = &["live-restore", "debug"];

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
    if let Some(uid) = process.uid.known().filter(|uid| **uid != 0) {
        return Err(against(
            format!("the engine runs as user {uid} (rootless): its unit and its files are that user's"),
            "rootless engines are not built yet; set the keys by hand",
        ));
    }
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

fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}
