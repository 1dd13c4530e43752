#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| harden::fuzzing::journal_records(data));
