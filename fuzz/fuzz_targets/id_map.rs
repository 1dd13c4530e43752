#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| collect::fuzzing::id_map(data));
