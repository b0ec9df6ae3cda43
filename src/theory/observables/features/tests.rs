//! The prediction against numbers of an independent program and closed forms.

use super::ridge::errors;
use super::system::FeatureSystem;
use crate::activation::{Activation, Sine, Softplus, Tanh};
use crate::data::{Link, Target};
use crate::network::SecondLayerLaw;
use crate::theory::problem::Problem;
use crate::training::BatchPolicy;
use serde_json::Value;
use std::sync::Arc;

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn problem(case: &Value) -> Problem {
    let text = |key: &str| case[key].as_str().unwrap();
    let size = |key: &str| case[key].as_u64().unwrap() as usize;
    let activation: Arc<dyn Activation> = match text("activation") {
        "sine(A=e^0.5,phase=0.7)" => Sine { amplitude: 0.5f64.exp(), phase: 0.7 }.shared(),
        "shifted_tanh(scale=2,shift=0.5)" => Tanh { scale: 2.0, shift: 0.5 }.shared(),
        "softplus(beta=2,scale=2)" => Softplus { beta: 2.0, scale: 2.0 }.shared(),
        other => panic!("{other}"),
    };
    let link = match text("target") {
        "tanh(z)" => Link::new("tanh", f64::tanh),
        "tanh(1.5z+0.5)-mean" => {
            Link::new("tanh", |z| (1.5 * z + 0.5).tanh()).without(&[0]).unwrap()
        }
        "cos(1.5z+0.6) minus its He0 and He1 parts" => {
            Link::new("cos", |z| (1.5 * z + 0.6).cos()).without(&[0, 1]).unwrap()
        }
        other => panic!("{other}"),
    };
    let width = size("width");
    let eta = |step: &str| number(&case[step]["c"]) * (width as f64).powf(number(&case[step]["alpha"]));
    Problem {
        activation: activation.centred().unwrap(),
        target: Target::single_index(link).noise(number(&case["noise_std"])),
        width,
        dimension: size("dimension"),
        samples: size("samples"),
        step_sizes: vec![eta("step1"), eta("step2")],
        batches: match text("batches") {
            "reused" => BatchPolicy::Reused,
            _ => BatchPolicy::Independent,
        },
        second_layer: match text("second_layer") {
            "gaussian" => SecondLayerLaw::Gaussian,
            _ => SecondLayerLaw::Uniform,
        },
    }
}

#[test]
fn golden() {
    let golden: Vec<Value> =
        serde_json::from_str(include_str!("../../../../tests/golden/features.json")).unwrap();
    let mut worst = [0f64; 3];
    for case in &golden {
        let problem = problem(case);
        let states = problem.states(&crate::theory::prediction::Options::default()).unwrap();
        let state = &states[case["stage"].as_u64().unwrap() as usize];
        let clock = std::time::Instant::now();
        let system = FeatureSystem::new(state, &problem.activation, &problem.target, 1.0).unwrap();
        let built = clock.elapsed();
        let samples = case["ridge_samples"].as_u64().unwrap() as usize;
        let found = errors(&system, samples, &[number(&case["lambda"])]).unwrap()[0];
        let exact = ["test_error", "training_error", "norm_squared"].map(|key| number(&case[key]));
        let deviation: [f64; 3] = std::array::from_fn(|k| found[k] / exact[k] - 1.0);
        println!(
            "{} {} {samples} {} {:?} sizes {} {} {} {} {} {}, {:?} {:?}",
            case["activation"], case["stage"], case["lambda"],
            deviation.map(|x| (x * 1e5).round() / 1e3),
            system.samples.len(), system.types.len(), system.types.coordinates(),
            system.mean.len(), system.slope.len(), system.unknowns(), built, clock.elapsed()
        );
        worst.iter_mut().zip(deviation).for_each(|(w, d)| *w = w.max(d.abs()));
    }
    println!("{worst:?}");
    assert!(worst.iter().all(|w| *w < 5e-3));
}
