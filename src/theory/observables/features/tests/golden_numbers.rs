//! The 96 numbers of an independent program, made with quasi-random nodes.

use crate::activation::{Activation, Sine, Softplus, Tanh};
use crate::data::{Link, Target};
use crate::network::SecondLayerLaw;
use crate::theory::observables::features::FeaturePrediction;
use crate::theory::observables::features::continuation::Continuation;
use crate::theory::observables::features::fixed_point::Equations;
use crate::theory::observables::features::neuron_types::{NeuronTypes, TypeNodes};
use crate::theory::observables::features::ridge::errors;
use crate::theory::observables::features::sample_nodes::SampleNodes;
use crate::theory::observables::features::system::FeatureSystem;
use crate::theory::prediction::Options;
use crate::theory::problem::Problem;
use crate::theory::state::State;
use crate::training::BatchPolicy;
use num_complex::Complex64;
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
    let eta =
        |step: &str| number(&case[step]["c"]) * (width as f64).powf(number(&case[step]["alpha"]));
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

/// All but the number to be compared.
fn without_ridge(case: &Value) -> Value {
    let mut case = case.clone();
    for key in ["ridge_samples", "lambda", "test_error", "training_error", "norm_squared"] {
        case.as_object_mut().unwrap().remove(key);
    }
    case
}

/// |u|^2 = dL/dlambda as the imaginary part of L at lambda + i step.
fn by_complex_step(system: &FeatureSystem, samples: usize, lambda: f64, step: f64) -> Option<f64> {
    let equations = Equations { system, samples: samples as f64 };
    let (point, _) = Continuation::new(equations, lambda).unwrap().solve(lambda).unwrap();
    let start = point.unknowns.iter().map(|&x| Complex64::new(x, 0.0)).collect();
    let point = equations.newton(Complex64::new(lambda, step), start)?;
    Some(equations.fit(&point)?.objective.im / step)
}

/// The system without the noise along the teacher as part of the type: one family of section 15.3 more.
fn without_types_of_noise(state: &State, problem: &Problem) -> FeatureSystem {
    let nodes = TypeNodes { along_targets: [1; 3], ..TypeNodes::new(1.0) };
    let types = NeuronTypes { whole: 0, ..NeuronTypes::new(state, nodes).unwrap() };
    let samples = SampleNodes::new(&types, &problem.target, 1.0).unwrap();
    let sizes = [problem.width, problem.dimension];
    FeatureSystem::of_parts(sizes, types, samples, &problem.activation, 1.0).unwrap()
}

#[test]
fn golden_numbers() {
    let golden: Vec<Value> =
        serde_json::from_str(include_str!("../../../../../tests/golden/features.json")).unwrap();
    assert_eq!(golden.len(), 96);
    let options = Options::default();
    // as predicted; and as the golden program has it
    let (mut worst, mut worst_alike, mut worst_rest) = ([0f64; 3], [0f64; 2], 0f64);
    for group in golden.chunk_by(|a, b| without_ridge(a) == without_ridge(b)) {
        let problem = problem(&group[0]);
        let states = problem.states(&options).unwrap();
        let state = &states[group[0]["stage"].as_u64().unwrap() as usize];
        let clock = std::time::Instant::now();
        let features =
            FeaturePrediction::new(state, &problem.activation, &problem.target, &options).unwrap();
        let system = &features.system;
        println!(
            "{} stage {}: nodes {} x {}, {} directions, terms {} {} {}, {:?}",
            group[0]["activation"],
            group[0]["stage"],
            system.samples.len(),
            system.types.len(),
            system.types.coordinates(),
            system.mean.len(),
            system.slope.len(),
            system.unknowns() - system.pairs.len(),
            clock.elapsed()
        );
        let alike = without_types_of_noise(state, &problem);
        for case in group {
            let clock = std::time::Instant::now();
            let samples = case["ridge_samples"].as_u64().unwrap() as usize;
            let lambda = number(&case["lambda"]);
            let found = features.ridge(samples, lambda).unwrap();
            let time = clock.elapsed();
            let [test, training, norm] =
                ["test_error", "training_error", "norm_squared"].map(|key| number(&case[key]));
            let deviation = [
                found.test_error / test - 1.0,
                (found.training_error + lambda * found.norm_squared) / (training + lambda * norm)
                    - 1.0,
            ];
            let [test_alike, training_alike, norm_alike] =
                errors(&alike, samples, &[lambda]).unwrap()[0];
            let objective = training_alike + lambda * norm_alike;
            let deviation_alike =
                [test_alike / test - 1.0, objective / (training + lambda * norm) - 1.0];
            println!(
                "  {samples} {lambda}: {deviation:+.5?} +- {:.1e} {deviation_alike:+.5?}, {time:?}",
                found.numerical_error.unwrap(),
            );
            // smooth in lambda: not the golden program's smallest lambda up to the peak m = N
            if lambda > 0.1 || samples > problem.width {
                let rest = [
                    found.training_error / training - 1.0,
                    found.norm_squared / norm - 1.0,
                    training_alike / training - 1.0,
                    norm_alike / norm - 1.0,
                ];
                worst_rest = rest.into_iter().fold(worst_rest, |w, x| w.max(x.abs()));
            } else {
                let by =
                    [2e-3, 5e-3, 8e-3].map(|step| by_complex_step(&alike, samples, lambda, step));
                let all = by.map(|by| by.unwrap() / norm - 1.0);
                println!("    norm {:+.5} by steps {all:+.5?}", norm_alike / norm - 1.0);
            }
            worst.iter_mut().zip(deviation).for_each(|(w, d)| *w = w.max(d.abs()));
            worst_alike.iter_mut().zip(deviation_alike).for_each(|(w, d)| *w = w.max(d.abs()));
            worst[2] = worst[2].max(found.numerical_error.unwrap());
        }
    }
    println!("largest {worst:?} {worst_alike:?} {worst_rest}");
    assert!(worst.iter().all(|w| *w < 5e-3), "{worst:?}");
    assert!(worst_rest < 5e-3, "{worst_rest}");
    assert!(worst_alike.iter().all(|w| *w < 2e-3), "{worst_alike:?}");
}

/// CPU time of the curve of W_2 for 8 lambdas and 6 numbers of samples.
#[test]
#[ignore = "a measurement"]
fn cost() {
    let golden: Vec<Value> =
        serde_json::from_str(include_str!("../../../../../tests/golden/features.json")).unwrap();
    let lambdas: Vec<f64> = (0..8).map(|i| 1e-3 * 10f64.powf(0.5 * i as f64)).collect();
    for case in golden.iter().filter(|case| case["stage"] == 2).step_by(6) {
        let problem = problem(case);
        let state = &problem.states(&Options::default()).unwrap()[2];
        for compare_nodes in [true, false] {
            let options = Options { compare_nodes, ..Options::default() };
            let clock = std::time::Instant::now();
            let features =
                FeaturePrediction::new(state, &problem.activation, &problem.target, &options);
            let made = clock.elapsed();
            let samples = [1000, 2000, 3000, 4500, 6000, 12000];
            let curve = features.unwrap().ridge_curve(&samples, &lambdas).unwrap();
            println!(
                "{} {made:?} {:?} {}",
                case["activation"],
                clock.elapsed(),
                curve[[0, 0]].test_error
            );
        }
    }
}
