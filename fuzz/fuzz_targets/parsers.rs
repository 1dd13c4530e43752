//! All targets in one program, since linking is what costs: COFFERDAM_FUZZ_TARGET names the one that runs.
#![no_main]

use std::sync::OnceLock;

static TARGET: OnceLock<fn(&[u8])> = OnceLock::new();

fn named() -> fn(&[u8]) {
    let name = std::env::var("COFFERDAM_FUZZ_TARGET").expect("COFFERDAM_FUZZ_TARGET names a target; cargo xtask fuzz sets it");
    let all = [collect::fuzzing::TARGETS, assess::fuzzing::TARGETS, harden::fuzzing::TARGETS].concat();
    all.into_iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("no fuzz target `{name}`")).1
}

libfuzzer_sys::fuzz_target!(init: { TARGET.get_or_init(named); }, |data: &[u8]| TARGET.get().expect("init ran first")(data));
