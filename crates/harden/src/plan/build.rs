//! From remedies to a plan. Pure: the Snapshot is all that it knows of the host.

use assess::{Action, Assessment, Event, Remedy, SnapshotRef};
use facts::docker::{Container, Engine};
use facts::{Fact, Snapshot, Tool, digest};

use super::{
    AdviceItem, Asked, Change, ConfigIdentity, ContainerIdentity, DaemonIdentity, How, Obstacle, Options, Plan, PlannedEngine,
    Preconditions, Prediction, Refusal, SCHEMA, ServiceControl, Step, audit, changes, containers, daemon,
};

/// What the parts of a plan add up to.
#[derive(Default)]
pub(super) struct Draft {
    /// Steps in order, without ids.
    pub(super) steps: Vec<Step>,
    /// What stands against the whole plan.
    pub(super) against: Vec<Obstacle>,
    /// What stands against one object's remedy.
    pub(super) refused: Vec<Obstacle>,
    /// Remedies whose effect will be measurable once the steps are done.
    pub(super) effective: Vec<Remedy>,
}

/// Makes a plan that carries out the remedies, with `judge` as the way from a Snapshot to its Assessment.
///
/// What is in force already is left out: a hardened host gets an empty plan. A [`Refusal`] names everything that stands against the
/// plan as a whole; a remedy for one container that cannot be had safely is left out and named in [`Plan::refused`].
pub fn plan(snapshot: &Snapshot, judge: &dyn Fn(&Snapshot) -> Assessment, remedies: &[Remedy], options: &Options) -> Result<Plan, Refusal> {
    let engine = engine_of(snapshot)?;
    let draft = draft(snapshot, engine, remedies, options)?;
    let by_hand = remedies.iter().filter(|remedy| is_by_hand(remedy));
    let preconditions = preconditions(snapshot, engine, &draft.steps);
    let predicted = predict(snapshot, judge, &draft.effective);
    Ok(Plan {
        schema: SCHEMA.to_owned(),
        tool: Tool { name: "cofferdam".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        host: snapshot.host.name.known().cloned().unwrap_or_default(),
        engine: PlannedEngine {
            endpoint: engine.endpoint.clone(),
            version: engine.version.known().map(|version| version.version.clone()).unwrap_or_default(),
        },
        snapshot: SnapshotRef { digest: digest(snapshot), taken_at: snapshot.taken_at.clone() },
        asked: Asked { remedies: remedies.to_vec(), service: options.service.clone(), stop_containers: options.stop_containers },
        steps: draft.steps,
        predicted,
        advice: by_hand.map(advice).collect(),
        refused: draft.refused,
        preconditions,
    })
}

/// The steps that the same wishes lead to on this Snapshot: what a plan is compared with before it is applied, so that neither an
/// altered file nor one of another version is ever carried out.
pub(crate) fn steps_for(snapshot: &Snapshot, asked: &Asked) -> Result<Vec<Step>, Refusal> {
    let options = Options { service: asked.service.clone(), stop_containers: asked.stop_containers, own_container: None };
    draft(snapshot, engine_of(snapshot)?, &asked.remedies, &options).map(|draft| draft.steps)
}

fn engine_of(snapshot: &Snapshot) -> Result<&Engine, Refusal> {
    snapshot.engine().ok_or_else(|| {
        let why = snapshot.docker.why().unwrap_or("no engine was looked at");
        Refusal::because(format!("there is no engine to harden: {why}"), "")
    })
}

fn is_by_hand(remedy: &Remedy) -> bool {
    matches!(remedy.action, Action::Manual | Action::ContainerRecreate)
}

fn draft(snapshot: &Snapshot, engine: &Engine, remedies: &[Remedy], options: &Options) -> Result<Draft, Refusal> {
    let automatic: Vec<&Remedy> = remedies.iter().filter(|remedy| !is_by_hand(remedy)).collect();
    if !automatic.is_empty() && !engine.local {
        return Err(Refusal::because(
            format!("the engine {} is on another machine: its files and its kernel cannot be changed from here", engine.endpoint),
            "run cofferdam on that machine",
        ));
    }
    if !automatic.is_empty() && !engine.endpoint.is_empty() && !engine.endpoint.starts_with("unix://") {
        return Err(Refusal::because(
            format!("an engine is changed over its Unix socket only, and {} is none", engine.endpoint),
            "name its socket: --host unix:///run/docker.sock",
        ));
    }
    let mut draft = Draft::default();
    containers::draft(engine, snapshot, &automatic, &mut draft);
    audit::draft(snapshot, &automatic, &mut draft);
    daemon::draft(snapshot, engine, &automatic, options, &mut draft);
    if !draft.against.is_empty() {
        draft.against.append(&mut draft.refused);
        return Err(Refusal { obstacles: draft.against });
    }
    if draft.steps.is_empty() && !draft.refused.is_empty() {
        return Err(Refusal { obstacles: draft.refused });
    }
    for (index, step) in draft.steps.iter_mut().enumerate() {
        step.id = format!("step-{}", index + 1);
        step.remedies.sort();
        step.remedies.dedup();
    }
    Ok(draft)
}

fn advice(remedy: &Remedy) -> AdviceItem {
    AdviceItem { check: remedy.check.clone(), subject: remedy.subject.name.to_string(), text: remedy.text.to_string() }
}

fn predict(snapshot: &Snapshot, judge: &dyn Fn(&Snapshot) -> Assessment, remedies: &[Remedy]) -> Prediction {
    let before = judge(snapshot);
    let after = judge(&assess::preview(snapshot, remedies));
    Prediction { summary: after.summary, changes: changes(&before, &after) }
}

/// An obstacle that concerns some remedies.
pub(super) fn obstacle(remedies: &[&Remedy], subject: &str, reason: impl Into<String>, hint: impl Into<String>) -> Obstacle {
    let mut checks: Vec<String> = remedies.iter().map(|remedy| remedy.check.clone()).collect();
    checks.sort();
    checks.dedup();
    Obstacle { checks, subject: subject.to_owned(), reason: reason.into(), hint: hint.into() }
}

/// The facts that the steps rest on, and no others: what a plan does not need must not make it void.
fn preconditions(snapshot: &Snapshot, engine: &Engine, steps: &[Step]) -> Preconditions {
    let mut needed = Preconditions {
        boot_id: snapshot.host.boot_id.known().cloned().unwrap_or_default(),
        engine_version: engine.version.known().map(|version| version.version.clone()).unwrap_or_default(),
        swarm_state: swarm_state(engine).known().cloned().unwrap_or_default(),
        ..Preconditions::default()
    };
    for step in steps {
        match &step.change {
            Change::ContainerUpdate(change) => {
                needed.containers.extend(seen(engine).filter(|container| container.id == change.id).map(container_identity));
            }
            Change::AuditRules(_) => {
                needed.audit_rules = snapshot.host.audit.rules.known().map(|rules| rules.iter().map(|rule| rule.text.clone()).collect());
            }
            Change::Daemon(change) => {
                needed.daemon = engine
                    .process
                    .known()
                    .and_then(|process| process.start_ticks.known().map(|ticks| DaemonIdentity { pid: process.pid, start_ticks: *ticks }));
                needed.config = Some(config_identity(engine, &change.config_path));
                if change.how != How::Reload {
                    needed.all_containers = true;
                    needed.containers = seen(engine).map(container_identity).collect();
                }
            }
        }
    }
    needed.containers.sort_by(|a, b| a.id.cmp(&b.id));
    needed.containers.dedup();
    needed
}

/// The configuration file as this Snapshot saw it.
pub(crate) fn config_identity(engine: &Engine, path: &str) -> ConfigIdentity {
    match engine.config_file.known() {
        Some(file) => ConfigIdentity {
            path: path.to_owned(),
            text: Some(digest(&file.text)),
            inode: file.stat.inode,
            size: file.stat.size,
            ctime_ns: file.stat.ctime_ns,
        },
        None => ConfigIdentity { path: path.to_owned(), ..ConfigIdentity::default() },
    }
}

pub(crate) fn container_identity(container: &Container) -> ContainerIdentity {
    let state = container.state.known();
    // In a crash loop the time moves on by itself.
    let loops = state.is_some_and(|state| state.status == "restarting");
    ContainerIdentity {
        id: container.id.clone(),
        name: container.name.clone(),
        running: loops || state.is_some_and(|state| state.running),
        started_at: state.filter(|_| !loops).map(|state| state.started_at.clone()).unwrap_or_default(),
    }
}

/// The containers that could be inspected.
pub(crate) fn seen(engine: &Engine) -> impl Iterator<Item = &Container> {
    engine.containers.known().into_iter().flatten().filter_map(|container| container.known())
}

/// Swarm.LocalNodeState.
pub(crate) fn swarm_state(engine: &Engine) -> Fact<String> {
    engine.info.fact.as_ref().and_then(|info| info.swarm_state.clone())
}

impl Step {
    /// A step whose texts are filled in by the caller.
    pub(super) fn draft(title: String, remedies: &[&Remedy], event: Event, change: Change) -> Self {
        Self {
            id: String::new(),
            title,
            remedies: remedies.iter().map(|remedy| remedy.check.clone()).collect(),
            event,
            diff: String::new(),
            affects: Vec::new(),
            undo: String::new(),
            residue: String::new(),
            preconditions: Vec::new(),
            notes: Vec::new(),
            change,
        }
    }
}

impl ServiceControl {
    /// Who it is, for people.
    pub fn words(&self) -> String {
        match self {
            Self::Systemd { unit } => format!("systemd, unit {unit}"),
            Self::Commands(commands) if commands.restart.is_empty() => "SIGHUP".to_owned(),
            Self::Commands(commands) => format!("the command `{}`", commands.restart.join(" ")),
            Self::None => "nobody that cofferdam knows".to_owned(),
        }
    }
}
