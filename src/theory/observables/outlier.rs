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
    /// Share of the neurons that carry the left singular vector u, (sum u_j^2)^2 / (N sum u_j^4):
    /// 1 when all entries are equally large, a few over N when few neurons count.
    pub neuron_share: f64,
    /// Coefficients on b q_k(b) of the left vector.
    pub(crate) left: Array1<f64>,
    /// Where the model found it: m with isotropic noise, ln(-G_11) with structured noise.
    pub(crate) at: f64,
}

/// Entrywise powers of a whose overlaps are reported.
pub(crate) const LEFT_POWERS: i32 = 3;

/// [`Outlier::neuron_share`] from the weights of the nodes of b and the entries u(b) there.
pub(crate) fn neuron_share(entries: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (mut squares, mut fourth_powers) = (0.0, 0.0);
    for (weight, u) in entries {
        squares += weight * u * u;
        fourth_powers += weight * u.powi(4);
    }
    if fourth_powers > 0.0 { (squares * squares / fourth_powers).min(1.0) } else { 1.0 }
}

/// Overlap of a left singular vector with another vector, which is normalised here, from the weights
/// of the nodes of b, the entries of the other vector and those of the singular vector.
pub(crate) fn overlap_of_entries(entries: impl Iterator<Item = (f64, f64, f64)>) -> f64 {
    let (mut product, mut norm) = (0.0, 0.0);
    for (weight, value, entry) in entries {
        norm += weight * value * value;
        product += weight * value * entry;
    }
    if norm > 0.0 { (product.abs() / norm.sqrt()).min(1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::neuron_share;

    #[test]
    fn shares() {
        let share = |list: &[(f64, f64)]| neuron_share(list.iter().copied());
        assert_eq!(share(&[(0.5, 2.0), (0.5, -2.0)]), 1.0);
        assert!((share(&[(0.01, 3.0), (0.99, 0.0)]) - 0.01).abs() < 1e-12);
        // u = b of a standard normal law: E b^4 = 3
        let third =
            share(&[(1.0 / 6.0, -(3f64.sqrt())), (2.0 / 3.0, 0.0), (1.0 / 6.0, 3f64.sqrt())]);
        assert!((third - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(share(&[]), 1.0);
    }
}
