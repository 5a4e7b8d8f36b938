#![no_main]

#[path = "../../tests/splice/fuzz_bodies.rs"]
#[allow(dead_code, reason = "each target runs one body")]
mod fuzz_bodies;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_bodies::change(bytes));
