//! Value and derivative of one million numbers, one thread: the vector kernels, and the scalar
//! functions one by one.
//!
//! `cargo bench -p benches --bench activation`

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use linear_width::Scalar;
use linear_width::activation::{
    Activation, Erf, FnActivation, Gelu, HermiteSeries, Relu, Sigmoid, Silu, Sine, Softplus, Tanh,
};

const COUNT: usize = 1 << 20;

fn bench<T: Scalar>(c: &mut Criterion, precision: &str) {
    let z: Vec<T> = (0..COUNT).map(|i| T::of((i as f64 * 0.618).fract() * 8.0 - 4.0)).collect();
    let (mut value, mut derivative) = (vec![T::zero(); COUNT], vec![T::zero(); COUNT]);
    let mut group = c.benchmark_group(format!("activation/{precision}"));
    group.throughput(Throughput::Elements(COUNT as u64)).sample_size(10);
    for activation in [
        Tanh { scale: 2.0, shift: 0.5 }.shared(),
        Erf.shared(),
        Sigmoid.shared(),
        Softplus::default().shared(),
        Gelu.shared(),
        Silu.shared(),
        Sine::default().shared(),
        Relu.shared(),
        HermiteSeries::new([0.0, 1.0, 0.5, 0.2]).shared(),
        FnActivation::new("closure", |z: f64| z.tanh(), |z| 1.0 - z.tanh().powi(2)).shared(),
    ] {
        group.bench_function(activation.name(), |b| {
            b.iter(|| T::evaluate(&activation, black_box(&z), &mut value, &mut derivative));
        });
    }
    let tanh = Tanh { scale: 2.0, shift: 0.5 };
    group.bench_function("tanh, scalar", |b| {
        b.iter(|| {
            for ((z, value), derivative) in z.iter().zip(&mut value).zip(&mut derivative) {
                let z = z.as_f64();
                (*value, *derivative) = (T::of(tanh.value(z)), T::of(tanh.derivative(z)));
            }
        });
    });
    group.finish();
}

fn activation(c: &mut Criterion) {
    bench::<f64>(c, "f64");
    bench::<f32>(c, "f32");
}

criterion_group!(benches, activation);
criterion_main!(benches);
