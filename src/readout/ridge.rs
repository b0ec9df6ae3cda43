//! Ridge regression, primal or dual, all lambdas from one eigenvalue decomposition.

use ndarray::{Array2, Axis};

use super::moments::{Moments, centred_samples, finite};
use super::normal_equations::NormalEquations;
use super::predictor::test_errors;
use super::{Features, Readout, ReadoutError, TestError};
use crate::data::Batch;
use crate::error::InvalidSetting;
use crate::linalg::gram;
use crate::memory;
use crate::training::TILE_SAMPLES;

/// Which matrix is decomposed. Both give the same readout, to rounding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// The smaller matrix: primal when p <= n.
    #[default]
    ByShape,
    /// Phi^T Phi, p x p. The batch is read tile by tile; no n x p matrix exists. About five p x p
    /// matrices are held.
    Primal,
    /// Phi Phi^T, n x n. Phi (n x p) is held, and about four n x n matrices.
    Dual,
}

/// How the readout is trained.
///
/// ```
/// use linear_width::data::DatasetBatch;
/// use linear_width::readout::{LinearFeatures, Ridge};
/// use ndarray::array;
///
/// // y = 2 x + 1
/// let batch = DatasetBatch::new(array![[0.0], [1.0], [2.0]], array![1.0, 3.0, 5.0])?;
/// let inputs = LinearFeatures::<f64>::new(1)?;
/// let line = Ridge::new().intercept(true).fit(&inputs, &batch)?.least_squares()?;
/// assert!((line.weights()[0] - 2.0).abs() < 1e-14 && (line.intercept() - 1.0).abs() < 1e-14);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ridge {
    intercept: bool,
    form: Form,
    memory_limit: Option<usize>,
}

impl Ridge {
    /// Without an intercept, the form chosen by shape.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is an intercept b, which is not penalised. Default: no, as in the theory,
    /// where labels and activation are centred.
    pub fn intercept(mut self, intercept: bool) -> Self {
        self.intercept = intercept;
        self
    }

    /// Primal or dual. Default: by shape.
    pub fn form(mut self, form: Form) -> Self {
        self.form = form;
        self
    }

    /// Refuses to train when [`estimated_bytes`](Self::estimated_bytes) is above this. Default:
    /// whatever the allocator gives.
    pub fn memory_limit(mut self, bytes: usize) -> Self {
        self.memory_limit = Some(bytes);
        self
    }

    /// An upper estimate of the bytes that [`fit`](Self::fit) holds at once, features and batch not
    /// counted. With p features in d dimensions, n samples, tiles of m = min(n, [`TILE_SAMPLES`]),
    ///
    /// - primal: 8 (6 p^2 + m (d + 4 p)), whatever n is;
    /// - dual: 8 (5 n^2 + p n + 1024 n + m (d + 3 p)).
    ///
    /// ```
    /// use linear_width::data::DatasetBatch;
    /// use linear_width::readout::{LinearFeatures, Ridge};
    /// use ndarray::{Array1, Array2};
    ///
    /// let batch = DatasetBatch::new(Array2::<f64>::ones((10, 3)), Array1::ones(10))?;
    /// let inputs = LinearFeatures::<f64>::new(3)?;
    /// let needed = Ridge::new().estimated_bytes(&inputs, &batch);
    /// assert_eq!(needed, 8 * (6 * 9 + 10 * (3 + 4 * 3)));
    /// let error = Ridge::new().memory_limit(1000).fit(&inputs, &batch).unwrap_err();
    /// assert!(error.to_string().contains("the memory limit is 1000 bytes"));
    /// # Ok::<(), linear_width::InvalidSetting>(())
    /// ```
    pub fn estimated_bytes<F: Features>(
        &self,
        features: &F,
        batch: &impl Batch<F::Scalar>,
    ) -> u128 {
        let (p, d) = (features.count() as u128, features.dimension() as u128);
        let n = batch.samples() as u128;
        let tile = n.min(TILE_SAMPLES as u128);
        let times = u128::saturating_mul;
        let sum = |terms: &[u128]| terms.iter().fold(0_u128, |a, b| a.saturating_add(*b));
        let numbers = if self.is_primal(features.count(), batch.samples()) {
            [times(6 * p, p), times(tile, sum(&[d, 4 * p])), 0, 0]
        } else {
            [times(5 * n, n), times(p, n), 1024 * n, times(tile, sum(&[d, 3 * p]))]
        };
        times(8, sum(&numbers))
    }

    fn is_primal(&self, features: usize, samples: usize) -> bool {
        match self.form {
            Form::ByShape => features <= samples,
            Form::Primal => true,
            Form::Dual => false,
        }
    }

    /// Reads the batch once and decomposes; then every lambda costs one product with a vector, or,
    /// where features of different size make the condition number exceed 1e6, one decomposition. The
    /// same bits for any number of threads (with the `faer` backend).
    ///
    /// # Errors
    /// [`ReadoutError::Invalid`] when the batch's dimension is not that of the features, or a
    /// feature or label is not finite, or the memory cannot be had; [`ReadoutError::Linalg`] when the decomposition fails.
    pub fn fit<'a, F: Features>(
        &self,
        features: &'a F,
        batch: &impl Batch<F::Scalar>,
    ) -> Result<RidgePath<'a, F>, ReadoutError> {
        let needed = self.estimated_bytes(features, batch);
        memory::within(self.memory_limit, needed)?;
        memory::available(needed)?;
        let equations = if self.is_primal(features.count(), batch.samples()) {
            NormalEquations::primal(Moments::of(features, batch, self.intercept)?)?
        } else {
            let samples = centred_samples(features, batch, self.intercept)?;
            let n = batch.samples() as f64;
            let kernel = gram(samples.features.t(), 0) / n;
            NormalEquations::dual(samples, kernel)?
        };
        Ok(RidgePath { features, equations })
    }
}

/// The readouts of one batch for all lambdas; from [`Ridge::fit`].
#[derive(Clone, Debug)]
pub struct RidgePath<'a, F> {
    features: &'a F,
    equations: NormalEquations,
}

impl<'a, F: Features> RidgePath<'a, F> {
    /// The readout with ridge parameter `lambda`.
    ///
    /// # Errors
    /// [`InvalidSetting::OutOfRange`] when `lambda` is not a finite number above 0;
    /// [`ReadoutError::IllConditioned`] when it is too small to matter in `f64`;
    /// [`ReadoutError::Invalid`] when a weight is beyond the range of `f64`.
    pub fn readout(&self, lambda: f64) -> Result<Readout<'a, F>, ReadoutError> {
        if !(lambda.is_finite() && lambda > 0.0) {
            return Err(InvalidSetting::OutOfRange {
                name: "the ridge parameter lambda",
                value: lambda,
                allowed: "a finite number above 0",
            }
            .into());
        }
        self.solve(lambda)
    }

    /// The least-squares readout, lambda = 0; it exists when the features of the batch are linearly
    /// independent, so p <= n at least (p < n with an intercept). The unit of each feature is free.
    ///
    /// # Errors
    /// [`ReadoutError::IllConditioned`] when they are not, to rounding;
    /// [`ReadoutError::Invalid`] when a weight is beyond the range of `f64`.
    pub fn least_squares(&self) -> Result<Readout<'a, F>, ReadoutError> {
        if self.equations.undetermined() {
            return Err(ReadoutError::IllConditioned { lambda: 0.0, condition: f64::INFINITY });
        }
        self.solve(0.0)
    }

    fn solve(&self, lambda: f64) -> Result<Readout<'a, F>, ReadoutError> {
        let (weights, intercept) = self.equations.solve(lambda)?;
        finite("the trained readout", weights.iter().chain([&intercept]))?;
        Ok(Readout::new(self.features, weights, intercept, lambda))
    }

    /// The test errors at all `lambdas`, the features of the batch being computed once.
    ///
    /// # Errors
    /// As [`readout`](Self::readout) and [`Readout::test_error`].
    pub fn test_errors(
        &self,
        lambdas: &[f64],
        batch: &impl Batch<F::Scalar>,
    ) -> Result<Vec<TestError>, ReadoutError> {
        Ok(self.tested(lambdas, batch)?.1)
    }

    /// The readout whose error on the batch `validation` is smallest among `lambdas`; the first of
    /// several equals. Its test error must be measured on a third batch.
    ///
    /// # Errors
    /// As [`test_errors`](Self::test_errors), and [`InvalidSetting::ZeroSize`] without a lambda.
    pub fn select(
        &self,
        lambdas: &[f64],
        validation: &impl Batch<F::Scalar>,
    ) -> Result<Readout<'a, F>, ReadoutError> {
        let (readouts, errors) = self.tested(lambdas, validation)?;
        let mut best: Option<(f64, Readout<'a, F>)> = None;
        for (readout, error) in readouts.into_iter().zip(errors) {
            if best.as_ref().is_none_or(|(smallest, _)| error.mean_square < *smallest) {
                best = Some((error.mean_square, readout));
            }
        }
        let none = InvalidSetting::ZeroSize { name: "the number of lambdas" };
        Ok(best.ok_or(none)?.1)
    }

    fn tested(
        &self,
        lambdas: &[f64],
        batch: &impl Batch<F::Scalar>,
    ) -> Result<(Vec<Readout<'a, F>>, Vec<TestError>), ReadoutError> {
        let readouts: Vec<Readout<'a, F>> =
            lambdas.iter().map(|lambda| self.readout(*lambda)).collect::<Result<_, _>>()?;
        let mut weights = Array2::zeros((self.features.count(), readouts.len()));
        for (mut column, readout) in weights.axis_iter_mut(Axis(1)).zip(&readouts) {
            column.assign(readout.weights());
        }
        let intercepts: Vec<f64> = readouts.iter().map(Readout::intercept).collect();
        let errors = test_errors(self.features, weights.view(), &intercepts, batch)?;
        Ok((readouts, errors))
    }
}
