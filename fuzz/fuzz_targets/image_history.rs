#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| collect::fuzzing::image_history(data));
