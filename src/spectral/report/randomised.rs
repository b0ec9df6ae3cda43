//! The same entries in a random order: what is left of a spectrum when only the entries' law is kept.

use ndarray::{Array2, ArrayView2};
use rand::seq::SliceRandom;

use super::bulk::distance_to_fit;
use crate::Scalar;
use crate::linalg::SpectralError;
use crate::random::{Purpose, stream};
use crate::spectral::{leading_triplets, singular_values};

/// What matrices show whose entries are those of W in a random order.
///
/// Rows, columns and directions mean nothing in them, heavy entries stay. A value of W above theirs
/// comes from the arrangement of its entries, not from their sizes.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RandomisedNull {
    /// The largest singular value of each.
    pub largest: Vec<f64>,
    /// (1 + b)/(1 + B) with b of the B largest values at or above that of W: the chance that the
    /// entries of W, had they been put in their places at random, have as large a value.
    pub p_value: f64,
    /// The distance (Kolmogorov and Smirnov) of the spectrum of the first one to the Marchenko-Pastur
    /// law that fits it best; large where the entries are too heavy or too sparse for that law. `None`
    /// when at least half of its values are zero.
    pub distance: Option<f64>,
}

pub(super) fn compare<T: Scalar>(
    weights: ArrayView2<'_, T>,
    largest_of_w: f64,
    permutations: usize,
    seed: u64,
) -> Result<Option<RandomisedNull>, SpectralError> {
    let mut largest = Vec::new();
    let mut distance = None;
    for index in 0..permutations {
        let permuted = permuted(weights, seed, index);
        if index == 0 {
            let s: Vec<f64> =
                singular_values(permuted.view())?.iter().map(|s| s.as_f64()).collect();
            distance = distance_to_fit(&s, weights.nrows(), weights.ncols()).ok();
            largest.push(s[0]);
        } else {
            largest.push(leading_triplets(permuted.view(), 1)?.singular_values[0].as_f64());
        }
    }
    // the same matrix in another order has the same value to rounding
    let same = largest_of_w * (1.0 - if T::epsilon() > T::of(1e-10) { 1e-5 } else { 1e-10 });
    let above = largest.iter().filter(|s| **s >= same).count();
    let p_value = (1 + above) as f64 / (1 + permutations) as f64;
    Ok((permutations > 0).then_some(RandomisedNull { largest, p_value, distance }))
}

fn permuted<T: Scalar>(weights: ArrayView2<'_, T>, seed: u64, index: usize) -> Array2<T> {
    let mut entries: Vec<T> = weights.iter().copied().collect();
    entries.shuffle(&mut stream(seed, Purpose::Permutation, index as u64, 0));
    let columns = weights.ncols();
    Array2::from_shape_fn(weights.dim(), |(i, j)| entries[i * columns + j])
}
