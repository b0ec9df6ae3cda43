//! What a run needs in memory, and whether it can be had.

use super::Precision;
use crate::error::InvalidSetting;
use crate::training::TILE_SAMPLES;

/// An upper estimate of the bytes a run holds at once, independent of the number of samples. With
/// numbers of `size` bytes, m = min(N, d) and tiles of [`TILE_SAMPLES`], the larger of
///
/// - a gradient step: size (2 N d + (2 N + d) tile): weights, direction, pre-activations and their
///   packed copy, inputs;
/// - a spectrum: size N d + 8 (3 m^2 + 1024 m) through the Gram matrix, or size 6 N d for the
///   copies and vectors of a decomposition of the weights themselves.
///
/// With weights kept, one N x d matrix in `f64` per stage comes on top.
///
/// ```
/// use linear_width::experiment::{Precision, estimated_bytes};
///
/// let bytes = estimated_bytes(4000, 2000, Precision::F64, None);
/// assert_eq!(bytes, 8 * 6 * 4000 * 2000); // a decomposition needs the most
/// ```
pub fn estimated_bytes(
    width: usize,
    dimension: usize,
    precision: Precision,
    stages_kept: Option<usize>,
) -> u128 {
    let (n, d, tile) = (width as u128, dimension as u128, TILE_SAMPLES as u128);
    let size = match precision {
        Precision::F32 => 4,
        Precision::F64 => 8,
    };
    // both factors are below 2^64, so the product of two fits; the rest saturates
    let (square, small) = (n * d, n.min(d));
    let sum = |terms: &[u128]| terms.iter().fold(0_u128, |a, b| a.saturating_add(*b));
    let times = u128::saturating_mul;
    let gradient = times(size, sum(&[times(square, 2), times(2 * n, tile), times(d, tile)]));
    let gram = sum(&[times(size, square), times(24, small * small), times(8 * 1024, small)]);
    let direct = times(6 * size, square);
    let working = gradient.max(gram).max(direct);
    working.saturating_add(square.saturating_mul(8 * stages_kept.unwrap_or(0) as u128))
}

/// Checks an estimate against the user's limit, and by asking the allocator for that much.
pub(super) fn problem(needed: u128, limit: Option<usize>) -> Option<InvalidSetting> {
    if let Some(limit) = limit {
        if needed > limit as u128 {
            let limit = format!("the memory limit is {limit} bytes");
            return Some(InvalidSetting::Memory { needed, limit });
        }
    }
    let mut probe: Vec<u8> = Vec::new();
    let had = usize::try_from(needed).is_ok_and(|bytes| probe.try_reserve_exact(bytes).is_ok());
    (!had).then(|| InvalidSetting::Memory {
        needed,
        limit: "this machine does not give that much; take a smaller width or dimension".into(),
    })
}
