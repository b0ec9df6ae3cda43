//! The reader of results files: no file makes it panic, and what it accepts survives merging and
//! resuming.
#![no_main]

#[path = "../../tests/common/readers.rs"]
#[allow(dead_code)]
mod readers;

use std::sync::LazyLock;

static FOLDER: LazyLock<readers::Folder> = LazyLock::new(|| readers::Folder::new("fuzz"));

libfuzzer_sys::fuzz_target!(|data: &[u8]| readers::results(data, &FOLDER));
