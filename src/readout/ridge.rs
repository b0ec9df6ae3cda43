//! Ridge regression, primal or dual, all lambdas from one eigenvalue decomposition.

use std::fmt;

use super::moments::{Moments, centred_samples};
use super::normal_equations::{NormalEquations, Solution};
use super::predictor::test_errors;
use super::{Features, Readout, ReadoutError, TestError};
use crate::data::{Batch, TILE_SAMPLES};
use crate::error::{InvalidSetting, finite, in_range};
use crate::linalg::{Processor, Workplace};
use crate::memory;

/// Which matrix is decomposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Primal,
    Dual,
}

/// How the readout is trained.
///
/// ```
/// use linear_width::data::Dataset;
/// use linear_width::readout::{LinearFeatures, Ridge};
/// use ndarray::array;
///
/// // y = 2 x + 1
/// let batch = Dataset::new(array![[0.0], [1.0], [2.0]], array![1.0, 3.0, 5.0])?;
/// let inputs = LinearFeatures::new(1)?;
/// let line = Ridge::new().intercept(true).fit(&inputs, &batch)?.least_squares()?;
/// assert!((line.weights()[0] - 2.0).abs() < 1e-14 && (line.intercept() - 1.0).abs() < 1e-14);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ridge {
    intercept: bool,
    form: Option<Form>,
    memory_limit: Option<usize>,
}

impl Ridge {
    /// Without an intercept; the smaller matrix is decomposed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is an intercept b, which is not penalised. Default: no, as in the theory,
    /// where labels and activation are centred.
    pub fn intercept(mut self, intercept: bool) -> Self {
        self.intercept = intercept;
        self
    }

    /// Decomposes Phi^T Phi, p x p. The batch is read tile by tile; no n x p matrix exists. About
    /// five p x p matrices are held. Default: when p <= n.
    pub fn primal(mut self) -> Self {
        self.form = Some(Form::Primal);
        self
    }

    /// Decomposes Phi Phi^T, n x n, which gives the same readout to rounding. Phi (n x p) is held,
    /// and about four n x n matrices. Default: when p > n.
    pub fn dual(mut self) -> Self {
        self.form = Some(Form::Dual);
        self
    }

    /// Refuses to train when [`estimated_bytes`](Self::estimated_bytes) is above this. Default:
    /// whatever the allocator gives.
    pub fn memory_limit(mut self, bytes: usize) -> Self {
        self.memory_limit = Some(bytes);
        self
    }

    /// An upper estimate of the bytes that [`fit`](Self::fit) holds at once, features and batch not
    /// counted. With p features in d dimensions, n samples, tiles of m = min(n, 1536),
    ///
    /// - primal: 8 (6 p^2 + m (d + 4 p)), whatever n is;
    /// - dual: 8 (5 n^2 + p n + 1024 n + m (d + 3 p)).
    pub fn estimated_bytes(&self, features: &dyn Features, batch: &dyn Batch) -> u128 {
        self.bytes(features.count(), features.dimension(), batch.samples())
    }

    /// [`estimated_bytes`](Self::estimated_bytes) for `p` features in `d` dimensions and `n` samples.
    pub(crate) fn bytes(&self, p: usize, d: usize, n: usize) -> u128 {
        let form = self.form_for(p, n);
        let (p, d, n) = (p as u128, d as u128, n as u128);
        let tile = n.min(TILE_SAMPLES as u128);
        let matrices: &[_] = match form {
            Form::Primal => &[(6 * p, p), (tile, d), (tile, 4 * p)],
            Form::Dual => &[(5 * n, n), (p, n), (1024, n), (tile, d), (tile, 3 * p)],
        };
        memory::total(8, matrices)
    }

    fn form_for(&self, features: usize, samples: usize) -> Form {
        self.form.unwrap_or(if features <= samples { Form::Primal } else { Form::Dual })
    }

    /// Reads the batch once and decomposes; then every lambda costs one product with a vector, or
    /// one more decomposition when features of different size make the condition number exceed 1e6.
    /// The same bits for any number of threads (with the `faer` backend).
    ///
    /// # Errors
    /// [`ReadoutError::Invalid`] when the batch's dimension is not that of the features, a feature
    /// or label is not finite, or there is not enough memory; [`ReadoutError::Linalg`] when the
    /// decomposition fails.
    pub fn fit<'a>(
        &self,
        features: &'a dyn Features,
        batch: &dyn Batch,
    ) -> Result<RidgePath<'a>, ReadoutError> {
        self.fit_at(&Processor, features, batch)
    }

    /// [`fit`](Self::fit), with the Gram matrix summed and decomposed at another place.
    pub(crate) fn fit_at<'a>(
        &self,
        place: &'a dyn Workplace,
        features: &'a dyn Features,
        batch: &dyn Batch,
    ) -> Result<RidgePath<'a>, ReadoutError> {
        let needed = self.estimated_bytes(features, batch);
        memory::within(self.memory_limit, needed)?;
        memory::available(needed)?;
        let equations = match self.form_for(features.count(), batch.samples()) {
            Form::Primal => {
                let moments = Moments::of(features, batch, self.intercept, place)?;
                NormalEquations::primal(moments, place)?
            }
            Form::Dual => {
                let samples = centred_samples(features, batch, self.intercept)?;
                let mut sum = place.gram_sum(batch.samples())?;
                sum.add(samples.features.t())?;
                let kernel = sum.finish()? / batch.samples() as f64;
                NormalEquations::dual(samples, kernel, place)?
            }
        };
        Ok(RidgePath { features, equations, place })
    }
}

/// The readouts of one batch for all lambdas; from [`Ridge::fit`].
#[derive(Clone)]
pub struct RidgePath<'a> {
    features: &'a dyn Features,
    equations: NormalEquations,
    place: &'a dyn Workplace,
}

impl fmt::Debug for RidgePath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RidgePath({} features)", self.features.count())
    }
}

impl<'a> RidgePath<'a> {
    /// The readout with ridge parameter `lambda`.
    ///
    /// # Errors
    /// [`InvalidSetting::OutOfRange`] when `lambda` is not a finite number above 0;
    /// [`ReadoutError::IllConditioned`] when it is too small to matter in `f64`;
    /// [`ReadoutError::Invalid`] when a weight is beyond the range of `f64`.
    pub fn readout(&self, lambda: f64) -> Result<Readout<'a>, ReadoutError> {
        let allowed = "a finite number above 0";
        in_range("the ridge parameter lambda", lambda, lambda > 0.0, allowed)?;
        self.solve(lambda)
    }

    /// The least-squares readout, lambda = 0; it exists when the features of the batch are linearly
    /// independent, so p <= n at least (p < n with an intercept). The unit of each feature is free.
    ///
    /// # Errors
    /// [`ReadoutError::IllConditioned`] when they are not, to rounding;
    /// [`ReadoutError::Invalid`] when a weight is beyond the range of `f64`.
    pub fn least_squares(&self) -> Result<Readout<'a>, ReadoutError> {
        if self.equations.undetermined() {
            return Err(ReadoutError::IllConditioned { lambda: 0.0, condition: f64::INFINITY });
        }
        self.solve(0.0)
    }

    fn solve(&self, lambda: f64) -> Result<Readout<'a>, ReadoutError> {
        let Solution { weights, intercept, training_error } =
            self.equations.solve(lambda, self.place)?;
        finite("the trained readout", weights.iter().chain([&intercept]))?;
        Ok(Readout { features: self.features, weights, intercept, lambda, training_error })
    }

    /// The test errors at all `lambdas`, the features of the batch being computed once.
    ///
    /// # Errors
    /// As [`readout`](Self::readout) and [`Readout::test_error`].
    pub fn test_errors(
        &self,
        lambdas: &[f64],
        batch: &dyn Batch,
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
        validation: &dyn Batch,
    ) -> Result<Readout<'a>, ReadoutError> {
        let (readouts, errors) = self.tested(lambdas, validation)?;
        let best = readouts
            .into_iter()
            .zip(errors)
            .min_by(|(_, a), (_, b)| a.mean_square.total_cmp(&b.mean_square));
        let none = InvalidSetting::ZeroSize { name: "the number of lambdas" };
        Ok(best.ok_or(none)?.0)
    }

    fn tested(
        &self,
        lambdas: &[f64],
        batch: &dyn Batch,
    ) -> Result<(Vec<Readout<'a>>, Vec<TestError>), ReadoutError> {
        let readouts = lambdas.iter().map(|lambda| self.readout(*lambda));
        let readouts = readouts.collect::<Result<Vec<_>, _>>()?;
        let errors = test_errors(self.features, &readouts, batch)?;
        Ok((readouts, errors))
    }
}
