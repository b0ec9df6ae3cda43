//! Stored inputs of the two readers, findings of the fuzz targets among them, and thousands of
//! random changes of each: no panic, typed errors, nothing accepted that is not read again.
//!
//! `READER_MUTATIONS` sets the number of changes per stored input.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::common::Folder;
use crate::readers;

/// The files of a folder of tests/inputs, in the order of their names.
fn inputs(folder: &str) -> Vec<(String, Vec<u8>)> {
    let path = format!("{}/tests/inputs/{folder}", env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> = std::fs::read_dir(path)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.display().to_string(), std::fs::read(&path).unwrap())
        })
        .collect();
    files.sort();
    assert!(files.len() >= 3, "no inputs in {folder}");
    files
}

fn mutations(default: usize) -> usize {
    std::env::var("READER_MUTATIONS").map_or(default, |text| text.parse().unwrap())
}

/// A few random changes: bytes set, pieces removed, doubled, or taken from another input.
fn changed(bytes: &[u8], other: &[u8], random: &mut ChaCha8Rng) -> Vec<u8> {
    const TEXTS: [&str; 14] = [
        "nan",
        "inf",
        "-1",
        "0",
        "1e308",
        "9223372036854775807",
        "[",
        "]",
        "{",
        "}",
        "\"",
        "\n",
        "null",
        "0.5",
    ];
    let mut bytes = bytes.to_vec();
    for _ in 0..random.random_range(1..4) {
        let at = random.random_range(0..=bytes.len());
        let end = random.random_range(at..=bytes.len().min(at + 24));
        match random.random_range(0..6) {
            0 if at < bytes.len() => bytes[at] = random.random_range(0..128),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let piece = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, piece));
            }
            3 => {
                let from = random.random_range(0..=other.len());
                let to = random.random_range(from..=other.len().min(from + 48));
                drop(bytes.splice(at..end, other[from..to].iter().copied()));
            }
            4 => drop(bytes.splice(at..end, TEXTS[random.random_range(0..TEXTS.len())].bytes())),
            _ => bytes.truncate(at),
        }
    }
    bytes
}

/// Runs the check on every input and on changes of it, and shows the input that failed.
fn all(folder: &str, count: usize, check: impl Fn(&[u8])) {
    let inputs = inputs(folder);
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let run = |name: &str, bytes: &[u8]| {
        if catch_unwind(AssertUnwindSafe(|| check(bytes))).is_err() {
            panic!("{name}, as below:\n{}", String::from_utf8_lossy(bytes));
        }
    };
    for (name, bytes) in &inputs {
        run(name, bytes);
    }
    for (name, bytes) in &inputs {
        for _ in 0..count {
            let other = &inputs[random.random_range(0..inputs.len())].1;
            run(&format!("{name}, changed"), &changed(bytes, other, &mut random));
        }
    }
}

#[test]
fn config_reader_stands_any_text() {
    all("configuration", mutations(500), |bytes| {
        if let Ok(text) = std::str::from_utf8(bytes) {
            readers::configuration(text);
        }
    });
}

#[test]
fn results_reader_stands_any_bytes() {
    let folder = Folder::in_memory("reader-inputs");
    all("results", mutations(200), |bytes| readers::results(bytes, &folder.0));
}
