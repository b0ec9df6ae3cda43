//! The prediction of test errors, of outliers after several steps and of the spectrum of the features
//! against stored simulations (`feature_means`).

use std::collections::BTreeMap;

use crate::feature_means::{Setting, TRIPLETS, settings};
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
#[ignore = "minutes; prints the table of docs/theory.md, section 17"]
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
                    let (value, overlap) = (at("singular value"), at("overlap"));
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
                for (key, value) in
                    stored.iter().filter(|(key, _)| key.0 == step && key.2 == "test error")
                {
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
                    let value =
                        stored[&(step, 2 * width, "feature eigenvalue".to_string(), k.to_string())];
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
