//! Quasi-random nodes for samples and for the local Gaussians of a neuron.
//!
//! Rank-one lattices with a fixed shift, folded (so that the integrand becomes periodic) and mapped to
//! normal variables; then the mean is made zero and the covariance one, so that linear and quadratic
//! functions are averaged exactly. They are the same in every run.

use ndarray::{Array2, Axis};
use rayon::prelude::*;

use super::sample::Sample;
use crate::data::Target;
use crate::numerics::graded::cholesky;
use crate::quadrature::{normal_density, normal_distribution};
use crate::theory::dynamics::labels::MAX_DIRECTIONS;

/// Generating vector of a lattice with up to 2^20 points (the first coordinates of
/// `exod2_base2_m20` by D. Nuyens); further coordinates continue it multiplicatively.
const GENERATOR: [u64; 20] = [
    1, 182667, 469891, 498753, 110745, 446247, 250185, 118627, 245333, 283199, 408519, 391023,
    246327, 126539, 399185, 461527, 300343, 69681, 516695, 436179,
];
/// The teacher's coordinates are drawn this much wider than N(0, 1), so that polynomial links have
/// nodes far out.
const WIDER: f64 = 1.4;
/// Number of different sets of local nodes.
const SETS: usize = 64;

/// How many nodes there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts {
    pub samples: usize,
    pub local: usize,
}

impl Counts {
    /// The powers of two below `factor` times the numbers that give three digits.
    pub fn new(factor: f64) -> Self {
        let power = |count: f64| 1 << (count * factor).max(16.0).log2().floor() as usize;
        Self { samples: power(4096.0), local: power(128.0) }
    }
}

/// Sets of nodes for the Gaussians of one neuron: `nodes[set]` is dimensions x nodes.
pub(super) fn local_nodes(counts: Counts, dimensions: usize) -> Vec<Array2<f64>> {
    let shifts = lattice(SETS, dimensions, &vec![0.0; dimensions]);
    let set = |shift: Vec<f64>| {
        let mut nodes = lattice(counts.local, dimensions, &shift).mapv(|u| quantile(fold(u)));
        whiten(&mut nodes, &vec![1.0 / counts.local as f64; counts.local]);
        nodes.reversed_axes().as_standard_layout().to_owned()
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

/// The points of the lattice: points x dimensions, in [0, 1).
fn lattice(points: usize, dimensions: usize, shift: &[f64]) -> Array2<f64> {
    let mask = (1u64 << 20) - 1;
    let mut generator = GENERATOR.to_vec();
    while generator.len() < dimensions {
        generator.push((generator[generator.len() - 1] * 182_667) & mask);
    }
    Array2::from_shape_fn((points, dimensions), |(i, j)| {
        let step = (i as u64 * (generator[j] % points as u64)) % points as u64;
        ((step as f64 + 0.5) / points as f64 + shift[j]).fract()
    })
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
