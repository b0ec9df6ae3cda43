//! Whether the memory for a computation can be had.

use ndarray::Array2;
use num_traits::Zero;

use crate::error::{InvalidSetting, in_words};

/// `size` bytes for each entry of these matrices (rows, columns), saturating.
pub(crate) fn total(size: u128, matrices: &[(u128, u128)]) -> u128 {
    let entries = matrices.iter().map(|(rows, columns)| rows.saturating_mul(*columns));
    size.saturating_mul(entries.fold(0, u128::saturating_add))
}

/// Checks an estimate against the user's limit.
pub(crate) fn within(limit: Option<usize>, needed: u128) -> Result<(), InvalidSetting> {
    match limit {
        Some(limit) if needed > limit as u128 => {
            let limit = format!("the memory limit is {} ({limit} bytes)", in_words(limit as u128));
            Err(InvalidSetting::Memory { needed, limit })
        }
        _ => Ok(()),
    }
}

/// Address space that `faer`'s product takes for each thread that meets it, most of it never
/// touched: twice the third-level cache, 32 MiB here. A failure to get it would end the process.
const PRODUCT_SCRATCH: u128 = 64 << 20;

/// Checks an estimate of a computation by asking the allocator for that much, besides what the
/// threads take.
pub(crate) fn available(needed: u128) -> Result<(), InvalidSetting> {
    // the stacks of the pool come first
    let threads = rayon::current_num_threads() as u128 + 1;
    asked(needed, needed.saturating_add(threads * PRODUCT_SCRATCH))
}

/// Checks the size of an array by asking the allocator for it.
pub(crate) fn allocatable(needed: u128) -> Result<(), InvalidSetting> {
    asked(needed, needed)
}

/// A matrix of zeros, or an error when there is not enough memory.
pub(crate) fn zeros<T: Clone + Zero>(
    rows: usize,
    columns: usize,
) -> Result<Array2<T>, InvalidSetting> {
    allocatable(total(size_of::<T>() as u128, &[(rows as u128, columns as u128)]))?;
    Ok(Array2::zeros((rows, columns)))
}

fn asked(needed: u128, bytes: u128) -> Result<(), InvalidSetting> {
    let mut probe: Vec<u8> = Vec::new();
    let had = usize::try_from(bytes).is_ok_and(|bytes| probe.try_reserve_exact(bytes).is_ok());
    if had {
        return Ok(());
    }
    let limit = "this machine does not give that much; take smaller sizes".into();
    Err(InvalidSetting::Memory { needed, limit })
}
