//! What a journal adds up to: what was there, what we touched, what is still open.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use facts::docker::RestartPolicy;

use super::{Before, Direction, Ending, Op, OpState, Record, StepState};
use crate::plan::{AuditRuleSpec, ContainerRef};
use crate::system::file::Attributes;

/// A file that a run touches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FileLedger {
    /// Name of the file with its old bytes, and its old attributes; none: it did not exist.
    pub(crate) before: Option<(String, Attributes)>,
    /// Directories that did not exist, outermost first.
    pub(crate) missing: Vec<PathBuf>,
    /// Digests of everything that we ever wrote there.
    pub(crate) written: BTreeSet<String>,
}

/// An audit rule that a run loads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuleLedger {
    pub(crate) rule: AuditRuleSpec,
    pub(crate) arch: String,
    /// Whether it was loaded before: then it is not ours to delete.
    pub(crate) loaded_before: bool,
    /// Whether we began to load it.
    pub(crate) touched: bool,
}

/// What the records of one run add up to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    /// Every beginning: direction, boot, time.
    pub(crate) begins: Vec<(Direction, String, String)>,
    /// How the last beginning ended; none: it was interrupted.
    pub(crate) ended: Option<(Direction, Ending, String, String)>,
    pub(crate) files: BTreeMap<PathBuf, FileLedger>,
    pub(crate) rules: Vec<RuleLedger>,
    /// Containers whose limits we began to change.
    pub(crate) updated: BTreeSet<String>,
    /// Containers whose restart policy is set aside, with the policy.
    pub(crate) parked: BTreeMap<String, (String, RestartPolicy)>,
    /// Containers that we stopped and did not start again.
    pub(crate) stopped: BTreeSet<String>,
    /// Containers of the open window, in the order in which they were started.
    pub(crate) ran: Vec<ContainerRef>,
    /// The boot in which the window was opened.
    pub(crate) ran_in: String,
    /// Last state of every step that was begun.
    pub(crate) steps: BTreeMap<String, StepState>,
    /// Steps in which we began some action.
    pub(crate) touched: BTreeSet<String>,
    /// The action that was begun and whose end is not recorded.
    pub(crate) open: Option<(String, Op)>,
    /// The last action that ended well.
    pub(crate) last_done: Option<Op>,
    /// Remarks for later.
    pub(crate) notes: Vec<String>,
    /// Differences found by the last verification since the last beginning; none: not verified.
    pub(crate) verified: Option<Vec<String>>,
    /// Number of the last action.
    pub(crate) last_n: u64,
}

impl Ledger {
    /// Adds up records.
    pub(crate) fn of(records: &[Record]) -> Self {
        let mut ledger = Self::default();
        for record in records {
            ledger.add(record);
        }
        ledger
    }

    /// Takes one more record.
    pub(crate) fn add(&mut self, record: &Record) {
        match record {
            Record::Begin { direction, boot_id, at, .. } => {
                self.begins.push((*direction, boot_id.clone(), at.clone()));
                self.ended = None;
                self.verified = None;
            }
            Record::Before { before, .. } => self.before(before),
            Record::Ran { containers, .. } => {
                // As long as something that we stopped is down, the window is the same one and keeps its order.
                if self.stopped.is_empty() {
                    self.ran.clear();
                    self.ran_in = self.begins.last().map(|(_, boot, _)| boot.clone()).unwrap_or_default();
                }
                for container in containers {
                    if !self.ran.iter().any(|known| known.id == container.id) {
                        self.ran.push(container.clone());
                    }
                }
            }
            Record::Step { step, state } => {
                self.steps.insert(step.clone(), *state);
            }
            Record::Op { n, step, op, state, .. } => {
                self.last_n = self.last_n.max(*n);
                self.touched.insert(step.clone());
                self.op(step, op, *state);
            }
            Record::Note { text } => self.notes.push(text.clone()),
            Record::End { direction, ending, at, why } => self.ended = Some((*direction, *ending, at.clone(), why.clone())),
            Record::Verified { differences, .. } => self.verified = Some(differences.clone()),
        }
    }

    fn before(&mut self, before: &Before) {
        match before {
            Before::File { path, blob, attributes, missing } => {
                let file = self.files.entry(path.into()).or_default();
                file.before = blob.clone().zip(attributes.clone());
                file.missing = missing.iter().map(PathBuf::from).collect();
            }
            Before::Rule { rule, arch, loaded } => {
                self.rules.push(RuleLedger { rule: rule.clone(), arch: arch.clone(), loaded_before: *loaded, touched: false });
            }
        }
    }

    fn op(&mut self, step: &str, op: &Op, state: OpState) {
        let done = state == OpState::Done;
        self.open = (state == OpState::Doing).then(|| (step.to_owned(), op.clone()));
        if done {
            self.last_done = Some(op.clone());
        }
        match op {
            Op::Update { id, .. } => {
                self.updated.insert(id.clone());
            }
            Op::LoadRule { rule, arch } => {
                for known in self.rules.iter_mut().filter(|known| known.rule == *rule && known.arch == *arch) {
                    known.touched = true;
                }
            }
            Op::Write { path, digest } => {
                self.files.entry(path.into()).or_default().written.insert(digest.clone());
            }
            Op::Park { id, name, policy } => {
                self.parked.insert(id.clone(), (name.clone(), policy.clone()));
            }
            Op::Unpark { id, .. } if done => {
                self.parked.remove(id);
            }
            Op::Stop { id, .. } => {
                self.stopped.insert(id.clone());
            }
            Op::Start { id, .. } if done => {
                self.stopped.remove(id);
            }
            Op::DeleteRule { .. }
            | Op::MakeDirectory { .. }
            | Op::RemoveDirectory { .. }
            | Op::Remove { .. }
            | Op::Reload
            | Op::Restart
            | Op::StartDaemon
            | Op::Unpark { .. }
            | Op::Start { .. } => {}
        }
    }

    /// Which way the run went last.
    pub(crate) fn direction(&self) -> Direction {
        self.begins.last().map_or(Direction::Forward, |(direction, ..)| *direction)
    }

    /// Whether nothing is left to do in the direction that it took last.
    pub(crate) fn is_complete(&self) -> bool {
        self.begins.is_empty() || matches!(self.ended, Some((_, Ending::Complete, ..)))
    }

    /// Whether it was rolled back to the end.
    pub(crate) fn is_rolled_back(&self) -> bool {
        self.direction() == Direction::Back && self.is_complete()
    }

    /// Whether something is half done: interrupted, stopped or stuck.
    pub(crate) fn is_open(&self) -> bool {
        !self.begins.is_empty() && !matches!(self.ended, Some((_, Ending::Complete | Ending::Partly, ..)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn op(op: Op, state: OpState) -> Record {
        Record::Op { n: 1, step: "step-1".into(), op, state, why: String::new() }
    }

    fn container(id: &str) -> ContainerRef {
        ContainerRef { id: id.into(), name: id.into(), running: true, pid: 1, started_at: id.into(), policy: RestartPolicy::default() }
    }

    #[test]
    fn a_window_that_was_interrupted_keeps_its_order() {
        let stop = |id: &str| op(Op::Stop { id: id.into(), name: id.into() }, OpState::Done);
        let start = |id: &str| op(Op::Start { id: id.into(), name: id.into() }, OpState::Done);
        let ran = |ids: &[&str]| Record::Ran { step: "step-1".into(), containers: ids.iter().map(|id| container(id)).collect() };
        let mut ledger = Ledger::of(&[ran(&["1", "2", "3"]), stop("3"), stop("2"), stop("1"), start("1")]);
        ledger.add(&ran(&["1", "4"]));
        assert_eq!(ledger.ran.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(), ["1", "2", "3", "4"]);
        assert_eq!(ledger.stopped.iter().collect::<Vec<_>>(), ["2", "3"]);
        ledger.add(&start("2"));
        ledger.add(&start("3"));
        ledger.add(&ran(&["3", "1"]));
        assert_eq!(ledger.ran.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(), ["3", "1"]);
    }

    #[test]
    fn what_is_open_and_what_is_done() {
        let begin = |direction| Record::Begin { direction, boot_id: "b".into(), at: "t".into(), pid: 1, version: "0".into() };
        let end = |direction, ending| Record::End { direction, ending, at: "t".into(), why: String::new() };
        let park = Op::Park { id: "1".into(), name: "web".into(), policy: RestartPolicy { name: "always".into(), retries: 0 } };
        let mut ledger = Ledger::of(&[begin(Direction::Forward), op(park, OpState::Doing)]);
        assert!(ledger.is_open() && ledger.open.is_some() && ledger.parked.contains_key("1"));
        ledger.add(&end(Direction::Forward, Ending::Complete));
        assert!(!ledger.is_open() && ledger.is_complete() && !ledger.is_rolled_back());
        ledger.add(&begin(Direction::Back));
        assert!(ledger.is_open());
        ledger.add(&end(Direction::Back, Ending::Complete));
        assert!(ledger.is_rolled_back());
    }
}
