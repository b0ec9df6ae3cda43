//! Full decompositions in a unit in which the backend is accurate, sorted.

use ndarray::{Array1, Array2, ArrayView2, Axis};

use super::scale::{PowerOfTwo, exponent, extent, rescaled, scaled_back};
use super::{Element, SingularTriplets, SpectralError, backend};

/// All min(rows, columns) singular values, largest first.
pub(super) fn singular_values<T: backend::Entry>(
    a: ArrayView2<'_, T>,
) -> Result<Array1<T>, SpectralError> {
    let values = match rescaled(a)? {
        None => backend::singular_values(a)?,
        Some((tame, e)) => scaled_back(backend::singular_values(tame.view())?, e)?,
    };
    let order = decreasing(&values);
    Ok(values.select(Axis(0), &order))
}

/// The thin singular value decomposition.
pub(super) fn thin_svd<T: backend::Entry>(
    a: ArrayView2<'_, T>,
) -> Result<SingularTriplets<T>, SpectralError> {
    let svd = match rescaled(a)? {
        None => backend::thin_svd(a)?,
        Some((tame, e)) => {
            let mut svd = backend::thin_svd(tame.view())?;
            svd.singular_values = scaled_back(svd.singular_values, e)?;
            svd
        }
    };
    if svd.singular_values.windows(2).into_iter().all(|pair| pair[0] >= pair[1]) {
        return Ok(svd);
    }
    let order = decreasing(&svd.singular_values);
    Ok(SingularTriplets {
        left: svd.left.select(Axis(1), &order),
        singular_values: svd.singular_values.select(Axis(0), &order),
        right: svd.right.select(Axis(0), &order),
    })
}

/// The order in which the values decrease: `faer` leaves values near rounding error unsorted.
fn decreasing<T: Element>(values: &Array1<T>) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|i, j| values[*j].as_f64().total_cmp(&values[*i].as_f64()));
    order
}

/// Eigenvalues (increasing) and, if wanted, eigenvectors of a symmetric matrix. Its largest entry is
/// first brought between 1 and 2, because `faer` is accurate only near there (docs/faer-report.md).
pub(super) fn symmetric_eigen<T: backend::Entry>(
    mut a: Array2<T>,
    vectors: bool,
) -> Result<(Array1<T>, Array2<T>), SpectralError> {
    let (rows, columns) = a.dim();
    if rows == 0 {
        return Err(SpectralError::Empty { rows, columns });
    }
    let lower = a.rows().into_iter().enumerate();
    let largest = extent(lower.flat_map(|(i, row)| row.into_iter().take(i + 1)))?;
    let e = if largest == 0.0 { 0 } else { exponent(largest) };
    let factor = PowerOfTwo::new(-e);
    a.mapv_inplace(|x| T::of(factor.times(x.as_f64())));
    let (values, vectors) = backend::symmetric_eigen(a, vectors)?;
    Ok((scaled_back(values, e)?, vectors))
}
