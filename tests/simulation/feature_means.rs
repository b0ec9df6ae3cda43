//! Simulated spectra of W_t, ridge errors and spectra of the features at settings that had no part in
//! the development of the theory, at several widths, for comparison with the prediction.
//!
//! Not part of the default tests: it takes an hour and writes `tests/golden/simulated_features.csv`.
//! `cargo test --release --test simulation -- --ignored --nocapture write_feature_means`
//! Runs that are in the file already are not computed again.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use linear_width::Experiment;
use linear_width::activation::{Activation, Erf, Gelu, Relu, Silu, Sine, Softplus, Tanh};
use linear_width::data::{Link, Target};
use linear_width::network::SecondLayerLaw;
use linear_width::readout::Ridge;
use linear_width::spectral::{leading_triplets, overlap};
use linear_width::training::{BatchPolicy, StepSize};
use std::sync::Arc;

const SEEDS: u64 = 6;
const WIDTHS: [usize; 3] = [500, 1000, 2000];
/// Of W_t and of the features.
pub const TRIPLETS: usize = 5;
/// Stages whose readouts are trained.
pub const READOUT_STEPS: [usize; 4] = [0, 1, 2, 5];
pub const LAMBDAS: [f64; 3] = [0.01, 0.1, 1.0];
/// Ridge samples per neuron.
pub const RATIOS: [usize; 2] = [2, 4];
const TEST_SAMPLES: usize = 12000;

/// A setting at any width.
pub struct Setting {
    pub activation: Arc<dyn Activation>,
    pub link: Link,
    pub noise: f64,
    pub second_layer: SecondLayerLaw,
    /// d / N.
    pub dimension: f64,
    /// n / N.
    pub samples: f64,
    /// Five steps of size 2 N^alpha.
    pub alphas: [f64; 5],
    pub batches: BatchPolicy,
}

/// Nine settings: four with independent batches, four with a reused batch, one in between.
pub fn settings() -> Vec<Setting> {
    use BatchPolicy::{Independent, PartlyReused, Reused};
    use SecondLayerLaw::{Gaussian, Rademacher, Uniform};
    let link = |name: &str, f: fn(f64) -> f64, without: &[usize]| {
        Link::new(name, f).without(without).unwrap()
    };
    let setting = |activation, (link, noise), second_layer, sizes: [f64; 2], alphas, batches| {
        let [dimension, samples] = sizes;
        Setting { activation, link, noise, second_layer, dimension, samples, alphas, batches }
    };
    vec![
        setting(
            Gelu.shared(),
            (link("tanh(2z)", |z| (2.0 * z).tanh(), &[]), 0.1),
            Uniform,
            [0.5, 1.5],
            [0.3, 0.35, 0.3, 0.3, 0.3],
            Independent,
        ),
        setting(
            Softplus { beta: 1.5, scale: 2.0 }.shared(),
            (link("sin(1.5z+0.4)", |z| (1.5 * z + 0.4).sin(), &[0]), 0.2),
            Gaussian,
            [0.5, 1.0],
            [0.25, 0.3, 0.25, 0.25, 0.25],
            Independent,
        ),
        setting(
            Tanh { scale: 1.5, shift: 0.3 }.shared(),
            (
                link(
                    "z exp(-z^2/4) + cos(2z)/2",
                    |z| z * (-z * z / 4.0).exp() + 0.5 * (2.0 * z).cos(),
                    &[0],
                ),
                0.2,
            ),
            Rademacher,
            [0.8, 1.2],
            [0.35, 0.35, 0.35, 0.35, 0.35],
            Independent,
        ),
        setting(
            Gelu.shared(),
            (link("cos(1.3z+0.5)", |z| (1.3 * z + 0.5).cos(), &[0, 1]), 0.1),
            Uniform,
            [0.5, 2.0],
            [0.4, 0.4, 0.4, 0.4, 0.4],
            Independent,
        ),
        setting(
            Relu.shared(),
            (link("tanh(1.2z+0.3)", |z| (1.2 * z + 0.3).tanh(), &[0]), 0.3),
            Uniform,
            [0.6, 1.2],
            [0.3, 0.3, 0.3, 0.3, 0.3],
            Reused,
        ),
        setting(
            Silu.shared(),
            (link("sin(2z)", |z| (2.0 * z).sin(), &[]), 0.1),
            Gaussian,
            [0.5, 1.5],
            [0.35, 0.4, 0.35, 0.35, 0.35],
            Reused,
        ),
        setting(
            Sine { amplitude: 1.4, phase: 0.5 }.shared(),
            (link("cos(1.3z+0.5)", |z| (1.3 * z + 0.5).cos(), &[0, 1]), 0.1),
            Uniform,
            [0.5, 1.0],
            [0.35, 0.35, 0.35, 0.35, 0.35],
            Reused,
        ),
        setting(
            Erf.shared(),
            (link("tanh(2z-0.4)", |z| (2.0 * z - 0.4).tanh(), &[0]), 0.1),
            Uniform,
            [0.4, 0.8],
            [0.35, 0.35, 0.35, 0.35, 0.35],
            Reused,
        ),
        setting(
            Tanh { scale: 2.0, shift: 0.4 }.shared(),
            (link("sin(1.5z+0.4)", |z| (1.5 * z + 0.4).sin(), &[0]), 0.1),
            Uniform,
            [0.5, 1.0],
            [0.3, 0.35, 0.3, 0.3, 0.3],
            PartlyReused { fraction: 0.5 },
        ),
    ]
}

impl Setting {
    pub fn experiment(&self, width: usize, seed: u64) -> Experiment {
        let size = |ratio: f64| (ratio * width as f64).round() as usize;
        Experiment::builder()
            .width(width)
            .dimension(size(self.dimension))
            .samples(size(self.samples))
            .activation(self.activation.clone())
            .second_layer(self.second_layer.clone())
            .target(Target::single_index(self.link.clone()).noise(self.noise))
            .steps(self.alphas.map(|alpha| StepSize::scaled(2.0, alpha)))
            .batches(self.batches)
            .seed(seed)
            .build()
            .unwrap()
    }
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/simulated_features.csv")
}

/// One run: lines `step,samples,quantity,at,value`; the quantities are s (singular value of W, `at` is its
/// number), o (its overlap with the teacher), e (test error, `at` is lambda) and f (eigenvalue of the
/// features).
fn measure(experiment: &Experiment, width: usize) -> String {
    let mut lines = String::new();
    let mut line = |step: usize, samples: usize, quantity: &str, at: f64, value: f64| {
        lines += &format!("{step},{samples},{quantity},{at},{value:.6}\n");
    };
    let beta = experiment.teacher().unwrap().row(0).to_owned();
    let test = experiment.test_batch(0, TEST_SAMPLES).unwrap();
    for (step, network) in experiment.networks::<f64>().enumerate() {
        let network = network.unwrap();
        if step > 0 {
            let top = leading_triplets(network.first_layer().view(), TRIPLETS).unwrap();
            for k in 0..TRIPLETS {
                line(step, 0, "s", k as f64, top.singular_values[k]);
                let target = overlap(top.right_vector(k), beta.view()).unwrap();
                line(step, 0, "o", k as f64, target);
            }
        }
        if !READOUT_STEPS.contains(&step) {
            continue;
        }
        for ratio in RATIOS {
            let samples = ratio * width;
            let train = experiment.test_batch(ratio as u32, samples).unwrap();
            let path = Ridge::new().fit(&network, &train).unwrap();
            for (lambda, error) in LAMBDAS.iter().zip(path.test_errors(&LAMBDAS, &test).unwrap()) {
                line(step, samples, "e", *lambda, error.mean_square);
            }
            if ratio == RATIOS[0] {
                let features = network.features(&train).unwrap();
                let top = leading_triplets(features.view(), TRIPLETS).unwrap();
                for k in 0..TRIPLETS {
                    // the features carry 1/sqrt(N)
                    let root = top.singular_values[k] * (width as f64 / samples as f64).sqrt();
                    line(step, samples, "f", k as f64, root * root);
                }
            }
        }
    }
    lines
}

#[test]
#[ignore = "an hour"]
fn write_feature_means() {
    let known = fs::read_to_string(path()).unwrap_or_default();
    let mut file = fs::OpenOptions::new().create(true).append(true).open(path()).unwrap();
    if known.is_empty() {
        writeln!(file, "setting,width,seed,step,samples,quantity,at,value").unwrap();
    }
    for width in WIDTHS {
        for seed in 0..SEEDS {
            for (number, setting) in settings().iter().enumerate() {
                let key = format!("{number},{width},{seed},");
                if known.lines().any(|line| line.starts_with(&key)) {
                    continue;
                }
                let lines = measure(&setting.experiment(width, 7000 + seed), width);
                let lines: String = lines.lines().map(|line| format!("{key}{line}\n")).collect();
                file.write_all(lines.as_bytes()).unwrap();
                println!("N = {width}, seed {seed}, setting {number} done");
            }
        }
    }
}
