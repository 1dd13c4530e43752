//! "What if": verdicts and statuses after a remedy. Only what a remedy can have changed is worked out anew: the thousandth container's image is
//! as old after an audit rule as before. That the result is that of judging everything is a test (tests/what_if.rs).

use std::collections::{BTreeMap, BTreeSet};
use std::mem::take;
use std::sync::Arc;

use facts::docker::{Container, Image};
use facts::{Fact, Observed, Snapshot};

use crate::derive::{Common, container_view, network_views};
use crate::expression::{Expression, Type, Value};
use crate::judge::checks::{Subjects, Verdicts, finding_id};
use crate::judge::judgement::{decided_by, verdict};
use crate::judge::relations::Relations;
use crate::judge::threats::{self, Judged};
use crate::measure::Measure;
use crate::remedy::carry_out;
use crate::view::record::Record;
use crate::{Action, Catalogue, Remedy, SubjectKind, Threat, ThreatFinding, ThreatStatus, Verdict, view};

/// What a remedy changes.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Change<'c> {
    /// Checks with another verdict on some subject, each with the ids of its findings that fail all the same.
    pub(crate) checks: BTreeMap<&'c str, BTreeSet<String>>,
    /// Threats with another status, by their position among those before.
    pub(crate) threats: Vec<(usize, ThreatStatus)>,
}

/// One Snapshot, judged, and ready to be asked.
pub(super) struct WhatIf<'s> {
    snapshot: &'s Snapshot,
    catalogue: &'s Catalogue,
    subjects: &'s Subjects<'s>,
    relations: Option<&'s Relations>,
    verdicts: &'s Verdicts<'s>,
    threats: &'s [ThreatFinding],
    common: Common,
    needs: BTreeMap<&'s str, Needs>,
    /// The Snapshot without its many objects, which are lent to one preview after the other.
    shell: Snapshot,
    containers: Vec<Observed<Container>>,
    images: Vec<Observed<Image>>,
}

impl<'s> WhatIf<'s> {
    pub(super) fn of(
        snapshot: &'s Snapshot,
        catalogue: &'s Catalogue,
        subjects: &'s Subjects<'s>,
        relations: Option<&'s Relations>,
        verdicts: &'s Verdicts<'s>,
        threats: &'s [ThreatFinding],
    ) -> Self {
        let mut shell = snapshot.clone();
        let (containers, images) = lists(&mut shell).map_or_else(Default::default, |(containers, images)| (take(containers), take(images)));
        let needs = catalogue.checks.iter().map(|(id, check)| (id.as_str(), Needs::of(decided_by(check), check.subject))).collect();
        Self { snapshot, catalogue, subjects, relations, verdicts, threats, common: Common::of(snapshot), needs, shell, containers, images }
    }

    /// What these remedies change.
    pub(super) fn after(&mut self, remedies: &[Remedy]) -> Change<'s> {
        let mut after = self.shell.clone();
        if let Some((containers, images)) = lists(&mut after) {
            (*containers, *images) = (take(&mut self.containers), take(&mut self.images));
        }
        carry_out(&mut after, remedies);
        let updated = remedies.iter().filter(|remedy| matches!(remedy.action, Action::ContainerUpdate { .. }));
        let updated: BTreeSet<&str> = updated.map(|remedy| &*remedy.subject.id).collect();
        let change = self.change(&after, &updated);
        if let Some((containers, images)) = lists(&mut after) {
            (self.containers, self.images) = (take(containers), take(images));
        }
        let as_before = self.snapshot.engine().and_then(|engine| engine.containers.known()).into_iter().flatten();
        for (container, before) in self.containers.iter_mut().zip(as_before) {
            if before.known().is_some_and(|before| updated.contains(before.id.as_str())) {
                container.clone_from(before);
            }
        }
        change
    }

    fn change(&self, after: &Snapshot, updated: &BTreeSet<&str>) -> Change<'s> {
        let (subjects, changed) = self.subjects_after(after, updated);
        let mut verdicts = self.verdicts.clone();
        let mut checks = BTreeMap::new();
        for (id, check) in &self.catalogue.checks {
            let needs = &self.needs[id.as_str()];
            let Some(now) = verdicts.get_mut(id.as_str()) else { continue };
            let mut differs = false;
            for index in changed.met_by(needs, check.subject, now.len()) {
                let verdict = verdict(check, subjects.values(check.subject, index));
                differs |= now[index] != verdict;
                now[index] = verdict;
            }
            if differs {
                let members = subjects.subjects(check.subject).into_iter().zip(now);
                let failing =
                    members.filter(|(_, verdict)| **verdict == Verdict::Fail).map(|(subject, _)| finding_id(id, subject)).collect();
                checks.insert(id.as_str(), failing);
            }
        }
        let threats = match self.relations {
            Some(relations) => {
                let judged = Judged { catalogue: self.catalogue, subjects: &subjects, relations, verdicts: &verdicts, results: None };
                self.statuses(&judged, &changed, &checks)
            }
            None => Vec::new(),
        };
        Change { checks, threats }
    }

    /// The same subjects with the facts after, and which of them are others.
    fn subjects_after(&self, after: &Snapshot, updated: &BTreeSet<&str>) -> (Subjects<'s>, Changed) {
        let common = Common::of(after);
        let (before, now) = (self.common.around(self.snapshot), common.around(after));
        let alike = before.look_like(&now);
        let observed: BTreeMap<&str, &Observed<Container>> = if alike && updated.is_empty() {
            BTreeMap::new()
        } else {
            let containers = after.engine().and_then(|engine| engine.containers.known()).into_iter().flatten();
            containers.filter_map(|one| Some((one.known()?.id.as_str(), one))).collect()
        };
        let container = |id: &str| -> Option<Value> {
            let one = observed.get(id).filter(|_| !alike || updated.contains(id))?;
            Some(container_view(one.known()?, one.source, &now).record_value())
        };
        let networks: BTreeMap<Arc<str>, Value> =
            network_views(after).iter().map(|network| (network.subject.id.clone(), network.view.record_value())).collect();
        let mut subjects = self.subjects.clone();
        // Without an engine there is no daemon that could be another.
        let daemon = (!after.docker.is_absent()).then(|| common.daemon.record_value());
        let changed = Changed {
            common: subjects.put_common([Some(common.host.record_value()), daemon]),
            containers: subjects.put_members(SubjectKind::Container, |subject| container(&subject.id)),
            networks: subjects.put_members(SubjectKind::Network, |subject| networks.get(&subject.id).cloned()),
        };
        (subjects, changed)
    }

    /// Threats whose status is another one.
    fn statuses(&self, judged: &Judged<'_>, changed: &Changed, checks: &BTreeMap<&str, BTreeSet<String>>) -> Vec<(usize, ThreatStatus)> {
        let mut statuses = Vec::new();
        let mut position = 0;
        for threat in threats::in_order(self.catalogue) {
            let (kind, count) = judged.elements(threat);
            let needs = Needs::of(threat.applies_when.iter(), kind);
            let applies_anew = !changed.met_by(&needs, kind, count).is_empty();
            if applies_anew || self.rests_on(threat, checks) {
                let before = self.threats[position..].iter().map(|threat| threat.status);
                let now = threats::statuses(threat, judged).into_iter().zip(before).enumerate();
                statuses.extend(now.filter(|(_, (now, before))| now != before).map(|(index, (now, _))| (position + index, now)));
            }
            position += count;
        }
        statuses
    }

    /// Whether one of these checks is among its measures.
    fn rests_on(&self, threat: &Threat, checks: &BTreeMap<&str, BTreeSet<String>>) -> bool {
        let names = threat.mitigated_when.names().into_iter().chain(threat.reduced_by.iter().map(String::as_str));
        names.into_iter().any(|name| match self.catalogue.measures.get(name) {
            Some(measure) => measure.iter().flat_map(Measure::names).any(|check| checks.contains_key(check)),
            None => checks.contains_key(name),
        })
    }
}

type Lists<'e> = (&'e mut Vec<Observed<Container>>, &'e mut Vec<Observed<Image>>);

/// The lists that are long.
fn lists(snapshot: &mut Snapshot) -> Option<Lists<'_>> {
    let engine = snapshot.docker.known_mut()?;
    match (&mut engine.containers.fact, &mut engine.images.fact) {
        (Fact::Known(containers), Fact::Known(images)) => Some((containers, images)),
        _ => None,
    }
}

/// The facts that something depends on: variable and field, in the order of the values.
struct Needs(Vec<(usize, Option<usize>)>);

impl Needs {
    fn of<'e>(expressions: impl IntoIterator<Item = &'e Expression>, kind: SubjectKind) -> Self {
        let variables = view::variables(kind);
        let need = |path: &String| {
            let mut parts = path.split('.');
            let root = parts.next()?;
            let variable = variables.iter().position(|(name, _)| *name == root)?;
            let field = match &variables[variable].1 {
                Type::Record(schema) => parts.next().and_then(|name| schema.field(name)).map(|(index, _)| index),
                _ => None,
            };
            Some((variable, field))
        };
        Self(expressions.into_iter().flat_map(Expression::paths).filter_map(need).collect())
    }
}

/// The fields of a record that are others than before, by index.
pub(super) type Fields = Vec<bool>;

/// What is another than before.
struct Changed {
    /// Of each variable that all subjects share.
    common: Vec<Option<Fields>>,
    containers: BTreeMap<usize, Fields>,
    networks: BTreeMap<usize, Fields>,
}

impl Changed {
    /// The subjects of a kind, of `count`, for which one of the needed facts is another.
    fn met_by(&self, needs: &Needs, kind: SubjectKind, count: usize) -> Vec<usize> {
        let is_in = |fields: &Fields, field: Option<usize>| field.is_none_or(|field| fields[field]);
        let shared = needs
            .0
            .iter()
            .any(|(variable, field)| self.common.get(*variable).and_then(Option::as_ref).is_some_and(|fields| is_in(fields, *field)));
        if shared {
            return (0..count).collect();
        }
        let members = match kind {
            SubjectKind::Container => &self.containers,
            SubjectKind::Network => &self.networks,
            // Remedies change no image.
            SubjectKind::Host | SubjectKind::Daemon | SubjectKind::Image => return Vec::new(),
        };
        let own = self.common.len();
        let met = |fields: &Fields| needs.0.iter().any(|(variable, field)| *variable == own && is_in(fields, *field));
        members.iter().filter(|(_, fields)| met(fields)).map(|(index, _)| *index).collect()
    }
}
