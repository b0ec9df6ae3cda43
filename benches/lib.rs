//! What the benchmarks run on.

use linear_width::Scalar;
use linear_width::activation::{Activation, Tanh};
use linear_width::data::{GeneratedBatch, Link, Target};
use linear_width::network::{Initialisation, Network, SecondLayerLaw};

/// N, d and n.
#[derive(Clone, Copy)]
pub struct Sizes {
    pub width: usize,
    pub dimension: usize,
    pub samples: usize,
}

impl Sizes {
    pub const fn new(width: usize, dimension: usize, samples: usize) -> Self {
        Self { width, dimension, samples }
    }
}

impl std::fmt::Display for Sizes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "N={} d={} n={}", self.width, self.dimension, self.samples)
    }
}

pub fn network<T: Scalar>(sizes: Sizes) -> Network<T> {
    let activation = Tanh { scale: 2.0, shift: 0.5 }.shared();
    let first = Initialisation::Sphere.draw(sizes.width, sizes.dimension, 1).unwrap();
    let second = SecondLayerLaw::Uniform.draw(sizes.width, 1).unwrap();
    Network::new(first, second, activation).unwrap()
}

pub fn batch(sizes: Sizes, index: u64) -> GeneratedBatch {
    let link = Link::new("tanh(1.5z+0.5)", |z| (1.5 * z + 0.5).tanh());
    let target = Target::single_index(link).noise(0.1);
    let batch = GeneratedBatch::new(&target, sizes.dimension, sizes.samples, 1).unwrap();
    batch.with_index(index)
}
