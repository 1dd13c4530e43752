//! Whether the host is still the one that the plan was made for.

use std::path::Path;

use facts::{Snapshot, redact};

use super::audit::check_paths;
use super::files::utf8;
use crate::error::Error;
use crate::plan::build::{config_identity, container_identity, seen, steps_for, swarm_state};
use crate::plan::{Change, ContainerIdentity, DaemonChange, DaemonIdentity, How, Obstacle, Plan, Refusal, ServiceControl};
use crate::system::{file, process};

/// Refuses a plan that rests on facts that are no longer so, naming each.
pub(super) fn check(plan: &Plan, now: &Snapshot) -> Result<(), Refusal> {
    let Some(engine) = now.engine() else {
        return Err(Refusal::because(format!("the engine could not be read: {}", now.docker.why().unwrap_or("none was found")), ""));
    };
    let needed = &plan.preconditions;
    let mut differ: Vec<String> = Vec::new();
    let mut compare = |what: &str, planned: &str, found: &str| {
        if planned != found {
            differ.push(format!("{what} was {planned:?} and is {found:?} now"));
        }
    };
    compare("the host", &plan.host, now.host.name.known().map_or("", String::as_str));
    compare("the boot", &needed.boot_id, now.host.boot_id.known().map_or("", String::as_str));
    compare("the engine's endpoint", &plan.engine.endpoint, &engine.endpoint);
    compare("the engine's version", &needed.engine_version, engine.version.known().map_or("", |version| version.version.as_str()));
    compare("the swarm state", &needed.swarm_state, swarm_state(engine).known().map_or("", String::as_str));
    if let Some(daemon) = &needed.daemon {
        let found = engine
            .process
            .known()
            .and_then(|process| process.start_ticks.known().map(|ticks| DaemonIdentity { pid: process.pid, start_ticks: *ticks }));
        if found.as_ref() != Some(daemon) {
            differ.push(format!("the daemon is no longer process {} of then: it was restarted", daemon.pid));
        }
    }
    if let Some(config) = &needed.config
        && (config_identity(engine, &config.path) != *config || engine.config_path.known() != Some(&config.path))
    {
        differ.push(format!("{} is not the file of then: it was changed or replaced", config.path));
    }
    if let Some(rules) = &needed.audit_rules {
        let found: Option<Vec<String>> = now.host.audit.rules.known().map(|rules| rules.iter().map(|rule| rule.text.clone()).collect());
        if found.as_ref() != Some(rules) {
            differ.push("the loaded audit rules are not those of then".to_owned());
        }
    }
    let found: Vec<ContainerIdentity> = seen(engine).map(container_identity).collect();
    for container in &needed.containers {
        match found.iter().find(|known| known.id == container.id) {
            Some(known) if known == container => {}
            Some(_) => differ.push(format!("container {} was stopped, started or renamed", container.name)),
            None => differ.push(format!("container {} is gone", container.name)),
        }
    }
    if needed.all_containers {
        for container in found.iter().filter(|known| !needed.containers.iter().any(|planned| planned.id == known.id)) {
            differ.push(format!("container {} is new", container.name));
        }
    }
    if differ.is_empty() {
        return same_steps(plan, now);
    }
    let void = |reason: String| Obstacle {
        checks: Vec::new(),
        subject: String::new(),
        reason: format!("the plan is void: {reason}"),
        hint: "plan again; nothing was changed".to_owned(),
    };
    Err(Refusal { obstacles: differ.into_iter().map(void).collect() })
}

/// The plan is what its own wishes lead to here and now.
fn same_steps(plan: &Plan, now: &Snapshot) -> Result<(), Refusal> {
    let steps = steps_for(now, &plan.asked)?;
    let differs = plan.steps.iter().zip(&steps).find(|(planned, found)| planned != found);
    if differs.is_none() && plan.steps.len() == steps.len() {
        return Ok(());
    }
    let which = differs.map(|(planned, _)| format!(": {}", planned.title)).unwrap_or_default();
    Err(Refusal::because(
        format!(
            "the plan is void: planned again for this host now, its steps come out otherwise{which} (the host changed, or the file was altered or made by another version)"
        ),
        "plan again; nothing was changed",
    ))
}

/// What the writer must know of the live system beyond the Snapshot, before it begins.
pub(super) fn check_live(plan: &Plan, now: &Snapshot) -> Result<(), Error> {
    for step in &plan.steps {
        match &step.change {
            Change::ContainerUpdate(_) => {}
            Change::AuditRules(change) => check_paths(change)?,
            Change::Daemon(change) => check_config(change, now)?,
        }
    }
    let Some(change) = plan.daemon().filter(|change| change.how != How::Reload) else { return Ok(()) };
    let ids = now.engine().into_iter().flat_map(|engine| seen(engine).map(|container| container.id.as_str()));
    if let Some(id) = process::own_container(ids) {
        return Err(Error::Refused(Refusal::because(
            format!("cofferdam itself runs in container {} of this engine: the restart would end it half way", id.get(..12).unwrap_or(&id)),
            "run cofferdam on the host",
        )));
    }
    if change.service == ServiceControl::None {
        return Err(Error::Refused(Refusal::because(
            "the daemon must be restarted by a person: it runs under no systemd unit, and cofferdam.yaml names no command",
            "service: {restart: [rc-service, docker, restart]} in cofferdam.yaml, then plan again",
        )));
    }
    Ok(())
}

/// The file is the one that was read.
fn check_config(change: &DaemonChange, now: &Snapshot) -> Result<(), Error> {
    let asked = Path::new(&change.config_path);
    let path = Path::new(&change.write_path);
    let real = asked.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let refuse = |reason: String, hint: &str| Err(Error::Refused(Refusal::because(reason, hint)));
    if real != path {
        return refuse(format!("{} leads to {} now, not to {}", asked.display(), real.display(), path.display()), "plan again");
    }
    if file::is_mount_point(path) {
        return refuse(
            format!("{} is a mount of its own (a bind-mounted file): it cannot be replaced in one piece", path.display()),
            "edit the file that is mounted there, or bind-mount its folder instead",
        );
    }
    let content = file::read(path)?;
    let text = content.as_ref().map(|content| utf8(path, &content.bytes)).transpose()?;
    let redacted = text.map(redact::daemon_json);
    let seen = now.engine().and_then(|engine| engine.config_file.known()).map(|file| file.text.as_str());
    if redacted.as_deref() != seen {
        return refuse(format!("the plan is void: {} changed while it was looked at", path.display()), "plan again; nothing was changed");
    }
    Ok(())
}
