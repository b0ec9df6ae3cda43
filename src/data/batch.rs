//! Batches: samples that can be visited tile by tile, as often as needed.

use ndarray::{Array1, Array2, ArrayView1, ArrayViewMut1, ArrayViewMut2, Axis, Slice};
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use super::{InputLaw, Teacher};
use crate::Scalar;
use crate::error::{InvalidSetting, finite_list, finite_matrix, nonzero};
use crate::random::{Purpose, stream};

/// Samples (x_i, y_i), i = 0, ..., n - 1, that can be read in any order and read again.
pub trait Batch<T: Scalar>: Sync {
    /// The number n of samples.
    fn samples(&self) -> usize;

    /// The input dimension d.
    fn dimension(&self) -> usize;

    /// Writes the samples `first..first + y.len()` into `x` (one input per row) and `y`. Reading
    /// the same samples again gives the same numbers. The crate itself never asks for samples that
    /// there are not, nor with an `x` of a shape other than `y.len()` x `dimension()`.
    ///
    /// # Errors
    /// The batches of this crate return [`InvalidSetting::NoSuchSamples`] and
    /// [`InvalidSetting::Shape`] for these.
    fn read(
        &self,
        first: usize,
        x: ArrayViewMut2<'_, T>,
        y: ArrayViewMut1<'_, T>,
    ) -> Result<(), InvalidSetting>;
}

/// Checks what is asked of a batch of `(samples, dimension)`: `count` samples from `first` on, into
/// a matrix of `shape`.
pub(crate) fn check_read(
    (samples, dimension): (usize, usize),
    first: usize,
    shape: (usize, usize),
    count: usize,
) -> Result<(), InvalidSetting> {
    if first.checked_add(count).is_none_or(|end| end > samples) {
        return Err(InvalidSetting::NoSuchSamples { first, count, samples });
    }
    if shape != (count, dimension) {
        return Err(InvalidSetting::Shape {
            name: "the matrix that samples are read into",
            found: format!("{} x {}", shape.0, shape.1),
            expected: format!("{count} x {dimension}"),
        });
    }
    Ok(())
}

/// Samples in a block: each block has its own stream of random numbers. Part of the meaning of a
/// seed.
const BLOCK: usize = 64;

/// A batch that is generated when it is read and never stored.
///
/// The numbers depend on the seed, the batch's index and the sample alone: not on the tiles in
/// which it is read, nor on the number of threads. An `f32` batch is the `f64` one, rounded.
///
/// ```
/// use linear_width::data::{Batch, GeneratedBatch, InputLaw, Link, Target};
/// use ndarray::{Array1, Array2};
///
/// let teacher = Target::single_index(Link::hermite([0.0, 1.0])).teacher(10, 7)?;
/// let batch = GeneratedBatch::new(InputLaw::Gaussian, teacher, 500, 7, 0)?;
/// let (mut x, mut y) = (Array2::<f64>::zeros((100, 10)), Array1::<f64>::zeros(100));
/// batch.read(300, x.view_mut(), y.view_mut())?;
/// assert!(x.iter().all(|x| x.is_finite()));
/// # Ok::<(), linear_width::InvalidSetting>(())
/// ```
#[derive(Clone, Debug)]
pub struct GeneratedBatch {
    law: InputLaw,
    teacher: Teacher,
    samples: usize,
    seed: u64,
    index: u64,
}

impl GeneratedBatch {
    /// Batch number `index` of the experiment with this `seed`: `samples` inputs of the given law,
    /// labelled by `teacher`. The dimension is the teacher's.
    ///
    /// # Errors
    /// [`InvalidSetting::ZeroSize`] when `samples` is 0.
    pub fn new(
        law: InputLaw,
        teacher: Teacher,
        samples: usize,
        seed: u64,
        index: u64,
    ) -> Result<Self, InvalidSetting> {
        nonzero("samples", samples)?;
        Ok(Self { law, teacher, samples, seed, index })
    }

    /// The samples `skip..skip + y.len()` of one block.
    fn read_block<T: Scalar>(
        &self,
        block: usize,
        skip: usize,
        mut x: ArrayViewMut2<'_, T>,
        mut y: ArrayViewMut1<'_, T>,
    ) {
        let mut inputs = stream(self.seed, Purpose::Inputs, self.index, block as u64);
        let mut errors = stream(self.seed, Purpose::Noise, self.index, block as u64);
        let mut input = vec![T::zero(); x.ncols()];
        let directions: Vec<Vec<f64>> =
            self.teacher.directions().rows().into_iter().map(|beta| beta.to_vec()).collect();
        let mut projections = vec![0.0; directions.len()];
        for sample in 0..skip + y.len() {
            self.law.fill(&mut input, &mut inputs);
            let error: f64 = StandardNormal.sample(&mut errors);
            if sample >= skip {
                for (z, beta) in projections.iter_mut().zip(&directions) {
                    *z = projection(beta, &input);
                }
                let label =
                    self.teacher.noiseless_label(&projections) + self.teacher.noise_std() * error;
                y[sample - skip] = T::of(label);
                x.row_mut(sample - skip).assign(&ArrayView1::from(&input));
            }
        }
    }
}

/// <beta, input> in `f64`, summed in eight interleaved parts: the same bits in any tiling.
fn projection<T: Scalar>(beta: &[f64], input: &[T]) -> f64 {
    const PARTS: usize = 8;
    let mut sums = [0.0; PARTS];
    let mut add = |beta: &[f64], input: &[T]| {
        for ((sum, b), x) in sums.iter_mut().zip(beta).zip(input) {
            *sum += b * x.as_f64();
        }
    };
    // whole parts have a length that the compiler knows
    let (beta, input) = (beta.chunks_exact(PARTS), input.chunks_exact(PARTS));
    let (beta_rest, input_rest) = (beta.remainder(), input.remainder());
    beta.zip(input).for_each(|(beta, input)| add(&beta[..PARTS], &input[..PARTS]));
    add(beta_rest, input_rest);
    sums.iter().sum()
}

impl<T: Scalar> Batch<T> for GeneratedBatch {
    fn samples(&self) -> usize {
        self.samples
    }

    fn dimension(&self) -> usize {
        self.teacher.directions().ncols()
    }

    fn read(
        &self,
        first: usize,
        x: ArrayViewMut2<'_, T>,
        y: ArrayViewMut1<'_, T>,
    ) -> Result<(), InvalidSetting> {
        let shape = (self.samples, self.teacher.directions().ncols());
        check_read(shape, first, x.dim(), y.len())?;
        let end = first + y.len();
        let mut pieces = Vec::new();
        let (mut rest_x, mut rest_y, mut at) = (x, y, first);
        while at < end {
            let until = ((at / BLOCK + 1) * BLOCK).min(end);
            let (piece_x, after_x) = rest_x.split_at(Axis(0), until - at);
            let (piece_y, after_y) = rest_y.split_at(Axis(0), until - at);
            pieces.push((at, piece_x, piece_y));
            (rest_x, rest_y, at) = (after_x, after_y, until);
        }
        pieces.into_par_iter().for_each(|(at, x, y)| self.read_block(at / BLOCK, at % BLOCK, x, y));
        Ok(())
    }
}

/// A batch held in memory: the user's own inputs and labels.
///
/// ```
/// use linear_width::data::{Batch, DatasetBatch};
/// use ndarray::array;
///
/// let batch = DatasetBatch::new(array![[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], array![1.0, -1.0, 0.0])?;
/// assert_eq!((batch.samples(), batch.dimension()), (3, 2));
/// # Ok::<(), linear_width::InvalidSetting>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct DatasetBatch<T> {
    x: Array2<T>,
    y: Array1<T>,
}

impl<T: Scalar> DatasetBatch<T> {
    /// Inputs `x` (n x d, one per row) with labels `y` (length n).
    ///
    /// # Errors
    /// [`InvalidSetting`] when a size is 0, the lengths differ, or an entry is not finite.
    pub fn new(x: Array2<T>, y: Array1<T>) -> Result<Self, InvalidSetting> {
        nonzero("samples", x.nrows())?;
        nonzero("dimension", x.ncols())?;
        if y.len() != x.nrows() {
            return Err(InvalidSetting::Shape {
                name: "the vector of labels",
                found: y.len().to_string(),
                expected: format!("{}, one label per row of the inputs", x.nrows()),
            });
        }
        finite_matrix("the inputs of the batch", x.view())?;
        finite_list("the labels of the batch", &y)?;
        Ok(Self { x, y })
    }
}

impl<T: Scalar> Batch<T> for DatasetBatch<T> {
    fn samples(&self) -> usize {
        self.x.nrows()
    }
    fn dimension(&self) -> usize {
        self.x.ncols()
    }
    fn read(
        &self,
        first: usize,
        mut x: ArrayViewMut2<'_, T>,
        mut y: ArrayViewMut1<'_, T>,
    ) -> Result<(), InvalidSetting> {
        check_read(self.x.dim(), first, x.dim(), y.len())?;
        let range = Slice::from(first..first + y.len());
        x.assign(&self.x.slice_axis(Axis(0), range));
        y.assign(&self.y.slice_axis(Axis(0), range));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Link, Target};

    fn batch(law: InputLaw, seed: u64, index: u64) -> GeneratedBatch {
        let link = Link::new("sin", |z: f64| z.sin());
        let teacher = Target::single_index(link).noise(0.3).teacher(11, 9).unwrap();
        GeneratedBatch::new(law, teacher, 300, seed, index).unwrap()
    }

    fn read<T: Scalar>(
        batch: &impl Batch<T>,
        first: usize,
        count: usize,
    ) -> (Array2<T>, Array1<T>) {
        let mut x = Array2::zeros((count, batch.dimension()));
        let mut y = Array1::zeros(count);
        batch.read(first, x.view_mut(), y.view_mut()).unwrap();
        (x, y)
    }

    #[test]
    fn tiles_do_not_change_the_numbers() {
        for law in [InputLaw::Gaussian, InputLaw::Rademacher, InputLaw::Uniform] {
            let batch = batch(law, 1, 0);
            let (x, y) = read::<f64>(&batch, 0, 300);
            for (first, count) in [(0, 64), (64, 64), (10, 7), (60, 200), (299, 1), (0, 300)] {
                let (tile_x, tile_y) = read::<f64>(&batch, first, count);
                let range = Slice::from(first..first + count);
                assert_eq!(tile_x, x.slice_axis(Axis(0), range));
                assert_eq!(tile_y, y.slice_axis(Axis(0), range));
            }
        }
    }

    #[test]
    fn seed_and_index_change_the_numbers_and_f32_rounds_them() {
        let (x, _) = read::<f64>(&batch(InputLaw::Gaussian, 1, 0), 0, 50);
        assert_ne!(x, read::<f64>(&batch(InputLaw::Gaussian, 2, 0), 0, 50).0);
        assert_ne!(x, read::<f64>(&batch(InputLaw::Gaussian, 1, 1), 0, 50).0);
        let (single, _) = read::<f32>(&batch(InputLaw::Gaussian, 1, 0), 0, 50);
        assert_eq!(single, x.mapv(|x| x as f32));
    }

    #[test]
    fn labels_are_link_of_projection_plus_noise_of_the_right_size() {
        let batch = batch(InputLaw::Gaussian, 4, 2);
        let (x, y) = read::<f64>(&batch, 0, 300);
        let clean = x.dot(&batch.teacher.directions().row(0)).mapv(f64::sin);
        let residual = &y - &clean;
        let variance = residual.dot(&residual) / 300.0;
        assert!((variance / 0.09 - 1.0).abs() < 0.3, "{variance}");
    }

    #[test]
    fn samples_that_are_not_there_are_refused() {
        let generated = batch(InputLaw::Gaussian, 1, 0);
        let x = Array2::<f64>::zeros((300, 11));
        let given = DatasetBatch::new(x, Array1::zeros(300)).unwrap();
        let batches: [&dyn Batch<f64>; 2] = [&generated, &given];
        for batch in batches {
            let read = |first, rows, columns, count| {
                let mut x = Array2::zeros((rows, columns));
                batch.read(first, x.view_mut(), Array1::zeros(count).view_mut())
            };
            for (first, count) in [(299, 2), (300, 1), (usize::MAX, 1)] {
                let expected = InvalidSetting::NoSuchSamples { first, count, samples: 300 };
                assert_eq!(read(first, count, 11, count), Err(expected));
            }
            for (rows, columns) in [(4, 11), (5, 10), (5, 12)] {
                let error = read(0, rows, columns, 5).unwrap_err();
                assert!(matches!(error, InvalidSetting::Shape { .. }), "{error}");
            }
            assert_eq!(read(295, 5, 11, 5), Ok(()));
        }
    }

    #[test]
    fn given_batches_are_checked() {
        let x = Array2::<f64>::zeros((3, 2));
        assert!(DatasetBatch::new(x.clone(), Array1::zeros(2)).is_err());
        assert!(DatasetBatch::new(x.clone(), Array1::from_elem(3, f64::NAN)).is_err());
        assert!(DatasetBatch::new(Array2::<f64>::zeros((0, 2)), Array1::zeros(0)).is_err());
        assert!(DatasetBatch::new(x, Array1::zeros(3)).is_ok());
    }
}
