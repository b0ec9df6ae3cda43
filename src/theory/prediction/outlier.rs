//! One predicted outlier.

use ndarray::Array1;

/// A predicted singular value outside the bulk. Overlaps are absolute values of inner products of
/// unit vectors, between 0 and 1.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Outlier {
    /// The singular value; always above the edge of the bulk.
    pub singular_value: f64,
    /// Overlap of the right singular vector with the span of the teacher directions.
    pub target_overlap: f64,
    /// Overlap of the right singular vector with each teacher direction.
    pub direction_overlaps: Vec<f64>,
    /// Overlap of the left singular vector with a, a^{o2}, a^{o3} (entrywise powers, normalised).
    pub left_overlaps: Vec<f64>,
    /// Coefficients on b q_k(b) of the left vector.
    pub(crate) left: Array1<f64>,
    /// Where on its curve the model found it: m with isotropic noise, ln(-G_11) with noise from
    /// data.
    pub(crate) at: f64,
}

/// Entrywise powers of a whose overlaps are reported.
pub(crate) const LEFT_POWERS: i32 = 3;
