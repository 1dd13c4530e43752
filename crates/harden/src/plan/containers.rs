//! Live updates of containers: limits and restart policy, one step a container.

use assess::{Action, Event, Remedy};
use facts::docker::{Cgroup, Container, Engine, Limit, RestartPolicy};
use facts::{Fact, Snapshot};

use super::build::{Draft, obstacle, seen};
use super::{Change, ContainerChange, KernelLimits, Obstacle, Step, UpdateBody};

/// What Docker and runc take for "no limit": page-rounded 2^63. `docker update` has no way to remove one (hardening.md 3.1).
const UNLIMITED_MEMORY: i64 = 9_223_372_036_854_771_712;

/// The daemon refuses less.
const LEAST_MEMORY: u64 = 6 * 1024 * 1024;

/// The kernel counts memory in pages.
const PAGE: u64 = 4096;

#[derive(Default)]
struct Wanted {
    memory: Option<u64>,
    pids: Option<u64>,
    restart: Option<RestartPolicy>,
}

/// Adds a step for each container whose remedies change something.
pub(super) fn draft(engine: &Engine, snapshot: &Snapshot, remedies: &[&Remedy], draft: &mut Draft) {
    let mut ids: Vec<&str> = Vec::new();
    for remedy in remedies {
        if matches!(remedy.action, Action::ContainerUpdate { .. }) && !ids.contains(&&*remedy.subject.id) {
            ids.push(&remedy.subject.id);
        }
    }
    for id in ids {
        let own: Vec<&Remedy> = remedies
            .iter()
            .copied()
            .filter(|remedy| matches!(remedy.action, Action::ContainerUpdate { .. }) && *remedy.subject.id == *id)
            .collect();
        match step(engine, snapshot, id, &own) {
            Ok(Some(step)) => {
                draft.effective.extend(own.into_iter().cloned());
                draft.steps.push(step);
            }
            Ok(None) => {}
            Err(obstacle) => draft.refused.push(obstacle),
        }
    }
}

fn step(engine: &Engine, snapshot: &Snapshot, id: &str, remedies: &[&Remedy]) -> Result<Option<Step>, Obstacle> {
    let name = remedies.first().map(|remedy| remedy.subject.name.clone()).unwrap_or_default();
    let refuse = |reason: String, hint: &str| obstacle(remedies, &name, format!("container {name}: {reason}"), hint);
    let wanted =
        wanted(remedies).map_err(|what| refuse(format!("two remedies ask for different values of {what}"), "choose one of them"))?;
    let Some(container) = seen(engine).find(|container| container.id == id) else {
        return Err(refuse("it could not be inspected".to_owned(), "see the gaps of the assessment"));
    };
    let state = container.state.known().ok_or_else(|| refuse("its state could not be seen".to_owned(), ""))?;
    let cgroup = match (state.running, container.process.as_ref().and_then(|process| process.cgroup.fact.as_ref())) {
        (false, _) => None,
        (true, Fact::Known(cgroup)) => Some(cgroup),
        (true, other) => {
            let why = other.why().unwrap_or("no control group was found").to_owned();
            return Err(refuse(format!("what its control group holds could not be seen: {why}"), "run as root on the host"));
        }
    };
    let mut change = ContainerChange {
        id: id.to_owned(),
        name: name.to_string(),
        running: state.running,
        cgroup_version: cgroup.map_or_else(|| snapshot.host.cgroup_version.known().copied().unwrap_or(0), |cgroup| cgroup.version),
        post: UpdateBody::default(),
        undo: UpdateBody::default(),
        engine_before: UpdateBody::default(),
        kernel_before: KernelLimits::default(),
        kernel_after: KernelLimits::default(),
    };
    let mut lines = Vec::new();
    let mut residue = Vec::new();
    if let Some(memory) = wanted.memory {
        limit_memory(container, snapshot, cgroup, memory, &mut change, &mut lines, &mut residue)
            .map_err(|(reason, hint)| refuse(reason, hint))?;
    }
    if let Some(pids) = wanted.pids {
        limit_pids(container, cgroup, pids, &mut change, &mut lines, &mut residue).map_err(|(reason, hint)| refuse(reason, hint))?;
    }
    if let Some(policy) = wanted.restart {
        restart_policy(container, policy, &mut change, &mut lines).map_err(|(reason, hint)| refuse(reason, hint))?;
    }
    if change.post.is_empty() {
        return Ok(None);
    }
    let mut notes = Vec::new();
    owner(container, &mut notes).map_err(|(reason, hint)| refuse(reason, hint))?;
    if !change.running {
        notes.push("it does not run: the limits take hold at its next start".to_owned());
    }
    let mut step = Step::draft(format!("update container {name}"), remedies, Event::None, Change::ContainerUpdate(change));
    step.diff = format!("--- container {name}\n+++ container {name}\n{}", lines.concat());
    step.affects = vec![name.to_string()];
    step.undo = format!("`docker update` of {name} back to the values that the kernel and the engine hold now; its processes go on");
    step.residue = residue.join("; ");
    step.preconditions = vec![format!("container {name} is the same one, started at the same time")];
    step.notes = notes;
    Ok(Some(step))
}

fn wanted(remedies: &[&Remedy]) -> Result<Wanted, &'static str> {
    fn merge<T: PartialEq + Clone>(slot: &mut Option<T>, value: Option<&T>, what: &'static str) -> Result<(), &'static str> {
        match (slot.as_ref(), value) {
            (Some(old), Some(new)) if old != new => Err(what),
            (None, Some(new)) => {
                *slot = Some(new.clone());
                Ok(())
            }
            _ => Ok(()),
        }
    }
    let mut wanted = Wanted::default();
    for remedy in remedies {
        if let Action::ContainerUpdate { memory, pids_limit, restart } = &remedy.action {
            merge(&mut wanted.memory, memory.as_ref(), "the memory limit")?;
            merge(&mut wanted.pids, pids_limit.as_ref(), "the limit of processes")?;
            merge(&mut wanted.restart, restart.as_ref(), "the restart policy")?;
        }
    }
    Ok(wanted)
}

type Against = (String, &'static str);

fn limit_memory(
    container: &Container,
    snapshot: &Snapshot,
    cgroup: Option<&Cgroup>,
    memory: u64,
    change: &mut ContainerChange,
    lines: &mut Vec<String>,
    residue: &mut Vec<String>,
) -> Result<(), Against> {
    let asked = container.memory.known().copied().unwrap_or(0);
    let held = match cgroup {
        Some(cgroup) => match &cgroup.memory_max {
            Fact::Known(limit) => Some(*limit),
            other => return Err((unseen("its memory limit", other), "run as root on the host")),
        },
        None => None,
    };
    let now = held.unwrap_or_else(|| if asked > 0 { Limit::At(asked.unsigned_abs()) } else { Limit::Unlimited });
    if matches!(now, Limit::At(now) if now <= memory) {
        return Ok(());
    }
    if memory < LEAST_MEMORY {
        return Err((format!("a memory limit of {memory} bytes is below the 6 MiB that the engine accepts"), "choose a higher limit"));
    }
    if let Fact::Known(total) = &snapshot.host.memory_total.fact
        && memory >= *total
    {
        return Err((format!("a memory limit of {memory} bytes is no limit on a host with {total}"), "choose a lower limit"));
    }
    if let Some(cgroup) = cgroup {
        // A limit below what is in use is refused by runc on v1 and answered with an out-of-memory kill on v2.
        match &cgroup.memory_current {
            Fact::Known(current) if *current >= memory => {
                return Err((
                    format!("it uses {current} bytes now, the limit would be {memory}"),
                    "choose a higher limit for this container",
                ));
            }
            Fact::Known(_) => {}
            other => return Err((unseen("its memory use", other), "run as root on the host")),
        }
        if let Fact::Known(peak) = &cgroup.memory_peak
            && *peak >= memory
        {
            return Err((
                format!("it has used {peak} bytes at its peak, the limit would be {memory}"),
                "choose a higher limit for this container",
            ));
        }
    }
    let limit = i64::try_from(memory).unwrap_or(i64::MAX);
    let swap = container.memory_swap.known().copied().unwrap_or(0);
    change.post.memory = Some(limit);
    // An unlimited container has no swap limit either, and v1 wants both at once. No swap beyond the limit: a limit with open swap is none.
    // A number that stands for none is what our own way back leaves (see UNLIMITED_MEMORY).
    let sets_swap = swap <= 0 || swap < limit || swap >= UNLIMITED_MEMORY;
    if sets_swap {
        change.post.memory_swap = Some(limit);
    }
    change.engine_before.memory = Some(asked);
    change.engine_before.memory_swap = Some(swap);
    let (undo_memory, undo_swap) = memory_before(now, asked, swap, change.cgroup_version);
    change.undo.memory = Some(undo_memory);
    change.undo.memory_swap = sets_swap.then_some(undo_swap);
    if let Some(cgroup) = cgroup {
        let rounded = Limit::At(memory / PAGE * PAGE);
        change.kernel_before.memory = held;
        change.kernel_after.memory = Some(rounded);
        // No file: the kernel does not account for swap, and the engine drops that part with a warning.
        if let Fact::Known(before) = &cgroup.memory_swap_max {
            change.kernel_before.memory_swap = Some(*before);
            change.kernel_after.memory_swap = Some(match (sets_swap, cgroup.version) {
                (false, _) => *before,
                (true, 2) => Limit::At(0),
                (true, _) => rounded,
            });
        }
    }
    lines.push(changed("memory", &limit_words(now), &memory.to_string()));
    if sets_swap {
        lines.push(changed(
            "memory and swap",
            &if swap > 0 && swap < UNLIMITED_MEMORY { swap.to_string() } else { "unlimited".to_owned() },
            &memory.to_string(),
        ));
    }
    if asked == 0 {
        residue.push(format!("after going back, inspect shows a memory limit of {UNLIMITED_MEMORY} (none) instead of 0"));
    }
    Ok(())
}

/// What to post so that the kernel holds what it held (measured on v1 and v2, hardening.md 3.1).
fn memory_before(now: Limit, asked: i64, swap: i64, cgroup_version: u8) -> (i64, i64) {
    match now {
        Limit::At(bytes) => {
            (if asked > 0 { asked } else { i64::try_from(bytes).unwrap_or(UNLIMITED_MEMORY) }, if swap == 0 { -1 } else { swap })
        }
        Limit::Unlimited if cgroup_version == 2 => (UNLIMITED_MEMORY, -1),
        Limit::Unlimited => (UNLIMITED_MEMORY, UNLIMITED_MEMORY),
    }
}

fn limit_pids(
    container: &Container,
    cgroup: Option<&Cgroup>,
    pids: u64,
    change: &mut ContainerChange,
    lines: &mut Vec<String>,
    residue: &mut Vec<String>,
) -> Result<(), Against> {
    let asked = container.pids_limit.known().copied();
    let held = match cgroup {
        Some(cgroup) => match &cgroup.pids_max {
            Fact::Known(limit) => Some(*limit),
            other => return Err((unseen("its limit of processes", other), "run as root on the host")),
        },
        None => None,
    };
    let now = held.unwrap_or(match asked {
        Some(asked) if asked > 0 => Limit::At(asked.unsigned_abs()),
        _ => Limit::Unlimited,
    });
    if matches!(now, Limit::At(now) if now <= pids) {
        return Ok(());
    }
    if pids == 0 {
        return Err(("a limit of 0 processes means none to the engine".to_owned(), "choose a limit above 0"));
    }
    if let Some(cgroup) = cgroup {
        match &cgroup.pids_current {
            Fact::Known(current) if *current >= pids => {
                return Err((
                    format!("it runs {current} processes now, the limit would be {pids}"),
                    "choose a higher limit for this container",
                ));
            }
            Fact::Known(_) => {}
            other => return Err((unseen("its number of processes", other), "run as root on the host")),
        }
        change.kernel_before.pids = held;
        change.kernel_after.pids = Some(Limit::At(pids));
    }
    change.post.pids_limit = Some(i64::try_from(pids).unwrap_or(i64::MAX));
    change.engine_before.pids_limit = asked;
    // The number that the kernel held, not "max": under systemd a container without a limit has TasksMax of its scope.
    change.undo.pids_limit = Some(match now {
        Limit::At(tasks) => i64::try_from(tasks).unwrap_or(-1),
        Limit::Unlimited => -1,
    });
    lines.push(changed("processes", &limit_words(now), &pids.to_string()));
    if asked.is_none() {
        residue.push("after going back, inspect shows a number as the limit of processes instead of null".to_owned());
    }
    Ok(())
}

fn restart_policy(
    container: &Container,
    policy: RestartPolicy,
    change: &mut ContainerChange,
    lines: &mut Vec<String>,
) -> Result<(), Against> {
    let now = match &container.restart_policy {
        Fact::Known(now) => now.clone(),
        other => return Err((unseen("its restart policy", other), "")),
    };
    if now == policy {
        return Ok(());
    }
    match &container.auto_remove {
        Fact::Known(false) | Fact::Absent => {}
        Fact::Known(true) => {
            return Err((
                "it was started with --rm, and the engine refuses a restart policy for those".to_owned(),
                "start it without --rm",
            ));
        }
        other => return Err((unseen("whether it was started with --rm", other), "")),
    }
    lines.push(changed("restart policy", &policy_words(&now), &policy_words(&policy)));
    change.undo.restart = Some(now.clone());
    change.engine_before.restart = Some(now);
    change.post.restart = Some(policy);
    Ok(())
}

/// Who would undo a live update, by the names of the labels: some owners make it pointless, others only forget it when they recreate.
fn owner(container: &Container, notes: &mut Vec<String>) -> Result<(), Against> {
    let labels = container.labels.known().map(Vec::as_slice).unwrap_or_default();
    let owned = |prefix: &str| labels.iter().any(|label| label.starts_with(prefix));
    if owned("com.docker.swarm.") {
        return Err((
            "it belongs to a swarm service, which makes it anew without the change".to_owned(),
            "change the service: docker service update",
        ));
    }
    if owned("io.kubernetes.") {
        return Err(("it belongs to a Kubernetes pod, which makes it anew without the change".to_owned(), "change the pod's owner"));
    }
    if owned("com.docker.compose.") {
        notes.push("it belongs to a compose project: put the same values into its file, or the next recreation loses them".to_owned());
    }
    Ok(())
}

fn unseen<T>(what: &str, fact: &Fact<T>) -> String {
    format!("{what} could not be seen: {}", fact.why().unwrap_or("the kernel has no such value here"))
}

fn changed(what: &str, before: &str, after: &str) -> String {
    format!("-{what}: {before}\n+{what}: {after}\n")
}

fn limit_words(limit: Limit) -> String {
    match limit {
        Limit::At(value) => value.to_string(),
        Limit::Unlimited => "unlimited".to_owned(),
    }
}

/// `on-failure:5`, as `docker run --restart` takes it.
pub(crate) fn policy_words(policy: &RestartPolicy) -> String {
    if policy.retries > 0 { format!("{}:{}", policy.name, policy.retries) } else { policy.name.clone() }
}
