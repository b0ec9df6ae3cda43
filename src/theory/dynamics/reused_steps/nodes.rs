//! Quasi-random nodes for samples and for the local Gaussians of a neuron.
//!
//! Rank-one lattices with a fixed shift, folded (so that the integrand becomes periodic) and mapped to
//! normal variables; then the mean is made zero and the covariance one, so that linear and quadratic
//! functions are averaged exactly. They are the same in every run.

use ndarray::{Array2, Axis};
use rayon::prelude::*;

use super::local::LocalNodes;
use super::sample::Sample;
use crate::data::Target;
use crate::numerics::graded::cholesky;
use crate::quadrature::{normal_density, normal_distribution};
use crate::theory::dynamics::labels::MAX_DIRECTIONS;

/// Candidates for each component of a generating vector.
const CANDIDATES: usize = 64;
/// The teacher's coordinates are drawn this much wider than N(0, 1), so that polynomial links have
/// nodes far out.
const WIDER: f64 = 1.4;
/// The first local Gaussian is integrated over this many standard deviations to both sides.
const HALF_WIDTH: f64 = 5.0;
/// Number of different sets of local nodes.
const SETS: usize = 64;

/// How many nodes there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts {
    pub samples: usize,
    pub local: usize,
}

impl Counts {
    /// The powers of two below `factor` times the numbers that give three digits, for an activation
    /// with or without kinks.
    pub fn new(factor: f64, kinked: bool) -> Self {
        let local = if kinked { 512.0 } else { 256.0 };
        let power = |count: f64| 1 << (count * factor).max(16.0).log2().floor() as usize;
        Self { samples: power(4096.0), local: power(local) }
    }
}

/// Different sets of such nodes. The first dimension, which is most of the preactivation, is equally
/// spaced with the normal density as weight: a trapezoidal rule, which has no tail to lose.
pub(super) fn local_nodes(counts: Counts, dimensions: usize) -> Vec<LocalNodes> {
    let shifts = lattice(SETS, dimensions, &vec![0.0; dimensions]);
    let set = |shift: Vec<f64>| {
        let mut nodes = lattice(counts.local, dimensions, &shift);
        let mut weights = Vec::new();
        for mut row in nodes.rows_mut() {
            row[0] = HALF_WIDTH * (2.0 * row[0] - 1.0);
            weights.push(normal_density(row[0]));
            row.iter_mut().skip(1).for_each(|u| *u = quantile(fold(*u)));
        }
        let total: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= total);
        whiten(&mut nodes, &weights);
        LocalNodes { weights, epsilon: nodes.reversed_axes().as_standard_layout().to_owned() }
    };
    shifts.axis_iter(Axis(0)).into_par_iter().map(|shift| set(shift.to_vec())).collect()
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
