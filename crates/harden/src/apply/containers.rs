//! Limits and restart policies of single containers, measured where the kernel holds them.

use facts::docker::{Container, Limit};
use facts::{Fact, Snapshot};

use super::run::Run;
use crate::error::Error;
use crate::journal::Op;
use crate::plan::build::seen;
use crate::plan::{ContainerChange, KernelLimits, UpdateBody};

impl Run<'_> {
    pub(super) async fn container_forward(&mut self, step: &str, change: &ContainerChange, now: &Snapshot) -> Result<(), Error> {
        let Some(container) = find(now, &change.id) else {
            return Err(Error::Effect(format!("container {} is gone", change.name)));
        };
        if is_there(container, change) {
            return Ok(());
        }
        self.act(step, Op::Update { id: change.id.clone(), name: change.name.clone(), body: change.post.clone() }).await
    }

    /// Undoes what is still as we left it; what someone changed since stays theirs.
    pub(super) async fn container_back(&mut self, step: &str, change: &ContainerChange, now: &Snapshot) -> Result<(), Error> {
        if !self.log.ledger.updated.contains(&change.id) {
            return Ok(());
        }
        let Some(container) = find(now, &change.id) else {
            return self.note(format!("container {} is gone: nothing to undo for it", change.name));
        };
        let mut body = UpdateBody::default();
        let held = kernel(container);
        if change.post.memory.is_some()
            && !same_memory(&held, &change.kernel_before, container, &[change.engine_before.memory, change.undo.memory])
        {
            if same_memory(&held, &change.kernel_after, container, &[change.post.memory]) {
                body.memory = change.undo.memory;
                body.memory_swap = change.undo.memory_swap;
            } else {
                self.note(format!("the memory limit of {} was changed by others since: left as it is", change.name))?;
            }
        }
        let pids_before = [change.engine_before.pids_limit, change.undo.pids_limit];
        if change.post.pids_limit.is_some() && !same_pids(&held, &change.kernel_before, container, &pids_before) {
            if same_pids(&held, &change.kernel_after, container, &[change.post.pids_limit]) {
                body.pids_limit = change.undo.pids_limit;
            } else {
                self.note(format!("the limit of processes of {} was changed by others since: left as it is", change.name))?;
            }
        }
        if change.post.restart.is_some() {
            // A policy that is set aside for a restart comes back with the daemon step.
            let policy = match self.log.ledger.parked.get(&change.id) {
                Some((_, policy)) => Some(policy.clone()),
                None => container.restart_policy.known().cloned(),
            };
            if policy == change.post.restart {
                body.restart = change.undo.restart.clone();
            } else if policy != change.undo.restart {
                self.note(format!("the restart policy of {} was changed by others since: left as it is", change.name))?;
            }
        }
        if body.is_empty() {
            return Ok(());
        }
        self.act(step, Op::Update { id: change.id.clone(), name: change.name.clone(), body }).await
    }
}

/// What the kernel does not hold as planned, in words; empty: all of it.
pub(super) fn missing(snapshot: &Snapshot, change: &ContainerChange) -> Vec<String> {
    let Some(container) = find(snapshot, &change.id) else { return vec![format!("container {} is gone", change.name)] };
    let held = kernel(container);
    let mut found = Vec::new();
    let mut compare = |what: &str, wanted: Option<Limit>, held: Option<Limit>| {
        if let (Some(wanted), true) = (wanted, change.running && is_running(container))
            && held != Some(wanted)
        {
            found.push(format!("{what} of {} is {held:?} in its control group, not {wanted:?}", change.name));
        }
    };
    compare("the memory limit", change.kernel_after.memory, held.memory);
    compare("the limit of memory and swap", change.kernel_after.memory_swap, held.memory_swap);
    compare("the limit of processes", change.kernel_after.pids, held.pids);
    if let (Some(wanted), Fact::Known(policy)) = (&change.post.restart, &container.restart_policy)
        && wanted != policy
    {
        found.push(format!("the restart policy of {} is {}, not {}", change.name, policy.name, wanted.name));
    }
    found
}

fn find<'s>(snapshot: &'s Snapshot, id: &str) -> Option<&'s Container> {
    seen(snapshot.engine()?).find(|container| container.id == id)
}

fn is_running(container: &Container) -> bool {
    container.state.known().is_some_and(|state| state.running)
}

/// Whether the change is in force already: what a resume finds.
fn is_there(container: &Container, change: &ContainerChange) -> bool {
    let held = kernel(container);
    let memory = change.post.memory.is_none() || same_memory(&held, &change.kernel_after, container, &[change.post.memory]);
    let swap = change.kernel_after.memory_swap.is_none() || !is_running(container) || held.memory_swap == change.kernel_after.memory_swap;
    let pids = change.post.pids_limit.is_none() || same_pids(&held, &change.kernel_after, container, &[change.post.pids_limit]);
    let policy = change.post.restart.as_ref().is_none_or(|policy| container.restart_policy.known() == Some(policy));
    // The engine must know it, too: the kernel's value alone would be gone with the next start.
    let asked = change.post.memory.is_none_or(|bytes| container.memory.known() == Some(&bytes))
        && change.post.pids_limit.is_none_or(|tasks| container.pids_limit.known() == Some(&tasks));
    memory && swap && pids && policy && asked
}

fn kernel(container: &Container) -> KernelLimits {
    let cgroup = container.process.known().and_then(|process| process.cgroup.known());
    KernelLimits {
        memory: cgroup.and_then(|cgroup| cgroup.memory_max.known().copied()),
        memory_swap: cgroup.and_then(|cgroup| cgroup.memory_swap_max.known().copied()),
        pids: cgroup.and_then(|cgroup| cgroup.pids_max.known().copied()),
    }
}

/// The kernel's word where the container runs, the engine's where it does not.
fn same_memory(held: &KernelLimits, wanted: &KernelLimits, container: &Container, asked: &[Option<i64>]) -> bool {
    match (held.memory, wanted.memory) {
        (Some(held), Some(wanted)) => held == wanted,
        _ => asked.contains(&container.memory.known().copied()),
    }
}

fn same_pids(held: &KernelLimits, wanted: &KernelLimits, container: &Container, asked: &[Option<i64>]) -> bool {
    match (held.pids, wanted.pids) {
        (Some(held), Some(wanted)) => held == wanted,
        _ => asked.contains(&container.pids_limit.known().copied()),
    }
}
