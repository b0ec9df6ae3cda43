//! Room for the large intermediate matrices, on huge pages.

use std::marker::PhantomData;

use bytemuck::Pod;
use memmap2::MmapMut;
use ndarray::ArrayViewMut2;

use crate::error::InvalidSetting;

/// Room for a number of `T`, zeros at first, in memory of its own and on huge pages where the
/// system has them. A matrix product walks along many rows at once, and the rows of a large matrix
/// lie on more pages of 4 KiB than the processor keeps addresses of.
pub(crate) struct Buffer<T> {
    memory: MmapMut,
    entries: PhantomData<T>,
}

impl<T: Pod> Buffer<T> {
    /// Room for a row-major matrix of this shape.
    ///
    /// # Errors
    /// [`InvalidSetting::Memory`] when the system does not give the memory.
    pub fn new(rows: usize, columns: usize) -> Result<Self, InvalidSetting> {
        let needed = (rows as u128 * columns as u128).saturating_mul(size_of::<T>() as u128);
        let memory = usize::try_from(needed)
            .map_err(|_| "that is beyond the address space".to_string())
            .and_then(|bytes| {
                MmapMut::map_anon(bytes).map_err(|e| format!("the system does not give them: {e}"))
            })
            .map_err(|limit| InvalidSetting::Memory { needed, limit })?;
        // a wish: the numbers are the same where the system knows no huge pages
        #[cfg(target_os = "linux")]
        let _ = memory.advise(memmap2::Advice::HugePage);
        Ok(Self { memory, entries: PhantomData })
    }

    /// The first entries as a row-major matrix.
    ///
    /// # Panics
    /// When there is no room for a matrix of this shape.
    pub fn matrix(&mut self, rows: usize, columns: usize) -> ArrayViewMut2<'_, T> {
        let entries: &mut [T] = bytemuck::cast_slice_mut(&mut self.memory);
        let matrix = ArrayViewMut2::from_shape((rows, columns), &mut entries[..rows * columns]);
        matrix.unwrap_or_else(|_| unreachable!("there are rows x columns entries"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_starts_with_zeros_and_keeps_what_is_written() {
        let mut buffer = Buffer::<f32>::new(700, 900).unwrap();
        assert!(buffer.matrix(700, 900).iter().all(|x| *x == 0.0));
        buffer.matrix(3, 2)[[2, 1]] = 5.0;
        assert_eq!(buffer.matrix(700, 900)[[0, 5]], 5.0);
    }

    #[test]
    fn what_cannot_be_had_is_an_error() {
        for (rows, columns) in [(1 << 40, 1 << 40), (usize::MAX, usize::MAX)] {
            let error = Buffer::<f64>::new(rows, columns).err();
            assert!(matches!(error, Some(InvalidSetting::Memory { .. })), "{error:?}");
        }
    }
}
