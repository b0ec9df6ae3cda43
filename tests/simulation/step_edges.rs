//! Simulated edges after three to five steps at settings of their own, to judge how far the edge of the
//! prediction lies from one network.
//!
//! `cargo test --release --test simulation -- --ignored --nocapture write_step_edges`
//! writes `tests/golden/simulated_edges.csv` (ten minutes); runs in the file are not computed again.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use crate::feature_means::Setting;
use linear_width::activation::{Activation, Erf, Gelu, Relu, Silu, Sine, Softplus, Tanh};
use linear_width::data::Link;
use linear_width::network::SecondLayerLaw;
use linear_width::spectral::leading_triplets;
use linear_width::theory::prediction::{BulkModel, Options};
use linear_width::training::BatchPolicy;

const STORED: &str = include_str!("../golden/simulated_edges.csv");
const SEEDS: u64 = 4;
const WIDTH: usize = 1000;
/// Singular values that are kept of W_t.
const VALUES: usize = 6;

/// The even ones serve for development, the odd ones are kept apart.
pub fn settings() -> Vec<Setting> {
    use BatchPolicy::{Independent, PartlyReused, Reused};
    use SecondLayerLaw::{Gaussian, Rademacher, Uniform};
    let link =
        |f: fn(f64) -> f64, without: &[usize]| Link::new("link", f).without(without).unwrap();
    let setting = |activation, link, second_layer, sizes: [f64; 2], alpha: f64, batches| {
        let [dimension, samples] = sizes;
        let alphas = [alpha; 5];
        Setting { activation, link, noise: 0.1, second_layer, dimension, samples, alphas, batches }
    };
    let tanh = || link(|z| (1.5 * z + 0.5).tanh(), &[0]);
    let cosine = || link(|z| (1.5 * z + 0.6).cos(), &[0, 1]);
    let sine = || link(|z| (1.7 * z + 0.3).sin(), &[0]);
    let bump = || link(|z| z * (-z * z / 3.0).exp() + 0.5 * (1.5 * z).cos(), &[]);
    let activations = |k: usize| match k {
        0 => Tanh { scale: 1.8, shift: 0.5 }.shared(),
        1 => Sine { amplitude: 1.3, phase: 0.4 }.shared(),
        2 => Silu.shared(),
        3 => Relu.shared(),
        4 => Tanh { scale: 1.5, shift: 0.4 }.shared(),
        5 => Erf.shared(),
        6 => Gelu.shared(),
        _ => Softplus { beta: 1.5, scale: 2.0 }.shared(),
    };
    vec![
        setting(activations(0), tanh(), Rademacher, [0.6, 1.0], 0.33, Reused),
        setting(activations(1), sine(), Uniform, [0.5, 1.2], 0.33, Independent),
        setting(activations(2), cosine(), Uniform, [0.5, 1.0], 0.38, Reused),
        setting(activations(3), sine(), Rademacher, [0.5, 1.0], 0.36, Reused),
        setting(activations(4), bump(), Rademacher, [0.7, 1.0], 0.38, Independent),
        setting(activations(5), sine(), Uniform, [0.5, 1.0], 0.35, PartlyReused { fraction: 0.6 }),
        setting(activations(6), tanh(), Gaussian, [0.5, 1.0], 0.35, PartlyReused { fraction: 0.4 }),
        setting(activations(0), sine(), Gaussian, [0.6, 1.0], 0.33, Reused),
        setting(activations(1), tanh(), Uniform, [0.4, 0.8], 0.35, Reused),
        setting(activations(2), bump(), Uniform, [0.6, 1.2], 0.38, Reused),
        setting(activations(7), sine(), Rademacher, [0.5, 1.0], 0.32, Independent),
        setting(activations(1), cosine(), Rademacher, [0.5, 1.0], 0.34, Independent),
        setting(activations(3), bump(), Uniform, [0.5, 1.0], 0.38, Independent),
        setting(
            activations(4),
            tanh(),
            Rademacher,
            [0.4, 1.0],
            0.38,
            PartlyReused { fraction: 0.5 },
        ),
    ]
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/simulated_edges.csv")
}

/// The simulated values of a setting after a step, one entry per seed.
pub fn stored(number: usize, step: usize) -> Vec<Vec<f64>> {
    let lines = STORED.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    let of = lines.filter(|part| part[0] == number.to_string() && part[2] == step.to_string());
    of.map(|part| part[3..].iter().map(|value| value.parse().unwrap()).collect()).collect()
}

#[test]
#[ignore = "ten minutes"]
fn write_step_edges() {
    let known = fs::read_to_string(path()).unwrap_or_default();
    let mut file = fs::OpenOptions::new().create(true).append(true).open(path()).unwrap();
    if known.is_empty() {
        let values: Vec<String> = (0..VALUES).map(|k| format!("s{k}")).collect();
        writeln!(file, "setting,seed,step,{}", values.join(",")).unwrap();
    }
    for seed in 0..SEEDS {
        for (number, setting) in settings().iter().enumerate() {
            let key = format!("{number},{seed},");
            if known.lines().any(|line| line.starts_with(&key)) {
                continue;
            }
            let experiment = setting.experiment(WIDTH, 9000 + seed);
            let mut lines = String::new();
            for (step, network) in experiment.networks::<f64>().enumerate().skip(3) {
                let network = network.unwrap();
                let top = leading_triplets(network.first_layer().view(), VALUES).unwrap();
                let values: Vec<String> =
                    top.singular_values.iter().map(|s| format!("{s:.5}")).collect();
                lines += &format!("{key}{step},{}\n", values.join(","));
            }
            file.write_all(lines.as_bytes()).unwrap();
        }
    }
}

/// At quick settings: the edge with structured noise deviates by as much as it says, up to a factor of 3,
/// and by less than with isotropic noise.
#[test]
fn edges_after_five_steps() {
    for number in [4, 11] {
        let experiment = settings()[number].experiment(WIDTH, 0);
        let deviation = |bulk_model| {
            let options = Options { bulk_model, compare_nodes: false, ..Options::default() };
            let prediction = experiment.predict(5, &options).unwrap();
            let stored = stored(number, 5);
            let at = prediction.outliers.len();
            let square = |values: &Vec<f64>| (prediction.edge / values[at] - 1.0).powi(2);
            let mean = stored.iter().map(square).sum::<f64>() / stored.len() as f64;
            (mean.sqrt(), prediction.errors.edge)
        };
        let (isotropic, _) = deviation(BulkModel::Isotropic);
        let (structured, expected) = deviation(BulkModel::Structured);
        println!("{number}: {isotropic} {structured} {expected}");
        assert!(structured < 0.65 * isotropic, "{number}: {structured} {isotropic}");
        let ratio = structured / expected;
        assert!(ratio > 1.0 / 3.0 && ratio < 3.0, "{number}: {structured} {expected}");
    }
}

/// Prints predicted and simulated edges and outliers.
#[test]
#[ignore = "prints the table of docs/theory.md, section 17"]
fn table_of_step_edges() {
    let (mut sums, start) = ([[0.0; 3]; 2], std::time::Instant::now());
    for (number, setting) in settings().iter().enumerate() {
        let experiment = setting.experiment(WIDTH, 0);
        for step in 3..=5 {
            let predict = |bulk_model| {
                let options = Options { bulk_model, compare_nodes: false, ..Options::default() };
                experiment.predict(step, &options).unwrap()
            };
            let begin = std::time::Instant::now();
            let isotropic = predict(BulkModel::Isotropic);
            let seconds = begin.elapsed().as_secs_f64();
            let structured = predict(BulkModel::Structured);
            let more = begin.elapsed().as_secs_f64() - 2.0 * seconds;
            let stored = stored(number, step);
            let count = stored.len() as f64;
            let mean = |k: usize| stored.iter().map(|values| values[k]).sum::<f64>() / count;
            let mut line = format!("{number} {step} ({seconds:.2} s, {more:.2} s more)");
            for prediction in [&isotropic, &structured] {
                let outliers = prediction.outliers.len().min(VALUES - 1);
                let deviation = prediction.edge / mean(outliers) - 1.0;
                let square = |values: &Vec<f64>| (prediction.edge / values[outliers] - 1.0).powi(2);
                let measured = (stored.iter().map(square).sum::<f64>() / count).sqrt();
                let expected = prediction.errors.edge;
                line += &format!(
                    "; edge {:.3} {:+.1} % (rms {:.1} expected {:.1} %)",
                    prediction.edge,
                    100.0 * deviation,
                    100.0 * measured,
                    100.0 * expected
                );
                for (k, outlier) in prediction.outliers.iter().enumerate().take(VALUES) {
                    let deviation = outlier.singular_value / mean(k) - 1.0;
                    let square =
                        |values: &Vec<f64>| (outlier.singular_value / values[k] - 1.0).powi(2);
                    let measured = (stored.iter().map(square).sum::<f64>() / count).sqrt();
                    line += &format!(
                        " *{:.3} {:+.1} % ({:.1} {:.1})",
                        outlier.singular_value,
                        100.0 * deviation,
                        100.0 * measured,
                        100.0 * prediction.errors.singular_values[k]
                    );
                }
                let half = &mut sums[number % 2];
                half[2] += 0.5;
                half[usize::from(prediction.bulk_model == BulkModel::Structured)] += measured;
            }
            println!("{line}");
        }
    }
    println!("mean deviation of the edge: isotropic, structured; {:?}", start.elapsed());
    for [isotropic, structured, count] in sums {
        println!("{:.2} {:.2} %", 100.0 * isotropic / count, 100.0 * structured / count);
    }
}
