//! The prediction for partly reused batches against means over simulated networks.
//!
//! `cargo test --release --test simulation -- --ignored --nocapture partial_reuse` prints the table
//! of docs/theory.md, section 12.5.

use crate::common::predicted_once;
use linear_width::Experiment;
use linear_width::activation::Sine;
use linear_width::data::{Link, Target};
use linear_width::network::SecondLayerLaw;
use linear_width::spectral::{leading_triplets, overlap};
use linear_width::theory::prediction::{BulkModel, Options, Prediction};
use linear_width::training::{BatchPolicy, StepSize};

/// One setting at any width and any reused fraction.
struct Case {
    name: &'static str,
    link: Link,
    /// d / N and n / N.
    ratios: [f64; 2],
    steps: [StepSize; 2],
}

impl Case {
    /// Information exponent 1.
    fn linear_part() -> Self {
        let link = Link::new("tanh(1.5z+0.5)", |z| (1.5 * z + 0.5).tanh());
        Self {
            name: "with linear part",
            link: link.without(&[0]).unwrap(),
            ratios: [0.5, 1.5],
            steps: [0.3, 0.4].map(|alpha| StepSize::scaled(2.0, alpha)),
        }
    }

    /// Parts in He_2, He_3 and beyond: information exponent 2, reuse exponent 1.
    fn no_linear_part() -> Self {
        let link = Link::new("cos(1.5z+0.6)", |z| (1.5 * z + 0.6).cos());
        Self {
            name: "without",
            link: link.without(&[0, 1]).unwrap(),
            ratios: [2.0 / 3.0, 1.0],
            steps: [0.35, 0.45].map(|alpha| StepSize::scaled(2.0, alpha)),
        }
    }

    fn experiment(&self, width: usize, fraction: f64, seed: u64) -> Experiment {
        let [dimension, samples] = self.ratios.map(|ratio| (ratio * width as f64) as usize);
        Experiment::builder()
            .width(width)
            .dimension(dimension)
            .samples(samples)
            .activation(Sine { amplitude: 0.5_f64.exp(), phase: 0.7 })
            .target(Target::single_index(self.link.clone()).noise(0.1))
            .steps(self.steps)
            .second_layer(SecondLayerLaw::Uniform)
            .batches(BatchPolicy::PartlyReused { fraction })
            .seed(seed)
            .build()
            .unwrap()
    }

    fn predicted(&self, width: usize, fraction: f64, bulk_model: BulkModel) -> Prediction {
        let options = Options { bulk_model, ..predicted_once() };
        self.experiment(width, fraction, 0).predict(2, &options).unwrap()
    }

    /// The three leading triplets of W_2 over `seeds` networks.
    fn simulated(&self, width: usize, fraction: f64, seeds: u64) -> [Triplet; 3] {
        let mut lists = [const { [vec![], vec![]] }; 3];
        for seed in 0..seeds {
            let experiment = self.experiment(width, fraction, seed);
            let mut network = experiment.initial_network::<f32>().unwrap();
            for (t, step) in self.steps.iter().enumerate() {
                let (batch, eta) = (experiment.batch(t + 1).unwrap(), step.eta(width));
                network.gradient_step(&batch, eta).unwrap();
            }
            let top = leading_triplets(network.first_layer().view(), lists.len()).unwrap();
            let beta = experiment.teacher().unwrap().row(0).mapv(|x| x as f32);
            for (k, [values, overlaps]) in lists.iter_mut().enumerate() {
                values.push(f64::from(top.singular_values[k]));
                overlaps.push(overlap(top.right_vector(k), beta.view()).unwrap());
            }
        }
        lists.map(|[values, overlaps]| Triplet { value: mean(&values), overlap: mean(&overlaps) })
    }
}

/// Mean and standard error of the singular value and of the overlap with the teacher.
struct Triplet {
    value: (f64, f64),
    overlap: (f64, f64),
}

fn mean(list: &[f64]) -> (f64, f64) {
    let n = list.len() as f64;
    let mean = list.iter().sum::<f64>() / n;
    let square = list.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    (mean, (square / (n - 1.0) / n).sqrt())
}

/// Singular value of outlier k, or the edge below the outliers.
fn value(prediction: &Prediction, k: usize) -> f64 {
    prediction.outliers.get(k).map_or(prediction.edge, |outlier| outlier.singular_value)
}

/// Prediction and simulated mean differ by less than a tolerance; the predictions for a fresh and
/// for a reused batch are at more than the tolerance from that mean, one on either side.
fn check(
    case: &Case,
    model: BulkModel,
    (width, fraction): (usize, f64),
    simulated: &[Triplet; 3],
    tolerances: &[(usize, f64)],
) {
    let [ours, fresh, reused] = [fraction, 0.0, 1.0].map(|q| case.predicted(width, q, model));
    for &(k, tolerance) in tolerances {
        let (mean, error) = simulated[k].value;
        let [ours, fresh, reused] = [&ours, &fresh, &reused].map(|p| value(p, k) / mean - 1.0);
        let text = format!(
            "{}, {model:?}, fraction {fraction}, s_{}: {mean:.3} +- {error:.3}; predicted {:+.1} % \
             (fresh {:+.1} %, reused {:+.1} %)",
            case.name,
            k + 1,
            100.0 * ours,
            100.0 * fresh,
            100.0 * reused
        );
        println!("{text}");
        assert!(ours.abs() < tolerance, "{text}");
        assert!(fresh > tolerance && reused < -tolerance, "{text}");
    }
}

/// 6 seeds at N = 1200; the standard error of the first singular value is about 1 %.
#[test]
fn partial_reuse_lies_between_as_predicted() {
    let width = 1200;
    for fraction in [0.5, 0.75] {
        let case = Case::linear_part();
        let simulated = case.simulated(width, fraction, 6);
        for model in [BulkModel::Isotropic, BulkModel::Structured] {
            check(&case, model, (width, fraction), &simulated, &[(0, 0.03)]);
            let outlier = &case.predicted(width, fraction, model).outliers[0];
            assert!((outlier.target_overlap - simulated[0].overlap.0).abs() < 0.01);
        }
        let case = Case::no_linear_part();
        let simulated = case.simulated(width, fraction, 6);
        check(&case, BulkModel::Isotropic, (width, fraction), &simulated, &[(0, 0.04)]);
        check(
            &case,
            BulkModel::Structured,
            (width, fraction),
            &simulated,
            &[(0, 0.04), (1, 0.05), (2, 0.04)],
        );
    }
}

/// Both levels, level 2 with one and with two terms of l(b). 6 seeds at N = 1500.
#[test]
#[ignore = "some minutes"]
fn table_of_partial_reuse() {
    let width = 1500;
    for case in [Case::linear_part(), Case::no_linear_part()] {
        for fraction in [0.0, 0.25, 0.5, 0.75, 1.0] {
            println!("{}, fraction {fraction}", case.name);
            let print = |name: &str, bulk_model, terms| {
                let options = Options { bulk_model, linear_terms: terms, ..predicted_once() };
                let p = case.experiment(width, fraction, 0).predict(2, &options).unwrap();
                print!("  {name}:");
                for o in &p.outliers {
                    print!("  {:.3} ({:.3})", o.singular_value, o.target_overlap);
                }
                println!("  edge {:.3}", p.edge);
            };
            print("level 1", BulkModel::Isotropic, 1);
            print("level 2, one term ", BulkModel::Structured, 1);
            print("level 2, two terms", BulkModel::Structured, 2);
            print!("  simulated:");
            for Triplet { value, overlap } in case.simulated(width, fraction, 6) {
                print!("  {:.3} +- {:.3} ({:.3} +- {:.3})", value.0, value.1, overlap.0, overlap.1);
            }
            println!();
        }
    }
}
