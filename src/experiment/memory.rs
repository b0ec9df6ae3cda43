//! What a run needs in memory, and whether it can be had.

use super::Precision;
use crate::error::InvalidSetting;
use crate::training::TILE_SAMPLES;

/// An upper estimate of the bytes a run holds at once, independent of the number of samples:
/// six matrices of N x d (weights, gradient, and the copies and vectors of a decomposition), one of
/// N x tile, and one tile of the batch. With weights kept, one N x d matrix in `f64` per stage.
///
/// ```
/// use linear_width::experiment::{Precision, estimated_bytes};
///
/// let small = estimated_bytes(1000, 500, Precision::F32, None);
/// assert_eq!(2 * small, estimated_bytes(1000, 500, Precision::F64, None));
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
    let square = n * d;
    let working =
        square.saturating_mul(6).saturating_add((n + d).saturating_mul(tile)).saturating_mul(size);
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
