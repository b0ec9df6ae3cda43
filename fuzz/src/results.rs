//! The reader of results files: no file makes it panic, and what it accepts survives merging and
//! resuming.
#![no_main]

#[path = "../../runs/tests/common/readers.rs"]
#[allow(dead_code)]
mod readers;

use std::path::PathBuf;
use std::sync::LazyLock;

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let path = std::env::temp_dir().join(format!("linear-width-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    path
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| readers::results(data, &FOLDER));
