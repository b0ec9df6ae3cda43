//! Simulated means of the golden settings at several widths, for comparison with the prediction.
//!
//! Not part of the default tests: it takes the better part of an hour and writes
//! `tests/golden/simulated_means.csv`, one line per setting, width, seed and singular triplet.
//! `cargo test --release --test simulation -- --ignored --nocapture stored_means`
//! Lines that are in the file already are not computed again.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use crate::common::{experiment_at, predictions};
use linear_width::spectral::{leading_triplets, overlap};

const SEEDS: u64 = 8;
const WIDTHS: [usize; 4] = [3000, 1000, 2000, 4000];
const TRIPLETS: usize = 5;

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/simulated_means.csv")
}

#[test]
#[ignore = "the better part of an hour"]
fn write_stored_means() {
    let known = fs::read_to_string(path()).unwrap_or_default();
    let mut file = fs::OpenOptions::new().create(true).append(true).open(path()).unwrap();
    if known.is_empty() {
        writeln!(file, "setting,width,seed,k,singular_value,target,left_1,left_2,left_3").unwrap();
    }
    for width in WIDTHS {
        // the last golden setting is the one with a single step
        for (setting, case) in predictions().iter().enumerate().take(12) {
            for seed in 0..SEEDS {
                let key = format!("{setting},{width},{seed},");
                if known.lines().any(|line| line.starts_with(&key)) {
                    continue;
                }
                let experiment = experiment_at(case, width).seed(2000 + seed).build().unwrap();
                let mut network = experiment.initial_network::<f32>().unwrap();
                for (t, eta) in crate::common::etas(case, width).into_iter().enumerate() {
                    let batch = experiment.batch(t + 1).unwrap();
                    network.gradient_step(&batch, eta).unwrap();
                }
                let beta = experiment.teacher().unwrap().row(0).mapv(|x| x as f32);
                let top = leading_triplets(network.first_layer().view(), TRIPLETS).unwrap();
                let mut lines = String::new();
                for k in 0..TRIPLETS {
                    let target = overlap(top.right_vector(k), beta.view()).unwrap();
                    let a = network.second_layer().view();
                    let left = top.left_overlaps_with_powers(k, a, 3).unwrap();
                    lines += &format!(
                        "{key}{k},{:.5},{target:.5},{:.5},{:.5},{:.5}\n",
                        top.singular_values[k], left[0], left[1], left[2]
                    );
                }
                file.write_all(lines.as_bytes()).unwrap();
            }
            println!("N = {width}, setting {setting} done");
        }
    }
}
