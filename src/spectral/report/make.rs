//! Makes the report.

use ndarray::ArrayView2;

use super::bulk::BulkFit;
use super::hard_threshold::HardThreshold;
use super::localisation::Localisation;
use super::options::ReportOptions;
use super::power_law::PowerLaw;
use super::summary::SpectrumReport;
use super::{display, randomised};
use crate::Scalar;
use crate::error::{InvalidSetting, in_range};
use crate::linalg::SpectralError;
use crate::numerics::{exponent, times_power};
use crate::spectral::largest_gap::Spectrum;
use crate::spectral::outliers::OutlierRule;
use crate::spectral::singular_values::singular_values;

/// The report of `weights` (N x d) with [`ReportOptions::default`].
///
/// It takes 19 times the leading singular value of a matrix of permuted entries and two times all
/// singular values of one of this size.
///
/// # Errors
/// As [`ReportOptions::report`].
///
/// ```
/// use linear_width::spectral::report;
/// use ndarray::Array2;
/// use rand::SeedableRng;
/// use rand_distr::{Distribution, StandardNormal};
///
/// // noise of standard deviation 0.1, and all entries higher by 0.1
/// let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let entry = |x: f64| 0.1 * x + 0.1;
/// let w = Array2::from_shape_simple_fn((120, 80), || entry(StandardNormal.sample(&mut random)));
/// let report = report(w.view())?;
/// assert_eq!(report.outliers.count, 1);
/// let bulk = report.bulk.as_ref().unwrap();
/// assert!(bulk.white && (bulk.scale - 0.1).abs() < 2e-3);
/// println!("{report}");
/// # Ok::<(), linear_width::spectral::SpectralError>(())
/// ```
pub fn report<T: Scalar>(weights: ArrayView2<'_, T>) -> Result<SpectrumReport, SpectralError> {
    ReportOptions::default().report(weights)
}

impl ReportOptions {
    /// The report of `weights` (N x d) with these options. The same seed gives the same report.
    ///
    /// A matrix of low rank has no bulk: all its values above rounding error are outliers by the
    /// default rule.
    ///
    /// # Errors
    /// [`SpectralError::Empty`], [`SpectralError::NonFinite`], [`SpectralError::Overflow`] or
    /// [`SpectralError::Backend`] as for [`singular_values`]; [`SpectralError::Invalid`] when all
    /// entries are equal, an option is out of range, or the chosen rule refuses the matrix.
    pub fn report<T: Scalar>(
        &self,
        weights: ArrayView2<'_, T>,
    ) -> Result<SpectrumReport, SpectralError> {
        let rule = self.outlier_rule.unwrap_or(OutlierRule::TracyWidom { level: self.level });
        rule.check()?;
        let s: Vec<f64> = singular_values(weights)?.iter().map(|s| s.as_f64()).collect();
        check_random(weights, s[0])?;
        let (rows, columns) = weights.dim();
        let spectrum = Spectrum::new(&s, rows as f64 + columns as f64);
        let rank = spectrum.rank();
        let mut outliers = rule.apply(&s, rows, columns)?;
        // a p-value of 0 may be a negative zero, which prints as -0
        outliers.p_values.iter_mut().for_each(|p| *p = p.abs());
        let count = outliers.count;
        // a scale is refused where zeros leave no bulk: that is a finding, not an error
        let bulk = BulkFit::new(&s, rows, columns, count).ok();
        let hard_threshold =
            bulk.as_ref().and_then(|bulk| HardThreshold::new(&s, rows, columns, bulk.scale).ok());
        let nonzero = &s[..rank.max(count)];
        let (frobenius_norm, stable_rank) = norms(&s);
        let null = randomised::compare(weights, &s, self.permutations, self.seed)?;
        let mut report = SpectrumReport {
            rows,
            columns,
            options: self.clone(),
            rank,
            frobenius_norm,
            stable_rank,
            bulk,
            hard_threshold,
            power_law: PowerLaw::fit(&nonzero[count..]),
            power_law_with_outliers: PowerLaw::fit(nonzero),
            localisation: Localisation::new(weights, self.vectors)?,
            null,
            notes: Vec::new(),
            singular_values: s,
            outliers,
        };
        report.notes = display::notes(&report);
        Ok(report)
    }
}

/// Refuses matrices of equal entries, zeros among them.
fn check_random<T: Scalar>(weights: ArrayView2<'_, T>, largest: f64) -> Result<(), InvalidSetting> {
    in_range(
        "the largest singular value",
        largest,
        largest > 0.0,
        "above 0: a matrix of zeros has no spectrum to report",
    )?;
    let first = weights[[0, 0]];
    in_range(
        "the largest difference of two entries",
        0.0,
        weights.iter().any(|entry| *entry != first),
        "above 0: a matrix of equal entries has one singular value and nothing else to report",
    )
}

/// The Frobenius norm and the stable rank, from all singular values.
fn norms(s: &[f64]) -> (f64, f64) {
    // a unit in which squares neither overflow nor vanish
    let unit = exponent(s[0]);
    let squares: f64 = s.iter().rev().map(|s| times_power(*s, -unit).powi(2)).sum();
    let stable_rank = squares / times_power(s[0], -unit).powi(2);
    (times_power(squares.sqrt(), unit), stable_rank)
}
