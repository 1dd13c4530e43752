//! Threats by letter: measured ones with their status before and after, and the reference model.

use std::collections::BTreeMap;

use assess::{Stride, Threat, ThreatFinding};
use serde::Serialize;

use super::Comparison;
use crate::words;

/// One letter with its measured threats.
#[derive(Debug, Serialize)]
pub(super) struct Letter {
    pub(super) letter: char,
    pub(super) name: &'static str,
    pub(super) rows: Vec<Row>,
}

/// One threat.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) element: String,
    pub(super) severity: &'static str,
    pub(super) mitigation: String,
    pub(super) groups: Vec<Group>,
}

/// Elements on which it stands alike.
#[derive(Debug, Serialize)]
pub(super) struct Group {
    pub(super) before: &'static str,
    pub(super) after: &'static str,
    pub(super) names: String,
    pub(super) reason: String,
}

/// One letter of the reference model.
#[derive(Debug, Serialize)]
pub(super) struct Reference {
    pub(super) letter: char,
    pub(super) name: &'static str,
    pub(super) rows: Vec<ReferenceRow>,
}

/// One threat of the reference model.
#[derive(Debug, Serialize)]
pub(super) struct ReferenceRow {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) element: String,
    pub(super) severity: &'static str,
    pub(super) mitigation: String,
    pub(super) correction: Option<String>,
}

/// One component of the reference model.
#[derive(Debug, Serialize)]
pub(super) struct ModelComponent {
    pub(super) name: String,
    pub(super) kinds: String,
    pub(super) letters: Vec<LetterIds>,
}

/// The threats of one letter.
#[derive(Debug, Serialize)]
pub(super) struct LetterIds {
    pub(super) letter: char,
    pub(super) ids: String,
}

/// A border of trust of the reference model.
#[derive(Debug, Serialize)]
pub(super) struct ModelBoundary {
    pub(super) name: &'static str,
    pub(super) crossed: &'static str,
    pub(super) held: &'static str,
}

/// The borders that the Kubernetes threats cross.
pub(super) fn reference_boundaries() -> Vec<ModelBoundary> {
    [
        ("Client and API server", "Every request of people, pipelines and controllers.", "TLS, authentication, RBAC, admission, audit."),
        ("API server and etcd", "All state of the cluster, Secrets included.", "Mutual TLS, a network of their own, encryption at rest."),
        ("API server and kubelet", "Commands to nodes, logs, exec.", "Mutual TLS, the Node authorizer and NodeRestriction."),
        (
            "Control plane and scheduler, controller manager",
            "Decisions that act on every workload.",
            "Credentials of their own, listeners on loopback.",
        ),
        (
            "Pod and node",
            "Everything that a container asks of the kernel.",
            "Namespaces, seccomp, a security module, Pod Security admission.",
        ),
        ("Pod and pod", "Traffic inside the cluster.", "Network policies; namespaces alone do not hold it."),
        ("Pod and API server", "Calls with a service account's token.", "RBAC, tokens that are short-lived and bound to the pod."),
        ("Node and registry", "Images that are pulled and run.", "TLS, digests, signatures checked at admission."),
        ("Cluster and outside", "Requests to published services and to the API.", "Firewalls, load balancers, private endpoints."),
    ]
    .map(|(name, crossed, held)| ModelBoundary { name, crossed, held })
    .into()
}

/// The components of the model in the order of their first threat, each with its threats by letter.
pub(super) fn reference_components(threats: &[Threat]) -> Vec<ModelComponent> {
    let mut order: Vec<&str> = Vec::new();
    for threat in threats {
        if !order.contains(&threat.element_name.as_str()) {
            order.push(&threat.element_name);
        }
    }
    let component = |name: &str| {
        let own: Vec<&Threat> = threats.iter().filter(|threat| threat.element_name == name).collect();
        let mut kinds: Vec<&str> = own.iter().map(|threat| threat.element_type.as_str()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let letters = Stride::ALL.into_iter().filter_map(|letter| {
            let ids: Vec<&str> = own.iter().filter(|threat| threat.stride == letter).map(|threat| threat.id.as_str()).collect();
            (!ids.is_empty()).then(|| LetterIds { letter: letter.letter(), ids: ids.join(", ") })
        });
        ModelComponent { name: name.to_owned(), kinds: kinds.join(", "), letters: letters.collect() }
    };
    order.into_iter().map(component).collect()
}

/// What stands in a status column where one state has no such element.
const NONE: &str = "not there";

pub(super) fn measured(comparison: &Comparison<'_>) -> Vec<Letter> {
    Stride::ALL
        .into_iter()
        .map(|letter| Letter {
            letter: letter.letter(),
            name: letter.name(),
            rows: comparison.threats.iter().filter(|threat| threat.stride == letter).map(|threat| row(comparison, threat)).collect(),
        })
        .collect()
}

fn row(comparison: &Comparison<'_>, threat: &Threat) -> Row {
    Row {
        id: threat.id.clone(),
        title: threat.title.clone(),
        element: threat.element_name.clone(),
        severity: threat.severity.word(),
        mitigation: threat.mitigation.clone(),
        groups: groups(comparison, &threat.id),
    }
}

/// The elements of one threat, alike ones together, in the order of the later state and then those that are gone.
pub(super) fn groups(comparison: &Comparison<'_>, id: &str) -> Vec<Group> {
    let find = |threats: &'_ [ThreatFinding]| -> Vec<ThreatFinding> { threats.iter().filter(|threat| threat.id == id).cloned().collect() };
    let before = find(&comparison.before.assessment.threats);
    let after = find(&comparison.after.assessment.threats);
    let mut pairs: Vec<(Option<&ThreatFinding>, Option<&ThreatFinding>)> =
        after.iter().map(|now| (before.iter().find(|old| same(old, now)), Some(now))).collect();
    pairs.extend(before.iter().filter(|old| !after.iter().any(|now| same(old, now))).map(|old| (Some(old), None)));

    let mut order = Vec::new();
    let mut named: BTreeMap<(&str, &str, String), Vec<&str>> = BTreeMap::new();
    for (old, now) in pairs {
        let word = |threat: Option<&ThreatFinding>| threat.map_or(NONE, |threat| threat.status.word());
        let name = now.or(old).map(|threat| threat.element.name.as_str()).unwrap_or_default();
        let key = (word(old), word(now), reason(old, now));
        let names = named.entry(key.clone()).or_default();
        if names.is_empty() {
            order.push(key);
        }
        names.push(name);
    }
    order
        .into_iter()
        .map(|key| {
            let names = words::names(named[&key].iter().copied(), 4);
            let (before, after) = (status(key.0), status(key.1));
            Group { before, after, names, reason: key.2 }
        })
        .collect()
}

fn same(old: &ThreatFinding, now: &ThreatFinding) -> bool {
    old.element.kind == now.element.kind && old.element.id == now.element.id
}

fn reason(old: Option<&ThreatFinding>, now: Option<&ThreatFinding>) -> String {
    match (old, now) {
        (Some(old), Some(now)) if old.reason != now.reason => format!("before: {}; after: {}", old.reason, now.reason),
        (_, Some(threat)) | (Some(threat), None) => threat.reason.clone(),
        (None, None) => String::new(),
    }
}

/// The same word with the life that the model needs.
fn status(word: &str) -> &'static str {
    use assess::ThreatStatus::{Mitigated, NotApplicable, Open, Partly, Unknown};
    [Open, Partly, Unknown, Mitigated, NotApplicable]
        .into_iter()
        .map(assess::ThreatStatus::word)
        .find(|known| *known == word)
        .unwrap_or(NONE)
}

pub(super) fn reference(threats: &[Threat]) -> Vec<Reference> {
    Stride::ALL
        .into_iter()
        .map(|letter| Reference {
            letter: letter.letter(),
            name: letter.name(),
            rows: threats
                .iter()
                .filter(|threat| threat.stride == letter)
                .map(|threat| ReferenceRow {
                    id: threat.id.clone(),
                    title: threat.title.clone(),
                    element: threat.element_name.clone(),
                    severity: threat.severity.word(),
                    mitigation: threat.mitigation.clone(),
                    correction: threat.correction.clone(),
                })
                .collect(),
        })
        .collect()
}
