#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| harden::fuzzing::daemon_json_edit(data));
