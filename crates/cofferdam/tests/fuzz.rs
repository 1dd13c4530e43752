//! What fuzzing started from and what it found, replayed without a fuzzer: every file of fuzz/seeds and fuzz/regressions.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz").join(name)
}

fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).filter(|name| name != ".keep").collect()
}

fn targets() -> Vec<collect::fuzzing::Target> {
    [collect::fuzzing::TARGETS, assess::fuzzing::TARGETS, harden::fuzzing::TARGETS].concat()
}

#[test]
fn every_target_has_seeds() {
    let known: BTreeSet<String> = targets().into_iter().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(known.len(), targets().len(), "two targets of one name");
    // The folder of the seeds is the list that `cargo xtask fuzz` goes by.
    assert_eq!(names(&folder("seeds")), known);
    for name in &known {
        assert!(!names(&folder("seeds").join(name)).is_empty(), "fuzz/seeds/{name} is empty");
    }
    assert!(names(&folder("regressions")).is_subset(&known));
}

#[test]
fn seeds_and_regressions() {
    for (target, run) in targets() {
        for given in ["seeds", "regressions"] {
            let inputs = folder(given).join(target);
            for name in inputs.is_dir().then(|| names(&inputs)).into_iter().flatten() {
                let data = fs::read(inputs.join(&name)).unwrap();
                // The harness says which input it was.
                let outcome = std::panic::catch_unwind(|| run(&data));
                assert!(outcome.is_ok(), "fuzz/{given}/{target}/{name}");
            }
        }
    }
}

/// The laws behind the targets hold for damaged seeds too: a small, quick fuzzer of our own that needs no compiler flags.
#[test]
fn damaged_seeds() {
    for (target, run) in targets() {
        for name in names(&folder("seeds").join(target)) {
            let data = fs::read(folder("seeds").join(target).join(&name)).unwrap();
            let step = (data.len() / 24).max(1);
            for at in (0..data.len()).step_by(step) {
                let (mut flipped, mut cut) = (data.clone(), data.clone());
                flipped[at] ^= 0x21;
                cut.remove(at);
                for damaged in [&data[..at], &data[at..], &flipped[..], &cut[..]] {
                    let outcome = std::panic::catch_unwind(|| run(damaged));
                    assert!(outcome.is_ok(), "fuzz/seeds/{target}/{name} damaged at byte {at}: {:?}", String::from_utf8_lossy(damaged));
                }
            }
        }
    }
}
