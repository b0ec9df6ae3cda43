//! The leading singular triplets by a block Krylov method.

use ndarray::{Array1, Array2, ArrayView2, Axis, Slice};
use rand_distr::{Distribution, StandardNormal};

use super::{SingularTriplets, SpectralError, thin_svd};
use crate::Scalar;
use crate::error::InvalidSetting;
use crate::linalg::{
    LinalgError, image_and_normal_product, multiply, normal_product, rescaled, scaled_back,
    symmetric_eigen, vectors_at_once,
};
use crate::random::{Purpose, stream};

/// How hard [`leading_triplets`] tries.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LeadingTripletsOptions {
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
/// A basis of the Krylov space of W^T W is grown from a random block of four vectors (`f32`:
/// eight), kept orthonormal to rounding, and searched by Rayleigh-Ritz; the triplets are then
/// those of W itself within the vectors found, and are returned when all residuals |W^T u - s v|
/// are below the tolerance (Musco & Musco, NIPS 2015; Golub & Van Loan, *Matrix Computations*,
/// chapter 10). W is read once for every block of the basis and once for the triplets; twice for
/// these when s_1 / s_count is so large that rounding in W^T W v / s, from which the residuals
/// then come, would reach a quarter of the tolerance. When rounding in W^T W hides the small
/// triplets from the search (s_1 / s_count above about 1e5 in `f64`), it begins again in the
/// complement of the large ones, with two readings of W for a block. A Krylov space holds no more copies of a
/// singular value than its block has vectors: when so many of the values found are equal within
/// ten tolerances, and not the last ones, the search is repeated with a block of at least `count`.
/// When `count` is more than an eighth of min(N, d), or the basis grows to its limit, the thin SVD
/// is computed instead.
///
/// # Errors
/// [`SpectralError::Invalid`] when `count` is 0 or above min(N, d) or the tolerance is not
/// positive, [`SpectralError::Decomposition`] when the matrix is empty or not finite,
/// [`SpectralError::NotConverged`] when `max_basis` vectors do not suffice.
///
/// ```
/// use linear_width::spectral::{LeadingTripletsOptions, leading_triplets};
/// use ndarray::Array2;
///
/// let w = Array2::from_shape_fn((60, 40), |(i, j)| if i == j { 40.0 - i as f64 } else { 0.0 });
/// let top = leading_triplets(w.view(), 3, &LeadingTripletsOptions::default())?;
/// assert!((top.values[2] - 38.0).abs() < 1e-9);
/// # Ok::<(), linear_width::spectral::SpectralError>(())
/// ```
pub fn leading_triplets<T: Scalar>(
    weights: ArrayView2<'_, T>,
    count: usize,
    options: &LeadingTripletsOptions,
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
    // entries whose powers overflow or vanish; also refuses those that are not finite
    if let Some((tame, e)) = rescaled(weights)? {
        let mut triplets = leading_triplets(tame.view(), count, options)?;
        triplets.values = scaled_back(triplets.values, e)?;
        return Ok(triplets);
    }
    if 8 * count > available {
        return leading_of_full(weights, count);
    }
    // the kernel of W^T W wants rows that lie side by side
    let weights = weights.as_standard_layout();
    // More vectors need fewer passes over W, but a larger basis, and no longer wait for memory.
    krylov(&Deflated::new(weights.view()), vectors_at_once::<T>(), count, tolerance, options)
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

/// Whether a value could have more copies than a Krylov space grown from `block` vectors holds, so
/// that a smaller value stands in the place of one of them.
fn may_hide_copies<T: Scalar>(values: &Array1<T>, block: usize, tolerance: f64) -> bool {
    let value = |i: usize| values[i].as_f64();
    let resolution = 10.0 * tolerance * value(0);
    (block..values.len()).any(|i| value(i - block) - value(i - 1) <= resolution)
}

/// W without some of its leading triplets, and these.
struct Deflated<'a, T> {
    weights: ArrayView2<'a, T>,
    /// Left vectors, rows (k x N).
    left: Array2<T>,
    /// Right vectors, rows (k x d).
    right: Array2<T>,
}

impl<'a, T: Scalar> Deflated<'a, T> {
    /// Nothing is taken away yet.
    fn new(weights: ArrayView2<'a, T>) -> Self {
        let (rows, columns) = weights.dim();
        Self { weights, left: Array2::zeros((0, rows)), right: Array2::zeros((0, columns)) }
    }

    /// How many triplets are taken away.
    fn known(&self) -> usize {
        self.right.nrows()
    }

    /// V W^T W for row vectors V without the known triplets. These are taken away after W and after
    /// W^T: rounding errors of size s_1^2 become such of s_1 s_k.
    fn normal_product(&self, v: &Array2<T>) -> Array2<T> {
        if self.known() == 0 {
            return normal_product(self.weights, v);
        }
        let mut image = multiply(v.view(), self.weights.t());
        subtract(&overlaps(&image, &self.left), self.left.view(), &mut image);
        let mut product = multiply(image.view(), self.weights);
        self.project(&mut product);
        product
    }

    /// Takes the known right vectors away from the rows.
    fn project(&self, rows: &mut Array2<T>) {
        subtract(&overlaps(rows, &self.right), self.right.view(), rows);
    }

    /// The same matrix without `count` leading `triplets`.
    fn without(&self, triplets: &SingularTriplets<T>, count: usize) -> Self {
        let first = Slice::from(..count);
        Self {
            weights: self.weights,
            left: triplets.left.slice_axis(Axis(1), first).t().as_standard_layout().into_owned(),
            right: triplets.right.slice_axis(Axis(0), first).to_owned(),
        }
    }
}

/// How many leading triplets are so far above the last one that they hide it: their rounding errors
/// in W^T W are larger than it. They are themselves known well.
fn hiding<T: Scalar>(values: &Array1<T>, residuals: &[f64], tolerance: f64) -> usize {
    let last = values[values.len() - 1].as_f64();
    let hides =
        |(s, residual): &(&T, &f64)| s.as_f64() > 30.0 * last && **residual < tolerance / 10.0;
    values.iter().zip(residuals).take_while(hides).count()
}

/// The method itself: grows a Krylov space from `block` vectors until it holds those of `count`
/// triplets that are not known. It begins again with more vectors when these may be too few for the
/// multiplicities found, and without the leading triplets when these hide the others.
fn krylov<T: Scalar>(
    matrix: &Deflated<'_, T>,
    block: usize,
    count: usize,
    tolerance: f64,
    options: &LeadingTripletsOptions,
) -> Result<SingularTriplets<T>, SpectralError> {
    let (weights, dimension) = (matrix.weights, matrix.weights.ncols());
    let wanted = count - matrix.known();
    let least = block.max(count).min(dimension);
    let limit = options.max_basis.unwrap_or(dimension / 2).clamp(least, dimension);
    let mut start = stream(options.seed, Purpose::KrylovStart, 0, 0);
    let mut random = |rows: usize| {
        let mut random = Array2::from_shape_simple_fn((rows, dimension), || {
            let z: f64 = StandardNormal.sample(&mut start);
            T::of(z)
        });
        matrix.project(&mut random);
        random
    };

    let mut space = KrylovSpace::new(random(block));
    let mut schedule = Schedule { next: FIRST_LOOK.max(2 * wanted), last: None };
    loop {
        let room = limit - space.size();
        let next = orthonormal_to(&space.basis, space.outside.clone(), &mut random, room);
        space.extend(&next, matrix.normal_product(&next));
        let full = space.size() == limit;
        if !full && space.size() < schedule.next {
            continue;
        }
        let (coefficients, estimate) = space.leading(wanted)?;
        schedule.plan(space.size(), block, estimate, tolerance);
        if !full && estimate > tolerance {
            continue;
        }
        let mut vectors = matrix.right.clone();
        let found = multiply(coefficients.t(), space.basis.view());
        // both have as many columns, so this cannot fail
        let appended = vectors.append(Axis(0), found.view());
        debug_assert!(appended.is_ok());
        let (triplets, residuals) = refined(weights, &vectors, tolerance)?;
        let residual = residuals.iter().copied().fold(0.0, f64::max);
        if residual <= tolerance {
            if block < count && may_hide_copies(&triplets.values, block, tolerance) {
                let enough = count.next_multiple_of(block);
                return krylov(&Deflated::new(weights), enough, count, tolerance, options);
            }
            return Ok(triplets);
        }
        let hiding = hiding(&triplets.values, &residuals, tolerance);
        if estimate <= tolerance && residual > 2.0 * tolerance && hiding > matrix.known() {
            return krylov(&matrix.without(&triplets, hiding), block, count, tolerance, options);
        }
        if full && options.max_basis.is_none() {
            return leading_of_full(weights, count);
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

/// Size of the basis when convergence is looked at first.
const FIRST_LOOK: usize = 64;

/// When to look at convergence next.
struct Schedule {
    next: usize,
    /// Size of the basis and estimate at the last look.
    last: Option<(usize, f64)>,
}

impl Schedule {
    /// Looks again where the residual meets the tolerance if it goes on falling as it did, but not
    /// after more than a quarter of the size: it falls faster and faster, and a look costs no more
    /// than one or two blocks.
    fn plan(&mut self, size: usize, block: usize, estimate: f64, tolerance: f64) {
        let quarter = block.max(size / 4);
        let rate = self.last.map(|(then, before)| (before / estimate).ln() / (size - then) as f64);
        let way = match rate {
            Some(rate) if rate > 0.0 => (estimate / tolerance).ln() / rate,
            _ => quarter as f64,
        };
        self.next = size + (way as usize).clamp(block, quarter);
        self.last = Some((size, estimate));
    }
}

/// Orthonormal rows Q, and Q W^T W Q^T, which is block tridiagonal.
struct KrylovSpace<T> {
    basis: Array2<T>,
    /// The blocks of the diagonal.
    diagonal: Vec<Array2<T>>,
    /// The blocks below the diagonal.
    below: Vec<Array2<T>>,
    /// What the last block's image has outside the space; before the first block, the start.
    outside: Array2<T>,
}

impl<T: Scalar> KrylovSpace<T> {
    fn new(start: Array2<T>) -> Self {
        let basis = Array2::zeros((0, start.ncols()));
        Self { basis, diagonal: Vec::new(), below: Vec::new(), outside: start }
    }

    fn size(&self) -> usize {
        self.basis.nrows()
    }

    /// Adds a block of rows with its image under W^T W, which lies in the span of the last two
    /// blocks and of what comes next.
    fn extend(&mut self, rows: &Array2<T>, mut image: Array2<T>) {
        let diagonal = overlaps(rows, &image);
        subtract(&diagonal, rows.view(), &mut image);
        if self.size() > 0 {
            let below = overlaps(rows, &self.outside);
            let last = Slice::from(self.size() - below.ncols()..);
            subtract(&below, self.basis.slice_axis(Axis(0), last), &mut image);
            self.below.push(below);
        }
        self.diagonal.push(diagonal);
        self.outside = image;
        // both are row-major with the same number of columns, so this cannot fail
        let appended = self.basis.append(Axis(0), rows.view());
        debug_assert!(appended.is_ok());
    }

    /// The lower triangle of Q W^T W Q^T.
    fn projected(&self) -> Array2<T> {
        let mut projected = Array2::zeros((self.size(), self.size()));
        let mut put = |row: usize, column: usize, block: &Array2<T>| {
            let rows = Slice::from(row..row + block.nrows());
            let columns = Slice::from(column..column + block.ncols());
            let mut target = projected.slice_axis_mut(Axis(0), rows);
            target.slice_axis_mut(Axis(1), columns).assign(block);
        };
        let mut first = 0;
        for (i, block) in self.diagonal.iter().enumerate() {
            put(first, first, block);
            if let Some(below) = self.below.get(i) {
                put(first + block.nrows(), first, below);
            }
            first += block.nrows();
        }
        projected
    }

    /// The `count` leading Ritz vectors (columns, in terms of the basis), and an estimate of their
    /// largest residual as singular vectors, relative to the largest singular value: in exact
    /// arithmetic only `outside` is not in the span of Q.
    fn leading(&self, count: usize) -> Result<(Array2<T>, f64), SpectralError> {
        let (values, vectors) = symmetric_eigen(self.projected())?;
        let leading = Slice::from(self.size() - count.min(self.size())..);
        let mut vectors = vectors.slice_axis(Axis(1), leading);
        vectors.invert_axis(Axis(1));
        let last = Slice::from(self.size() - self.outside.nrows()..);
        let residuals = multiply(vectors.slice_axis(Axis(0), last).t(), self.outside.view());
        let values: Vec<f64> =
            values.iter().rev().map(|x| x.as_f64().max(0.0).sqrt()).take(count).collect();
        let estimate = residuals
            .rows()
            .into_iter()
            .zip(&values)
            .map(|(row, value)| {
                let norm = row.iter().map(|x| x.as_f64().powi(2)).sum::<f64>().sqrt();
                // for a value that vanishes the residual is the root
                if *value > norm.sqrt() { norm / value } else { norm.sqrt() }
            })
            .fold(0.0, f64::max);
        let largest = values.first().copied().unwrap_or(0.0);
        Ok((vectors.to_owned(), if largest > 0.0 { estimate / largest } else { 0.0 }))
    }
}

/// The singular triplets of W within the span of the orthonormal rows `vectors`, and their
/// residuals |W^T u - s v| relative to s_1. W itself is used, not its square: small values keep their
/// digits.
fn refined<T: Scalar>(
    weights: ArrayView2<'_, T>,
    vectors: &Array2<T>,
    tolerance: f64,
) -> Result<(SingularTriplets<T>, Vec<f64>), SpectralError> {
    let (image, square) = image_and_normal_product(weights, vectors);
    let mut triplets = thin_svd(image.t())?;
    let rotation = triplets.right;
    triplets.right = multiply(rotation.view(), vectors.view());

    // W^T u is a row of `rotation` W^T W divided by s, without reading W again; so is the rounding error
    let [first, last] = [0, triplets.values.len() - 1].map(|i| triplets.values[i].as_f64());
    let rounding = T::epsilon().as_f64() * first / last;
    let adjoint = if rounding <= tolerance / 4.0 {
        let mut adjoint = multiply(rotation.view(), square.view());
        for (mut row, s) in adjoint.rows_mut().into_iter().zip(&triplets.values) {
            row /= *s;
        }
        adjoint
    } else {
        multiply(triplets.left.t(), weights)
    };
    let residuals = residuals(adjoint, &triplets);
    Ok((triplets, residuals))
}

/// The norms of W^T u - s v, relative to s_1, where the rows of `adjoint` are W^T u.
fn residuals<T: Scalar>(mut adjoint: Array2<T>, triplets: &SingularTriplets<T>) -> Vec<f64> {
    let scale = triplets.values[0].as_f64();
    let right_and_value = triplets.right.rows().into_iter().zip(&triplets.values);
    let rows = adjoint.rows_mut().into_iter().zip(right_and_value);
    rows.map(|(mut row, (right, s))| {
        row.scaled_add(-*s, &right);
        let norm = row.iter().map(|x| x.as_f64().powi(2)).sum::<f64>().sqrt();
        if scale > 0.0 { norm / scale } else { 0.0 }
    })
    .collect()
}

/// Scalar products of the rows of `a` with those of `b`. For a few rows these are faster one by one
/// than as a product of matrices.
fn overlaps<T: Scalar>(a: &Array2<T>, b: &Array2<T>) -> Array2<T> {
    Array2::from_shape_fn((a.nrows(), b.nrows()), |(i, j)| a.row(i).dot(&b.row(j)))
}

/// from <- from - coefficients rows, for a few rows.
fn subtract<T: Scalar>(coefficients: &Array2<T>, rows: ArrayView2<'_, T>, from: &mut Array2<T>) {
    for (mut from, coefficients) in from.rows_mut().into_iter().zip(coefficients.rows()) {
        for (row, coefficient) in rows.rows().into_iter().zip(coefficients) {
            from.scaled_add(-*coefficient, &row);
        }
    }
}

/// At most `room` rows of `block`, made orthonormal to each other and to `basis`. They are
/// orthogonal to `basis` but for rounding, so that taking away what is left once suffices ("twice
/// is enough"; Parlett, *The Symmetric Eigenvalue Problem*, section 6.9). Rows that lie in the span
/// already are replaced by random ones: the Krylov space is then invariant, and the search goes on
/// outside it.
fn orthonormal_to<T: Scalar>(
    basis: &Array2<T>,
    mut block: Array2<T>,
    random: &mut impl FnMut(usize) -> Array2<T>,
    room: usize,
) -> Array2<T> {
    let rows = block.nrows().min(room);
    block = block.slice_axis(Axis(0), Slice::from(..rows)).to_owned();
    let mut norms = reorthogonalised(basis, &mut block);
    let lost = T::of(100.0) * T::epsilon();
    for row in 0..rows {
        let mut candidate = block.row(row).to_owned();
        loop {
            // what remained after the first time was rounding error if the second takes much away
            if norms[row] > T::of(0.5) {
                for _ in 0..2 {
                    for done in 0..row {
                        let overlap = block.row(done).dot(&candidate);
                        candidate.scaled_add(-overlap, &block.row(done));
                    }
                }
                let norm = candidate.dot(&candidate).sqrt();
                if norm > lost {
                    candidate /= norm;
                    if norm > T::of(0.1) {
                        break;
                    }
                    // what was left of the basis has grown beside the rest
                    let mut again = candidate.insert_axis(Axis(0));
                    norms[row] = reorthogonalised(basis, &mut again)[0];
                    candidate = again.remove_axis(Axis(0));
                    continue;
                }
            }
            let mut fresh = random(1);
            fresh -= &normal_product(basis.view(), &fresh);
            norms[row] = reorthogonalised(basis, &mut fresh)[0];
            candidate = fresh.row(0).to_owned();
        }
        block.row_mut(row).assign(&candidate);
    }
    block
}

/// Normalises the rows, takes their part in the span of `basis` away, and returns the norms that
/// are left.
fn reorthogonalised<T: Scalar>(basis: &Array2<T>, block: &mut Array2<T>) -> Array1<T> {
    for mut row in block.rows_mut() {
        let norm = row.dot(&row).sqrt();
        if norm > T::zero() {
            row /= norm;
        }
    }
    *block -= &normal_product(basis.view(), block);
    block.rows().into_iter().map(|row| row.dot(&row).sqrt()).collect()
}
