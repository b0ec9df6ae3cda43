//! What the report holds, and its table of singular values.

use std::io::{self, Write};

use super::bulk::BulkFit;
use super::hard_threshold::HardThreshold;
use super::localisation::Localisation;
use super::options::ReportOptions;
use super::power_law::PowerLaw;
use super::randomised::RandomisedNull;
use crate::spectral::outliers::Outliers;

/// The report of one matrix W (N x d). Made by [`report`](super::report) and [`ReportOptions::report`]; printed as a
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
