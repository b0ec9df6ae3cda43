//! What the benchmarks run on.

use linear_width::Scalar;
use linear_width::activation::Tanh;
use linear_width::data::{GeneratedBatch, InputLaw, Link, Target};
use linear_width::network::{Initialisation, Network, Scaling, SecondLayerLaw};

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
    let activation = Tanh { scale: 2.0, shift: 0.5 };
    let (first, second) = (Initialisation::Sphere, SecondLayerLaw::Uniform);
    let scaling = Scaling::MeanField;
    Network::random(sizes.width, sizes.dimension, first, &second, activation, scaling, 1).unwrap()
}

pub fn batch(sizes: Sizes, index: u64) -> GeneratedBatch {
    let link = Link::new("tanh(1.5z+0.5)", |z| (1.5 * z + 0.5).tanh());
    let teacher = Target::single_index(link).noise(0.1).teacher(sizes.dimension, 1).unwrap();
    GeneratedBatch::new(InputLaw::Gaussian, teacher, sizes.samples, 1, index).unwrap()
}
