//! Nodes for samples and for the local Gaussians of a neuron; the same in every run.
//!
//! Samples are a rank-one lattice with a fixed shift, folded (so that the integrand becomes periodic) and
//! mapped to normal variables. In both, the mean is made zero and the covariance one, so that linear and
//! quadratic functions are averaged exactly.

use ndarray::{Array2, Axis};
use rayon::prelude::*;

use super::neuron::LocalNodes;
use super::sample::Sample;
use crate::data::Target;
use crate::numerics::graded::cholesky;
use crate::quadrature::{normal_density, normal_distribution};
use crate::theory::dynamics::activation_constants::ActivationConstants;
use crate::theory::dynamics::labels::MAX_DIRECTIONS;

/// Candidates for each component of a generating vector.
const CANDIDATES: usize = 64;
/// The teacher's coordinates are drawn this much wider than N(0, 1), so that polynomial links have
/// nodes far out.
const WIDER: f64 = 1.4;
/// The first local Gaussian is integrated over this many standard deviations to both sides.
const HALF_WIDTH: f64 = 4.5;
/// Number of different sets of local nodes.
const SETS: usize = 64;

/// How many nodes there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts {
    /// Power of two.
    pub samples: usize,
    /// Blocks of local nodes; a multiple of four, so that the nodes are one of eight.
    pub blocks: usize,
}

impl Counts {
    /// `factor` times the numbers that give three digits, for an activation with or without kinks.
    pub fn new(factor: f64, kinked: bool) -> Self {
        let blocks = if kinked { 128.0 } else { 40.0 };
        let samples = (4096.0 * factor).max(64.0).log2().floor();
        let blocks = 4.0 * (0.25 * blocks * factor).ceil().max(2.0);
        Self { samples: 1 << samples as usize, blocks: blocks as usize }
    }
}

/// Different sets of such nodes, in blocks with the same first coordinate.
///
/// That one, which is most of the preactivation, is equally spaced with the normal density as weight:
/// a trapezoidal rule, which has no tail to lose. The others of a block are the ends, to both sides, of
/// an orthogonal frame, whose length is one of the two of the Gauss rule for chi, in turn. So
/// polynomials of third degree in the others, with any function of the first as factor, are averaged
/// exactly: the derivatives by Stein's lemma divide by small deviations and need that.
pub(super) fn local_nodes(
    counts: Counts,
    dimensions: usize,
    activation: &ActivationConstants,
) -> Vec<LocalNodes> {
    let others = dimensions - 1;
    let blocks = counts.blocks;
    let set = |set: usize| {
        let mut random = Random(set as u64);
        let shift = random.uniform();
        let lengths = lengths(others);
        let (mut nodes, mut weights) = (Vec::new(), Vec::new());
        for block in 0..blocks {
            let first = HALF_WIDTH * (2.0 * (block as f64 + shift) / blocks as f64 - 1.0);
            let (length, share) = lengths[block % 2];
            for axis in random.frame(others) {
                for side in [length, -length] {
                    nodes.push(first);
                    nodes.extend(axis.iter().map(|x| side * x));
                    weights.push(share * normal_density(first));
                }
            }
        }
        let total: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= total);
        let nodes = Array2::from_shape_vec((weights.len(), dimensions), nodes);
        let mut nodes = nodes.unwrap_or_default();
        whiten(&mut nodes, &weights);
        let epsilon = nodes.reversed_axes().as_standard_layout().to_owned();
        LocalNodes::new(weights, epsilon, activation)
    };
    (0..SETS).into_par_iter().map(set).collect()
}

/// The two lengths of a normal vector of `n` components, with their weights: the Gauss rule for its
/// square.
fn lengths(n: usize) -> [(f64, f64); 2] {
    let n = n as f64;
    let root = (2.0 * (n + 2.0)).sqrt();
    let [low, high] = [n + 2.0 - root, n + 2.0 + root];
    let share = (n - low) / (high - low);
    [(low.sqrt(), 1.0 - share), (high.sqrt(), share)]
}

/// Numbers that look random and are the same in every run.
struct Random(u64);

impl Random {
    /// In (0, 1), by the generator splitmix64.
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ (x >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// `n` orthonormal vectors of `n` components: random vectors, orthogonalised.
    fn frame(&mut self, n: usize) -> Vec<Vec<f64>> {
        let mut frame: Vec<Vec<f64>> = Vec::new();
        while frame.len() < n {
            let mut next: Vec<f64> = (0..n).map(|_| quantile(self.uniform())).collect();
            let before = next.iter().map(|x| x * x).sum::<f64>().sqrt();
            for _ in 0..2 {
                for old in &frame {
                    let along: f64 = old.iter().zip(&next).map(|(a, b)| a * b).sum();
                    next.iter_mut().zip(old).for_each(|(x, old)| *x -= along * old);
                }
            }
            let norm = next.iter().map(|x| x * x).sum::<f64>().sqrt();
            // a vector that is in the span of the others is drawn again
            if norm > 1e-6 * before {
                frame.push(next.iter().map(|x| x / norm).collect());
            }
        }
        frame
    }
}

/// Samples with `across` coordinates orthogonal to the teacher.
pub(super) fn samples(counts: Counts, target: &Target, across: usize) -> Vec<Sample> {
    let (p, noise_std) = (target.direction_count(), target.noise_std());
    let dimensions = p + 1 + across;
    let shift: Vec<f64> = (1..=dimensions).map(|j| (j as f64 * 0.618_033_988_75).fract()).collect();
    let mut nodes = lattice(counts.samples, dimensions, &shift).mapv(|u| quantile(fold(u)));
    nodes.slice_axis_mut(Axis(1), (..p).into()).mapv_inplace(|x| WIDER * x);
    let weight = |row: &[f64]| row.iter().map(|x| density_ratio(*x)).product::<f64>();
    let rows = nodes.rows().into_iter();
    let mut weights: Vec<f64> = rows.map(|row| weight(&row.to_vec()[..p])).collect();
    let total: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= total);
    whiten(&mut nodes, &weights);
    let sample = |(i, (row, weight)): (usize, (Vec<f64>, f64))| {
        let mut z = [0.0; MAX_DIRECTIONS];
        z[..p].copy_from_slice(&row[..p]);
        let y = target.noiseless_label(&row[..p]) + noise_std * row[p];
        Sample::new(weight, z, y, row[p + 1..].to_vec(), i % SETS)
    };
    let rows = nodes.rows().into_iter().map(|row| row.to_vec());
    rows.zip(weights).enumerate().map(sample).collect()
}

/// Density of N(0, 1) over that of N(0, WIDER^2), up to a constant.
fn density_ratio(x: f64) -> f64 {
    (-0.5 * x * x * (1.0 - 1.0 / (WIDER * WIDER))).exp()
}

/// The points of a lattice: points x dimensions, in [0, 1).
fn lattice(points: usize, dimensions: usize, shift: &[f64]) -> Array2<f64> {
    let generator = generator(points, dimensions);
    Array2::from_shape_fn((points, dimensions), |(i, j)| {
        ((i * generator[j] % points) as f64 / points as f64 + 0.5 / points as f64 + shift[j])
            .fract()
    })
}

/// A generating vector, component by component: of some odd candidates, each is the one with the
/// smallest mean square error for smooth periodic functions, early coordinates weighing more.
fn generator(points: usize, dimensions: usize) -> Vec<usize> {
    let kernel = |x: f64, j: usize| 1.0 + 6.0 / (1.0 + 0.3 * j as f64) * (x * x - x + 1.0 / 6.0);
    let at = |i: usize, z: usize| (i * z % points) as f64 / points as f64;
    let mut generator = Vec::new();
    let mut product = vec![1.0; points];
    for j in 0..dimensions {
        let error = |z: usize| -> f64 {
            product.iter().enumerate().map(|(i, p)| p * kernel(at(i, z), j)).sum()
        };
        let candidate = |k: usize| {
            let place = (k as f64 * 0.618_033_988_75).fract() * points as f64 / 2.0;
            2 * place as usize + 1
        };
        let candidates = (0..CANDIDATES).map(candidate).map(|z| (error(z), z));
        let best = candidates.min_by(|a, b| a.0.total_cmp(&b.0)).map_or(1, |best| best.1);
        product.iter_mut().enumerate().for_each(|(i, p)| *p *= kernel(at(i, best), j));
        generator.push(best);
    }
    generator
}

/// The tent on [0, 1].
fn fold(u: f64) -> f64 {
    1.0 - (2.0 * u - 1.0).abs()
}

/// The quantile function of N(0, 1): Hastings' formula and two steps of Newton's method.
fn quantile(u: f64) -> f64 {
    let tail = u.min(1.0 - u).max(1e-12);
    let t = (-2.0 * tail.ln()).sqrt();
    let mut x = t
        - (2.515517 + t * (0.802853 + t * 0.010328))
            / (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
    for _ in 0..2 {
        x += (normal_distribution(-x) - tail) / normal_density(x);
    }
    if u < 0.5 { -x } else { x }
}

/// Makes the mean zero and the covariance one, up to rounding, under `weights`.
fn whiten(nodes: &mut Array2<f64>, weights: &[f64]) {
    let total: f64 = weights.iter().sum();
    for mut column in nodes.columns_mut() {
        let mean = column.iter().zip(weights).map(|(x, w)| x * w).sum::<f64>() / total;
        column.mapv_inplace(|x| x - mean);
    }
    let mut scaled = nodes.clone();
    scaled.rows_mut().into_iter().zip(weights).for_each(|(mut row, w)| row *= *w / total);
    let covariance = nodes.t().dot(&scaled);
    // too few nodes for so many coordinates: left as they are
    let Some(factor) = cholesky(&covariance, 1e-6) else { return };
    for mut row in nodes.rows_mut() {
        for i in 0..row.len() {
            let known: f64 = (0..i).map(|k| factor[[i, k]] * row[k]).sum();
            row[i] = (row[i] - known) / factor[[i, i]];
        }
    }
}
