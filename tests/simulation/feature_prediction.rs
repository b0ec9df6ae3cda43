//! The prediction of test errors, of outliers after several steps and of the spectrum of the features
//! against stored simulations (`feature_means`).

use std::collections::BTreeMap;

use crate::feature_means::{LAMBDAS, RATIOS, Setting, TRIPLETS, settings};
use linear_width::theory::features::FeaturePrediction;
use linear_width::theory::prediction::{Options, Prediction, State};

const STORED: &str = include_str!("../golden/simulated_features.csv");

/// Mean over the seeds and its standard error.
#[derive(Clone, Copy, Debug)]
struct Measured {
    mean: f64,
    error: f64,
}

/// What is compared: step, samples, quantity, index or lambda.
type Key = (usize, usize, String, String);

/// All simulated means of a setting at one width.
fn measured(setting: usize, width: usize) -> BTreeMap<Key, Measured> {
    let mut values: BTreeMap<Key, Vec<f64>> = BTreeMap::new();
    for line in STORED.lines().skip(1) {
        let part: Vec<&str> = line.split(',').collect();
        let number = |i: usize| part[i].parse::<usize>().unwrap();
        if (number(0), number(1)) != (setting, width) {
            continue;
        }
        let key = (number(3), number(4), part[5].to_string(), part[6].to_string());
        values.entry(key).or_default().push(part[7].parse().unwrap());
    }
    let moments = |values: Vec<f64>| {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let square =
            values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
        Measured { mean, error: (square / count).sqrt() }
    };
    values.into_iter().map(|(key, values)| (key, moments(values))).collect()
}

/// A predicted number beside its simulated mean.
struct Compared {
    step: usize,
    quantity: &'static str,
    /// Lambda and samples, or the index.
    at: String,
    predicted: f64,
    measured: Measured,
    /// For a feature outlier and a singular value: the edge of the bulk.
    edge: f64,
}

impl Compared {
    /// Relative deviation of the prediction.
    fn deviation(&self) -> f64 {
        self.predicted / self.measured.mean - 1.0
    }

    /// Relative standard error of the simulated mean.
    fn error(&self) -> f64 {
        self.measured.error / self.measured.mean
    }

    /// Whether it lies clear of the bulk: outliers within a tenth of the edge are part of it in finite
    /// networks.
    fn is_separate(&self) -> bool {
        self.predicted > 1.1 * self.edge
    }
}

const TEST_ERROR: &str = "e";
const FEATURE_OUTLIER: &str = "f";
const OUTLIER: &str = "s";

/// Test errors and feature outliers of the stages among `stages`, and singular values outside the bulk
/// of the last one, predicted and simulated.
fn compare(number: usize, width: usize, stages: &[usize]) -> Vec<Compared> {
    let stored = measured(number, width);
    if stored.is_empty() {
        return Vec::new();
    }
    let setting = &settings()[number];
    let mut problem = setting.experiment(width, 0).prediction_setting().unwrap();
    let last = stages.iter().copied().max().unwrap();
    problem.step_sizes.truncate(last.max(1));
    let options = Options { compare_nodes: false, ..Options::default() };
    let states = problem.states(&options).unwrap();
    let mut list = Vec::new();
    for &step in stages {
        let features =
            FeaturePrediction::new(&states[step], &problem.activation, &problem.target, &options);
        let features = features.unwrap();
        let samples = RATIOS.map(|ratio| ratio * width);
        let curve = features.ridge_curve(&samples, &LAMBDAS).unwrap();
        for ((i, k), errors) in curve.indexed_iter() {
            let (m, lambda) = (samples[i], LAMBDAS[k]);
            list.push(Compared {
                step,
                quantity: TEST_ERROR,
                at: format!("m = {} N, lambda = {lambda}", RATIOS[i]),
                predicted: errors.test_error,
                measured: stored[&(step, m, TEST_ERROR.to_string(), lambda.to_string())],
                edge: 0.0,
            });
        }
        let spectrum = features.spectrum(2 * width).unwrap();
        for (k, outlier) in spectrum.outliers.iter().take(TRIPLETS).enumerate() {
            let key = (step, 2 * width, FEATURE_OUTLIER.to_string(), k.to_string());
            list.push(Compared {
                step,
                quantity: FEATURE_OUTLIER,
                at: k.to_string(),
                predicted: outlier.eigenvalue,
                measured: stored[&key],
                edge: spectrum.edge,
            });
        }
    }
    if last > 0 {
        let prediction = problem.predict(&options).unwrap();
        for (k, outlier) in prediction.outliers.iter().take(TRIPLETS).enumerate() {
            list.push(Compared {
                step: last,
                quantity: OUTLIER,
                at: k.to_string(),
                predicted: outlier.singular_value,
                measured: stored[&(last, 0, OUTLIER.to_string(), k.to_string())],
                edge: prediction.edge,
            });
        }
    }
    list
}

/// Mean of the absolute relative deviations of the test errors.
fn mean_test_deviation<'a>(list: impl IntoIterator<Item = &'a Compared>) -> f64 {
    let errors = list.into_iter().filter(|c| c.quantity == TEST_ERROR);
    let (sum, count) = errors.fold((0.0, 0), |(sum, n), c| (sum + c.deviation().abs(), n + 1));
    sum / f64::from(count)
}

/// W_0, W_1, W_2 of all settings: test errors within 3 % on average in each setting, and none further
/// off than 5 %; feature outliers clear of the bulk within 5 %. At N = 1000 deviations are smaller than
/// at 500.
#[test]
fn two_steps_against_simulations() {
    let mut means = [0.0; 2];
    for number in 0..settings().len() {
        let lists = [500, 1000].map(|width| compare(number, width, &[0, 1, 2]));
        for (mean, list) in means.iter_mut().zip(&lists) {
            *mean += mean_test_deviation(list) / settings().len() as f64;
        }
        let list = &lists[1];
        let by_step = [0, 1, 2].map(|step| {
            let of_step = list.iter().filter(|c| c.step == step);
            100.0 * mean_test_deviation(of_step)
        });
        println!("setting {number}, mean deviations of W_0, W_1, W_2: {by_step:.1?} %");
        assert!(mean_test_deviation(list) < 0.03, "setting {number}");
        for c in list {
            let (far, error) = (c.deviation().abs(), c.error());
            let allowed = match c.quantity {
                TEST_ERROR => 0.05,
                FEATURE_OUTLIER if c.is_separate() => 0.05,
                _ => continue,
            };
            if far > 0.5 * allowed {
                println!(
                    "   W_{} {} {}: {:+.3} +- {error:.3}",
                    c.step,
                    c.quantity,
                    c.at,
                    c.deviation()
                );
            }
            assert!(far < allowed, "setting {number}: W_{} {} {}", c.step, c.quantity, c.at);
        }
    }
    println!("mean deviation of test errors at N = 500 and 1000: {means:.4?}");
    assert!(means[1] < 0.8 * means[0], "{means:?}");
}

/// W_5: test errors within 3 % on average, the leading two outliers within 1.5 % or two standard errors
/// of the simulated mean, feature outliers within 5 %.
#[test]
fn five_steps_against_simulations() {
    for number in [0, 1, 4] {
        let list = compare(number, 1000, &[5]);
        let mean = mean_test_deviation(&list);
        println!("setting {number}, W_5: mean deviation of test errors {:.1} %", 100.0 * mean);
        assert!(mean < 0.03, "setting {number}: {mean}");
        for c in list.iter().filter(|c| c.quantity != TEST_ERROR && c.is_separate()) {
            let (far, error) = (c.deviation().abs(), c.error());
            println!("   {} {}: {:+.3} +- {error:.3}", c.quantity, c.at, c.deviation());
            let allowed = match c.quantity {
                OUTLIER if c.at == "0" || c.at == "1" => f64::max(0.015, 2.0 * error),
                FEATURE_OUTLIER => 0.05,
                _ => continue,
            };
            assert!(far < allowed, "setting {number}: {} {}", c.quantity, c.at);
        }
    }
}

/// Prints the mean deviations of all settings at every width.
#[test]
#[ignore = "minutes; prints deviations by width"]
fn deviations_by_width() {
    for width in [500, 1000, 2000] {
        let mut sums = [[0.0; 2]; 4];
        for number in 0..settings().len() {
            let stages = [0, 1, 2, 5];
            let list = compare(number, width, &stages);
            let of = |step: usize| list.iter().filter(move |c| c.step == step);
            let means = stages.map(|step| mean_test_deviation(of(step)));
            println!("N = {width}, setting {number}: test errors {means:.4?}");
            for (sum, mean) in sums.iter_mut().zip(means).filter(|(_, mean)| mean.is_finite()) {
                *sum = [sum[0] + mean, sum[1] + 1.0];
            }
            for quantity in [FEATURE_OUTLIER, OUTLIER] {
                let chosen = list.iter().filter(|c| c.quantity == quantity && c.is_separate());
                let line: Vec<String> = chosen
                    .map(|c| {
                        format!("W_{} {}: {:+.3}({:.3})", c.step, c.at, c.deviation(), c.error())
                    })
                    .collect();
                println!("   {quantity}: {}", line.join(", "));
            }
        }
        let means = sums.map(|[sum, count]| sum / count);
        println!("N = {width}, all settings: test errors of W_0, W_1, W_2, W_5 {means:.4?}");
    }
}

struct Predicted {
    states: Vec<State>,
    spectra: Vec<Prediction>,
}

fn predict(setting: &Setting, width: usize) -> Predicted {
    let experiment = setting.experiment(width, 0);
    let problem = experiment.prediction_setting().unwrap();
    let options = Options { compare_nodes: false, ..Options::default() };
    let states = problem.states(&options).unwrap();
    let spectra = (1..=5).map(|t| experiment.predict(t, &options).unwrap()).collect();
    Predicted { states, spectra }
}

/// Prints predicted and simulated numbers of every setting.
#[test]
#[ignore = "minutes; prints the table of docs/reliability.md"]
fn table_of_features() {
    let widths: Vec<usize> = match std::env::var("WIDTH") {
        Ok(width) => vec![width.parse().unwrap()],
        Err(_) => vec![500, 1000, 2000],
    };
    for width in widths {
        for (number, setting) in settings().iter().enumerate() {
            let stored = measured(number, width);
            if stored.is_empty() {
                continue;
            }
            let predicted = predict(setting, width);
            let experiment = setting.experiment(width, 0);
            let problem = experiment.prediction_setting().unwrap();
            println!("setting {number}, N = {width}: {:?}", setting.batches);
            for step in 1..=5 {
                let prediction = &predicted.spectra[step - 1];
                let mut line = format!("  W_{step} edge {:.3}:", prediction.edge);
                for k in 0..TRIPLETS {
                    let at =
                        |quantity: &str| stored[&(step, 0, quantity.to_string(), k.to_string())];
                    let (value, overlap) = (at("s"), at("o"));
                    let outlier = prediction.outliers.get(k);
                    let found = outlier
                        .map_or((prediction.edge, 0.0), |o| (o.singular_value, o.target_overlap));
                    line += &format!(
                        " {}{:.3} ({:+.1} %, se {:.1}) {:.2} ({:+.2})",
                        if outlier.is_some() { "*" } else { "" },
                        value.mean,
                        100.0 * (found.0 / value.mean - 1.0),
                        100.0 * value.error / value.mean,
                        overlap.mean,
                        found.1 - overlap.mean,
                    );
                    if outlier.is_none() {
                        break;
                    }
                }
                println!("{line}");
            }
            for step in [0, 1, 2, 5] {
                let state = &predicted.states[step];
                let features = FeaturePrediction::new(
                    state,
                    &problem.activation,
                    &problem.target,
                    &Options::default(),
                )
                .unwrap();
                let mut line = format!("  W_{step} test error:");
                for (key, value) in stored.iter().filter(|(key, _)| key.0 == step && key.2 == "e") {
                    let errors = features.ridge(key.1, key.3.parse().unwrap()).unwrap();
                    line += &format!(
                        " m {} lambda {} {:.4} ({:+.1} %, se {:.1})",
                        key.1 / width,
                        key.3,
                        value.mean,
                        100.0 * (errors.test_error / value.mean - 1.0),
                        100.0 * value.error / value.mean
                    );
                }
                println!("{line}");
                let spectrum = match features.spectrum(2 * width) {
                    Ok(spectrum) => spectrum,
                    Err(error) => {
                        println!("  W_{step} features: {error}");
                        continue;
                    }
                };
                let mut line = format!("  W_{step} features, edge {:.3}:", spectrum.edge);
                for k in 0..TRIPLETS {
                    let value = stored[&(step, 2 * width, "f".to_string(), k.to_string())];
                    let outlier = spectrum.outliers.get(k);
                    let found = outlier.map_or(spectrum.edge, |o| o.eigenvalue);
                    line += &format!(
                        " {}{:.3} ({:+.1} %, se {:.1})",
                        if outlier.is_some() { "*" } else { "" },
                        value.mean,
                        100.0 * (found / value.mean - 1.0),
                        100.0 * value.error / value.mean
                    );
                    if outlier.is_none() {
                        break;
                    }
                }
                println!("{line}");
            }
        }
    }
}
