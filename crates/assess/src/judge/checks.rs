//! All checks on all subjects.

use std::collections::BTreeMap;

use facts::Snapshot;

use crate::catalogue::remedy_template::bind;
use crate::derive::{Member, Views};
use crate::expression::Value;
use crate::judge::frame::Frame;
use crate::judge::judgement::{judgement, verdict};
use crate::view::record::Record;
use crate::{Action, Catalogue, Check, CheckResult, Event, Finding, Judgement, Remedy, Subject, SubjectKind, Verdict};

/// How much is worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// Verdicts with reasons, evidence and remedies.
    Full,
    /// Verdicts: enough to ask "what if".
    Verdicts,
}

/// The subjects of one Snapshot, ready to be judged.
pub(super) struct Subjects<'s> {
    snapshot: &'s Snapshot,
    common: [&'s dyn Record; 2],
    common_values: Vec<Value>,
    host: Subject,
    daemon: Option<Subject>,
    containers: Vec<Ready<'s>>,
    images: Vec<Ready<'s>>,
    networks: Vec<Ready<'s>>,
}

/// One member of a collection with its view as a value.
struct Ready<'s> {
    subject: &'s Subject,
    record: &'s dyn Record,
    values: Vec<Value>,
}

impl<'s> Subjects<'s> {
    pub(super) fn of(snapshot: &'s Snapshot, views: &'s Views, no_daemon: &'s crate::view::Daemon) -> Self {
        let daemon: &dyn Record = views.daemon.as_ref().map_or(no_daemon, |daemon| &daemon.view);
        let host: &dyn Record = &views.host.view;
        let values = vec![host.record_value(), daemon.record_value()];
        Self {
            snapshot,
            host: views.host.subject.clone(),
            daemon: views.daemon.as_ref().map(|daemon| daemon.subject.clone()),
            containers: ready(&views.containers, &values),
            images: ready(&views.images, &values),
            networks: ready(&views.networks, &values),
            common: [host, daemon],
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
        let sources = &self.snapshot.sources;
        let mut records: Vec<&dyn Record> = self.common.to_vec();
        match kind {
            SubjectKind::Host | SubjectKind::Daemon => {
                for subject in self.subjects(kind) {
                    call(&Frame::new(subject, &records, &self.common_values, sources));
                }
            }
            SubjectKind::Container | SubjectKind::Image | SubjectKind::Network => {
                for ready in self.members(kind) {
                    records.push(ready.record);
                    call(&Frame::new(ready.subject, &records, &ready.values, sources));
                    records.pop();
                }
            }
        }
    }
}

fn ready<'s, V: Record>(members: &'s [Member<V>], common: &[Value]) -> Vec<Ready<'s>> {
    let ready = |member: &'s Member<V>| {
        let mut values = common.to_vec();
        values.push(member.view.record_value());
        Ready { subject: &member.subject, record: &member.view, values }
    };
    members.iter().map(ready).collect()
}

/// A check's answers: with reason and evidence, or the verdicts alone.
pub(super) fn result(subjects: &Subjects<'_>, check: &Check, detail: Detail) -> CheckResult {
    let mut judgements = Vec::new();
    match detail {
        Detail::Full => subjects.each(check.subject, |frame| judgements.push(judgement(check, frame))),
        Detail::Verdicts => {
            for (index, subject) in subjects.subjects(check.subject).into_iter().enumerate() {
                let verdict = verdict(check, subjects.values(check.subject, index));
                let (reason, reproduce) = (String::new(), String::new());
                judgements.push(Judgement { subject: subject.clone(), verdict, reason, facts: Vec::new(), reproduce });
            }
        }
    }
    CheckResult { check: check.id.clone(), verdict: Verdict::worst(judgements.iter().map(|one| one.verdict)), subjects: judgements }
}

/// What is not pass and not not-applicable, worst first.
pub(super) fn findings(
    subjects: &Subjects<'_>,
    catalogue: &Catalogue,
    results: &BTreeMap<String, CheckResult>,
    detail: Detail,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, result) in results {
        let Some(check) = catalogue.checks.get(id) else { continue };
        let (title, benchmarks) = match detail {
            Detail::Full => (check.title.clone(), catalogue.numbers(id)),
            Detail::Verdicts => (String::new(), BTreeMap::new()),
        };
        let variables = crate::view::variables(check.subject);
        for (index, judged) in result.subjects.iter().enumerate() {
            if matches!(judged.verdict, Verdict::Pass | Verdict::NotApplicable) {
                continue;
            }
            let values = subjects.values(check.subject, index);
            let remedy = match detail {
                Detail::Full => bind(id, &check.remedy, &judged.subject, &variables, values),
                Detail::Verdicts => unbound(id, &judged.subject),
            };
            findings.push(Finding {
                id: finding_id(id, &judged.subject),
                check: id.clone(),
                title: title.clone(),
                subject: judged.subject.clone(),
                verdict: judged.verdict,
                severity: check.severity,
                stride: check.stride.clone(),
                benchmarks: benchmarks.clone(),
                reason: judged.reason.clone(),
                facts: judged.facts.clone(),
                reproduce: judged.reproduce.clone(),
                remedy,
            });
        }
    }
    findings.sort_by(|a, b| (a.severity, &a.check, &a.subject.name).cmp(&(b.severity, &b.check, &b.subject.name)));
    findings
}

fn unbound(check: &str, subject: &Subject) -> Remedy {
    Remedy {
        check: check.to_owned(),
        subject: subject.clone(),
        action: Action::Manual,
        text: String::new(),
        event: Event::People,
        disrupts: String::new(),
    }
}

/// `CHECK`, or `CHECK@NAME` where there are several subjects.
pub(super) fn finding_id(check: &str, subject: &Subject) -> String {
    match subject.kind {
        SubjectKind::Host | SubjectKind::Daemon => check.to_owned(),
        SubjectKind::Container | SubjectKind::Image | SubjectKind::Network => format!("{check}@{}", subject.name),
    }
}
