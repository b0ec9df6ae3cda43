//! Whether singular vectors are spread over all coordinates or sit on a few.

use ndarray::{ArrayView1, ArrayView2};

use crate::Scalar;
use crate::linalg::SpectralError;
use crate::numerics::roots::bracketed;
use crate::spectral::leading_triplets;

/// The shape of the leading singular vectors, and that of Gaussian vectors to compare: the vectors of
/// white noise are of that kind.
///
/// Vectors of equal singular values are any basis of their space, and their shape means nothing.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Localisation {
    /// The left vectors, with N entries each.
    pub left: Vec<VectorShape>,
    /// The right vectors, with d entries each.
    pub right: Vec<VectorShape>,
    /// A Gaussian vector of N entries.
    pub gaussian_left: VectorShape,
    /// A Gaussian vector of d entries.
    pub gaussian_right: VectorShape,
}

/// How a unit vector u of n entries is spread.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct VectorShape {
    /// 1 / (n sum u_i^4), the share of the entries that take part: 1 for entries of equal size, 1/n for
    /// a single one, (n + 2)/(3 n) for the mean of sum u_i^4 over Gaussian vectors.
    pub participation: f64,
    /// The share of |u|^2 in the largest hundredth of the entries, rounded up: about 0.085 for a long
    /// Gaussian vector.
    pub largest_share: f64,
}

impl Localisation {
    pub(super) fn new<T: Scalar>(
        weights: ArrayView2<'_, T>,
        vectors: usize,
    ) -> Result<Self, SpectralError> {
        let (rows, columns) = weights.dim();
        let (mut left, mut right) = (Vec::new(), Vec::new());
        let count = vectors.min(rows).min(columns);
        if count > 0 {
            let top = leading_triplets(weights, count)?;
            left.extend((0..count).map(|k| VectorShape::new(top.left_vector(k))));
            right.extend((0..count).map(|k| VectorShape::new(top.right_vector(k))));
        }
        let [gaussian_left, gaussian_right] = [rows, columns].map(VectorShape::gaussian);
        Ok(Self { left, right, gaussian_left, gaussian_right })
    }
}

impl VectorShape {
    fn new<T: Scalar>(u: ArrayView1<'_, T>) -> Self {
        let mut squares: Vec<f64> = u.iter().map(|u| u.as_f64() * u.as_f64()).collect();
        squares.sort_by(|a, b| b.total_cmp(a));
        let norm: f64 = squares.iter().sum();
        let fourth: f64 = squares.iter().map(|x| (x / norm).powi(2)).sum();
        let largest: f64 = squares[..hundredth(squares.len())].iter().sum();
        let participation = 1.0 / (squares.len() as f64 * fourth);
        Self { participation, largest_share: (largest / norm).min(1.0) }
    }

    /// With z the value that a share q of Gaussian entries exceed in size, those entries have
    /// q + 2 z phi(z) of the sum of squares, phi the density.
    fn gaussian(n: usize) -> Self {
        let participation = (n as f64 + 2.0) / (3.0 * n as f64);
        let q = hundredth(n) as f64 / n as f64;
        if q >= 1.0 {
            return Self { participation, largest_share: 1.0 };
        }
        let share = |z: f64| libm::erfc(z * std::f64::consts::FRAC_1_SQRT_2);
        let beyond = |z: f64| Ok::<_, std::convert::Infallible>(share(z) - q);
        let Ok(z) = bracketed(beyond, (0.0, 1.0 - q), (40.0, -q), 1e-12);
        let density = (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
        Self { participation, largest_share: q + 2.0 * z * density }
    }
}

/// A hundredth of n entries, at least one.
fn hundredth(n: usize) -> usize {
    n.div_ceil(100)
}
