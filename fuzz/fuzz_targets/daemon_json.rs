#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| collect::fuzzing::daemon_json(data));
