//! All that a spectrum says about a matrix of unknown origin, in one report.

mod bulk;
mod display;
mod hard_threshold;
mod localisation;
mod power_law;
mod randomised;

use std::io::{self, Write};

use ndarray::ArrayView2;

pub use bulk::BulkFit;
pub use hard_threshold::HardThreshold;
pub use localisation::{Localisation, VectorShape};
pub use power_law::PowerLaw;
pub use randomised::RandomisedNull;

use super::largest_gap::Spectrum;
use super::outliers::{OutlierRule, Outliers};
use super::singular_values::singular_values;
use crate::Scalar;
use crate::error::{InvalidSetting, in_range};
use crate::linalg::SpectralError;
use crate::numerics::{exponent, times_power};

/// What [`report`] does when nothing is chosen, and what can be chosen.
///
/// ```
/// use linear_width::spectral::ReportOptions;
///
/// let options = ReportOptions { level: 0.01, ..Default::default() };
/// assert_eq!(options.permutations, 19);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default, deny_unknown_fields)
)]
pub struct ReportOptions {
    /// Seed of the permutations.
    pub seed: u64,
    /// Level of the Tracy-Widom rule: the chance that pure noise shows an outlier.
    pub level: f64,
    /// Another rule for outliers; `level` is then not used.
    pub outlier_rule: Option<OutlierRule>,
    /// How many leading pairs of vectors are looked at; more than min(N, d) are not there.
    pub vectors: usize,
    /// How many matrices of permuted entries are compared with; with B of them no p-value is below
    /// 1/(B + 1). 0 for none.
    pub permutations: usize,
}

impl Default for ReportOptions {
    fn default() -> Self {
        Self { seed: 0, level: 0.05, outlier_rule: None, vectors: 8, permutations: 19 }
    }
}

/// The report of one matrix W (N x d). Made by [`report`] and [`ReportOptions::report`]; printed as a
/// table.
///
/// docs/spectra-of-any-matrix.md says what each line means and where it comes from.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct SpectrumReport {
    /// N, the number of rows.
    pub rows: usize,
    /// d, the number of columns.
    pub columns: usize,
    /// The options.
    pub options: ReportOptions,
    /// All min(N, d) singular values, largest first.
    pub singular_values: Vec<f64>,
    /// How many of them are above rounding error.
    pub rank: usize,
    /// The root of the sum of squares of the entries.
    pub frobenius_norm: f64,
    /// |W|_F^2 / s_1^2, between 1 and the rank.
    pub stable_rank: f64,
    /// The outliers. With the default rule, values that are not white noise whatever they are; see
    /// [`BulkFit::white`] for whether the rest is.
    pub outliers: Outliers,
    /// The Marchenko-Pastur law fitted to the other values. `None` when at least half of these are zero
    /// or none is left.
    pub bulk: Option<BulkFit>,
    /// Gavish and Donoho's threshold. `None` without a bulk.
    pub hard_threshold: Option<HardThreshold>,
    /// The power law of the eigenvalues of W^T W that are no outliers. `None` when fewer than 10
    /// are above rounding error, or all are equal.
    pub power_law: Option<PowerLaw>,
    /// The same with the outliers.
    pub power_law_with_outliers: Option<PowerLaw>,
    /// The shape of the leading singular vectors.
    pub localisation: Localisation,
    /// What a random order of the entries shows. `None` for no permutations.
    pub null: Option<RandomisedNull>,
    /// What must be known to read the numbers, in words.
    pub notes: Vec<String>,
}

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
    /// A matrix of low rank has no bulk: all its values above rounding error are outliers, unless
    /// a rule was chosen.
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
        let low_rank = 2 * rank <= s.len();
        let rule = match self.outlier_rule {
            None if low_rank => {
                OutlierRule::AboveEdge { edge: spectrum.rounding_error(), margin: 0.0 }
            }
            _ => rule,
        };
        let outliers = rule.apply(&s, rows, columns)?;
        let count = outliers.count;
        // a scale is refused where zeros leave no bulk: that is a finding, not an error
        let bulk = BulkFit::new(&s, rows, columns, count).ok();
        let hard_threshold =
            bulk.as_ref().and_then(|bulk| HardThreshold::new(&s, rows, columns, bulk.scale).ok());
        let nonzero = &s[..rank.max(count)];
        let (frobenius_norm, stable_rank) = norms(&s);
        let null = randomised::compare(weights, s[0], self.permutations, self.seed)?;
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

impl SpectrumReport {
    /// Writes one line per singular value as CSV: its number `k` from 1, `singular_value`, `outlier` (1
    /// or 0), `p_value` (empty where none was computed), and `marchenko_pastur`, the value that the
    /// fitted law has in its place (empty for outliers and without a bulk). Numbers read back exactly.
    ///
    /// # Errors
    /// [`io::Error`] of the writer.
    pub fn write_csv(&self, mut writer: impl Write) -> io::Result<()> {
        writeln!(writer, "k,singular_value,outlier,p_value,marchenko_pastur")?;
        let count = self.outliers.count;
        let law = self.bulk.as_ref().map(|bulk| bulk.quantiles(self.rows, self.columns, count));
        let expected = law.unwrap_or_default();
        for (k, s) in self.singular_values.iter().enumerate() {
            let cell = |value: Option<&f64>| value.map_or(String::new(), f64::to_string);
            let p = cell(self.outliers.p_values.get(k));
            let law = cell(k.checked_sub(count).and_then(|k| expected.get(k)));
            writeln!(writer, "{},{s},{},{p},{law}", k + 1, u8::from(k < count))?;
        }
        writer.flush()
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
