//! The golden settings: an independent NumPy implementation's predictions and simulated means; a
//! small experiment; folders and processes of tests.

#![allow(dead_code)] // every test file uses a part of this

use linear_width::Experiment;
use linear_width::activation::{Activation, Sine, Softplus, Tanh};
use linear_width::data::{Link, Target};
use linear_width::experiment::ExperimentBuilder;
use linear_width::network::SecondLayerLaw;
use linear_width::theory::prediction::{Options, Prediction};
use linear_width::training::{BatchPolicy, StepSize};
use serde_json::Value;
use std::sync::Arc;

/// The 13 settings of golden/predictions.json.
pub fn predictions() -> Vec<Value> {
    serde_json::from_str(include_str!("../golden/predictions.json")).unwrap()
}

pub fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

pub fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

/// The activation a golden setting names.
pub fn activation(case: &Value) -> Arc<dyn Activation> {
    match case["activation"].as_str().unwrap() {
        "sine(A=e^0.5,phase=0.7)" => Sine { amplitude: 0.5_f64.exp(), phase: 0.7 }.shared(),
        "shifted_tanh(scale=2,shift=0.5)" => Tanh { scale: 2.0, shift: 0.5 }.shared(),
        "softplus(beta=2,scale=2)" => Softplus { beta: 2.0, scale: 2.0 }.shared(),
        other => panic!("unknown activation {other}"),
    }
}

/// The link a golden setting names.
pub fn link(case: &Value) -> Link {
    match case["target"].as_str().unwrap() {
        "tanh(z)" => Link::from_activation(Tanh::default()),
        "tanh(1.5z+0.5)-mean" => {
            Link::new("tanh(1.5z+0.5)", |z| (1.5 * z + 0.5).tanh()).without(&[0]).unwrap()
        }
        "cos(1.5z+0.6) minus its He0 and He1 parts" => {
            Link::new("cos(1.5z+0.6)", |z| (1.5 * z + 0.6).cos()).without(&[0, 1]).unwrap()
        }
        "sin(2z) minus its He1 part" => {
            Link::new("sin(2z)", |z| (2.0 * z).sin()).without(&[1]).unwrap()
        }
        other => panic!("unknown link {other}"),
    }
}

fn size(case: &Value, name: &str) -> usize {
    usize::try_from(case[name].as_u64().unwrap()).unwrap()
}

fn steps(case: &Value) -> [StepSize; 2] {
    ["step1", "step2"]
        .map(|step| StepSize::scaled(number(&case[step]["c"]), number(&case[step]["alpha"])))
}

/// eta_1 and eta_2 of a golden setting at another width.
pub fn etas(case: &Value, width: usize) -> [f64; 2] {
    steps(case).map(|step| step.eta(width))
}

/// A golden setting as an experiment.
pub fn experiment(case: &Value) -> ExperimentBuilder {
    experiment_at(case, size(case, "width"))
}

/// A golden setting at another width, with the same ratios N/d and d/n.
pub fn experiment_at(case: &Value, width: usize) -> ExperimentBuilder {
    let scaled = |name: &str| size(case, name) * width / size(case, "width");
    Experiment::builder()
        .width(width)
        .dimension(scaled("dimension"))
        .samples(scaled("samples"))
        .activation(activation(case))
        .target(Target::single_index(link(case)).noise(number(&case["noise_std"])))
        .steps(steps(case))
        .batches(match case["batches"].as_str().unwrap() {
            "reused" => BatchPolicy::Reused,
            _ => BatchPolicy::Independent,
        })
        .second_layer(match case["second_layer"].as_str().unwrap() {
            "uniform" => SecondLayerLaw::Uniform,
            _ => SecondLayerLaw::Gaussian,
        })
        .triplets(3)
}

/// Two steps at N = 160, less than a second. The target or data are still to be named.
pub fn small_experiment() -> ExperimentBuilder {
    Experiment::builder()
        .width(160)
        .dimension(80)
        .samples(1600)
        .activation(Tanh { scale: 2.0, shift: 0.5 })
        .steps([StepSize::scaled(2.0, 0.3), StepSize::scaled(2.0, 0.4)])
        .seed(4)
}

/// The default options without the second prediction, which only tells how far fewer nodes would be.
pub fn predicted_once() -> Options {
    Options { compare_nodes: false, ..Options::default() }
}

/// The largest relative difference of edges and singular values, and the largest difference of
/// overlaps, of two predictions with as many outliers.
pub fn distance(a: &Prediction, b: &Prediction) -> (f64, f64) {
    assert_eq!(a.outliers.len(), b.outliers.len());
    let mut values = (a.edge / b.edge - 1.0).abs();
    let mut overlaps = 0.0_f64;
    for (a, b) in a.outliers.iter().zip(&b.outliers) {
        values = values.max((a.singular_value / b.singular_value - 1.0).abs());
        overlaps = overlaps.max((a.target_overlap - b.target_overlap).abs());
        for (a, b) in a.left_overlaps.iter().zip(&b.left_overlaps) {
            overlaps = overlaps.max((a - b).abs());
        }
    }
    (values, overlaps)
}

/// Writes a report as JSON and reads it back.
#[cfg(feature = "serde")]
pub fn check_json(report: &linear_width::Report) {
    let text = serde_json::to_string(report).unwrap();
    let back: linear_width::Report = serde_json::from_str(&text).unwrap();
    assert!(back == *report, "the report changed on the way to JSON and back");
}

/// Everything of a report but its timings.
pub fn numbers_of(mut report: linear_width::Report) -> linear_width::Report {
    for stage in &mut report.stages {
        (stage.gradient_seconds, stage.spectrum_seconds) = (0.0, 0.0);
        stage.feature_seconds = 0.0;
    }
    report
}

/// A folder of its own, removed in the end.
pub struct Folder(pub std::path::PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("linear-width-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn file(&self, name: &str) -> std::path::PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
