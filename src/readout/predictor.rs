//! A trained readout and its test error.

use std::{fmt, slice};

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, Slice};

use super::moments::{evaluated, feature_tiles};
use super::{Features, ReadoutError};
use crate::data::{Batch, TILE_SAMPLES, Tile};
use crate::error::{finite, has_columns, in_range};
use crate::linalg::multiply;
use crate::number::Short;
use crate::numerics::{largest_exponent, times_power};

/// A trained readout: y(x) = <theta, phi(x)> + b. From [`RidgePath`](super::RidgePath).
///
/// For a network without intercept, theta as second layer gives a network in mean-field scaling
/// with these outputs.
#[derive(Clone)]
pub struct Readout<'a> {
    pub(super) features: &'a dyn Features,
    pub(super) weights: Array1<f64>,
    pub(super) intercept: f64,
    pub(super) lambda: f64,
    pub(super) training_error: f64,
}

impl fmt::Debug for Readout<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { weights, intercept, lambda, .. } = self;
        write!(f, "Readout(lambda {lambda}, intercept {intercept}, weights {weights})")
    }
}

impl<'a> Readout<'a> {
    /// theta, of length p.
    pub fn weights(&self) -> &Array1<f64> {
        &self.weights
    }

    /// b; 0 when there is none.
    pub fn intercept(&self) -> f64 {
        self.intercept
    }

    /// The ridge parameter lambda; 0 for least squares.
    pub fn lambda(&self) -> f64 {
        self.lambda
    }

    /// The mean squared error on the training batch, from the normal equations: off by about the
    /// machine epsilon times their condition number times the variance of the labels when p <= n.
    /// Infinite or 0 where it is beyond the range of `f64`.
    ///
    /// ```
    /// use linear_width::data::Dataset;
    /// use linear_width::readout::{LinearFeatures, Ridge};
    /// use ndarray::array;
    ///
    /// // (1/2) |y - u x|^2 + u^2 / 2 is least for u = 3/4
    /// let batch = Dataset::new(array![[1.0], [0.0]], array![1.5, 2.0])?;
    /// let inputs = LinearFeatures::new(1)?;
    /// let readout = Ridge::new().fit(&inputs, &batch)?.readout(0.5)?;
    /// assert!((readout.training_error() - (0.75 * 0.75 + 4.0) / 2.0).abs() < 1e-14);
    /// assert!((readout.norm_squared() - 0.75 * 0.75).abs() < 1e-14);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn training_error(&self) -> f64 {
        self.training_error
    }

    /// |u|^2 = |theta|^2 / p, the square norm of the coefficients of the bare features sigma(W x) or
    /// x, without the intercept. Infinite or 0 where it is beyond the range of `f64`.
    pub fn norm_squared(&self) -> f64 {
        let p = self.weights.len() as f64;
        self.weights.iter().map(|weight| weight * weight / p).sum()
    }

    /// The predictions for the inputs `x`, one per row (n x d).
    ///
    /// # Errors
    /// [`InvalidSetting`](crate::InvalidSetting) when `x` has the wrong dimension or a feature is not finite.
    pub fn predict(&self, x: ArrayView2<'_, f64>) -> Result<Array1<f64>, ReadoutError> {
        has_columns("the matrix of inputs", x.dim(), self.features.dimension())?;
        let mut predictions = Vec::with_capacity(x.nrows());
        for tile in x.axis_chunks_iter(Axis(0), TILE_SAMPLES) {
            let phi = evaluated(self.features, tile)?;
            predictions.extend(phi.dot(&self.weights) + self.intercept);
        }
        Ok(predictions.into())
    }

    /// The mean squared error on a batch, which is read tile by tile.
    ///
    /// # Errors
    /// [`ReadoutError::Invalid`] when the batch has fewer than two samples (one has no standard
    /// error) or the wrong dimension, a feature or label is not finite, or the error is beyond the
    /// range of `f64`.
    pub fn test_error(&self, batch: &dyn Batch) -> Result<TestError, ReadoutError> {
        Ok(test_errors(self.features, slice::from_ref(self), batch)?[0])
    }
}

/// A mean squared error and how well it is known.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TestError {
    /// The mean over the test samples of (y - prediction)^2.
    pub mean_square: f64,
    /// Its standard error: the standard deviation of the squared errors over the root of their
    /// number. It measures how well the error of this readout is known; readouts of different
    /// training batches differ by more.
    pub standard_error: f64,
    /// The number of test samples.
    pub samples: usize,
}

impl fmt::Display for TestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.4} +- {:.4}", Short(self.mean_square), Short(self.standard_error))
    }
}

/// The test errors of several readouts of the same `features`.
pub(crate) fn test_errors(
    features: &dyn Features,
    readouts: &[Readout<'_>],
    batch: &dyn Batch,
) -> Result<Vec<TestError>, ReadoutError> {
    let samples = batch.samples();
    in_range("the number of test samples", samples as f64, samples >= 2, "at least 2")?;
    let mut weights = Array2::zeros((features.count(), readouts.len()));
    for (mut column, readout) in weights.columns_mut().into_iter().zip(readouts) {
        column.assign(&readout.weights);
    }
    let intercepts: Array1<f64> = readouts.iter().map(Readout::intercept).collect();
    let mut residuals: Array2<f64> = Array2::zeros((samples, readouts.len()));
    for tile in feature_tiles(features, batch)? {
        let Tile { first, x: phi, y } = tile?;
        let predictions = multiply(phi.view(), weights.view()) + &intercepts;
        let rows = Slice::from(first..first + y.len());
        let labels = y.insert_axis(Axis(1));
        residuals.slice_axis_mut(Axis(0), rows).assign(&(&labels - &predictions));
    }
    finite("the difference of label and prediction", &residuals)?;
    residuals.columns().into_iter().map(error_of).collect()
}

/// The test error of one readout.
fn error_of(residuals: ArrayView1<'_, f64>) -> Result<TestError, ReadoutError> {
    let (samples, count) = (residuals.len(), residuals.len() as f64);
    // in a unit in which neither squares nor fourth powers overflow or vanish
    let e = largest_exponent(residuals);
    let squares: Array1<f64> = residuals.mapv(|r| times_power(r, -e).powi(2));
    let mean = squares.sum() / count;
    let variance = squares.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let mean_square = times_power(mean, 2 * e);
    let standard_error = times_power((variance / count).sqrt(), 2 * e);
    let representable = mean == 0.0 || mean_square.is_normal();
    let allowed = "a number of f64: give the labels in another unit";
    in_range("the test error", mean_square, representable, allowed)?;
    Ok(TestError { mean_square, standard_error, samples })
}
