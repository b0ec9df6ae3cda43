//! Batches that are drawn from a seed when they are read.

use ndarray::{ArcArray2, ArrayView1, ArrayView2, ArrayViewMut1, ArrayViewMut2, Axis};
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use super::batch::{Batch, check_read, read_by};
use super::target::Target;
use crate::Scalar;
use crate::distribution::InputLaw;
use crate::error::{InvalidSetting, in_range, nonzero};
use crate::random::{Purpose, stream};

/// Samples per random stream. Changing this changes the data of every seed.
const BLOCK: usize = 64;

/// A batch of a [`Target`] that is generated when it is read and never stored.
///
/// The numbers depend on the seed, the batch's index and the sample alone: not on the tiles in
/// which it is read, nor on the number of threads. In `f32` the inputs are those of `f64`, rounded,
/// and the labels are made from the rounded inputs. Clones share the target's directions.
///
/// ```
/// use linear_width::data::{Batch, GeneratedBatch, InputLaw, Link, Target};
///
/// let target = Target::single_index(Link::hermite([0.0, 1.0])).noise(0.1);
/// let (dimension, samples, seed) = (10, 500, 7);
/// let first = GeneratedBatch::new(&target, dimension, samples, seed)?;
/// let uniform = first.clone().with_input_law(InputLaw::Uniform);
/// // 30 % of the second batch are samples of the first
/// let second = first.clone().with_index(1).reusing(150)?;
/// let (x, y) = first.to_arrays()?;
/// let (next_x, next_y) = second.to_arrays()?;
/// assert_eq!((x.row(149), y[149]), (next_x.row(149), next_y[149]));
/// assert_ne!(y[150], next_y[150]);
/// # let _ = uniform;
/// # Ok::<(), linear_width::InvalidSetting>(())
/// ```
#[derive(Clone, Debug)]
pub struct GeneratedBatch {
    target: Target,
    directions: ArcArray2<f64>,
    input_law: InputLaw,
    samples: usize,
    seed: u64,
    index: u64,
    kept: usize,
}

impl GeneratedBatch {
    /// Batch number 0 of this `seed`: `samples` Gaussian inputs in R^`dimension`, labelled by
    /// `target`, whose random directions come from the same seed.
    ///
    /// # Errors
    /// [`InvalidSetting::ZeroSize`] when `samples` is 0, and the errors of
    /// [`Target::realised_directions`].
    pub fn new(
        target: &Target,
        dimension: usize,
        samples: usize,
        seed: u64,
    ) -> Result<Self, InvalidSetting> {
        nonzero("samples", samples)?;
        let directions = target.realised_directions(dimension, seed)?.into_shared();
        let (target, input_law) = (target.clone(), InputLaw::default());
        Ok(Self { target, directions, input_law, samples, seed, index: 0, kept: 0 })
    }

    /// Inputs of another law. Default: Gaussian.
    pub fn with_input_law(mut self, law: InputLaw) -> Self {
        self.input_law = law;
        self
    }

    /// Batch number `index` of the same seed and target; batches of different numbers are
    /// independent.
    pub fn with_index(mut self, index: u64) -> Self {
        self.index = index;
        self
    }

    /// The first `kept` samples become those of batch number 0
    /// ([`BatchPolicy::kept_samples`](crate::training::BatchPolicy::kept_samples)).
    ///
    /// # Errors
    /// [`InvalidSetting::OutOfRange`] when `kept` is above n.
    pub fn reusing(mut self, kept: usize) -> Result<Self, InvalidSetting> {
        let allowed = "at most the number of samples";
        in_range("the number of kept samples", kept as f64, kept <= self.samples, allowed)?;
        self.kept = kept;
        Ok(self)
    }

    /// The same batch with more or fewer samples, none of them kept.
    pub(crate) fn with_samples(mut self, samples: usize) -> Result<Self, InvalidSetting> {
        nonzero("samples", samples)?;
        self.samples = samples;
        self.kept = 0;
        Ok(self)
    }

    /// B*, p x d with orthonormal rows.
    pub fn directions(&self) -> ArrayView2<'_, f64> {
        self.directions.view()
    }

    pub(crate) fn read_in<T: Scalar>(
        &self,
        first: usize,
        x: ArrayViewMut2<'_, T>,
        y: ArrayViewMut1<'_, T>,
    ) -> Result<(), InvalidSetting> {
        check_read((self.samples, self.dimension()), first, x.dim(), y.len())?;
        let end = first + y.len();
        let mut pieces = Vec::new();
        let (mut rest_x, mut rest_y, mut at) = (x, y, first);
        while at < end {
            let (index, limit) =
                if at < self.kept { (0, self.kept.min(end)) } else { (self.index, end) };
            let until = ((at / BLOCK + 1) * BLOCK).min(limit);
            let (piece_x, after_x) = rest_x.split_at(Axis(0), until - at);
            let (piece_y, after_y) = rest_y.split_at(Axis(0), until - at);
            pieces.push((index, at, piece_x, piece_y));
            (rest_x, rest_y, at) = (after_x, after_y, until);
        }
        pieces.into_par_iter().for_each(|(index, at, x, y)| self.read_block(index, at, x, y));
        Ok(())
    }

    /// The samples `at..at + y.len()` of batch number `index`; they lie in one block.
    fn read_block<T: Scalar>(
        &self,
        index: u64,
        at: usize,
        mut x: ArrayViewMut2<'_, T>,
        mut y: ArrayViewMut1<'_, T>,
    ) {
        let (block, skip) = ((at / BLOCK) as u64, at % BLOCK);
        let mut inputs = stream(self.seed, Purpose::Inputs, index, block);
        let mut errors = stream(self.seed, Purpose::Noise, index, block);
        let mut input = vec![T::zero(); x.ncols()];
        let directions: Vec<Vec<f64>> =
            self.directions.rows().into_iter().map(|beta| beta.to_vec()).collect();
        let mut projections = vec![0.0; directions.len()];
        for sample in 0..skip + y.len() {
            self.input_law.fill(&mut input, &mut inputs);
            let error: f64 = StandardNormal.sample(&mut errors);
            if sample >= skip {
                for (z, beta) in projections.iter_mut().zip(&directions) {
                    *z = projection(beta, &input);
                }
                let label = self.target.noiseless_label(&projections);
                y[sample - skip] = T::of(label + self.target.noise_std() * error);
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
    // the compiler unrolls whole parts, because it knows their length
    let (beta, input) = (beta.chunks_exact(PARTS), input.chunks_exact(PARTS));
    let (beta_rest, input_rest) = (beta.remainder(), input.remainder());
    beta.zip(input).for_each(|(beta, input)| add(&beta[..PARTS], &input[..PARTS]));
    add(beta_rest, input_rest);
    sums.iter().sum()
}

impl Batch for GeneratedBatch {
    fn samples(&self) -> usize {
        self.samples
    }

    fn dimension(&self) -> usize {
        self.directions.ncols()
    }

    read_by!(read_in: read f64, read_f32 f32);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Dataset, Link};
    use ndarray::{Array1, Array2, Slice};

    fn batch(law: InputLaw, seed: u64, index: u64) -> GeneratedBatch {
        let target = Target::single_index(Link::new("sin", |z: f64| z.sin())).noise(0.3);
        let directions = target.realised_directions(11, 9).unwrap();
        let batch = GeneratedBatch::new(&target.directions(directions), 11, 300, seed).unwrap();
        batch.with_input_law(law).with_index(index)
    }

    fn read(batch: &dyn Batch, first: usize, count: usize) -> (Array2<f64>, Array1<f64>) {
        let mut x = Array2::zeros((count, batch.dimension()));
        let mut y = Array1::zeros(count);
        batch.read(first, x.view_mut(), y.view_mut()).unwrap();
        (x, y)
    }

    #[test]
    fn tiles_do_not_change_the_numbers() {
        for law in [InputLaw::Gaussian, InputLaw::Rademacher, InputLaw::Uniform] {
            let batch = batch(law, 1, 0);
            let (x, y) = read(&batch, 0, 300);
            for (first, count) in [(0, 64), (64, 64), (10, 7), (60, 200), (299, 1), (0, 300)] {
                let (tile_x, tile_y) = read(&batch, first, count);
                let range = Slice::from(first..first + count);
                assert_eq!(tile_x, x.slice_axis(Axis(0), range));
                assert_eq!(tile_y, y.slice_axis(Axis(0), range));
            }
        }
    }

    #[test]
    fn seed_and_index_change_the_numbers_and_f32_rounds_them() {
        let (x, _) = read(&batch(InputLaw::Gaussian, 1, 0), 0, 50);
        assert_ne!(x, read(&batch(InputLaw::Gaussian, 2, 0), 0, 50).0);
        assert_ne!(x, read(&batch(InputLaw::Gaussian, 1, 1), 0, 50).0);
        let (mut single, mut y) = (Array2::<f32>::zeros((50, 11)), Array1::<f32>::zeros(50));
        batch(InputLaw::Gaussian, 1, 0).read_f32(0, single.view_mut(), y.view_mut()).unwrap();
        assert_eq!(single, x.mapv(|x| x as f32));
    }

    #[test]
    fn labels_are_link_of_projection_plus_noise_of_the_right_size() {
        let batch = batch(InputLaw::Gaussian, 4, 2);
        let (x, y) = read(&batch, 0, 300);
        let clean = x.dot(&batch.directions().row(0)).mapv(f64::sin);
        let residual = &y - &clean;
        let variance = residual.dot(&residual) / 300.0;
        assert!((variance / 0.09 - 1.0).abs() < 0.3, "{variance}");
    }

    #[test]
    fn samples_that_are_not_there_are_refused() {
        let generated = batch(InputLaw::Gaussian, 1, 0);
        let x = Array2::<f64>::zeros((300, 11));
        let given = Dataset::new(x, Array1::<f64>::zeros(300)).unwrap();
        let batches: [&dyn Batch; 2] = [&generated, &given];
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
    fn the_parts_and_the_tiles_of_partly_reused_batches() {
        let first = batch(InputLaw::Gaussian, 4, 0);
        let own = first.clone().with_index(2);
        for kept in [0, 1, 64, 150, 299, 300] {
            let mixed = own.clone().reusing(kept).unwrap();
            let (x, y) = read(&mixed, 0, 300);
            let ((first_x, first_y), (own_x, own_y)) = (read(&first, 0, 300), read(&own, 0, 300));
            for i in 0..300 {
                let (part_x, part_y) =
                    if i < kept { (&first_x, &first_y) } else { (&own_x, &own_y) };
                assert_eq!((x.row(i), y[i]), (part_x.row(i), part_y[i]), "{kept} {i}");
            }
            for (at, count) in [(0, 64), (64, 64), (140, 20), (60, 200), (299, 1), (149, 1)] {
                let (tile_x, tile_y) = read(&mixed, at, count);
                assert_eq!(tile_x, x.slice_axis(Axis(0), Slice::from(at..at + count)));
                assert_eq!(tile_y, y.slice_axis(Axis(0), Slice::from(at..at + count)));
            }
        }
        assert!(own.reusing(301).is_err());
    }
}
