//! The descent direction, one pass over the batch in tiles, and the update.
//!
//! Equations: docs/theory.md, (1.3), (1.4).

use std::ops::ControlFlow;

use ndarray::{Array1, Array2, Axis, Slice, Zip};
use rayon::prelude::*;
use thiserror::Error;

use crate::Scalar;
use crate::data::Batch;
use crate::error::{InvalidSetting, debug_is_display, nonzero};
use crate::linalg::Buffer;
use crate::linalg::product;
use crate::network::Network;

/// Samples in a tile. The gradient holds one N x `TILE_SAMPLES` matrix and one tile of the batch,
/// whatever n is. Fixed, so that sums are taken in the same order everywhere.
pub const TILE_SAMPLES: usize = 1536;

/// A gradient step that did not come to its end.
#[derive(Clone, Error, PartialEq)]
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
    /// The step size is negative or not finite, the batch does not fit the network, or there is no
    /// memory for a step.
    #[error(transparent)]
    Invalid(#[from] InvalidSetting),
}

debug_is_display!(TrainingError);

/// The descent direction G(W; X, y) = (1/n) \[(a r^T) o sigma'(W X^T)\] X, r = y - f(X), of shape N
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
/// [`InvalidSetting::Shape`] when the batch's dimension is not the network's,
/// [`InvalidSetting::ZeroSize`] when it has no samples,
/// [`InvalidSetting::Memory`] when the system gives no memory for the direction and a tile.
pub fn descent_direction<T: Scalar>(
    network: &Network<T>,
    batch: &impl Batch<T>,
    progress: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Option<Array2<T>>, InvalidSetting> {
    fits(network, batch)?;
    let Some(mut direction) = direction_per_weight(network, batch, progress)? else {
        return Ok(None);
    };
    let mut direction = direction.matrix(network.width(), network.dimension()).to_owned();
    let rows = direction.axis_iter_mut(Axis(0)).into_par_iter();
    rows.zip(network.second_layer().axis_iter(Axis(0))).for_each(|(mut row, a)| {
        row *= *a.into_scalar();
    });
    Ok(Some(direction))
}

fn fits<T: Scalar>(network: &Network<T>, batch: &impl Batch<T>) -> Result<(), InvalidSetting> {
    nonzero("samples", batch.samples())?;
    let (found, expected) = (batch.dimension(), network.dimension());
    if found == expected {
        return Ok(());
    }
    Err(InvalidSetting::Shape {
        name: "the batch",
        found: format!("{} x {found}", batch.samples()),
        expected: format!("any x {expected}"),
    })
}

/// Row j of the descent direction divided by a_j: (1/n) sigma'(W X^T) diag(r) X. The residual scales
/// the inputs and a the result, so that the N x tile matrix is visited once between the two
/// products: pre-activations turn into derivatives and outputs.
fn direction_per_weight<T: Scalar>(
    network: &Network<T>,
    batch: &impl Batch<T>,
    progress: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Option<Buffer<T>>, InvalidSetting> {
    let (width, dimension, samples) = (network.width(), network.dimension(), batch.samples());
    let tiles = samples.div_ceil(TILE_SAMPLES);
    let mut direction = Buffer::new(width, dimension)?;
    let mut x_tile = Array2::zeros((TILE_SAMPLES.min(samples), dimension));
    let mut y_tile = Array1::zeros(TILE_SAMPLES.min(samples));
    let mut z_tile = Buffer::new(width, TILE_SAMPLES.min(samples))?;
    let share = T::of(1.0 / samples as f64);
    for tile in 0..tiles {
        let first = tile * TILE_SAMPLES;
        let count = TILE_SAMPLES.min(samples - first);
        let mut x = x_tile.slice_axis_mut(Axis(0), Slice::from(..count));
        let mut residual = y_tile.slice_axis_mut(Axis(0), Slice::from(..count));
        batch.read(first, x.view_mut(), residual.view_mut())?;
        let mut z = z_tile.matrix(width, count);
        product(T::one(), network.first_layer().view(), x.t(), T::zero(), z.view_mut());
        residual -= &network.output_and_derivatives(z.view_mut());
        let rows = x.axis_iter_mut(Axis(0)).into_par_iter();
        rows.zip(residual.axis_iter(Axis(0))).for_each(|(mut row, r)| {
            row *= share * *r.into_scalar();
        });
        let direction = direction.matrix(width, dimension);
        product(T::one(), z.view(), x.view(), T::one(), direction);
        if progress(tile + 1, tiles).is_break() {
            return Ok(None);
        }
    }
    Ok(Some(direction))
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

/// Largest absolute entries of one row: before the update, of the update, of the direction; and
/// whether all is finite after it.
#[derive(Clone, Copy)]
struct Extent<T> {
    before: T,
    moved: T,
    direction: T,
    finite: bool,
}

impl<T: Scalar> Extent<T> {
    fn none() -> Self {
        Self { before: T::zero(), moved: T::zero(), direction: T::zero(), finite: true }
    }

    fn and(self, other: Self) -> Self {
        Self {
            before: self.before.max(other.before),
            moved: self.moved.max(other.moved),
            direction: self.direction.max(other.direction),
            finite: self.finite & other.finite,
        }
    }
}

/// One update W <- W + eta G(W; X, y), in place; says how far it went. `step` (from 1) is named in
/// errors.
///
/// `progress` is as for [`descent_direction`].
///
/// # Errors
/// [`TrainingError::Diverged`] when a weight becomes non-finite, [`TrainingError::Cancelled`] when
/// `progress` breaks (the weights are then unchanged), [`TrainingError::Invalid`] when `eta` is
/// negative or not finite, the batch does not fit, or there is no memory for a step.
pub fn gradient_step<T: Scalar>(
    network: &mut Network<T>,
    batch: &impl Batch<T>,
    eta: f64,
    step: usize,
    progress: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Change, TrainingError> {
    if !(eta.is_finite() && eta >= 0.0) {
        return Err(InvalidSetting::OutOfRange {
            name: "the step size eta",
            value: eta,
            allowed: "a finite number, 0 or more",
        }
        .into());
    }
    fits(network, batch)?;
    let mut direction =
        direction_per_weight(network, batch, progress)?.ok_or(TrainingError::Cancelled { step })?;
    let direction = direction.matrix(network.width(), network.dimension());
    let (weights, second_layer) = network.layers_mut();
    let rows = weights.axis_iter_mut(Axis(0)).into_par_iter();
    let extent = rows
        .zip(direction.axis_iter(Axis(0)))
        .zip(second_layer.axis_iter(Axis(0)))
        .map(|((mut weights, direction), a)| {
            let a = *a.into_scalar();
            let factor = T::of(eta) * a;
            // no early end and no branch, so that the loop is vectorised
            let mut extent = Extent::none();
            Zip::from(&mut weights).and(&direction).for_each(|w, g| {
                let new = *w + factor * *g;
                extent = extent.and(Extent {
                    before: w.abs(),
                    moved: (new - *w).abs(),
                    direction: g.abs(),
                    finite: new.is_finite(),
                });
                *w = new;
            });
            if a == T::zero() {
                extent.direction = T::zero();
            }
            extent
        })
        .reduce(Extent::none, Extent::and);
    if !extent.finite {
        return Err(TrainingError::Diverged { step });
    }
    let (moved, before) = (extent.moved.as_f64(), extent.before.as_f64());
    // a first layer of zeros is moved infinitely far
    let ratio = (moved / before).clamp(f64::MIN_POSITIVE, f64::MAX);
    let relative = if moved == 0.0 { 0.0 } else { ratio };
    Ok(Change { relative, no_gradient: extent.direction == T::zero() })
}
