//! Batches: samples that can be read in any order, and the tiles in which the crate reads them.

use std::any::Any;

use ndarray::{Array1, Array2, ArrayViewMut1, ArrayViewMut2, Axis};

use crate::Scalar;
use crate::error::{InvalidSetting, has_columns, has_shape, nonzero};
use crate::memory::zeros;

/// Samples (x_i, y_i), i = 0, ..., n - 1, that can be read in any order and read again. A batch of
/// your own needs three methods.
///
/// ```
/// use linear_width::{InvalidSetting, data::Batch};
/// use ndarray::{ArrayViewMut1, ArrayViewMut2};
///
/// /// Five points on a line, labelled by their place.
/// struct Line;
/// impl Batch for Line {
///     fn samples(&self) -> usize { 5 }
///     fn dimension(&self) -> usize { 1 }
///     fn read(
///         &self, first: usize, mut x: ArrayViewMut2<f64>, mut y: ArrayViewMut1<f64>,
///     ) -> Result<(), InvalidSetting> {
///         y.indexed_iter_mut().for_each(|(i, y)| *y = (first + i) as f64);
///         x.column_mut(0).assign(&y);
///         Ok(())
///     }
/// }
/// let (x, y) = Line.to_arrays()?;
/// assert_eq!((x.dim(), y[4]), ((5, 1), 4.0));
/// # Ok::<(), InvalidSetting>(())
/// ```
pub trait Batch: Sync {
    /// The number n of samples.
    fn samples(&self) -> usize;

    /// The input dimension d.
    fn dimension(&self) -> usize;

    /// Writes the samples `first..first + y.len()` into `x` (one input per row) and `y`. Reading
    /// the same samples again gives the same numbers. The crate itself only asks for samples that
    /// exist, with an `x` of shape `y.len()` x `dimension()`; what `x` and `y` hold before is
    /// arbitrary.
    ///
    /// # Errors
    /// The batches of this crate return [`InvalidSetting::NoSuchSamples`] for samples that do not
    /// exist and [`InvalidSetting::Shape`] for an `x` of another shape.
    fn read(
        &self,
        first: usize,
        x: ArrayViewMut2<'_, f64>,
        y: ArrayViewMut1<'_, f64>,
    ) -> Result<(), InvalidSetting>;

    /// As [`read`](Self::read) in single precision. By default the rounded numbers of `read`.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    fn read_f32(
        &self,
        first: usize,
        mut x: ArrayViewMut2<'_, f32>,
        mut y: ArrayViewMut1<'_, f32>,
    ) -> Result<(), InvalidSetting> {
        let mut double_x = Array2::zeros(x.dim());
        let mut double_y = Array1::zeros(y.len());
        self.read(first, double_x.view_mut(), double_y.view_mut())?;
        x.zip_mut_with(&double_x, |x, double| *x = *double as f32);
        y.zip_mut_with(&double_y, |y, double| *y = *double as f32);
        Ok(())
    }

    /// All inputs (n x d, one per row) and labels (n).
    ///
    /// # Errors
    /// As [`read`](Self::read), and [`InvalidSetting::Memory`] when they do not fit in memory.
    fn to_arrays(&self) -> Result<(Array2<f64>, Array1<f64>), InvalidSetting> {
        let mut y = zeros(self.samples(), 1)?.remove_axis(Axis(1));
        let mut x = zeros(self.samples(), self.dimension())?;
        self.read(0, x.view_mut(), y.view_mut())?;
        Ok((x, y))
    }
}

/// Both reading methods of a [`Batch`] from `read_in`, which is generic in the precision:
/// `read_by!(read_in: read f64, read_f32 f32)`.
macro_rules! read_by {
    ($generic:ident: $($read:ident $precision:ty),*) => {
        $(fn $read(
            &self,
            first: usize,
            x: ndarray::ArrayViewMut2<'_, $precision>,
            y: ndarray::ArrayViewMut1<'_, $precision>,
        ) -> Result<(), crate::error::InvalidSetting> {
            self.$generic(first, x, y)
        })*
    };
}
pub(crate) use read_by;

/// Checks that a batch of `samples` x `dimension` has `count` samples from `first` on, and that
/// `shape` is the shape of their matrix.
pub(crate) fn check_read(
    (samples, dimension): (usize, usize),
    first: usize,
    shape: (usize, usize),
    count: usize,
) -> Result<(), InvalidSetting> {
    if first.checked_add(count).is_none_or(|end| end > samples) {
        return Err(InvalidSetting::NoSuchSamples { first, count, samples });
    }
    has_shape("the matrix that samples are read into", shape, (count, dimension))
}

/// Samples in a tile. A loop over a batch holds one tile of it, whatever n is. The number is fixed,
/// so that sums over samples are taken in the same order everywhere; another number changes the
/// last digits of all results.
pub(crate) const TILE_SAMPLES: usize = 1536;

/// The samples `first..first + y.len()` of a batch.
pub(crate) struct Tile<T> {
    pub first: usize,
    pub x: Array2<T>,
    pub y: Array1<T>,
}

impl<T: Scalar> Tile<T> {
    /// A tile without samples.
    pub fn empty() -> Self {
        Self { first: 0, x: Array2::zeros((0, 0)), y: Array1::zeros(0) }
    }

    /// Takes the samples from `first` on. The memory is used again while the tile keeps its size:
    /// the system gives memory to one thread at a time, which many threads would wait for.
    pub fn read(&mut self, batch: &dyn Batch, first: usize) -> Result<(), InvalidSetting> {
        let shape = (TILE_SAMPLES.min(batch.samples() - first), batch.dimension());
        if self.x.dim() != shape {
            // the old memory goes first
            *self = Self::empty();
            (self.x, self.y) = (Array2::zeros(shape), Array1::zeros(shape.0));
        }
        self.first = first;
        read(batch, first, &mut self.x, &mut self.y)
    }
}

/// The first samples of the tiles of a batch, whose inputs must have this `dimension`.
pub(crate) fn tile_starts(
    batch: &dyn Batch,
    dimension: usize,
) -> Result<impl Iterator<Item = usize> + use<>, InvalidSetting> {
    let samples = batch.samples();
    nonzero("samples", samples)?;
    has_columns("the batch", (samples, batch.dimension()), dimension)?;
    Ok((0..samples).step_by(TILE_SAMPLES))
}

/// The samples of a batch, [`TILE_SAMPLES`] at a time and in order. The inputs must have this
/// `dimension`.
pub(crate) fn tiles<T: Scalar>(
    batch: &dyn Batch,
    dimension: usize,
) -> Result<impl Iterator<Item = Result<Tile<T>, InvalidSetting>>, InvalidSetting> {
    Ok(tile_starts(batch, dimension)?.map(move |first| {
        let mut tile = Tile::empty();
        tile.read(batch, first).map(|()| tile)
    }))
}

/// Reads samples in the precision of `x` and `y`.
fn read<T: Scalar>(
    batch: &dyn Batch,
    first: usize,
    x: &mut Array2<T>,
    y: &mut Array1<T>,
) -> Result<(), InvalidSetting> {
    let (x, y): (&mut dyn Any, &mut dyn Any) = (x, y);
    if let (Some(x), Some(y)) = (x.downcast_mut::<Array2<f64>>(), y.downcast_mut::<Array1<f64>>()) {
        batch.read(first, x.view_mut(), y.view_mut())
    } else if let (Some(x), Some(y)) =
        (x.downcast_mut::<Array2<f32>>(), y.downcast_mut::<Array1<f32>>())
    {
        batch.read_f32(first, x.view_mut(), y.view_mut())
    } else {
        unreachable!("a scalar is f32 or f64")
    }
}
