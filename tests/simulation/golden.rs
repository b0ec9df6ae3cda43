//! Our simulations against the simulated means of the golden settings, which another program
//! (NumPy) computed from 4 seeds.
//!
//! The default tests run the smallest setting. All 13, with 8 seeds each, take about ten minutes:
//! `cargo test --release --test simulation -- --ignored --nocapture golden`

use crate::common::{experiment, number, numbers, predictions};
use serde_json::Value;

/// Mean and standard deviation.
fn moments(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (mean, variance.sqrt())
}

/// Difference of two means in its standard errors, the standard deviation pooled from both samples.
fn standard_errors(ours: (f64, f64), count: f64, theirs: (f64, f64), their_count: f64) -> f64 {
    let squares = (count - 1.0) * ours.1.powi(2) + (their_count - 1.0) * theirs.1.powi(2);
    let pooled = squares / (count + their_count - 2.0);
    (ours.0 - theirs.0) / (pooled * (1.0 / count + 1.0 / their_count)).sqrt()
}

/// Runs a golden setting on `seeds` seeds; the deviation of each mean singular value in standard
/// errors of the difference, the standard deviation pooled from both programs.
fn deviations(case: &Value, seeds: u64) -> Vec<f64> {
    let golden = &case["simulation"];
    let means = numbers(&golden["singular_values_mean"]);
    let deviations = numbers(&golden["singular_values_sd"]);
    let theirs = number(&golden["seeds"]);
    let overlaps = numbers(&golden["target_overlap_mean"]);
    let reports: Vec<_> = (0..seeds)
        .map(|seed| {
            let builder = experiment(case).seed(1000 + seed).triplets(means.len());
            builder.with_prediction(false).build().unwrap().run().unwrap()
        })
        .collect();
    (0..means.len())
        .map(|k| {
            let last = |f: &dyn Fn(&linear_width::experiment::Triplet) -> f64| -> Vec<f64> {
                reports.iter().map(|r| f(&r.last().unwrap().triplets[k])).collect()
            };
            let (mean, deviation) = moments(&last(&|t| t.singular_value));
            let (overlap, _) = moments(&last(&|t| t.target_overlap));
            let distance = standard_errors((mean, deviation), seeds as f64, (means[k], deviations[k]), theirs);
            println!(
                "{:>11} {:40} s_{}: {mean:8.4} golden {:8.4} ({distance:+.2} s.e.); overlap {overlap:.3} golden {:.3}",
                case["batches"].as_str().unwrap(),
                case["target"].as_str().unwrap(),
                k + 1,
                means[k],
                overlaps[k],
            );
            distance
        })
        .collect()
}

#[test]
fn golden_simulation_smallest_is_reproduced() {
    let cases = predictions();
    for distance in deviations(&cases[12], 3) {
        assert!(distance.abs() < 3.0, "{distance} standard errors");
    }
}

#[test]
#[ignore = "about ten minutes"]
fn golden_simulations_are_all_reproduced() {
    let all: Vec<f64> = predictions().iter().flat_map(|case| deviations(case, 8)).collect();
    let worst = all.iter().fold(0.0_f64, |m, d| m.max(d.abs()));
    let beyond = all.iter().filter(|d| d.abs() > 3.0).count();
    println!("{} comparisons, largest {worst:.2} standard errors, {beyond} beyond 3", all.len());
    // 40 comparisons at about ten degrees of freedom: one beyond 3 comes by chance in two runs of five
    assert!(worst < 4.0 && beyond <= 1, "{worst} standard errors, {beyond} beyond 3");
}

/// The same comparison from the stored means over 8 seeds at N = 3000 (`stored_means.rs`, run
/// in `f32`): 38 singular values of the twelve settings with two steps.
#[test]
fn stored_means_reproduce_the_golden_simulations() {
    let rows: Vec<Vec<f64>> = include_str!("../golden/simulated_means.csv")
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(|field| field.parse().unwrap()).collect())
        .collect();
    let (mut worst, mut count) = (0.0_f64, 0);
    for (setting, case) in predictions().iter().enumerate().take(12) {
        let golden = &case["simulation"];
        let golden_means = numbers(&golden["singular_values_mean"]);
        let golden_deviations = numbers(&golden["singular_values_sd"]);
        for k in 0..golden_means.len() {
            let ours: Vec<f64> = rows
                .iter()
                .filter(|r| (r[0], r[1], r[3]) == (setting as f64, 3000.0, k as f64))
                .map(|r| r[4])
                .collect();
            assert_eq!(ours.len(), 8);
            let golden = (golden_means[k], golden_deviations[k]);
            worst = worst.max(standard_errors(moments(&ours), 8.0, golden, 4.0).abs());
            count += 1;
        }
    }
    println!("{count} comparisons, largest deviation {worst:.2} standard errors");
    assert!(count == 38 && worst < 3.0, "{count}, {worst}");
}
