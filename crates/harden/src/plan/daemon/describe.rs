//! The daemon step in words, with its diff.

use assess::{Event, Remedy};
use facts::docker::Engine;
use facts::host::TextFile;
use serde_json::{Value, json};

use super::super::build::seen;
use super::super::{Change, DaemonChange, How, Step};
use crate::edit::{daemon_json, diff};

/// The step with its texts.
pub(super) fn describe(engine: &Engine, change: DaemonChange, remedies: &[&Remedy], mut notes: Vec<String>) -> Result<Step, String> {
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
    let on_bridge: Vec<String> = seen(engine)
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
