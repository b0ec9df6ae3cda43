//! The prediction against our own simulations: means over 8 seeds of the golden settings at N =
//! 1000, 2000, 3000 and 4000, which `tests/simulation/stored_means.rs` wrote to
//! `tests/golden/simulated_means.csv`.
//!
//! `cargo test --release --test simulation -- --nocapture prediction` prints the tables.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::common::{experiment_at, predicted_once, predictions};
use linear_width::Experiment;
use linear_width::activation::{Relu, Sine, Tanh};
use linear_width::data::{Link, Target};
use linear_width::experiment::ExperimentBuilder;
use linear_width::network::SecondLayerLaw;
use linear_width::theory::prediction::{BulkModel, Options, Prediction};
use linear_width::training::BatchPolicy;
use serde_json::Value;

const WIDTHS: [usize; 4] = [1000, 2000, 3000, 4000];

/// Mean and standard error over the seeds: singular value, target overlap, left overlaps with a,
/// a^2, a^3.
type Means = [(f64, f64); 5];

/// Per setting, width and k.
fn simulated() -> BTreeMap<(usize, usize, usize), Means> {
    let mut lists: BTreeMap<(usize, usize, usize), Vec<[f64; 5]>> = BTreeMap::new();
    for line in include_str!("../golden/simulated_means.csv").lines().skip(1) {
        let fields: Vec<f64> = line.split(',').map(|f| f.parse().unwrap()).collect();
        let key = (fields[0] as usize, fields[1] as usize, fields[3] as usize);
        lists.entry(key).or_default().push(std::array::from_fn(|i| fields[4 + i]));
    }
    let means = |list: Vec<[f64; 5]>| {
        let count = list.len() as f64;
        assert!(count >= 8.0);
        std::array::from_fn(|i| {
            let mean = list.iter().map(|x| x[i]).sum::<f64>() / count;
            let square = list.iter().map(|x| (x[i] - mean).powi(2)).sum::<f64>();
            (mean, (square / (count - 1.0) / count).sqrt())
        })
    };
    lists.into_iter().map(|(key, list)| (key, means(list))).collect()
}

fn predicted(case: &Value, width: usize, options: &Options) -> Prediction {
    experiment_at(case, width).build().unwrap().predict(2, options).unwrap()
}

fn has_linear_part(case: &Value) -> bool {
    case["target"].as_str().unwrap().starts_with("tanh")
}

/// Level 0: isotropic noise; levels 1 to 3: noise with structure and as many terms. Two terms are
/// the default.
fn options(level: usize) -> Options {
    match level {
        0 => Options { bulk_model: BulkModel::Isotropic, ..predicted_once() },
        linear_terms => Options { linear_terms, ..predicted_once() },
    }
}

const LEVELS: [&str; 4] = [
    "isotropic noise",
    "structured noise, one term",
    "structured noise, two terms",
    "structured noise, three terms",
];
const DEFAULT: usize = 2;

/// One predicted outlier beside its simulated mean.
struct Comparison {
    setting: usize,
    width: usize,
    k: usize,
    /// Relative deviation of the singular value, and its standard error.
    value: (f64, f64),
    /// Predicted less simulated overlap with the teacher.
    overlap: f64,
    /// Distance of the prediction from the predicted edge, relative to it.
    above: f64,
}

/// All outliers of all settings; and, per setting and width, the relative distance of the predicted
/// edge from the first singular value below the outliers.
type Compared = (Vec<Comparison>, BTreeMap<(usize, usize), f64>);

/// The comparison of a level, which takes 48 predictions: made once for all tests.
fn compared(level: usize) -> &'static Compared {
    static ALL: [OnceLock<Compared>; 4] = [const { OnceLock::new() }; 4];
    ALL[level].get_or_init(|| compare(&options(level)))
}

fn compare(options: &Options) -> Compared {
    let simulated = simulated();
    let (mut outliers, mut edges) = (Vec::new(), BTreeMap::new());
    for (setting, case) in predictions().iter().enumerate().take(12) {
        for width in WIDTHS {
            let prediction = predicted(case, width, options);
            for (k, outlier) in prediction.outliers.iter().enumerate() {
                let [(value, error), (overlap, _), ..] = simulated[&(setting, width, k)];
                outliers.push(Comparison {
                    setting,
                    width,
                    k,
                    value: (outlier.singular_value / value - 1.0, error / value),
                    overlap: outlier.target_overlap - overlap,
                    above: outlier.singular_value / prediction.edge - 1.0,
                });
            }
            let (next, _) = simulated[&(setting, width, prediction.outliers.len())][0];
            edges.insert((setting, width), prediction.edge / next - 1.0);
        }
    }
    (outliers, edges)
}

fn mean_and_max(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let values: Vec<f64> = values.map(f64::abs).collect();
    let sum: f64 = values.iter().sum();
    (sum / values.len() as f64, values.iter().fold(0.0, |m, v| m.max(*v)))
}

/// The table of docs/theory.md, section 9: outliers at least 10 % above the edge at N = 3000.
#[test]
fn table_of_deviations() {
    let cases = predictions();
    for (level, name) in LEVELS.into_iter().enumerate() {
        let (outliers, edges) = compared(level);
        for linear in [true, false] {
            for batches in ["independent", "reused"] {
                let ours = |setting: usize| {
                    has_linear_part(&cases[setting]) == linear
                        && cases[setting]["batches"] == batches
                };
                let chosen = || {
                    outliers.iter().filter(|o| ours(o.setting) && o.width == 3000 && o.above >= 0.1)
                };
                let value = mean_and_max(chosen().map(|o| 100.0 * o.value.0));
                let overlap = mean_and_max(chosen().map(|o| o.overlap));
                let edge = mean_and_max(
                    edges
                        .iter()
                        .filter(|(key, _)| ours(key.0) && key.1 == 3000)
                        .map(|e| 100.0 * e.1),
                );
                println!(
                    "{name} | {} | {batches:11} | {:.1} ({:.1}) % | {:.3} ({:.3}) | edge {:.1} ({:.1}) %",
                    if linear { "linear part" } else { "none       " },
                    value.0,
                    value.1,
                    overlap.0,
                    overlap.1,
                    edge.0,
                    edge.1
                );
                if level == DEFAULT {
                    assert!(value.0 < 1.0 && edge.0 < 2.0 && edge.1 < 3.0, "{value:?} {edge:?}");
                }
            }
        }
    }
}

#[test]
fn prediction_agrees_to_two_percent_with_a_linear_part() {
    let cases = predictions();
    for level in [0, DEFAULT] {
        let (outliers, _) = compared(level);
        for o in outliers.iter().filter(|o| o.width == 3000 && has_linear_part(&cases[o.setting])) {
            assert!(o.value.0.abs() < 0.02, "setting {} s_{}: {:?}", o.setting, o.k + 1, o.value);
            assert!(o.overlap.abs() < 0.02, "setting {} s_{}: {}", o.setting, o.k + 1, o.overlap);
        }
    }
}

#[test]
fn prediction_agrees_to_three_percent_without_linear_part() {
    let cases = predictions();
    let (outliers, _) = compared(DEFAULT);
    let chosen = outliers
        .iter()
        .filter(|o| o.width == 3000 && !has_linear_part(&cases[o.setting]) && o.above >= 0.1);
    let mut seen = 0;
    for o in chosen {
        seen += 1;
        assert!(o.value.0.abs() < 0.03, "setting {} s_{}: {:?}", o.setting, o.k + 1, o.value);
        assert!(o.overlap.abs() < 0.04, "setting {} s_{}: {}", o.setting, o.k + 1, o.overlap);
    }
    assert!(seen >= 7);
}

/// No deviation at N = 4000 is larger than at N = 1000 beyond what 8 seeds can tell, and the mean
/// deviation of the edge falls from each width to the next.
#[test]
fn prediction_deviations_fall_as_the_width_grows() {
    for level in [0, DEFAULT] {
        let (name, (outliers, edges)) = (LEVELS[level], compared(level));
        let at = |setting: usize, width: usize, k: usize| {
            outliers.iter().find(|o| (o.setting, o.width, o.k) == (setting, width, k))
        };
        for setting in 0..12 {
            for k in 0..3 {
                let deviations = WIDTHS.map(|width| at(setting, width, k).map(|o| o.value));
                let [Some(small), _, _, Some(large)] = deviations else { continue };
                let text = deviations.map(|d| {
                    d.map_or("-".into(), |d| format!("{:+.2} +- {:.2}", 100.0 * d.0, 100.0 * d.1))
                });
                println!("{name} setting {setting:2} s_{}: {} %", k + 1, text.join(", "));
                let error = small.1.hypot(large.1);
                assert!(
                    large.0.abs() <= small.0.abs() + 2.5 * error,
                    "{name}, setting {setting}, s_{}: {small:?} -> {large:?}",
                    k + 1
                );
            }
        }
        let means = [1000, 2000, 4000].map(|width| {
            mean_and_max(edges.iter().filter(|(key, _)| key.1 == width).map(|(_, e)| *e)).0
        });
        println!(
            "{name}: mean deviation of the edge {:?}",
            means.map(|m| format!("{:.2} %", 100.0 * m))
        );
        assert!(means[0] > means[1] && means[1] > means[2], "{name}: {means:?}");
    }
}

/// Mean over `seeds` runs of the first two triplets: singular value, target overlap.
fn simulate(builder: ExperimentBuilder, seeds: u64) -> [[f64; 2]; 2] {
    let mut means = [[0.0; 2]; 2];
    for seed in 0..seeds {
        let experiment = builder.clone().seed(seed).with_prediction(false).build().unwrap();
        let report = experiment.run().unwrap();
        for (mean, triplet) in means.iter_mut().zip(&report.last().unwrap().triplets) {
            mean[0] += triplet.singular_value / seeds as f64;
            mean[1] += triplet.target_overlap / seeds as f64;
        }
    }
    means
}

/// Settings the golden numbers do not have, at a size that simulates in a second: a kinked
/// activation, and two directions. 6 seeds; the standard error is about 1 % in singular value and
/// 0.01 in overlap.
#[test]
fn prediction_of_kinks_and_several_directions() {
    let base = Experiment::builder().width(800).dimension(400).samples(1200);
    let single = Target::single_index(Link::from_activation(Tanh::default())).noise(0.1);
    let pair = Target::multi_index("tanh(1.5 z1) + tanh(z1) tanh(z2 + 0.5)", 2, |z| {
        (1.5 * z[0]).tanh() + z[0].tanh() * (z[1] + 0.5).tanh()
    });
    let settings = [
        ("relu", base.clone().activation(Relu).target(single).steps([30.0, 40.0])),
        (
            "two directions",
            base.activation(Sine { amplitude: 0.5_f64.exp(), phase: 0.7 })
                .target(pair.noise(0.1))
                .steps([15.0, 30.0]),
        ),
    ];
    for (name, builder) in settings {
        for policy in [BatchPolicy::Independent, BatchPolicy::Reused] {
            let builder = builder.clone().batches(policy).second_layer(SecondLayerLaw::Uniform);
            let simulated = simulate(builder.clone(), 6);
            for options in [options(0), options(DEFAULT)] {
                let prediction = builder.clone().build().unwrap().predict(2, &options).unwrap();
                assert!(prediction.outliers.len() >= 2, "{name}: {prediction:?}");
                for (k, [value, overlap]) in simulated.iter().enumerate() {
                    let o = &prediction.outliers[k];
                    println!(
                        "{name}, {policy}, {:?}: {:.3} ({value:.3}), overlap {:.3} ({overlap:.3})",
                        options.bulk_model, o.singular_value, o.target_overlap
                    );
                    let distance = (o.singular_value / value - 1.0).abs();
                    assert!(distance < 0.05, "{name}, {policy}: {distance}");
                    // an overlap predicted to vanish is measured as 1/sqrt(d) = 0.05
                    assert!((o.target_overlap - overlap).abs() < 0.06, "{name}, {policy}");
                }
            }
        }
    }
}
