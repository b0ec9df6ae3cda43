//! One prediction at default accuracy, which is compared with three quarters of the nodes: both noise
//! models, all batch policies, smooth and kinked activations, one to three teacher directions. The state
//! after five steps.
//!
//! `cargo bench -p benches --bench prediction`

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use linear_width::activation::{Activation, Relu, Sine};
use linear_width::data::{Link, Target};
use linear_width::network::SecondLayerLaw;
use linear_width::theory::prediction::{BulkModel, Options, Problem};
use linear_width::training::BatchPolicy;

fn target(directions: usize) -> Target {
    let link = Link::new("tanh(1.5z+0.5)", |z| (1.5 * z + 0.5).tanh()).without(&[0]).unwrap();
    match directions {
        1 => Target::single_index(link),
        2 => Target::multi_index("two", 2, |z| z[0].tanh() + 0.5 * z[0] * z[1]),
        _ => Target::multi_index("three", 3, |z| z[0].tanh() + 0.5 * z[1] * z[2]),
    }
}

fn setting(activation: Arc<dyn Activation>, batches: BatchPolicy) -> Problem {
    Problem {
        activation,
        target: target(1).noise(0.1),
        width: 3000,
        dimension: 1500,
        samples: 4500,
        step_sizes: vec![22.0, 49.0],
        batches,
        second_layer: SecondLayerLaw::Gaussian,
    }
}

fn prediction(c: &mut Criterion) {
    let mut group = c.benchmark_group("prediction");
    group.sample_size(20);
    for (name, activation) in
        [("sine", Sine { amplitude: 0.5_f64.exp(), phase: 0.7 }.shared()), ("relu", Relu.shared())]
    {
        let partly = BatchPolicy::PartlyReused { fraction: 0.5 };
        for batches in [BatchPolicy::Independent, BatchPolicy::Reused, partly] {
            for directions in [2, 3] {
                let target = target(directions).noise(0.1);
                let setting = Problem { target, ..setting(activation.clone(), batches) };
                let options = Options::default();
                group.bench_function(format!("{directions} directions, {batches}, {name}"), |b| {
                    b.iter(|| black_box(setting.predict(&options).unwrap()));
                });
            }
            for (noise, bulk_model) in
                [("isotropic", BulkModel::Isotropic), ("structured", BulkModel::Structured)]
            {
                let setting = setting(activation.clone(), batches);
                let options = Options { bulk_model, ..Options::default() };
                group.bench_function(format!("{noise}, {batches}, {name}"), |b| {
                    b.iter(|| black_box(setting.predict(&options).unwrap()));
                });
            }
        }
    }
    group.finish();
}

fn states(c: &mut Criterion) {
    let mut group = c.benchmark_group("states");
    group.sample_size(20);
    for (name, activation) in
        [("sine", Sine { amplitude: 0.5_f64.exp(), phase: 0.7 }.shared()), ("relu", Relu.shared())]
    {
        let step_sizes = vec![22.0, 49.0, 49.0, 49.0, 49.0];
        for batches in [BatchPolicy::Independent, BatchPolicy::Reused] {
            let step_sizes = step_sizes.clone();
            let setting = Problem { step_sizes, ..setting(activation.clone(), batches) };
            group.bench_function(format!("5 steps, {batches}, {name}"), |b| {
                b.iter(|| black_box(setting.states(&Options::default()).unwrap()));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, prediction, states);
criterion_main!(benches);
