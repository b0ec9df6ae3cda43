//! Whether the memory for a computation can be had.

use crate::error::InvalidSetting;

/// Checks an estimate against the user's limit.
pub(crate) fn within(limit: Option<usize>, needed: u128) -> Result<(), InvalidSetting> {
    match limit {
        Some(limit) if needed > limit as u128 => {
            let limit = format!("the memory limit is {limit} bytes");
            Err(InvalidSetting::Memory { needed, limit })
        }
        _ => Ok(()),
    }
}

/// Checks an estimate by asking the allocator for that much.
pub(crate) fn available(needed: u128) -> Result<(), InvalidSetting> {
    // the stacks of the pool come first
    let _ = rayon::current_num_threads();
    let mut probe: Vec<u8> = Vec::new();
    let had = usize::try_from(needed).is_ok_and(|bytes| probe.try_reserve_exact(bytes).is_ok());
    if had {
        return Ok(());
    }
    let limit = "this machine does not give that much; take smaller sizes".into();
    Err(InvalidSetting::Memory { needed, limit })
}
