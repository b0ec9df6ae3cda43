//! The golden settings: an independent NumPy implementation's predictions and simulated means.

use linear_width::Experiment;
use linear_width::activation::{SharedActivation, Sine, Softplus, Tanh};
use linear_width::data::{Link, Target};
use linear_width::experiment::ExperimentBuilder;
use linear_width::network::SecondLayerLaw;
use linear_width::training::{BatchPolicy, StepSize};
use serde_json::Value;

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
pub fn activation(case: &Value) -> SharedActivation {
    match case["activation"].as_str().unwrap() {
        "sine(A=e^0.5,phase=0.7)" => {
            SharedActivation::new(Sine { amplitude: 0.5_f64.exp(), phase: 0.7 })
        }
        "shifted_tanh(scale=2,shift=0.5)" => SharedActivation::new(Tanh { scale: 2.0, shift: 0.5 }),
        "softplus(beta=2,scale=2)" => SharedActivation::new(Softplus { beta: 2.0, scale: 2.0 }),
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

/// A golden setting as an experiment.
pub fn experiment(case: &Value) -> ExperimentBuilder {
    let size = |name: &str| usize::try_from(case[name].as_u64().unwrap()).unwrap();
    let step =
        |name: &str| StepSize::scaled(number(&case[name]["c"]), number(&case[name]["alpha"]));
    Experiment::builder()
        .width(size("width"))
        .dimension(size("dimension"))
        .samples(size("samples"))
        .activation(activation(case))
        .target(Target::single_index(link(case)).noise(number(&case["noise_std"])))
        .steps([step("step1"), step("step2")])
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
