#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| assess::fuzzing::audit_rules_text(data));
