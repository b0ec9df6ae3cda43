//! Overlaps of singular vectors with directions, subspaces and powers of the second layer.

use ndarray::{Array1, ArrayView1, ArrayView2};

use crate::Scalar;
use crate::error::{InvalidSetting, not_orthonormal};

fn same_length(name: &'static str, found: usize, expected: usize) -> Result<(), InvalidSetting> {
    if found == expected {
        return Ok(());
    }
    Err(InvalidSetting::Shape { name, found: found.to_string(), expected: expected.to_string() })
}

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
    let unit = |x: ArrayView1<'_, T>| -> Result<Array1<f64>, InvalidSetting> {
        let x = x.mapv(|x| x.as_f64());
        // scaled by the largest entry first: squares neither overflow nor vanish
        let largest = x.iter().fold(0.0_f64, |m, x| if x.is_nan() { *x } else { m.max(x.abs()) });
        if !largest.is_finite() || x.iter().any(|x| x.is_nan()) {
            return Err(InvalidSetting::NonFinite { name: "a vector of the overlap" });
        }
        if largest == 0.0 {
            return Err(InvalidSetting::OutOfRange {
                name: "the norm of a vector of the overlap",
                value: 0.0,
                allowed: "above 0",
            });
        }
        let x = x / largest;
        let norm = x.iter().map(|x| x * x).sum::<f64>().sqrt();
        Ok(x / norm)
    };
    let (u, v) = (unit(u)?, unit(v)?);
    Ok(u.iter().zip(&v).map(|(u, v)| u * v).sum::<f64>().abs().min(1.0))
}

/// The norm of the projection of the unit vector v/|v| onto the span of the orthonormal rows of
/// `directions` (p x d), between 0 and 1.
///
/// # Errors
/// As [`overlap`]; [`InvalidSetting::NotNormalised`] and [`InvalidSetting::NotOrthogonal`] when the
/// rows are not orthonormal to 1e-6 (in `f32`, to 3e-3).
///
/// ```
/// use linear_width::spectral::subspace_overlap;
/// use ndarray::array;
///
/// let plane = array![[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
/// let o = subspace_overlap(array![2.0, 1.0, 2.0].view(), plane.view())?;
/// assert!((o - 5.0_f64.sqrt() / 3.0).abs() < 1e-15);
/// # Ok::<(), linear_width::InvalidSetting>(())
/// ```
pub fn subspace_overlap<T: Scalar>(
    v: ArrayView1<'_, T>,
    directions: ArrayView2<'_, T>,
) -> Result<f64, InvalidSetting> {
    let wide = directions.mapv(|x| x.as_f64());
    let tolerance = (10.0 * T::epsilon().as_f64().sqrt()).max(1e-6);
    if let Some(problem) = not_orthonormal(wide.view(), tolerance) {
        return Err(problem);
    }
    let mut sum = 0.0;
    for direction in directions.rows() {
        sum += overlap(v, direction)?.powi(2);
    }
    Ok(sum.sqrt().min(1.0))
}

/// The highest entrywise power that overlaps are computed with.
pub(crate) const MAX_POWER: usize = 100;

/// The overlaps of a left singular vector u (length N) with a, a^{o2}, ..., a^{o max_power}, each
/// normalised; a^{ok} is the entrywise power. A zero a has no direction, and overlaps 0 with
/// everything.
///
/// # Errors
/// As [`overlap`], but for a zero a; [`InvalidSetting::OutOfRange`] when `max_power` is above 100.
///
/// ```
/// use linear_width::spectral::overlaps_with_powers;
/// use ndarray::array;
///
/// let a = array![1.0, -1.0, 2.0];
/// let o = overlaps_with_powers(array![1.0, 1.0, 4.0].view(), a.view(), 3)?;
/// assert!((o[1] - 1.0).abs() < 1e-15);
/// # Ok::<(), linear_width::InvalidSetting>(())
/// ```
pub fn overlaps_with_powers<T: Scalar>(
    u: ArrayView1<'_, T>,
    a: ArrayView1<'_, T>,
    max_power: usize,
) -> Result<Vec<f64>, InvalidSetting> {
    if max_power > MAX_POWER {
        return Err(InvalidSetting::OutOfRange {
            name: "the highest power",
            value: max_power as f64,
            allowed: "at most 100",
        });
    }
    let u = u.mapv(|x| x.as_f64());
    let mut a = a.mapv(|x| x.as_f64());
    let zero = a.iter().all(|x| *x == 0.0);
    if !zero {
        // one entry is then 1, so that no power vanishes or overflows
        a /= a.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
    }
    let mut power = Array1::from_elem(a.len(), 1.0);
    (1..=max_power)
        .map(|_| {
            if zero {
                return same_length("the second vector", a.len(), u.len()).map(|()| 0.0);
            }
            power *= &a;
            overlap(u.view(), power.view())
        })
        .collect()
}
