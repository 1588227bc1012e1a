#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| depickle_fuzz::scan(data));
