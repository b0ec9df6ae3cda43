//! The parts of a run: gradient step, singular values, leading triplets, batch generation.
//!
//! `cargo bench --bench run`

use std::hint::black_box;
use std::ops::ControlFlow;

use criterion::{Criterion, criterion_group, criterion_main};
use linear_width::Scalar;
use linear_width::activation::{SharedActivation, Tanh};
use linear_width::data::{Batch, GeneratedBatch, InputLaw, Link, Target};
use linear_width::network::{FirstLayerLaw, Network, Scaling, SecondLayerLaw};
use linear_width::spectral::{TopTripletsOptions, singular_values, top_triplets};
use linear_width::training::{TILE_SAMPLES, ascent_direction};
use ndarray::{Array1, Array2};

const WIDTH: usize = 1000;
const DIMENSION: usize = 500;
const SAMPLES: usize = 1500;

fn network<T: Scalar>() -> Network<T> {
    let activation = SharedActivation::new(Tanh { scale: 2.0, shift: 0.5 });
    let (first, second) = (FirstLayerLaw::Sphere, SecondLayerLaw::Gaussian);
    Network::random(WIDTH, DIMENSION, first, &second, activation, Scaling::MeanField, 1).unwrap()
}

fn batch() -> GeneratedBatch {
    let teacher = Target::single_index(Link::hermite([0.0, 1.0])).teacher(DIMENSION, 1).unwrap();
    GeneratedBatch::new(InputLaw::Gaussian, teacher, SAMPLES, 1, 0).unwrap()
}

fn bench<T: Scalar>(c: &mut Criterion, precision: &str) {
    let (network, batch) = (network::<T>(), batch());
    let mut group = c.benchmark_group(precision);
    group.sample_size(10);
    group.bench_function("gradient", |b| {
        let go = &mut |_, _| ControlFlow::Continue(());
        b.iter(|| black_box(ascent_direction(&network, &batch, go).unwrap()));
    });
    group.bench_function("batch tile", |b| {
        let mut x = Array2::<T>::zeros((TILE_SAMPLES, DIMENSION));
        let mut y = Array1::<T>::zeros(TILE_SAMPLES);
        b.iter(|| batch.read(0, x.view_mut(), y.view_mut()));
    });
    let weights = network.first_layer();
    group.bench_function("singular values", |b| {
        b.iter(|| black_box(singular_values(weights.view()).unwrap()));
    });
    group.bench_function("6 leading triplets", |b| {
        let options = TopTripletsOptions::default();
        b.iter(|| black_box(top_triplets(weights.view(), 6, &options).unwrap()));
    });
    group.finish();
}

fn run(c: &mut Criterion) {
    bench::<f64>(c, "f64");
    bench::<f32>(c, "f32");
}

criterion_group!(benches, run);
criterion_main!(benches);
