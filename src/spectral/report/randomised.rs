//! The same entries in a random order: what is left of a spectrum when only the entries' law is kept.

use ndarray::{Array2, ArrayView2};
use rand::seq::SliceRandom;

use super::bulk::BulkFit;
use crate::Scalar;
use crate::linalg::SpectralError;
use crate::random::{Purpose, stream};
use crate::spectral::outliers::OutlierRule;
use crate::spectral::singular_values::singular_values;
use crate::spectral::triplets::leading_triplets;

/// What matrices show whose entries are those of W in a random order.
///
/// Rows, columns and directions mean nothing in them; heavy entries stay, and so does the mean m of the
/// entries, which gives every order a value near |m| sqrt(N d). A value of W above theirs comes from
/// the arrangement of its entries, not from their sizes.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RandomisedNull {
    /// The largest singular value of each.
    pub largest: Vec<f64>,
    /// (1 + b)/(1 + B) with b of the B largest values at or above that of W: the chance that the
    /// entries of W, had they been put in their places at random, have as large a value.
    pub p_value: f64,
    /// How many singular values of W are above all of `largest`: a count of outliers that assumes no law
    /// of the entries (Horn 1965, parallel analysis), cautious because large entries of W are in theirs.
    pub values_above: usize,
    /// The Marchenko-Pastur law fitted to the first one, its outliers by the Tracy-Widom rule at level
    /// .05 set apart. Where it is not [`white`](BulkFit::white), the entries are too heavy or too sparse
    /// for that law. `None` when at least half of the values are zero.
    pub bulk: Option<BulkFit>,
}

pub(super) fn compare<T: Scalar>(
    weights: ArrayView2<'_, T>,
    of_w: &[f64],
    permutations: usize,
    seed: u64,
) -> Result<Option<RandomisedNull>, SpectralError> {
    let mut largest = Vec::new();
    let mut bulk = None;
    for index in 0..permutations {
        let permuted = permuted(weights, seed, index);
        if index == 0 {
            let s: Vec<f64> =
                singular_values(permuted.view())?.iter().map(|s| s.as_f64()).collect();
            let (rows, columns) = weights.dim();
            let outliers = OutlierRule::TracyWidom { level: 0.05 }.apply(&s, rows, columns)?.count;
            bulk = BulkFit::new(&s, rows, columns, outliers).ok();
            largest.push(s[0]);
        } else {
            largest.push(leading_triplets(permuted.view(), 1)?.singular_values[0].as_f64());
        }
    }
    // the same matrix in another order has the same value to rounding
    let same = of_w[0] * (1.0 - if T::epsilon() > T::of(1e-10) { 1e-5 } else { 1e-10 });
    let above = largest.iter().filter(|s| **s >= same).count();
    let all = largest.iter().fold(0.0, |all: f64, s| all.max(*s));
    let values_above = of_w.iter().take_while(|s| **s > all).count();
    let p_value = (1 + above) as f64 / (1 + permutations) as f64;
    Ok((permutations > 0).then_some(RandomisedNull { largest, p_value, values_above, bulk }))
}

fn permuted<T: Scalar>(weights: ArrayView2<'_, T>, seed: u64, index: usize) -> Array2<T> {
    let mut entries: Vec<T> = weights.iter().copied().collect();
    entries.shuffle(&mut stream(seed, Purpose::Permutation, index as u64, 0));
    let columns = weights.ncols();
    Array2::from_shape_fn(weights.dim(), |(i, j)| entries[i * columns + j])
}
