//! The parts of a run at two sizes, in f64 and f32: gradient step, two steps, all singular values,
//! leading triplets, batch generation.
//!
//! `cargo bench -p benches --bench run`; with `--features openblas-system` on that backend. One part alone:
//! `cargo bench -p benches --bench run -- "f64/N=4000.*gradient"`.

use std::hint::black_box;

use benches::Sizes;
use criterion::{Criterion, criterion_group, criterion_main};
use linear_width::Scalar;
use linear_width::data::Batch;
use linear_width::network::Network;
use linear_width::spectral::{SingularTriplets, SpectrumMethod};
use linear_width::training::StepSize;
use ndarray::{Array1, Array2};

const SIZES: [Sizes; 2] = [Sizes::new(1000, 500, 1500), Sizes::new(4000, 2000, 6000)];

/// W_2: two steps with fresh, generated batches.
fn two_steps<T: Scalar>(sizes: Sizes) -> Network<T> {
    let mut network = benches::network::<T>(sizes);
    for (step, size) in [StepSize::scaled(2.0, 0.3), StepSize::scaled(2.0, 0.4)].iter().enumerate()
    {
        let batch = benches::batch(sizes, step as u64);
        network.gradient_step(&batch, size.eta(sizes.width)).unwrap();
    }
    network
}

fn bench<T: Scalar>(c: &mut Criterion, precision: &str, sizes: Sizes) {
    let mut group = c.benchmark_group(format!("{precision}/{sizes}"));
    group.sample_size(10);
    let (network, batch) = (benches::network::<T>(sizes), benches::batch(sizes, 0));
    group.bench_function("gradient step", |b| {
        b.iter(|| black_box(network.descent_direction(&batch).unwrap()));
    });
    group.bench_function("two steps", |b| b.iter(|| two_steps::<T>(sizes)));
    group.bench_function("batch generation", |b| {
        let tile = sizes.samples.min(1536);
        let shape = (tile, sizes.dimension);
        let (mut x, mut y) = (Array2::<f64>::zeros(shape), Array1::<f64>::zeros(tile));
        let (mut x_32, mut y_32) = (Array2::<f32>::zeros(shape), Array1::<f32>::zeros(tile));
        b.iter(|| {
            for first in (0..sizes.samples).step_by(tile) {
                let first = first.min(sizes.samples - tile);
                if size_of::<T>() == 4 {
                    batch.read_f32(first, x_32.view_mut(), y_32.view_mut()).unwrap();
                } else {
                    batch.read(first, x.view_mut(), y.view_mut()).unwrap();
                }
            }
        });
    });
    let trained = two_steps::<T>(sizes);
    let weights = trained.first_layer();
    for (name, method) in [
        ("singular values, Gram", SpectrumMethod::Gram),
        ("singular values, direct", SpectrumMethod::Direct),
    ] {
        group.bench_function(name, |b| {
            b.iter(|| black_box(method.singular_values(weights.view()).unwrap()));
        });
    }
    let tolerance = if T::epsilon().as_f64() < 1e-10 { 1e-8 } else { 1e-5 };
    group.bench_function(format!("6 leading triplets to {tolerance:e}"), |b| {
        b.iter(|| {
            black_box(SingularTriplets::leading_within(weights.view(), 6, tolerance, None).unwrap())
        });
    });
    group.finish();
}

fn run(c: &mut Criterion) {
    println!("backend: {}", linear_width::backend_name());
    for sizes in SIZES {
        bench::<f64>(c, "f64", sizes);
        bench::<f32>(c, "f32", sizes);
    }
}

criterion_group!(benches, run);
criterion_main!(benches);
