#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| harden::fuzzing::audit_rules_edit(data));
