//! The containers as a daemon restart finds them.

use assess::Remedy;
use facts::Fact;
use facts::docker::{Container, Engine};

use super::super::build::{obstacle, seen};
use super::super::{ContainerRef, Obstacle};

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
        // In a crash loop process and time move on by themselves.
        let loops = state.status == "restarting";
        let started_at = if loops { container.created.known().cloned().unwrap_or_default() } else { state.started_at.clone() };
        let found = ContainerRef {
            id: container.id.clone(),
            name: container.name.clone(),
            running: state.running,
            pid: if loops { 0 } else { state.pid },
            started_at,
            policy: policy.clone(),
        };
        if is_task(container) {
            // Swarm starts and stops its tasks by itself.
        } else if state.running || loops {
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

/// Whether swarm made it.
pub(crate) fn is_task(container: &Container) -> bool {
    container.labels.known().is_some_and(|labels| labels.iter().any(|label| label.starts_with("com.docker.swarm.")))
}

/// Containers that would not survive a stop, or not come back the same.
pub(super) fn window_obstacles(engine: &Engine, running: &[ContainerRef], remedies: &[&Remedy]) -> Result<(), Vec<Obstacle>> {
    let mut against = Vec::new();
    for container in seen(engine).filter(|container| running.iter().any(|known| known.id == container.id)) {
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
