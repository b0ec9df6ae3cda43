//! How a gradient step grows with N, d and n, each alone: time divided by N d n is printed as
//! throughput and stays the same while the product dominates.
//!
//! `cargo bench -p benches --bench growth`

use std::hint::black_box;

use benches::Sizes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use linear_width::Scalar;

const BASE: Sizes = Sizes::new(1000, 500, 1500);

fn bench<T: Scalar>(c: &mut Criterion, precision: &str) {
    for (what, grown) in [
        ("N", [1, 2, 4].map(|k| Sizes { width: k * BASE.width, ..BASE })),
        ("d", [1, 2, 4].map(|k| Sizes { dimension: k * BASE.dimension, ..BASE })),
        ("n", [1, 2, 4].map(|k| Sizes { samples: k * BASE.samples, ..BASE })),
    ] {
        let mut group = c.benchmark_group(format!("{precision}, growth in {what}"));
        group.sample_size(10);
        for sizes in grown {
            let (network, batch) = (benches::network::<T>(sizes), benches::batch(sizes, 0));
            let work = 4 * sizes.width * sizes.dimension * sizes.samples;
            group.throughput(Throughput::Elements(work as u64));
            group.bench_function(sizes.to_string(), |b| {
                b.iter(|| black_box(network.descent_direction(&batch).unwrap()));
            });
        }
        group.finish();
    }
}

fn growth(c: &mut Criterion) {
    bench::<f64>(c, "f64");
    bench::<f32>(c, "f32");
}

criterion_group!(benches, growth);
criterion_main!(benches);
