#![no_main]

#[path = "../../tests/explain/fuzz_body.rs"]
mod fuzz_body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_body::explained(bytes));
