//! The features with fewer products in mu_1 and mu_*^2, for a quick solution off the real axis.

use crate::theory::observables::features::system::FeatureSystem;
use ndarray::{Array2, Axis, Slice};

/// Relative root mean square error of mu_1 that is allowed; it enters squared.
const SLOPE: f64 = 3e-3;

/// Relative root mean square error of mu_*^2, which enters as it is.
const REST: f64 = 3e-4;

/// `system` without its smallest products. They are ordered by size, and orthogonal.
pub(super) fn reduced(system: &FeatureSystem) -> FeatureSystem {
    let pairs = system.pairs.len();
    let slope = kept(&system.slope.right, &system.types.weights, SLOPE);
    let columns = |table: &Array2<f64>, from: usize, to: usize| {
        table.slice_axis(Axis(1), Slice::from(from..to)).to_owned()
    };
    let whole = system.type_functions.ncols();
    let rest = columns(&system.type_functions, pairs, whole);
    let rest = kept(&rest, &system.types.weights, REST);
    let chosen: Vec<usize> = (0..pairs)
        .filter(|&k| system.pairs[k].0 < slope && system.pairs[k].1 < slope)
        .chain(pairs..pairs + rest)
        .collect();
    let of_pairs = &chosen[..chosen.len() - rest];
    let known = system.mean.len();
    let blocks = (system.psi.ncols() - known) / system.slope.len().max(1);
    let psi: Vec<usize> = (0..known)
        .chain((0..blocks).flat_map(|l| (0..slope).map(move |s| (l, s))).map(|(l, s)| {
            known + l * system.slope.len() + s
        }))
        .collect();
    let mut fewer = system.clone();
    fewer.slope.left = columns(&system.slope.left, 0, slope);
    fewer.slope.right = columns(&system.slope.right, 0, slope);
    fewer.pairs = of_pairs.iter().map(|&k| system.pairs[k]).collect();
    fewer.multiplicity = of_pairs.iter().map(|&k| system.multiplicity[k]).collect();
    fewer.sample_functions = system.sample_functions.select(Axis(1), &chosen);
    fewer.type_functions = system.type_functions.select(Axis(1), &chosen);
    fewer.psi = system.psi.select(Axis(1), &psi);
    fewer
}

/// How many leading columns hold all but a share `tolerance` of the norm.
fn kept(columns: &Array2<f64>, weights: &[f64], tolerance: f64) -> usize {
    let square = |s: usize| {
        let each = columns.column(s).into_iter().zip(weights);
        each.map(|(x, w)| w * x * x).sum::<f64>()
    };
    let squares: Vec<f64> = (0..columns.ncols()).map(square).collect();
    let allowed = tolerance * tolerance * squares.iter().sum::<f64>();
    let mut dropped = 0.0;
    let tail = squares.iter().rev().take_while(|square| {
        dropped += **square;
        dropped <= allowed
    });
    columns.ncols() - tail.count()
}
