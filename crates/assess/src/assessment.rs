//! What follows from a Snapshot.

use std::collections::BTreeMap;
use std::sync::Arc;

use facts::{Gap, Tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Advice, Finding, Subject, ThreatFinding, Verdict, Waived, WaiverUse};

/// One fact behind a verdict, with the place to see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShownFact {
    /// View path: `daemon.live_restore`.
    pub path: Arc<str>,
    /// Its value; null with `unknown` where it could not be seen.
    pub value: serde_json::Value,
    /// Where it was read, with the pointer inside: `/etc/docker/daemon.json:2 live-restore`.
    pub source: Arc<str>,
}

/// A check's answer about one subject. What a finding repeats of it is shared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Judgement {
    /// Whom it concerns.
    #[serde(flatten)]
    pub subject: Subject,
    /// The answer.
    pub verdict: Verdict,
    /// Why, with the value: one sentence.
    pub reason: Arc<str>,
    /// The facts that it rests on.
    pub facts: Arc<[ShownFact]>,
    /// What a person types to see the same.
    pub reproduce: Arc<str>,
    /// Why the operator accepts it; left out: nobody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiver: Option<Waived>,
}

/// A check's answers about all its subjects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckResult {
    /// Check id.
    pub check: String,
    /// Worst of the subjects.
    pub verdict: Verdict,
    /// Each subject, in a stable order.
    pub subjects: Vec<Judgement>,
}

/// Which Snapshot was judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SnapshotRef {
    /// `sha256:…` of its canonical JSON.
    pub digest: String,
    /// When it was taken.
    pub taken_at: String,
}

/// What was judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    /// `docker-host`.
    pub kind: String,
    /// Host name.
    pub name: String,
    /// Engine and version: `docker 20.10.24`; null: not seen.
    pub engine: Option<String>,
}

/// Counts by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Holds.
    pub pass: usize,
    /// Does not hold.
    pub fail: usize,
    /// Could not be seen.
    pub unknown: usize,
    /// Has no meaning here.
    pub not_applicable: usize,
    /// For a person to decide.
    pub manual: usize,
    /// Accepted by the operator.
    pub waived: usize,
}

impl Summary {
    /// Counts verdicts.
    pub fn of(verdicts: impl IntoIterator<Item = Verdict>) -> Self {
        let mut summary = Self::default();
        for verdict in verdicts {
            *match verdict {
                Verdict::Pass => &mut summary.pass,
                Verdict::Fail => &mut summary.fail,
                Verdict::Unknown => &mut summary.unknown,
                Verdict::NotApplicable => &mut summary.not_applicable,
                Verdict::Manual => &mut summary.manual,
                Verdict::Waived => &mut summary.waived,
            } += 1;
        }
        summary
    }
}

/// Everything that follows from one Snapshot and one catalogue: schema `cofferdam/assessment/1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Assessment {
    /// `cofferdam/assessment/1`.
    pub schema: String,
    /// What judged.
    pub tool: Tool,
    /// What was judged.
    pub target: Target,
    /// Which Snapshot.
    pub snapshot: SnapshotRef,
    /// Counts over all checks.
    pub summary: Summary,
    /// What could not be seen.
    pub gaps: Vec<Gap>,
    /// Every check with every subject.
    pub results: BTreeMap<String, CheckResult>,
    /// What is not pass and not not-applicable, worst first.
    pub findings: Vec<Finding>,
    /// Threats on real elements, by letter and id.
    pub threats: Vec<ThreatFinding>,
    /// What to fix first.
    pub advice: Advice,
    /// The operator's file that waivers and policy come from; null: there is none.
    #[serde(default)]
    pub config: Option<String>,
    /// Its waivers with what came of each, in the order of the file.
    #[serde(default)]
    pub waivers: Vec<WaiverUse>,
}
