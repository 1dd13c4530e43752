//! Entry points of the fuzz targets (`fuzz/`): each takes any bytes and panics where a promise of a parser is broken. No part of the crate's
//! interface: there only with the feature `fuzzing`.
//!
//! A parser that comes gets its line in [`TARGETS`], its function below and seeds in `fuzz/seeds`.

use std::sync::LazyLock;

use facts::Snapshot;
use facts::docker::ConfigError;

use crate::catalogue::Catalogue;
use crate::derive;
use crate::measure::Measure;
use crate::peer::{Numbering, PeerReport, compare};
use crate::{Assessment, Operator};

/// A parser's name, and what is called with each input.
pub type Target = (&'static str, fn(&[u8]));

/// The targets of this crate.
pub const TARGETS: &[Target] = &[
    ("audit_rules_text", audit_rules_text),
    ("check_file", check_file),
    ("config_judged", config_judged),
    ("image_reference", image_reference),
    ("measure", measure),
    ("operator", operator),
    ("peer_report", peer_report),
    ("shell_line", shell_line),
    ("snapshot", snapshot),
];

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::load().expect("tests hold that the built-in catalogue loads"));

fn text(data: &[u8]) -> String {
    String::from_utf8_lossy(data).into_owned()
}

/// Snapshots from elsewhere: what loads can be judged, and loads again from its own bytes as the same.
pub fn snapshot(data: &[u8]) {
    let Ok(snapshot) = Snapshot::from_json(&text(data)) else { return };
    let again = snapshot.to_json();
    assert_eq!(Snapshot::from_json(&again).map(|snapshot| snapshot.to_json()).as_deref().ok(), Some(again.as_str()));
    crate::assess(&snapshot, &CATALOGUE);
}

/// A daemon.json that was changed after the start of dockerd 29.7: what the careful reader refuses as ambiguous or as no JSON is found, and
/// what is found names its line.
pub fn config_judged(data: &[u8]) {
    let Ok(mut snapshot) = Snapshot::from_json(HOST) else { panic!("the snapshot of this target loads") };
    let config = text(data);
    if let Some(file) = snapshot.docker.known_mut().and_then(|engine| engine.config_file.fact.known_mut()) {
        file.text.clone_from(&config);
    }
    let found = derive::settings::settings(&snapshot).problems;
    let Some(found) = found.known() else { panic!("the file of this target was read") };
    match facts::docker::parse_config(&config) {
        Err(ConfigError::DuplicateKey { .. }) => assert!(!found.misleading.members.is_empty(), "{config}"),
        Err(ConfigError::Syntax(_) | ConfigError::Number { .. } | ConfigError::Trailing { .. }) => {
            assert!(!found.refused.members.is_empty(), "{config}");
        }
        _ => {}
    }
    assert!(found.misleading.members.iter().all(|why| why.starts_with("line ")));
}

const HOST: &str = include_str!("fuzzing/host.json");

/// Rule files of kernel audit.
pub fn audit_rules_text(data: &[u8]) {
    derive::fuzzing::audit_rules(&text(data));
}

/// A check's file of somebody else's, with its expressions, templates and examples.
pub fn check_file(data: &[u8]) {
    let text = text(data);
    if let Ok(catalogue) = Catalogue::from_files(&[("checks/docker/daemon/own.yaml", &text)]) {
        catalogue.lint();
    }
}

/// Expressions over check ids.
pub fn measure(data: &[u8]) {
    if let Ok(measure) = Measure::parse(&text(data)) {
        measure.names();
    }
}

/// Names of images and registries.
pub fn image_reference(data: &[u8]) {
    let names: Vec<String> = text(data).lines().map(str::to_owned).collect();
    derive::fuzzing::image_reference(&names);
}

/// Lines of an image's history, and the shell commands in them.
pub fn shell_line(data: &[u8]) {
    derive::fuzzing::shell_lines(&text(data));
}

/// cofferdam.yaml: whatever is accepted can be judged with, and explained.
pub fn operator(data: &[u8]) {
    let Ok(operator) = Operator::parse("cofferdam.yaml", &text(data), &CATALOGUE) else { return };
    let strict = operator.without_waivers();
    assert!(strict.waivers.is_empty());
    let snapshot = &JUDGED.0;
    let assessment = crate::assess_for(snapshot, &CATALOGUE, &operator);
    // A waiver shows a finding as accepted; it takes none away.
    assert_eq!(assessment.findings.len(), crate::assess_for(snapshot, &CATALOGUE, &strict).findings.len());
    operator.explained(snapshot, &assessment, None);
}

/// Logs of other tools: what is read can be compared, with whichever table it turns out to be numbered by.
pub fn peer_report(data: &[u8]) {
    let Ok(report) = PeerReport::read(data) else { return };
    assert!(!report.rows.is_empty(), "a report without a row is none");
    if let Ok(numbering) = Numbering::of(&report, &CATALOGUE, None) {
        assert_eq!(numbering.checks.len(), report.rows.len());
        compare(&report, &numbering, &JUDGED.1, &CATALOGUE);
    }
}

/// The snapshot of these targets and what it is judged to be without an operator's word.
static JUDGED: LazyLock<(Snapshot, Assessment)> = LazyLock::new(|| {
    let snapshot = Snapshot::from_json(HOST).expect("the snapshot of these targets loads");
    let assessment = crate::assess(&snapshot, &CATALOGUE);
    (snapshot, assessment)
});
