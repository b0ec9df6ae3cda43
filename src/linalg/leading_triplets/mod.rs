//! The leading singular triplets by a block Krylov method (Musco & Musco, NIPS 2015; Golub & Van
//! Loan, *Matrix Computations*, chapter 10).
//!
//! A basis of the Krylov space of W^T W is grown from a random block, kept orthonormal to rounding
//! ([`krylov_space`], [`orthonormal`]), and searched by Rayleigh-Ritz. The triplets of W itself
//! within the vectors found are the result when their residuals are small ([`ritz`]). Triplets that
//! rounding in W^T W hides are searched for in the complement of the large ones ([`deflated`]).

mod deflated;
mod krylov_space;
mod operator;
mod orthonormal;
mod ritz;

use ndarray::{Array1, Array2, ArrayView2, Axis, concatenate};
use rand_distr::{Distribution, StandardNormal};

use self::deflated::{Deflated, hiding};
use self::krylov_space::{KrylovSpace, Schedule};
use self::operator::HostMatrix;
pub(crate) use self::operator::Operator;
use self::orthonormal::orthonormal_to;
use self::ritz::triplets_within;
use super::element::{Element, multiply};
use super::error::{Fallible, SpectralError, nonempty};
use super::normal_product::vectors_at_once;
use super::scale::{is_double, scaled_back};
use super::triplets::SingularTriplets;
use crate::error::{InvalidSetting, in_range};
use crate::random::{Purpose, stream};

/// [`leading_triplets`](crate::spectral::leading_triplets) whose residuals are at most `tolerance` s_1
/// (`None`: 1e-10 in `f64`, 1e-5 in `f32`). With `max_basis`, a larger basis is an error; without, the
/// thin SVD is computed when the basis would hold more than half of d vectors.
pub(super) fn leading_triplets<T: Element>(
    weights: ArrayView2<'_, T>,
    count: usize,
    tolerance: Option<f64>,
    max_basis: Option<usize>,
) -> Fallible<SingularTriplets<T>> {
    leading_triplets_of(&HostMatrix::new(&weights), count, tolerance, max_basis)
}

/// [`leading_triplets`] of a matrix that may be kept anywhere.
pub(crate) fn leading_triplets_of<T: Element>(
    weights: &impl Operator<T>,
    count: usize,
    tolerance: Option<f64>,
    max_basis: Option<usize>,
) -> Fallible<SingularTriplets<T>> {
    let (rows, columns) = weights.dim();
    nonempty((rows, columns))?;
    let available = rows.min(columns);
    if count == 0 || count > available {
        return Err(InvalidSetting::TripletCount { asked: count, available }.into());
    }
    let tolerance = tolerance.unwrap_or(if is_double::<T>() { 1e-10 } else { 1e-5 });
    let name = "the tolerance of the singular triplets";
    in_range(name, tolerance, tolerance > 0.0, "a finite number above 0")?;
    // powers of the entries could overflow or vanish; also refuses entries that are not finite
    if let Some((tame, e)) = weights.rescaled()? {
        let mut triplets = leading_triplets_of(&tame, count, Some(tolerance), max_basis)?;
        triplets.singular_values = scaled_back(triplets.singular_values, e)?;
        return Ok(triplets);
    }
    if 8 * count > available {
        return Ok(weights.svd()?.first(count));
    }
    // more vectors need fewer passes over W, but a larger basis
    let block = vectors_at_once::<T>();
    search(&Deflated::new(weights), block, count, tolerance, max_basis)
}

/// Grows a Krylov space from `block` vectors until it holds the unknown ones among the `count`
/// leading triplets. It begins again with more vectors when these may be too few for the
/// multiplicities found, and without the leading triplets when these hide the others.
fn search<T: Element>(
    matrix: &Deflated<'_, impl Operator<T>, T>,
    block: usize,
    count: usize,
    tolerance: f64,
    max_basis: Option<usize>,
) -> Fallible<SingularTriplets<T>> {
    let weights = matrix.weights;
    let (_, dimension) = weights.dim();
    let wanted = count - matrix.known();
    let least = block.max(count).min(dimension);
    let limit = max_basis.unwrap_or(dimension / 2).clamp(least, dimension);
    let mut start = stream(0, Purpose::KrylovStart, 0, 0);
    let mut random = |rows: usize| {
        let normal = || T::of(StandardNormal.sample(&mut start));
        let mut random = Array2::from_shape_simple_fn((rows, dimension), normal);
        matrix.project(&mut random);
        random
    };

    let mut space = KrylovSpace::new(random(block));
    let mut schedule = Schedule::new(wanted);
    loop {
        let room = limit - space.size();
        let next = orthonormal_to(&space.basis, space.outside.clone(), &mut random, room);
        space.extend(&next, matrix.normal_product(&next)?);
        let full = space.size() == limit;
        if !full && space.size() < schedule.next {
            continue;
        }
        let (coefficients, estimate) = space.leading(wanted)?;
        schedule.plan(space.size(), block, estimate, tolerance);
        if !full && estimate > tolerance {
            continue;
        }
        let found = multiply(coefficients.t(), space.basis.view());
        let vectors = concatenate![Axis(0), matrix.right, found];
        let (triplets, residuals) = triplets_within(weights, &vectors, tolerance)?;
        let residual = residuals.iter().copied().fold(0.0, f64::max);
        if residual <= tolerance {
            if block < count && may_hide_copies(&triplets.singular_values, block, tolerance) {
                let enough = count.next_multiple_of(block);
                return search(&Deflated::new(weights), enough, count, tolerance, max_basis);
            }
            return Ok(triplets);
        }
        let hiding = hiding(&triplets.singular_values, &residuals, tolerance);
        if estimate <= tolerance && residual > 2.0 * tolerance && hiding > matrix.known() {
            return search(&matrix.without(&triplets, hiding), block, count, tolerance, max_basis);
        }
        if full && max_basis.is_none() {
            return Ok(weights.svd()?.first(count));
        }
        if full {
            return Err(SpectralError::NotConverged {
                triplets: count,
                tolerance,
                residual,
                basis: space.size(),
            });
        }
    }
}

/// Whether a value could have more copies than a Krylov space grown from `block` vectors holds, so
/// that a smaller value was returned in the place of one of them.
fn may_hide_copies<T: Element>(values: &Array1<T>, block: usize, tolerance: f64) -> bool {
    let value = |i: usize| values[i].as_f64();
    let resolution = 10.0 * tolerance * value(0);
    (block..values.len()).any(|i| value(i - block) - value(i - 1) <= resolution)
}
