//! The configuration reader: no text makes it panic, and what it accepts it writes and reads again.
#![no_main]

#[path = "../../runs/tests/common/readers.rs"]
#[allow(dead_code)]
mod readers;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        readers::configuration(text);
    }
});
