//! The spectrum of features on a batch.

use std::fmt;

use ndarray::{Array1, Array2, ArrayView2, Axis, Slice};

use super::gap_outliers::gap_outliers;
use super::outliers::{OutlierRule, Outliers};
use super::overlap::normalised;
use crate::data::{Batch, Tile};
use crate::error::{InvalidSetting, finite, has_columns};
use crate::linalg::{Processor, SpectralError, Workplace, multiply, scale_both_sides, scaled_back};
use crate::memory;
use crate::numerics::PowerOfTwo;
use crate::readout::{Features, Moments, Ridge, centred_samples, feature_tiles};

/// The eigenvalues of F^T F / m on a batch of m samples, and the leading singular vectors of F; from
/// [`feature_spectrum`].
///
/// F (m x p) is the matrix of the bare features, sigma(W x) for a network and x for
/// [`LinearFeatures`](crate::readout::LinearFeatures): sqrt(p) times what
/// [`Features::evaluate`] gives. F = sqrt(m) sum_k sqrt(l_k) u_k v_k^T with eigenvalues l_k, left
/// vectors u_k over the samples and right vectors v_k over the features.
pub struct FeatureSpectrum<'a> {
    features: &'a dyn Features,
    batch: &'a dyn Batch,
    eigenvalues: Array1<f64>,
    /// The leading eigenvalues of phi^T phi / m in units of 4^`unit`, which cannot vanish.
    leading: Array1<f64>,
    unit: i32,
    right: Array2<f64>,
    /// Left vectors as rows, where the dual form has them.
    left: Option<Array2<f64>>,
}

impl fmt::Debug for FeatureSpectrum<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (m, p) = (self.batch.samples(), self.features.count());
        write!(f, "FeatureSpectrum({p} features, {m} samples, {} vectors)", self.right.nrows())
    }
}

/// The spectrum of the features of a batch, with the `vectors` leading singular vectors, or as many
/// as there are eigenvalues above rounding error when they are fewer.
///
/// With p <= m the batch is read tile by tile and the p x p matrix F^T F is decomposed; no m x p
/// matrix exists. With p > m the features are held, and the m x m matrix F F^T is decomposed. The
/// memory is that of [`Ridge::estimated_bytes`]. The same bits for any number of threads (with the
/// `faer` backend).
///
/// An eigenvalue is off by at most delta = (m + p) 2.2e-16 l_1; one below delta / 2 may be pure
/// rounding error and is returned as 0. The features of a `Network<f32>` are computed in single
/// precision, the matrix and its decomposition in double.
///
/// # Errors
/// [`SpectralError::Invalid`] when the batch is empty or its dimension is not that of the features, a
/// feature or label is not finite, or there is not enough memory; [`SpectralError::Overflow`] when
/// the largest eigenvalue overflows; [`SpectralError::Backend`] when the decomposition fails.
///
/// ```
/// use linear_width::data::{Dataset, GeneratedBatch, Link, Target};
/// use linear_width::readout::LinearFeatures;
/// use linear_width::spectral::feature_spectrum;
/// use ndarray::array;
///
/// let batch = Dataset::new(array![[3.0, 0.0], [4.0, 0.0], [0.0, 1.0]], array![3, 4, 0])?;
/// let inputs = LinearFeatures::new(2)?;
/// let spectrum = feature_spectrum(&inputs, &batch, 1)?;
/// // X^T X / 3 = diag(25/3, 1/3); the first left vector is (3, 4, 0) / 5
/// assert!((spectrum.eigenvalues()[0] - 25.0 / 3.0).abs() < 1e-14);
/// let labels = array![[3.0, 4.0, 0.0], [1.0, 0.0, 0.0]];
/// let overlaps = spectrum.left_overlaps(labels.view())?;
/// assert!((overlaps[[0, 0]] - 1.0).abs() < 1e-14 && (overlaps[[0, 1]] - 0.6).abs() < 1e-14);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn feature_spectrum<'a>(
    features: &'a dyn Features,
    batch: &'a dyn Batch,
    vectors: usize,
) -> Result<FeatureSpectrum<'a>, SpectralError> {
    feature_spectrum_at(&Processor, features, batch, vectors)
}

/// [`feature_spectrum`], with the Gram matrix summed and decomposed at another place.
pub(crate) fn feature_spectrum_at<'a>(
    place: &dyn Workplace,
    features: &'a dyn Features,
    batch: &'a dyn Batch,
    vectors: usize,
) -> Result<FeatureSpectrum<'a>, SpectralError> {
    memory::available(Ridge::new().estimated_bytes(features, batch))?;
    let (m, p) = (batch.samples(), features.count());
    // phi^T phi / m or phi phi^T / m in units of 4^unit
    let (matrix, held, unit) = if p <= m {
        let moments = Moments::of(features, batch, false, place)?;
        let mut gram = moments.gram;
        scale_both_sides(&mut gram, &moments.units.to_largest());
        (gram, None, moments.units.largest())
    } else {
        let samples = centred_samples(features, batch, false)?;
        let mut sum = place.gram_sum(m)?;
        sum.add(samples.features.t())?;
        let kernel = sum.finish()? / m as f64;
        (kernel, Some(samples.features), samples.units.largest())
    };
    finite("the Gram matrix of the features", matrix.iter())?;
    let (values, columns) = place.symmetric_eigen(matrix)?;
    let size = values.len();
    let delta = (m + p) as f64 * f64::EPSILON * values[size - 1].max(0.0);
    let kept = |value: &f64| if *value <= 0.5 * delta { 0.0 } else { *value };
    let values: Array1<f64> = values.iter().rev().map(kept).collect();
    let rank = values.iter().take_while(|value| **value > 0.0).count();
    let count = vectors.min(rank);
    let last: Vec<usize> = (0..count).map(|k| size - 1 - k).collect();
    let rows = columns.select(Axis(1), &last).reversed_axes();
    let (right, left) = match held {
        None => (rows, None),
        Some(phi) => {
            let mut right = multiply(rows.view(), phi.view());
            for (mut vector, value) in right.rows_mut().into_iter().zip(&values) {
                vector /= (m as f64 * value).sqrt();
            }
            (right, Some(rows))
        }
    };
    let leading = values.iter().take(count).copied().collect();
    let eigenvalues = scaled_back(values * p as f64, 2 * unit)?;
    Ok(FeatureSpectrum { features, batch, eigenvalues, leading, unit, right, left })
}

impl FeatureSpectrum<'_> {
    /// All min(p, m) eigenvalues l_k, largest first, without the zeros that a shape p > m adds.
    pub fn eigenvalues(&self) -> &Array1<f64> {
        &self.eigenvalues
    }

    /// The leading right singular vectors, one per row (k x p): over the neurons of a network.
    pub fn right_vectors(&self) -> ArrayView2<'_, f64> {
        self.right.view()
    }

    /// The overlaps |<u_k, g>| / |g| of the leading left vectors with functions of the sample, each a
    /// row of `functions` (q x m): k x q; 0 for a zero function. The batch is read a second time when p <= m, and one tile of
    /// it held.
    ///
    /// The left vector is F v_k / sqrt(m l_k), so that its overlap is off by at most about 1e-16
    /// sqrt(l_1 / l_k) (m + p).
    ///
    /// # Errors
    /// [`InvalidSetting`] when the functions have another length than the batch or one is not
    /// finite, and as [`feature_spectrum`].
    pub fn left_overlaps(
        &self,
        functions: ArrayView2<'_, f64>,
    ) -> Result<Array2<f64>, InvalidSetting> {
        let (m, p) = (self.batch.samples(), self.features.count());
        has_columns("the matrix of functions of the sample", functions.dim(), m)?;
        let functions = unit_rows(functions)?;
        if let Some(left) = &self.left {
            return Ok(overlaps(multiply(left.view(), functions.t())));
        }
        let mut sums: Array2<f64> = Array2::zeros((functions.nrows(), p));
        let factor = PowerOfTwo::new(-self.unit);
        for tile in feature_tiles(self.features, self.batch)? {
            let Tile { first, x: mut phi, y } = tile?;
            phi.mapv_inplace(|x| factor.times(x));
            let columns = Slice::from(first..first + y.len());
            sums += &multiply(functions.slice_axis(Axis(1), columns), phi.view());
        }
        let mut cosines = multiply(self.right.view(), sums.t());
        for (mut row, value) in cosines.rows_mut().into_iter().zip(&self.leading) {
            row /= (m as f64 * value).sqrt();
        }
        Ok(overlaps(cosines))
    }

    /// Counts outliers by `rule`, or with `None` by the largest gap with a factor of 8 ([`OutlierRule::LargestGap`]): the bulk of
    /// features is not that of white noise. Rule and
    /// threshold speak of the square roots of the eigenvalues, the singular values of F / sqrt(m) with
    /// p rows and m columns.
    ///
    /// # Errors
    /// As [`OutlierRule::apply`].
    pub fn outliers(&self, rule: Option<OutlierRule>) -> Result<Outliers, InvalidSetting> {
        let roots = self.eigenvalues.mapv(f64::sqrt).to_vec();
        let (m, p) = (self.batch.samples(), self.features.count());
        match rule {
            Some(rule) => rule.apply(&roots, p, m),
            None => gap_outliers(&roots, p, m),
        }
    }
}

/// Each row over its norm; a zero row stays.
fn unit_rows(rows: ArrayView2<'_, f64>) -> Result<Array2<f64>, InvalidSetting> {
    let mut unit = Array2::zeros(rows.dim());
    for (mut unit, row) in unit.rows_mut().into_iter().zip(rows.rows()) {
        if row.iter().any(|x| *x != 0.0) {
            unit.assign(&normalised(row)?);
        }
    }
    Ok(unit)
}

/// Cosines of unit vectors as overlaps.
fn overlaps(cosines: Array2<f64>) -> Array2<f64> {
    cosines.mapv(|cosine| cosine.abs().min(1.0))
}
