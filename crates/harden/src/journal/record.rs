//! Lines of a journal.

use serde::{Deserialize, Serialize};

use super::Op;
use crate::plan::{AuditRuleSpec, ContainerRef};
use crate::system::file::Attributes;

/// Which way a run goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Towards what the plan says.
    Forward,
    /// Towards what was before.
    Back,
}

/// What was there before a step touched it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Before {
    /// A file: its bytes stand in a file of their own beside the journal.
    File {
        path: String,
        /// Name of that file; none: there was no file at the path.
        blob: Option<String>,
        attributes: Option<Attributes>,
        /// Directories above it that did not exist, outermost first.
        missing: Vec<String>,
    },
    /// A loaded audit rule.
    Rule { rule: AuditRuleSpec, arch: String, loaded: bool },
}

/// Where an action stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OpState {
    Doing,
    Done,
    Failed,
}

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum StepState {
    Doing,
    Done,
    Undoing,
    Undone,
}

/// How a run, or a part of it, ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Ending {
    /// All of it was done.
    Complete,
    /// Some of it was done; the rest is as it was.
    Partly,
    /// The operator asked to stop.
    Stopped,
    /// It failed and could not be put back: the next resume or rollback tries again.
    Stuck,
}

/// One line of a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "kebab-case")]
pub(crate) enum Record {
    /// Work begins, or is taken up again.
    Begin { direction: Direction, boot_id: String, at: String, pid: u32, version: String },
    /// What was there before.
    Before { step: String, before: Before },
    /// The containers that ran when the daemon's window was opened, in the order in which they were started.
    Ran { step: String, containers: Vec<ContainerRef> },
    /// A step begins or ends.
    Step { step: String, state: StepState },
    /// An action begins or ends.
    Op {
        n: u64,
        step: String,
        op: Op,
        state: OpState,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        why: String,
    },
    /// Something that the operator should know later.
    Note { text: String },
    /// Work ends.
    End {
        direction: Direction,
        ending: Ending,
        at: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        why: String,
    },
    /// The outcome was measured and compared with the prediction.
    Verified { at: String, differences: Vec<String> },
}

/// The records of a journal's text, and how many bytes of it they fill. A torn last line is what a crash leaves: it is ignored, and cut
/// off before the next record. A damaged line elsewhere is an error with its number.
pub(crate) fn parse(bytes: &[u8]) -> Result<(Vec<Record>, usize), usize> {
    let mut records = Vec::new();
    let mut good = 0;
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n').enumerate().peekable();
    while let Some((index, line)) = lines.next() {
        let whole = line.ends_with(b"\n");
        match serde_json::from_slice::<Record>(line) {
            Ok(record) if whole => records.push(record),
            _ if lines.peek().is_none() => break,
            _ => return Err(index + 1),
        }
        good += line.len();
    }
    Ok((records, good))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(n: u64) -> String {
        let op = Op::Stop { id: "i".into(), name: "web".into() };
        let record = Record::Op { n, step: "step-1".into(), op, state: OpState::Doing, why: String::new() };
        format!("{}\n", serde_json::to_string(&record).unwrap())
    }

    #[test]
    fn a_torn_end_is_ignored_and_a_hole_is_not() {
        let text = line(1) + &line(2);
        assert_eq!(parse(text.as_bytes()).unwrap().0.len(), 2);
        for cut in 1..line(2).len() {
            let torn = &text.as_bytes()[..text.len() - cut];
            let (records, good) = parse(torn).unwrap();
            assert_eq!((records.len(), good), (1, line(1).len()), "{cut}");
        }
        assert_eq!(parse(format!("{}garbage\n{}", line(1), line(2)).as_bytes()), Err(2));
        assert_eq!(parse(format!("{}garbage\n", line(1)).as_bytes()).unwrap().0.len(), 1);
        // Zeros are what some file systems leave at the end after a power cut.
        assert_eq!(parse(format!("{}\0\0\0", line(1)).as_bytes()).unwrap().0.len(), 1);
    }

    proptest! {
        #[test]
        fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), count in 0_u64..3) {
            let mut text: Vec<u8> = (0..count).flat_map(|n| line(n).into_bytes()).collect();
            text.extend(bytes);
            let _ = parse(&text);
        }
    }
}
