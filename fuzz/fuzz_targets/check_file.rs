#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| assess::fuzzing::check_file(data));
