//! The ascent direction, one pass over the batch in tiles, and the update.
//!
//! Equations: docs/theory.md, (1.3), (1.4).

use std::ops::ControlFlow;

use ndarray::{Array1, Array2, Axis, Slice};
use rayon::prelude::*;
use thiserror::Error;

use crate::Scalar;
use crate::data::Batch;
use crate::error::InvalidSetting;
use crate::linalg::product;
use crate::network::Network;

/// Samples in a tile. The gradient holds one N x `TILE_SAMPLES` matrix and one tile of the batch,
/// whatever n is. Fixed, so that sums are taken in the same order everywhere.
pub const TILE_SAMPLES: usize = 512;

/// A gradient step that did not come to its end.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum TrainingError {
    /// A weight became infinite or NaN.
    #[error(
        "step {step} diverged: the first layer has a non-finite weight; \
         use smaller steps or an activation whose derivative grows more slowly"
    )]
    Diverged {
        /// The step, from 1.
        step: usize,
    },
    /// The observer asked to stop.
    #[error("cancelled during step {step}")]
    Cancelled {
        /// The step, from 1.
        step: usize,
    },
    /// The step size is negative or not finite, or the batch does not fit the network.
    #[error(transparent)]
    Invalid(#[from] InvalidSetting),
}

/// The ascent direction G(W; X, y) = (1/n) \[(a r^T) o sigma'(W X^T)\] X, r = y - f(X), of shape N
/// x d (docs/theory.md, section 1).
///
/// In mean-field scaling it is -sqrt(N) times the gradient of the loss (1/2n) sum_i r_i^2 with
/// respect to W; in standard scaling it is minus that gradient.
///
/// The batch is read once, [`TILE_SAMPLES`] samples at a time; `progress(done, tiles)` is called
/// after each tile and may stop the computation, which then returns `None`. The result has the same
/// bits for any number of threads.
///
/// # Errors
/// [`InvalidSetting::Shape`] when the batch's dimension is not the network's.
pub fn ascent_direction<T: Scalar>(
    network: &Network<T>,
    batch: &impl Batch<T>,
    progress: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Option<Array2<T>>, InvalidSetting> {
    let (width, dimension, samples) = (network.width(), network.dimension(), batch.samples());
    if batch.dimension() != dimension {
        return Err(InvalidSetting::Shape {
            name: "the batch",
            found: format!("{samples} x {}", batch.dimension()),
            expected: format!("any x {dimension}"),
        });
    }
    let tiles = samples.div_ceil(TILE_SAMPLES);
    let mut direction = Array2::zeros((width, dimension));
    let mut x_tile = Array2::zeros((TILE_SAMPLES.min(samples), dimension));
    let mut y_tile = Array1::zeros(TILE_SAMPLES.min(samples));
    // all tiles but the last have the same size, so this is allocated at most twice
    let mut z = Array2::zeros((0, 0));
    for tile in 0..tiles {
        let first = tile * TILE_SAMPLES;
        let count = TILE_SAMPLES.min(samples - first);
        let mut x = x_tile.slice_axis_mut(Axis(0), Slice::from(..count));
        let mut residual = y_tile.slice_axis_mut(Axis(0), Slice::from(..count));
        batch.read(first, x.view_mut(), residual.view_mut());
        if z.ncols() != count {
            z = Array2::zeros((width, count));
        }
        product(T::one(), network.first_layer().view(), x.t(), T::zero(), z.view_mut());
        residual -= &network.output_and_derivatives(&mut z);
        z.axis_iter_mut(Axis(0))
            .into_par_iter()
            .zip(network.second_layer().axis_iter(Axis(0)))
            .for_each(|(mut row, a)| {
                let a = *a.into_scalar();
                row.iter_mut().zip(&residual).for_each(|(z, r)| *z *= a * *r);
            });
        let share = T::of(1.0 / samples as f64);
        product(share, z.view(), x.view(), T::one(), direction.view_mut());
        if progress(tile + 1, tiles).is_break() {
            return Ok(None);
        }
    }
    Ok(Some(direction))
}

/// One update W <- W + eta G(W; X, y), in place. `step` (from 1) is named in errors.
///
/// `progress` is as for [`ascent_direction`].
///
/// # Errors
/// [`TrainingError::Diverged`] when a weight becomes non-finite, [`TrainingError::Cancelled`] when
/// `progress` breaks (the weights are then unchanged), [`TrainingError::Invalid`] when `eta` is
/// negative or not finite or the batch does not fit.
pub fn ascend<T: Scalar>(
    network: &mut Network<T>,
    batch: &impl Batch<T>,
    eta: f64,
    step: usize,
    progress: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
) -> Result<(), TrainingError> {
    if !(eta.is_finite() && eta >= 0.0) {
        return Err(InvalidSetting::OutOfRange {
            name: "the step size eta",
            value: eta,
            allowed: "a finite number, 0 or more",
        }
        .into());
    }
    let direction =
        ascent_direction(network, batch, progress)?.ok_or(TrainingError::Cancelled { step })?;
    let weights = network.first_layer_mut();
    weights.scaled_add(T::of(eta), &direction);
    if weights.iter().all(|w| w.is_finite()) {
        Ok(())
    } else {
        Err(TrainingError::Diverged { step })
    }
}
