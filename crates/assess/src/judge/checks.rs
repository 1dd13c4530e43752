//! All checks on all subjects.

use std::collections::BTreeMap;
use std::sync::Arc;

use facts::Snapshot;

use crate::catalogue::remedy_template::bind;
use crate::derive::{Member, Views};
use crate::expression::Value;
use crate::judge::Extent;
use crate::judge::frame::Frame;
use crate::judge::judgement::{judgement, verdict};
use crate::judge::what_if::Fields;
use crate::view::Policy;
use crate::view::record::Record;
use crate::{Action, Catalogue, Check, CheckResult, Event, Finding, Judgement, Remedy, Subject, SubjectKind, Verdict};

/// Verdicts of each check in the order of its subjects.
pub(super) type Verdicts<'c> = BTreeMap<&'c str, Vec<Verdict>>;

/// The subjects of one Snapshot, ready to be judged.
#[derive(Clone)]
pub(super) struct Subjects<'s> {
    snapshot: &'s Snapshot,
    common: [&'s dyn Record; 3],
    common_values: Vec<Value>,
    host: Subject,
    daemon: Option<Subject>,
    containers: Vec<Ready<'s>>,
    images: Vec<Ready<'s>>,
    networks: Vec<Ready<'s>>,
}

/// One member of a collection with its view as a value.
#[derive(Clone)]
struct Ready<'s> {
    subject: &'s Subject,
    record: &'s dyn Record,
    values: Vec<Value>,
}

impl<'s> Subjects<'s> {
    pub(super) fn of(snapshot: &'s Snapshot, views: &'s Views, no_daemon: &'s crate::view::Daemon, policy: &'s Policy) -> Self {
        let daemon: &dyn Record = views.daemon.as_ref().map_or(no_daemon, |daemon| &daemon.view);
        let host: &dyn Record = &views.host.view;
        let values = vec![host.record_value(), daemon.record_value(), policy.record_value()];
        Self {
            snapshot,
            host: views.host.subject.clone(),
            daemon: views.daemon.as_ref().map(|daemon| daemon.subject.clone()),
            containers: ready(&views.containers, &values),
            images: ready(&views.images, &values),
            networks: ready(&views.networks, &values),
            common: [host, daemon, policy],
            common_values: values,
        }
    }

    fn members(&self, kind: SubjectKind) -> &[Ready<'s>] {
        match kind {
            SubjectKind::Host | SubjectKind::Daemon => &[],
            SubjectKind::Container => &self.containers,
            SubjectKind::Image => &self.images,
            SubjectKind::Network => &self.networks,
        }
    }

    /// Puts other values in the place of the first variables that all share; none: that one stays. Tells for each which fields differ.
    pub(super) fn put_common<const N: usize>(&mut self, values: [Option<Value>; N]) -> Vec<Option<Fields>> {
        let mut changed = vec![None; self.common_values.len()];
        for (index, value) in values.into_iter().enumerate() {
            let Some(value) = value else { continue };
            changed[index] = differing(&self.common_values[index], &value);
            for ready in self.containers.iter_mut().chain(&mut self.images).chain(&mut self.networks) {
                ready.values[index].clone_from(&value);
            }
            self.common_values[index] = value;
        }
        changed
    }

    /// Puts other values in the place of members; none: that one stays. Tells which differ, and in which fields.
    pub(super) fn put_members(&mut self, kind: SubjectKind, value: impl Fn(&Subject) -> Option<Value>) -> BTreeMap<usize, Fields> {
        let members = match kind {
            SubjectKind::Host | SubjectKind::Daemon => return BTreeMap::new(),
            SubjectKind::Container => &mut self.containers,
            SubjectKind::Image => &mut self.images,
            SubjectKind::Network => &mut self.networks,
        };
        let mut changed = BTreeMap::new();
        for (index, ready) in members.iter_mut().enumerate() {
            if let (Some(value), Some(own)) = (value(ready.subject), ready.values.last_mut()) {
                changed.extend(differing(own, &value).map(|fields| (index, fields)));
                *own = value;
            }
        }
        changed
    }

    /// The subjects of a kind, in a stable order.
    pub(super) fn subjects(&self, kind: SubjectKind) -> Vec<&Subject> {
        match kind {
            SubjectKind::Host => vec![&self.host],
            SubjectKind::Daemon => self.daemon.iter().collect(),
            _ => self.members(kind).iter().map(|ready| ready.subject).collect(),
        }
    }

    /// The values of the variables, for the subject at an index.
    pub(super) fn values(&self, kind: SubjectKind, index: usize) -> &[Value] {
        self.members(kind).get(index).map_or(&self.common_values, |ready| &ready.values)
    }

    /// Calls with the frame of each subject.
    fn each(&self, kind: SubjectKind, mut call: impl FnMut(&Frame<'_>)) {
        for index in 0..self.subjects(kind).len() {
            self.with_frame(kind, index, &mut call);
        }
    }

    /// Calls with the frame of the subject at an index; for host and daemon there is one frame, whoever asks.
    pub(super) fn with_frame<R>(&self, kind: SubjectKind, index: usize, call: impl FnOnce(&Frame<'_>) -> R) -> R {
        let sources = &self.snapshot.sources;
        match (self.members(kind).get(index), kind, &self.daemon) {
            (Some(ready), ..) => {
                let [host, daemon, policy] = self.common;
                let records = [host, daemon, policy, ready.record];
                call(&Frame::new(ready.subject, &records, &ready.values, sources))
            }
            (None, SubjectKind::Daemon, Some(daemon)) => call(&Frame::new(daemon, &self.common, &self.common_values, sources)),
            (None, ..) => call(&Frame::new(&self.host, &self.common, &self.common_values, sources)),
        }
    }
}

/// The fields in which two records differ; none: in none.
fn differing(before: &Value, after: &Value) -> Option<Fields> {
    let (Value::Record(before), Value::Record(after)) = (before, after) else { return None };
    let fields: Fields = before.fields.iter().zip(&after.fields).map(|(before, after)| before != after).collect();
    fields.contains(&true).then_some(fields)
}

fn ready<'s, V: Record>(members: &'s [Member<V>], common: &[Value]) -> Vec<Ready<'s>> {
    let ready = |member: &'s Member<V>| {
        let mut values = common.to_vec();
        values.push(member.view.record_value());
        Ready { subject: &member.subject, record: &member.view, values }
    };
    members.iter().map(ready).collect()
}

/// All verdicts.
pub(super) fn verdicts<'c>(subjects: &Subjects<'_>, catalogue: &'c Catalogue) -> Verdicts<'c> {
    let of = |check: &Check| {
        let count = subjects.subjects(check.subject).len();
        (0..count).map(|index| verdict(check, subjects.values(check.subject, index))).collect()
    };
    catalogue.checks.iter().map(|(id, check)| (id.as_str(), of(check))).collect()
}

/// A check's answers with reason and evidence.
pub(super) fn result(subjects: &Subjects<'_>, check: &Check, extent: Extent) -> CheckResult {
    let mut judgements = Vec::new();
    subjects.each(check.subject, |frame| judgements.push(judgement(check, frame, extent)));
    CheckResult { check: check.id.clone(), verdict: Verdict::worst(judgements.iter().map(|one| one.verdict)), subjects: judgements }
}

/// A check's answers without.
pub(super) fn bare_result(subjects: &Subjects<'_>, check: &Check, verdicts: &[Verdict]) -> CheckResult {
    let bare = |(subject, verdict): (&&Subject, &Verdict)| {
        let (reason, facts, reproduce) = (Arc::default(), Arc::default(), Arc::default());
        Judgement { subject: (*subject).clone(), verdict: *verdict, reason, facts, reproduce, waiver: None }
    };
    let judgements: Vec<Judgement> = subjects.subjects(check.subject).iter().zip(verdicts).map(bare).collect();
    CheckResult { check: check.id.clone(), verdict: Verdict::worst(verdicts.iter().copied()), subjects: judgements }
}

/// What is not pass and not not-applicable, worst first.
pub(super) fn findings(subjects: &Subjects<'_>, catalogue: &Catalogue, results: &BTreeMap<String, CheckResult>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, result) in results {
        let Some(check) = catalogue.checks.get(id) else { continue };
        let benchmarks = Arc::new(catalogue.numbers(id));
        let variables = crate::view::variables(check.subject);
        for (index, judged) in result.subjects.iter().enumerate().filter(|(_, judged)| is_finding(judged.verdict)) {
            let values = subjects.values(check.subject, index);
            findings.push(Finding {
                title: check.title.clone(),
                benchmarks: benchmarks.clone(),
                reason: judged.reason.clone(),
                facts: judged.facts.clone(),
                reproduce: judged.reproduce.clone(),
                remedy: bind(id, &check.remedy, &judged.subject, &variables, values),
                waiver: judged.waiver.clone(),
                ..bare_finding(check, &judged.subject, judged.verdict)
            });
        }
    }
    sort(&mut findings);
    findings
}

/// The same with ids and verdicts alone.
pub(super) fn bare_findings(subjects: &Subjects<'_>, catalogue: &Catalogue, verdicts: &Verdicts<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, verdicts) in verdicts {
        let Some(check) = catalogue.checks.get(*id) else { continue };
        let of_check = subjects.subjects(check.subject).into_iter().zip(verdicts).filter(|(_, verdict)| is_finding(**verdict));
        findings.extend(of_check.map(|(subject, verdict)| bare_finding(check, subject, *verdict)));
    }
    sort(&mut findings);
    findings
}

pub(super) fn is_finding(verdict: Verdict) -> bool {
    !matches!(verdict, Verdict::Pass | Verdict::NotApplicable)
}

fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| (a.severity, &a.check, &a.subject.name).cmp(&(b.severity, &b.check, &b.subject.name)));
}

fn bare_finding(check: &Check, subject: &Subject, verdict: Verdict) -> Finding {
    let remedy = Remedy {
        check: String::new(),
        subject: subject.clone(),
        action: Action::Manual,
        text: Arc::default(),
        event: Event::People,
        disrupts: Arc::default(),
    };
    Finding {
        id: finding_id(&check.id, subject),
        check: check.id.clone(),
        title: Arc::default(),
        subject: subject.clone(),
        verdict,
        severity: check.severity,
        stride: check.stride.clone(),
        benchmarks: Arc::default(),
        reason: Arc::default(),
        facts: Arc::default(),
        reproduce: Arc::default(),
        remedy,
        waiver: None,
    }
}

/// `CHECK`, or `CHECK@NAME` where there are several subjects.
pub(crate) fn finding_id(check: &str, subject: &Subject) -> String {
    match subject.kind {
        SubjectKind::Host | SubjectKind::Daemon => check.to_owned(),
        SubjectKind::Container | SubjectKind::Image | SubjectKind::Network => format!("{check}@{}", subject.name),
    }
}
