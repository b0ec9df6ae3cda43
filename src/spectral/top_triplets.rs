//! The leading singular triplets by a block Krylov method.

use ndarray::{Array2, ArrayView2, Axis, Slice};
use rand_distr::{Distribution, StandardNormal};

use super::{SingularTriplets, SpectralError, thin_svd};
use crate::Scalar;
use crate::error::InvalidSetting;
use crate::linalg::{LinalgError, multiply, product};
use crate::random::{Purpose, stream};

/// How hard [`top_triplets`] tries.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TopTripletsOptions {
    /// Largest residual |W^T u - s v| relative to the largest singular value. Singular values are
    /// then accurate to about the square of it over the gap, vectors to it over the gap.
    /// `None`: 1e-10 in `f64`, 1e-5 in `f32`.
    pub tolerance: Option<f64>,
    /// Largest size of the Krylov basis; an error when it does not suffice. `None`: half of min(N,
    /// d), beyond which the thin SVD is computed instead.
    pub max_basis: Option<usize>,
    /// Seed of the random start block.
    pub seed: u64,
}

/// The `count` largest singular triplets of `weights` (N x d) without a full decomposition.
///
/// A basis of the Krylov space of W^T W (or W W^T, whichever is smaller) is grown from a random
/// block of `count + 2` vectors, kept orthonormal to rounding, and searched by Rayleigh-Ritz until
/// the residuals of all `count` triplets are below the tolerance (Musco & Musco, NIPS 2015; Golub &
/// Van Loan, *Matrix Computations*, chapter 10). When `count` is more than an eighth of min(N, d)
/// the thin SVD is computed instead: it is faster there.
///
/// # Errors
/// [`SpectralError::Invalid`] when `count` is 0 or above min(N, d) or the tolerance is not
/// positive, [`SpectralError::Decomposition`] when the matrix is empty or not finite,
/// [`SpectralError::NotConverged`] when `max_basis` vectors do not suffice.
///
/// ```
/// use linear_width::spectral::{TopTripletsOptions, top_triplets};
/// use ndarray::Array2;
///
/// let w = Array2::from_shape_fn((60, 40), |(i, j)| if i == j { 40.0 - i as f64 } else { 0.0 });
/// let top = top_triplets(w.view(), 3, &TopTripletsOptions::default())?;
/// assert!((top.values[2] - 38.0).abs() < 1e-9);
/// # Ok::<(), linear_width::spectral::SpectralError>(())
/// ```
pub fn top_triplets<T: Scalar>(
    weights: ArrayView2<'_, T>,
    count: usize,
    options: &TopTripletsOptions,
) -> Result<SingularTriplets<T>, SpectralError> {
    let (rows, columns) = weights.dim();
    let available = rows.min(columns);
    if available == 0 {
        return Err(LinalgError::Empty { rows, columns }.into());
    }
    if count == 0 || count > available {
        return Err(InvalidSetting::TripletCount { asked: count, available }.into());
    }
    let default_tolerance = if T::epsilon().as_f64() > 1e-10 { 1e-5 } else { 1e-10 };
    let tolerance = options.tolerance.unwrap_or(default_tolerance);
    if !(tolerance.is_finite() && tolerance > 0.0) {
        return Err(InvalidSetting::OutOfRange {
            name: "the tolerance of the singular triplets",
            value: tolerance,
            allowed: "a finite number above 0",
        }
        .into());
    }
    if !weights.iter().all(|w| w.is_finite()) {
        return Err(LinalgError::NonFinite.into());
    }
    if 8 * count > available {
        return leading_of_full(weights, count);
    }
    if rows < columns {
        let t = krylov(weights.t(), count, tolerance, options)?;
        return Ok(SingularTriplets {
            left: t.right.reversed_axes().as_standard_layout().into_owned(),
            values: t.values,
            right: t.left.reversed_axes().as_standard_layout().into_owned(),
        });
    }
    krylov(weights, count, tolerance, options)
}

/// The leading part of the thin SVD.
fn leading_of_full<T: Scalar>(
    weights: ArrayView2<'_, T>,
    count: usize,
) -> Result<SingularTriplets<T>, SpectralError> {
    let all = thin_svd(weights)?;
    let first = Slice::from(..count);
    Ok(SingularTriplets {
        left: all.left.slice_axis(Axis(1), first).to_owned(),
        values: all.values.slice_axis(Axis(0), first).to_owned(),
        right: all.right.slice_axis(Axis(0), first).to_owned(),
    })
}

/// The method itself, for a matrix with at least as many rows as columns.
fn krylov<T: Scalar>(
    weights: ArrayView2<'_, T>,
    count: usize,
    tolerance: f64,
    options: &TopTripletsOptions,
) -> Result<SingularTriplets<T>, SpectralError> {
    let dimension = weights.ncols();
    let block = count + 2;
    let limit = options.max_basis.unwrap_or(dimension / 2).clamp(block, dimension);
    let mut start = stream(options.seed, Purpose::KrylovStart, 0, 0);
    let mut random = |columns: usize| {
        Array2::from_shape_simple_fn((columns, dimension), || {
            let z: f64 = StandardNormal.sample(&mut start);
            T::of(z)
        })
    };

    // rows of `basis` are orthonormal; `image` = basis W^T
    let mut basis = Array2::<T>::zeros((0, dimension));
    let mut image = Array2::<T>::zeros((0, weights.nrows()));
    let mut next = random(block);
    let mut next_check = 3 * block;
    loop {
        next = orthonormal_to(basis.view(), next, &mut random, limit - basis.nrows());
        let next_image = multiply(next.view(), weights.t());
        append(&mut basis, &next);
        append(&mut image, &next_image);
        let full = basis.nrows() == limit;
        if full || basis.nrows() >= next_check {
            let (triplets, residual) = rayleigh_ritz(weights, &basis, &image, count)?;
            if residual <= tolerance {
                return Ok(triplets);
            }
            if full && options.max_basis.is_none() {
                return leading_of_full(weights, count);
            }
            if full {
                return Err(SpectralError::NotConverged {
                    triplets: count,
                    tolerance,
                    residual,
                    basis: basis.nrows(),
                });
            }
            next_check = basis.nrows() + (basis.nrows() / 4).max(block);
        }
        next = multiply(next_image.view(), weights);
    }
}

fn append<T: Scalar>(rows: &mut Array2<T>, more: &Array2<T>) {
    // both are row-major with the same number of columns, so this cannot fail
    let appended = rows.append(Axis(0), more.view());
    debug_assert!(appended.is_ok());
}

/// The best `count` triplets within the basis and their largest residual relative to s_1.
fn rayleigh_ritz<T: Scalar>(
    weights: ArrayView2<'_, T>,
    basis: &Array2<T>,
    image: &Array2<T>,
    count: usize,
) -> Result<(SingularTriplets<T>, f64), SpectralError> {
    // W restricted to the basis; its own SVD needs no squares, so small values keep their digits
    let mut triplets = leading_of_full(image.t(), count)?;
    triplets.right = multiply(triplets.right.view(), basis.view());

    let mut residual = multiply(triplets.left.t(), weights);
    for ((mut row, right), s) in
        residual.rows_mut().into_iter().zip(triplets.right.rows()).zip(&triplets.values)
    {
        row.scaled_add(-*s, &right);
    }
    let largest = residual
        .rows()
        .into_iter()
        .map(|row| row.iter().map(|x| x.as_f64().powi(2)).sum::<f64>().sqrt())
        .fold(0.0, f64::max);
    let scale = triplets.values[0].as_f64();
    Ok((triplets, if scale > 0.0 { largest / scale } else { 0.0 }))
}

/// At most `room` rows of `block`, made orthonormal to each other and to `basis` by Gram-Schmidt
/// done twice. Rows that lie in the span already are replaced by random ones: the Krylov space is
/// then invariant, and the search goes on outside it.
fn orthonormal_to<T: Scalar>(
    basis: ArrayView2<'_, T>,
    mut block: Array2<T>,
    random: &mut impl FnMut(usize) -> Array2<T>,
    room: usize,
) -> Array2<T> {
    let rows = block.nrows().min(room);
    block = block.slice_axis(Axis(0), Slice::from(..rows)).to_owned();
    normalise(&mut block);
    for _ in 0..2 {
        let overlaps = multiply(block.view(), basis.t());
        product(-T::one(), overlaps.view(), basis, T::one(), block.view_mut());
    }
    let lost = T::of(100.0) * T::epsilon();
    for row in 0..rows {
        let mut candidate = block.row(row).to_owned();
        loop {
            for _ in 0..2 {
                for done in 0..row {
                    let overlap = block.row(done).dot(&candidate);
                    candidate.scaled_add(-overlap, &block.row(done));
                }
            }
            let norm = candidate.dot(&candidate).sqrt();
            if norm > lost {
                candidate /= norm;
                break;
            }
            let mut fresh = random(1);
            normalise(&mut fresh);
            for _ in 0..2 {
                let overlaps = multiply(fresh.view(), basis.t());
                product(-T::one(), overlaps.view(), basis, T::one(), fresh.view_mut());
            }
            candidate = fresh.row(0).to_owned();
        }
        block.row_mut(row).assign(&candidate);
    }
    block
}

fn normalise<T: Scalar>(block: &mut Array2<T>) {
    for mut row in block.rows_mut() {
        let norm = row.dot(&row).sqrt();
        if norm > T::zero() {
            row /= norm;
        }
    }
}
