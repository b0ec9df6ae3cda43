//! Overlaps of singular vectors with directions, subspaces and entrywise powers of a vector.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

use crate::Scalar;
use crate::error::{InvalidSetting, finite, in_range};
use crate::linalg::{Element, SingularTriplets, SpectralError, multiply};

/// |<u, v>| / (|u| |v|), between 0 and 1; computed in `f64`.
///
/// # Errors
/// [`InvalidSetting`] when the lengths differ, or one vector is zero or not finite.
///
/// ```
/// use linear_width::spectral::overlap;
/// use ndarray::array;
///
/// let o = overlap(array![3.0, 4.0].view(), array![-1.0, 0.0].view())?;
/// assert!((o - 0.6).abs() < 1e-15);
/// # Ok::<(), linear_width::InvalidSetting>(())
/// ```
pub fn overlap<T: Scalar>(
    u: ArrayView1<'_, T>,
    v: ArrayView1<'_, T>,
) -> Result<f64, InvalidSetting> {
    same_length("the second vector", v.len(), u.len())?;
    let (u, v) = (normalised(u)?, normalised(v)?);
    Ok(u.iter().zip(&v).map(|(u, v)| u * v).sum::<f64>().abs().min(1.0))
}

fn same_length(name: &'static str, found: usize, expected: usize) -> Result<(), InvalidSetting> {
    if found == expected {
        return Ok(());
    }
    Err(InvalidSetting::Shape { name, found: found.to_string(), expected: expected.to_string() })
}

fn largest(x: &Array1<f64>) -> f64 {
    x.iter().fold(0.0, |largest, x| largest.max(x.abs()))
}

/// x / |x|, scaled by the largest entry first, so that squares neither overflow nor vanish.
pub(super) fn normalised<T: Scalar>(x: ArrayView1<'_, T>) -> Result<Array1<f64>, InvalidSetting> {
    let x = x.mapv(|x| x.as_f64());
    finite("a vector of the overlap", &x)?;
    let largest = largest(&x);
    in_range("the norm of a vector of the overlap", largest, largest > 0.0, "above 0")?;
    let x = x / largest;
    let norm = x.iter().map(|x| x * x).sum::<f64>().sqrt();
    Ok(x / norm)
}

/// The cosines of the principal angles between the span of the rows of `a` (p x d) and the span of
/// the rows of `b` (q x d), largest first: the singular values of Q_a Q_b^T for orthonormal bases Q
/// (Bjoerck & Golub 1973). As many as the smaller dimension of the two spans; computed in `f64`.
///
/// With one row in `a`, the only cosine is the norm of the projection of the unit vector onto the
/// span of `b`.
///
/// # Errors
/// [`SpectralError::Invalid`] when the lengths of the rows differ or a row is zero or not finite;
/// [`SpectralError::Empty`] when there are no rows, [`SpectralError::Backend`] when the backend does
/// not converge.
///
/// ```
/// use linear_width::spectral::principal_overlaps;
/// use ndarray::array;
///
/// let plane = array![[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]];
/// let vector = array![[2.0, 1.0, 2.0]];
/// let overlaps = principal_overlaps(vector.view(), plane.view())?;
/// assert!((overlaps[0] - 5.0_f64.sqrt() / 3.0).abs() < 1e-15);
/// # Ok::<(), linear_width::spectral::SpectralError>(())
/// ```
pub fn principal_overlaps<T: Scalar>(
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
) -> Result<Array1<f64>, SpectralError> {
    same_length("a row of the second span", b.ncols(), a.ncols())?;
    let product = multiply(orthonormal_basis(a)?.view(), orthonormal_basis(b)?.t());
    let cosines = f64::svd(product.view(), false)?.singular_values;
    Ok(cosines.mapv(|cosine| cosine.min(1.0)))
}

/// An orthonormal basis of the span of the rows: right singular vectors of the normalised rows, except
/// for values that are only rounding error.
fn orthonormal_basis<T: Scalar>(rows: ArrayView2<'_, T>) -> Result<Array2<f64>, SpectralError> {
    let mut unit = Array2::zeros(rows.dim());
    for (mut unit, row) in unit.rows_mut().into_iter().zip(rows.rows()) {
        unit.assign(&normalised(row)?);
    }
    let SingularTriplets { singular_values: s, right, .. } = f64::svd(unit.view(), true)?;
    let rounding = rows.len() as f64 * f64::EPSILON * s[0];
    let rank = s.iter().filter(|s| **s > rounding).count();
    Ok(right.slice_axis(Axis(0), (..rank).into()).to_owned())
}

/// The highest entrywise power that overlaps are computed with.
pub(crate) const MAX_POWER: usize = 100;

impl<T: Scalar> SingularTriplets<T> {
    /// The overlaps of the left singular vector number `k` < [`len`](Self::len), of length N, with a,
    /// a^{o2}, ..., a^{o max_power}; a^{ok} is the entrywise power. A zero a has no direction, and its overlaps
    /// are 0.
    ///
    /// # Errors
    /// As [`overlap`], except for a zero a; [`InvalidSetting::OutOfRange`] when `max_power` is above
    /// 100.
    ///
    /// ```
    /// use linear_width::spectral::SingularTriplets;
    /// use ndarray::array;
    ///
    /// let svd = SingularTriplets::all(array![[1.0], [1.0], [4.0]].view())?;
    /// let a = array![1.0, -1.0, 2.0];
    /// let overlaps = svd.left_overlaps_with_powers(0, a.view(), 3)?;
    /// assert!((overlaps[1] - 1.0_f64).abs() < 1e-15);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn left_overlaps_with_powers(
        &self,
        k: usize,
        a: ArrayView1<'_, T>,
        max_power: usize,
    ) -> Result<Vec<f64>, InvalidSetting> {
        overlaps_with_powers(self.left_vector(k), a, max_power)
    }
}

/// The overlaps of u with a, a^{o2}, ..., a^{o max_power}; 0 for a zero a.
pub(crate) fn overlaps_with_powers<T: Scalar>(
    u: ArrayView1<'_, T>,
    a: ArrayView1<'_, T>,
    max_power: usize,
) -> Result<Vec<f64>, InvalidSetting> {
    in_range("the highest power", max_power as f64, max_power <= MAX_POWER, "at most 100")?;
    let u = u.mapv(|u| u.as_f64());
    let mut a = a.mapv(|a| a.as_f64());
    if a.iter().all(|x| *x == 0.0) {
        same_length("the second vector", a.len(), u.len())?;
        return Ok(vec![0.0; max_power]);
    }
    // the largest entry becomes 1, so that no power vanishes or overflows
    a /= largest(&a);
    let mut power = Array1::ones(a.len());
    let overlaps = (1..=max_power).map(|_| {
        power *= &a;
        overlap(u.view(), power.view())
    });
    overlaps.collect()
}
