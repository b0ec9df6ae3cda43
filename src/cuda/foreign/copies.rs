//! Launches of the kernels of gram.cu, one safe function each.

use cudarc::driver::{CudaSlice, CudaView, PushKernelArg};

use super::kernels::grid;
use super::{CardNumber, Kernels, driver};
use crate::cuda::error::OnCard;
use crate::numerics::PowerOfTwo;

/// A part of a row-major matrix on the card, or of its transpose.
#[derive(Clone, Copy)]
pub(in crate::cuda) struct Part {
    /// From one row of the part to the next, and from one column to the next.
    pub steps: (usize, usize),
    /// Rows and columns.
    pub dim: (usize, usize),
}

impl Part {
    /// How many numbers there are up to the last one.
    fn reach(&self) -> usize {
        let ((down, right), (rows, columns)) = (self.steps, self.dim);
        if rows.min(columns) == 0 { 0 } else { (rows - 1) * down + (columns - 1) * right + 1 }
    }
}

impl Kernels {
    /// The part of `w`, times a power of two, as a row-major matrix in `f64`.
    pub fn widened<T: CardNumber>(
        &self,
        w: CudaView<'_, T>,
        part: Part,
        factor: PowerOfTwo,
        out: &mut CudaSlice<f64>,
    ) -> OnCard<()> {
        self.copied::<T, f64>("widened", w, part, factor, out)
    }

    /// The part of `w`, times a power of two, as a row-major matrix.
    pub fn scaled<T: CardNumber>(
        &self,
        w: CudaView<'_, T>,
        part: Part,
        factor: PowerOfTwo,
        out: &mut CudaSlice<T>,
    ) -> OnCard<()> {
        self.copied::<T, T>("scaled", w, part, factor, out)
    }

    /// `name` is the kernel from `T` to `S`.
    fn copied<T: CardNumber, S: CardNumber>(
        &self,
        name: &'static str,
        w: CudaView<'_, T>,
        part: Part,
        factor: PowerOfTwo,
        out: &mut CudaSlice<S>,
    ) -> OnCard<()> {
        let (rows, columns) = part.dim;
        assert!(w.len() >= part.reach() && out.len() >= rows * columns, "a copy");
        let kernel = self.find::<T>(name)?;
        let (down, right) = (part.steps.0 as u64, part.steps.1 as u64);
        let (sizes, [one, two]) = ((rows as u64, columns as u64), factor.factors());
        let mut launch = self.stream.launch_builder(&kernel);
        launch.arg(&w).arg(&down).arg(&right).arg(&sizes.0).arg(&sizes.1);
        launch.arg(&one).arg(&two).arg(out);
        // SAFETY: the lengths were checked; the two callers name kernels from `T` to `S`
        unsafe { launch.launch(grid(columns, rows.min(1 << 14), 0)) }
            .map_err(driver("the kernel of copies"))?;
        Ok(())
    }

    /// Multiplies entry (i, j) of `gram` by the factors of i and of j.
    pub fn scale_both_sides(
        &self,
        gram: &mut CudaSlice<f64>,
        factors: &CudaSlice<f64>,
        size: usize,
    ) -> OnCard<()> {
        assert!(gram.len() >= size * size && factors.len() >= size, "a Gram matrix");
        let kernel = self.find::<f64>("scale_both_sides")?;
        let count = size as u64;
        let mut launch = self.stream.launch_builder(&kernel);
        launch.arg(gram).arg(&count).arg(factors);
        // SAFETY: both lengths were checked
        unsafe { launch.launch(grid(size, size.min(1 << 14), 0)) }
            .map_err(driver("the kernel scale_both_sides"))?;
        Ok(())
    }
}
