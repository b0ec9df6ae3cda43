//! One prediction at default accuracy: both noise models, both batch policies, smooth and kinked
//! activations. The state after five steps on independent batches.
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

fn setting(activation: Arc<dyn Activation>, batches: BatchPolicy) -> Problem {
    let link = Link::new("tanh(1.5z+0.5)", |z| (1.5 * z + 0.5).tanh()).without(&[0]).unwrap();
    Problem {
        activation,
        target: Target::single_index(link).noise(0.1),
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
        for batches in [BatchPolicy::Independent, BatchPolicy::Reused] {
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
        let setting = Problem { step_sizes, ..setting(activation, BatchPolicy::Independent) };
        group.bench_function(format!("5 steps, independent, {name}"), |b| {
            b.iter(|| black_box(setting.states(&Options::default()).unwrap()));
        });
    }
    group.finish();
}

criterion_group!(benches, prediction, states);
criterion_main!(benches);
