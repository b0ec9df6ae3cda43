//! The descent direction, one pass over the batch in tiles, and the gradient step.
//!
//! Equations: docs/theory.md, (1.3), (1.4).

use std::ops::ControlFlow;

use ndarray::{Array1, Array2, ArrayViewMut2, Axis, Zip};
use rayon::prelude::*;
use thiserror::Error;

use crate::Scalar;
use crate::data::{Batch, TILE_SAMPLES, Tile, tile_starts};
use crate::error::{InvalidSetting, debug_is_display, nonnegative};
use crate::linalg::Element;
use crate::memory::zeros;
use crate::network::Network;

/// A gradient step that failed.
#[derive(Clone, Error, PartialEq)]
#[non_exhaustive]
pub enum TrainingError {
    /// A weight became infinite or NaN.
    #[error(
        "the step diverged: the first layer has a non-finite weight; \
         use smaller steps or an activation whose derivative grows more slowly"
    )]
    Diverged,
    /// The step size is negative or not finite, the batch does not fit the network, or there is not
    /// enough memory for a step.
    #[error(transparent)]
    Invalid(#[from] InvalidSetting),
    /// The card failed.
    #[cfg(feature = "cuda")]
    #[error(transparent)]
    Cuda(#[from] crate::cuda::CudaError),
}

debug_is_display!(TrainingError);

/// Called with the number of tiles that are done; may stop the step.
pub(crate) type TileObserver<'a> = dyn FnMut(usize) -> ControlFlow<()> + 'a;

fn go_on(_: usize) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

impl<T: Scalar> Network<T> {
    /// The descent direction G(W; X, y) = (1/n) \[(a r^T) o sigma'(W X^T)\] X with r = y - f(X), of
    /// shape N x d (docs/theory.md, eq. (1.3); "o" is the entrywise product).
    ///
    /// In mean-field scaling it is -sqrt(N) times the gradient of the loss (1/2n) sum_i r_i^2 with
    /// respect to W; in standard scaling it is minus that gradient.
    ///
    /// The batch is read once, tile by tile; beside the direction one N x 1536 matrix and one tile
    /// of the batch are held. The result has the same bits for any number of threads.
    ///
    /// # Errors
    /// [`InvalidSetting::Shape`] when the batch's dimension is not the network's,
    /// [`InvalidSetting::ZeroSize`] when it has no samples,
    /// [`InvalidSetting::Memory`] when there is not enough memory for the direction and a tile.
    ///
    /// ```
    /// use linear_width::{activation::Tanh, data::Dataset, network::Network};
    /// use ndarray::array;
    ///
    /// let network = Network::new(array![[0.0], [0.0]], array![1.0, -0.5], Tanh::default())?;
    /// // f = 0 and sigma'(0) = 1: G = a y x
    /// let batch = Dataset::new(array![[2.0]], array![3.0])?;
    /// assert_eq!(network.descent_direction(&batch)?, array![[6.0], [-3.0]]);
    /// # Ok::<(), linear_width::InvalidSetting>(())
    /// ```
    pub fn descent_direction(&self, batch: &dyn Batch) -> Result<Array2<T>, InvalidSetting> {
        let Some(mut direction) = direction_per_weight(self, batch, &mut go_on)? else {
            unreachable!("nothing stops the computation")
        };
        scale_rows(direction.view_mut(), self.second_layer());
        Ok(direction)
    }

    /// One gradient step W <- W + eta G(W; X, y), in place; returns how far it went. It needs the
    /// memory of [`descent_direction`](Self::descent_direction). Example: [`training`](crate::training).
    ///
    /// # Errors
    /// [`TrainingError::Diverged`] when a weight becomes non-finite, [`TrainingError::Invalid`] when
    /// `eta` is negative or not finite, the batch does not fit, or there is not enough memory.
    pub fn gradient_step(&mut self, batch: &dyn Batch, eta: f64) -> Result<Change, TrainingError> {
        let change = self.observed_gradient_step(batch, eta, &mut go_on)?;
        Ok(change.unwrap_or_else(|| unreachable!("nothing stops the step")))
    }

    /// A gradient step that `observer` may stop after each tile; the weights are then unchanged and
    /// the result is `None`.
    pub(crate) fn observed_gradient_step(
        &mut self,
        batch: &dyn Batch,
        eta: f64,
        observer: &mut TileObserver<'_>,
    ) -> Result<Option<Change>, TrainingError> {
        nonnegative("the step size eta", eta)?;
        let direction = direction_per_weight(self, batch, observer)?;
        direction.map(|direction| updated(self, direction, T::of(eta))).transpose()
    }
}

/// Row j of the descent direction divided by a_j: (1/n) sigma'(W X^T) diag(r) X. We scale X by the
/// residuals and the result by a, so the N x tile matrix needs only one pass between the two
/// products.
fn direction_per_weight<T: Scalar>(
    network: &Network<T>,
    batch: &dyn Batch,
    observer: &mut TileObserver<'_>,
) -> Result<Option<Array2<T>>, InvalidSetting> {
    let (width, dimension) = (network.width(), network.dimension());
    let starts = tile_starts(batch, dimension)?;
    let mut tile = Tile::empty();
    let mut direction = zeros(width, dimension)?;
    let largest = TILE_SAMPLES.min(batch.samples());
    let (mut z_tile, _) = zeros(width, largest)?.into_raw_vec_and_offset();
    let share = T::of(1.0 / batch.samples() as f64);
    for (done, first) in starts.enumerate() {
        tile.read(batch, first)?;
        let Tile { x, y: residual, .. } = &mut tile;
        let z = &mut z_tile[..width * residual.len()];
        let z = ArrayViewMut2::from_shape((width, residual.len()), z);
        let mut z = z.unwrap_or_else(|_| unreachable!("there are as many entries"));
        Element::product(T::one(), network.first_layer().view(), x.t(), T::zero(), z.view_mut());
        *residual -= &network.output_and_derivatives(z.view_mut());
        *residual *= share;
        scale_rows(x.view_mut(), residual);
        Element::product(T::one(), z.view(), x.view(), T::one(), direction.view_mut());
        if observer(done + 1).is_break() {
            return Ok(None);
        }
    }
    Ok(Some(direction))
}

/// Multiplies each row of `matrix` by its factor.
fn scale_rows<T: Scalar>(mut matrix: ArrayViewMut2<'_, T>, factors: &Array1<T>) {
    let rows = matrix.axis_iter_mut(Axis(0)).into_par_iter();
    rows.zip(factors.axis_iter(Axis(0))).for_each(|(mut row, factor)| row *= *factor.into_scalar());
}

/// How far a step moved the first layer.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Change {
    /// The largest |W' - W| over the largest |W|, entry by entry, at most `f64::MAX`. 0 when the
    /// step changed nothing, or less than the numbers can hold.
    pub relative: f64,
    /// Whether the descent direction is 0 in every entry.
    pub no_gradient: bool,
}

impl Change {
    /// From the largest |W' - W|, the largest |W| before, and whether the direction was not 0.
    pub(crate) fn new(moved: f64, before: f64, gradient: bool) -> Self {
        // a first layer of zeros is moved infinitely far
        let ratio = (moved / before).clamp(f64::MIN_POSITIVE, f64::MAX);
        Self { relative: if moved == 0.0 { 0.0 } else { ratio }, no_gradient: !gradient }
    }
}

/// W <- W + eta diag(a) `direction`.
fn updated<T: Scalar>(
    network: &mut Network<T>,
    direction: Array2<T>,
    eta: T,
) -> Result<Change, TrainingError> {
    let largest = |network: &Network<T>| {
        T::largest_entry(network.first_layer().view()).map_err(|_| TrainingError::Diverged)
    };
    let before = largest(network)?;
    let (weights, second_layer) = network.layers_mut();
    let rows = weights.axis_iter_mut(Axis(0)).into_par_iter();
    // the largest change of a weight, and whether a direction is not 0
    let (moved, gradient) = rows
        .zip(direction.axis_iter(Axis(0)))
        .zip(second_layer.axis_iter(Axis(0)))
        .map(|((mut weights, direction), a)| {
            let a = *a.into_scalar();
            let factor = eta * a;
            let mut moved = T::zero();
            Zip::from(&mut weights).and(&direction).for_each(|w, g| {
                let new = *w + factor * *g;
                moved = moved.max((new - *w).abs());
                *w = new;
            });
            (moved, a != T::zero() && direction.iter().any(|g| *g != T::zero()))
        })
        .reduce(|| (T::zero(), false), |one, two| (one.0.max(two.0), one.1 | two.1));
    largest(network)?;
    Ok(Change::new(moved.as_f64(), before, gradient))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::{Activation, Tanh};
    use crate::data::{GeneratedBatch, Link, Target};

    #[test]
    fn a_stopped_step_leaves_the_weights_alone() {
        let target = Target::single_index(Link::hermite([0.0, 1.0]));
        let batch = GeneratedBatch::new(&target, 6, 2 * 1536, 3).unwrap();
        let tanh = Tanh::default().shared();
        let mut network = Network::<f64>::random(10, 6, tanh, 1).unwrap();
        let before = network.first_layer().clone();
        // at the first tile, and at the last
        for last in [1, 2] {
            let mut seen = Vec::new();
            let stop = &mut |tile| {
                seen.push(tile);
                if tile == last { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            assert_eq!(network.observed_gradient_step(&batch, 1.0, stop), Ok(None));
            assert_eq!(seen, (1..=last).collect::<Vec<_>>());
            assert_eq!(network.first_layer(), before);
        }
    }
}
