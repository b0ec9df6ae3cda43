//! A batch whose first samples are those of another.

use ndarray::{ArrayViewMut1, ArrayViewMut2, Axis};

use super::batch::check_read;
use super::{Batch, GeneratedBatch};
use crate::Scalar;
use crate::error::InvalidSetting;

/// The batch of a later step: its first samples are those of the first batch, the others are its
/// own. Like its two parts it is generated, or read from given data, when it is read.
///
/// ```
/// use linear_width::data::{Batch, GeneratedBatch, InputLaw, Link, MixedBatch, Target};
/// use linear_width::training::BatchPolicy;
/// use ndarray::{Array1, Array2};
///
/// let teacher = Target::single_index(Link::hermite([0.0, 1.0])).teacher(10, 7)?;
/// let batch = |index| GeneratedBatch::new(InputLaw::Gaussian, teacher.clone(), 500, 7, index);
/// let kept = BatchPolicy::PartlyReused { fraction: 0.3 }.kept_samples(500);
/// let mixed = MixedBatch::new(batch(0)?, batch(1)?, kept)?;
/// let read = |batch: &dyn Batch<f64>, first| {
///     let (mut x, mut y) = (Array2::zeros((100, 10)), Array1::zeros(100));
///     batch.read(first, x.view_mut(), y.view_mut()).map(|()| (x, y))
/// };
/// assert_eq!(read(&mixed, 50)?, read(&batch(0)?, 50)?); // samples 50 to 149
/// assert_eq!(read(&mixed, 150)?, read(&batch(1)?, 150)?); // samples 150 to 249
/// # Ok::<(), linear_width::InvalidSetting>(())
/// ```
#[derive(Clone, Debug)]
pub struct MixedBatch<B = GeneratedBatch> {
    first: B,
    own: B,
    kept: usize,
}

impl<B: Batch<f64>> MixedBatch<B> {
    /// The samples `0..kept` of `first` followed by the samples `kept..n` of `own`.
    ///
    /// # Errors
    /// [`InvalidSetting`] when the two differ in samples or dimension, or `kept` exceeds n.
    pub fn new(first: B, own: B, kept: usize) -> Result<Self, InvalidSetting> {
        let shape = |batch: &B| (batch.samples(), batch.dimension());
        let (expected, found) = (shape(&first), shape(&own));
        if found != expected {
            return Err(InvalidSetting::Shape {
                name: "the batch that is mixed with another",
                found: format!("{} x {}", found.0, found.1),
                expected: format!("{} x {}", expected.0, expected.1),
            });
        }
        if kept > expected.0 {
            return Err(InvalidSetting::OutOfRange {
                name: "the number of kept samples",
                value: kept as f64,
                allowed: "at most the number of samples",
            });
        }
        Ok(Self { first, own, kept })
    }
}

impl<T: Scalar, B: Batch<T>> Batch<T> for MixedBatch<B> {
    fn samples(&self) -> usize {
        self.first.samples()
    }

    fn dimension(&self) -> usize {
        self.first.dimension()
    }

    fn read(
        &self,
        first: usize,
        x: ArrayViewMut2<'_, T>,
        y: ArrayViewMut1<'_, T>,
    ) -> Result<(), InvalidSetting> {
        check_read((self.first.samples(), self.first.dimension()), first, x.dim(), y.len())?;
        let kept = self.kept.saturating_sub(first).min(y.len());
        let (kept_x, own_x) = x.split_at(Axis(0), kept);
        let (kept_y, own_y) = y.split_at(Axis(0), kept);
        self.first.read(first, kept_x, kept_y)?;
        self.own.read(first + kept, own_x, own_y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{InputLaw, Link, Target};
    use ndarray::{Array1, Array2, Slice};

    fn generated(samples: usize, dimension: usize, index: u64) -> GeneratedBatch {
        let link = Link::new("sin", |z: f64| z.sin());
        let teacher = Target::single_index(link).noise(0.3).teacher(dimension, 9).unwrap();
        GeneratedBatch::new(InputLaw::Gaussian, teacher, samples, 4, index).unwrap()
    }

    fn read(batch: &dyn Batch<f64>, first: usize, count: usize) -> (Array2<f64>, Array1<f64>) {
        let mut x = Array2::zeros((count, batch.dimension()));
        let mut y = Array1::zeros(count);
        batch.read(first, x.view_mut(), y.view_mut()).unwrap();
        (x, y)
    }

    #[test]
    fn the_parts_and_the_tiles() {
        let (first, own) = (generated(300, 11, 0), generated(300, 11, 2));
        for kept in [0, 1, 64, 150, 299, 300] {
            let mixed = MixedBatch::new(first.clone(), own.clone(), kept).unwrap();
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
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let first = generated(300, 11, 0);
        assert!(MixedBatch::new(first.clone(), generated(301, 11, 1), 7).is_err());
        assert!(MixedBatch::new(first.clone(), generated(300, 12, 1), 7).is_err());
        assert!(MixedBatch::new(first.clone(), generated(300, 11, 1), 301).is_err());
    }
}
