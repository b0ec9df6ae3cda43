//! Predicted ridge regression on the features of W_2: 8 lambdas x 6 numbers of samples, from the state
//! on, and the spectrum of the features, with and without the comparison of nodes.
//!
//! `cargo bench -p benches --bench features`

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use linear_width::activation::{Activation, Tanh};
use linear_width::data::{Link, Target};
use linear_width::network::SecondLayerLaw;
use linear_width::theory::features::FeaturePrediction;
use linear_width::theory::prediction::{Options, Problem};
use linear_width::training::BatchPolicy;

fn features(c: &mut Criterion) {
    let link = Link::new("tanh(1.5z+0.5)", |z| (1.5 * z + 0.5).tanh()).without(&[0]).unwrap();
    let problem = Problem {
        activation: Tanh { scale: 2.0, shift: 0.5 }.centred().unwrap(),
        target: Target::single_index(link).noise(0.1),
        width: 3000,
        dimension: 1500,
        samples: 4500,
        step_sizes: vec![33.0, 49.0],
        batches: BatchPolicy::Reused,
        second_layer: SecondLayerLaw::Uniform,
    };
    let states = problem.states(&Options::default()).unwrap();
    let samples = [1000, 2000, 3000, 4500, 6000, 12000];
    let lambdas: Vec<f64> = (0..8).map(|i| 1e-3 * 10f64.powf(0.5 * f64::from(i))).collect();
    let mut group = c.benchmark_group("features");
    group.sample_size(10);
    for compare_nodes in [true, false] {
        let options = Options { compare_nodes, ..Options::default() };
        let curve = || {
            let (activation, target) = (&problem.activation, &problem.target);
            let features = FeaturePrediction::new(&states[2], activation, target, &options);
            features.unwrap().ridge_curve(&samples, &lambdas).unwrap()
        };
        group.bench_function(format!("curve of W_2, comparison {compare_nodes}"), |b| {
            b.iter(|| black_box(curve()));
        });
        let spectrum = || {
            let (activation, target) = (&problem.activation, &problem.target);
            let features = FeaturePrediction::new(&states[2], activation, target, &options);
            features.unwrap().spectrum(6000).unwrap()
        };
        group.bench_function(format!("spectrum of W_2, comparison {compare_nodes}"), |b| {
            b.iter(|| black_box(spectrum()));
        });
    }
    group.finish();
}

criterion_group!(benches, features);
criterion_main!(benches);
