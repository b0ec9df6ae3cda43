//! The spikes of W_2 at leading order, given the data: Taylor's series in the first step.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

use crate::activation::Activation;
use crate::data::{Batch, Tile, tiles};
use crate::error::{InvalidSetting, finite, has_columns, in_range, nonnegative, nonzero};
use crate::linalg::{Element, multiply};
use crate::numerics::graded::left_singular;
use crate::numerics::{exponent, times_power};

/// The quadrature does not reach the Hermite coefficients of later terms.
const MAX_TERMS: usize = 50;

/// The vectors of W_2 = W_0 + sum_k u_k v_k^T + ..., k = 0, ..., K - 1, for given data
/// (docs/theory.md, eqs. (2.6) and (2.7)).
///
/// With beta_1 = X_1^T y_1 / n_1 (length d) and entrywise powers written o k,
///
/// - u_k = a^{o(k+1)}, of length N and norm of order N^(-k/2);
/// - v_k = eta_2 eta_1^k (k+1) c_{k+1} c_1^k X_2^T (y_2 o (X_2 beta_1)^{ok}) / n_2, of length d and
///   norm of order eta_2 eta_1^k; v_0 also carries eta_1 c_1 beta_1.
///
/// This is the leading order of the two steps in mean-field scaling, for Gaussian inputs and rows
/// of W_0 of norm about 1. It leaves out the output of the network in the second residual (a term of
/// size N^(alpha_1 + alpha_2 - 1/2) with left vector a) and the part of the first gradient that is
/// not of rank one (docs/theory.md, section 4). As N grows, the measured singular values approach
/// the term k = 0 and, with independent batches and centred labels, k = 1, slowly, by powers of
/// N^(alpha_1 - 1/2); all other terms are right in order only.
///
/// ```
/// use linear_width::activation::Tanh;
/// use linear_width::data::{GeneratedBatch, Link, Target};
/// use linear_width::theory::ConditionalSpikes;
/// use ndarray::{Array1, Array2};
///
/// let (width, dimension, samples) = (40, 20, 60);
/// let target = Target::single_index(Link::hermite([0.0, 1.0]));
/// let first = GeneratedBatch::new(&target, dimension, samples, 7)?;
/// let second = first.clone().with_index(1);
/// let a = Array1::from_shape_fn(width, |j| if j % 2 == 0 { 0.1 } else { -0.2 });
/// let sigma = Tanh { scale: 2.0, shift: 0.5 };
/// let spikes = ConditionalSpikes::new(&sigma, a.view(), [3.0, 5.0], &first, &second, 2)?;
/// assert_eq!((spikes.left().dim(), spikes.right().dim()), ((width, 2), (2, dimension)));
/// let mut first_layer = Array2::zeros((width, dimension)); // W_0
/// spikes.add_to(&mut first_layer)?;
/// assert!(spikes.singular_values()[1] > 0.0);
/// # Ok::<(), linear_width::InvalidSetting>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ConditionalSpikes {
    left: Array2<f64>,
    right: Array2<f64>,
    beta_1: Array1<f64>,
}

impl ConditionalSpikes {
    /// The first `terms` terms (k = 0, ..., `terms` - 1; at most 50) for the second layer
    /// `second_layer` (a, of length N, norm about 1), the step sizes `etas` = \[eta_1, eta_2\] and
    /// the batches of the two steps (n_1 x d and n_2 x d), read tile by tile and not stored; for a
    /// reused batch give the same one twice.
    ///
    /// As N grows, only the first [`OutlierCount::total`](super::OutlierCount::total) terms do not
    /// vanish. The mean c_0 of the activation plays no role.
    ///
    /// # Errors
    /// [`InvalidSetting`] when a size is 0, `terms` is not between 1 and 50, a step size is negative or
    /// not finite, the batches differ in dimension, the second layer or a resulting vector is not
    /// finite or too small for its digits, or the activation cannot be integrated.
    pub fn new(
        activation: &impl Activation,
        second_layer: ArrayView1<'_, f64>,
        etas: [f64; 2],
        first_batch: &dyn Batch,
        second_batch: &dyn Batch,
        terms: usize,
    ) -> Result<Self, InvalidSetting> {
        nonnegative("the step size eta_1", etas[0])?;
        nonnegative("the step size eta_2", etas[1])?;
        let listed = (1..=MAX_TERMS).contains(&terms);
        in_range("the number of terms", terms as f64, listed, "between 1 and 50")?;
        nonzero("width", second_layer.len())?;
        finite("the second layer", second_layer.iter())?;
        for batch in [first_batch, second_batch] {
            nonzero("samples", batch.samples())?;
            nonzero("dimension", batch.dimension())?;
        }
        let shape = (second_batch.samples(), second_batch.dimension());
        has_columns("the second batch", shape, first_batch.dimension())?;
        let c = activation
            .hermite_coefficients(terms)
            .map_err(InvalidSetting::function(activation.name()))?;

        let left = Array2::from_shape_fn((second_layer.len(), terms), |(j, k)| {
            second_layer[j].powi(k as i32 + 1)
        });
        finite("the powers of the second layer", left.iter())?;

        let beta_1 = moments(first_batch, 1, |_, y| y.to_owned().insert_axis(Axis(0)))?;
        let beta_1 = beta_1.remove_axis(Axis(0));
        finite("beta_1 = X_1^T y_1 / n of the first batch", beta_1.iter())?;

        let column = beta_1.view().insert_axis(Axis(1));
        let mut right = moments(second_batch, terms, |x, y| {
            // a_j times eta_1 c_1 <beta_1, x_i> is what the first step added to <w_j, x_i>
            let shift = etas[0] * c[1] * multiply(x, column);
            Array2::from_shape_fn((terms, y.len()), |(k, i)| y[i] * shift[[i, 0]].powi(k as i32))
        })?;
        for (k, mut row) in right.rows_mut().into_iter().enumerate() {
            row *= etas[1] * (k + 1) as f64 * c[k + 1];
            if k == 0 {
                row.scaled_add(etas[0] * c[1], &beta_1);
            }
        }
        finite("a right vector v_k", right.iter())?;
        let spikes = Self { left, right, beta_1 };
        spikes.check_digits(second_layer)?;
        Ok(spikes)
    }

    /// Checks that no vector has lost its digits by being too small, unless its partner is so small
    /// that this is not seen beside the first term.
    fn check_digits(&self, second_layer: ArrayView1<'_, f64>) -> Result<(), InvalidSetting> {
        let largest = |numbers: ArrayView1<'_, f64>| numbers.fold(0.0_f64, |m, x| m.max(x.abs()));
        let first = largest(self.left.column(0)) * largest(self.right.row(0));
        let check = |name, value: f64, partner: f64| {
            let allowed = "2.3e-308 or more: ask for fewer terms, or larger layers, steps or data";
            let seen = f64::MIN_POSITIVE * partner > f64::EPSILON * first;
            in_range(name, value, value.is_normal() || !seen, allowed)
        };
        for (u, v) in self.left.columns().into_iter().zip(self.right.rows()) {
            let (u, v) = (largest(u), largest(v));
            if largest(second_layer) > 0.0 {
                check("the largest entry of a power of the second layer", u, v)?;
            }
            if v > 0.0 {
                check("the largest entry of a right vector v_k", v, u)?;
            }
        }
        Ok(())
    }

    /// The left vectors u_k = a^{o(k+1)}, one per column (N x K).
    pub fn left(&self) -> &Array2<f64> {
        &self.left
    }

    /// The right vectors v_k, one per row (K x d).
    pub fn right(&self) -> &Array2<f64> {
        &self.right
    }

    /// beta_1 = X_1^T y_1 / n_1 (length d), which the first step learns.
    pub fn beta_1(&self) -> &Array1<f64> {
        &self.beta_1
    }

    /// The number K of terms.
    pub fn terms(&self) -> usize {
        self.right.nrows()
    }

    /// The K singular values of sum_k u_k v_k^T, largest first, 0 up to rounding beyond its rank:
    /// the spikes without the bulk of W_0, which moves them
    /// ([`SpikedMatrix`](crate::rmt::SpikedMatrix)).
    ///
    /// Terms of very different size keep their relative accuracy: the unit left vectors are
    /// orthonormalised in order of decreasing |u_k| |v_k|, and the remaining rows by Jacobi rotations
    /// (Demmel et al., Linear Algebra Appl. 299, 1999).
    pub fn singular_values(&self) -> Array1<f64> {
        let mut terms: Vec<_> = (self.left.columns().into_iter().zip(self.right.rows()))
            .filter_map(|(u, v)| Some((normalised(u)?, normalised(v)?)))
            .map(|((u, size_u, e_u), (v, size_v, e_v))| (u, v, size_u * size_v, e_u + e_v))
            .collect();
        // sizes in the unit of the largest, so that no product of two overflows or vanishes
        let e = terms.iter().map(|term| term.3).max().unwrap_or(0);
        terms.iter_mut().for_each(|term| term.2 = times_power(term.2, term.3 - e));
        terms.sort_by(|a, b| b.2.total_cmp(&a.2));

        // sum_k u_k v_k^T = sum_i q_i rows_i^T with orthonormal q_i
        let (mut orthonormal, mut rows) = (Vec::<Array1<f64>>::new(), Vec::<Array1<f64>>::new());
        for (mut rest, mut v, size, _) in terms {
            v *= size;
            for _ in 0..2 {
                for (q, row) in orthonormal.iter().zip(&mut rows) {
                    let overlap = q.dot(&rest);
                    rest.scaled_add(-overlap, q);
                    row.scaled_add(overlap, &v);
                }
            }
            let length = rest.dot(&rest).sqrt();
            if length > 100.0 * f64::EPSILON {
                orthonormal.push(rest / length);
                rows.push(v * length);
            }
        }
        let shape = (self.right.ncols(), rows.len());
        let columns = Array2::from_shape_fn(shape, |(i, k)| rows[k][i]);
        let mut values = left_singular(columns).0.mapv(|s| times_power(s, e)).to_vec();
        values.resize(self.terms(), 0.0);
        Array1::from(values)
    }

    /// Adds sum_k u_k v_k^T to `first_layer` (N x d): W_0 becomes the leading-order W_2.
    ///
    /// # Errors
    /// [`InvalidSetting::Shape`] when `first_layer` is not N x d.
    pub fn add_to(&self, first_layer: &mut Array2<f64>) -> Result<(), InvalidSetting> {
        let (width, dimension) = (self.left.nrows(), self.right.ncols());
        if first_layer.dim() != (width, dimension) {
            return Err(InvalidSetting::Shape {
                name: "the first layer",
                found: format!("{} x {}", first_layer.nrows(), first_layer.ncols()),
                expected: format!("{width} x {dimension}"),
            });
        }
        f64::product(1.0, self.left.view(), self.right.view(), 1.0, first_layer.view_mut());
        Ok(())
    }
}

/// (1/n) sum_i weight_k(x_i, y_i) x_i, `count` x d; `weights` returns the weights of one tile
/// (`count` x samples).
fn moments(
    batch: &dyn Batch,
    count: usize,
    weights: impl Fn(ArrayView2<'_, f64>, ArrayView1<'_, f64>) -> Array2<f64>,
) -> Result<Array2<f64>, InvalidSetting> {
    let share = 1.0 / batch.samples() as f64;
    let mut sums = Array2::zeros((count, batch.dimension()));
    for tile in tiles::<f64>(batch, batch.dimension())? {
        let Tile { x, y, .. } = tile?;
        let weights = weights(x.view(), y.view());
        f64::product(share, weights.view(), x.view(), 1.0, sums.view_mut());
    }
    Ok(sums)
}

/// The vector divided by its length, and the length as number 2^exponent; `None` for the zero vector.
fn normalised(vector: ArrayView1<'_, f64>) -> Option<(Array1<f64>, f64, i32)> {
    let largest = vector.fold(0.0_f64, |m, x| m.max(x.abs()));
    let e = exponent(largest);
    let scaled = vector.mapv(|x| times_power(x, -e));
    let length = scaled.iter().map(|x| x.powi(2)).sum::<f64>().sqrt();
    (largest > 0.0).then(|| (scaled / length, length, e))
}
