//! What can be chosen.

use crate::spectral::outliers::OutlierRule;

/// What [`report`](super::report) does when nothing is chosen, and what can be chosen.
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
