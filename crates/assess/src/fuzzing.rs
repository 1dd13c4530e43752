//! Entry points of the fuzz targets (`fuzz/`): each takes any bytes and panics where a promise of a parser is broken. No part of the crate's
//! interface: there only with the feature `fuzzing`.
//!
//! A parser that comes (waivers in cofferdam.yaml, logs of other tools for `bench --compare`) gets its line in [`TARGETS`], its function
//! below, a file in `fuzz/fuzz_targets` and seeds in `fuzz/seeds`.

use std::sync::LazyLock;

use facts::Snapshot;
use facts::docker::ConfigError;

use crate::catalogue::Catalogue;
use crate::derive;
use crate::measure::Measure;

/// A name, and what takes the bytes.
pub type Target = (&'static str, fn(&[u8]));

/// The targets of this crate.
pub const TARGETS: &[Target] = &[
    ("audit_rules_text", audit_rules_text),
    ("check_file", check_file),
    ("config_judged", config_judged),
    ("image_reference", image_reference),
    ("measure", measure),
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
