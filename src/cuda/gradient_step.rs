//! A network whose first layer lives on a card, and its gradient step.
//!
//! Equations: docs/theory.md, (1.3), (1.4).

use std::fmt;
use std::sync::Arc;

use cudarc::driver::CudaSlice;
use ndarray::{Array1, Array2, ArrayView2};

use super::card::Card;
use super::error::OnCard;
use super::foreign::{Block, driver, groups, product, zeros};
use super::matrix::CardMatrix;
use super::samples::{CardBatch, SampleRoom, Shape, Tiles};
use super::tabulated::Tabulated;
use crate::Scalar;
use crate::activation::Activation;
use crate::data::{Batch, TILE_SAMPLES};
use crate::error::{InvalidSetting, has_columns, has_shape, nonnegative};
use crate::network::{Network, Scaling};
use crate::training::{Change, TileObserver, TrainingError};

/// A two-layer network whose first layer stays in the memory of a card.
///
/// The step is that of [`Network::gradient_step`]: the same samples and the same formula. Sums are
/// taken in another order, and the activation comes from a table
/// (docs/cuda.md), so the last digits differ; on one card they are the same in every run.
///
/// ```no_run
/// use linear_width::activation::Tanh;
/// use linear_width::cuda::{Card, CardBatch, CardNetwork};
/// use linear_width::data::{GeneratedBatch, Link, Target};
/// use linear_width::network::Network;
///
/// let card = Card::open(0)?;
/// let network = Network::<f32>::random(4000, 2000, Tanh::default(), 1)?;
/// let mut on_card = CardNetwork::new(&card, &network)?;
/// let target = Target::single_index(Link::hermite([0.0, 1.0]));
/// let batch = GeneratedBatch::new(&target, 2000, 6000, 1)?;
/// on_card.gradient_step(&batch, 30.0)?;
/// // a batch that is used again
/// let batch = CardBatch::new(&card, &batch)?;
/// on_card.gradient_step_on(&batch, 30.0)?;
/// let network = on_card.network()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct CardNetwork<T> {
    card: Arc<Card>,
    weights: CardMatrix<T>,
    second_layer: CudaSlice<T>,
    host_second_layer: Array1<T>,
    activation: Tabulated<T>,
    scaling: Scaling,
    /// The largest |W|.
    largest: T,
    work: Option<Work<T>>,
    /// Room for batches that come from the host, as large as the last one.
    passing: Option<SampleRoom<T>>,
}

impl<T: Scalar> fmt::Debug for CardNetwork<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (card, dim) = (&self.card, self.weights.dim());
        f.debug_struct("CardNetwork").field("card", card).field("dim", &dim).finish_non_exhaustive()
    }
}

/// Room for a step.
struct Work<T> {
    /// Samples of the largest tile.
    samples: usize,
    direction: CudaSlice<T>,
    /// Pre-activations, then derivatives, N x samples.
    z: CudaSlice<T>,
    /// X with each row times its residual.
    scaled: CudaSlice<T>,
    partial: CudaSlice<T>,
    residual: CudaSlice<T>,
}

/// The bytes that a step takes on a card for numbers of `size` bytes: the network, the descent
/// direction, and for a tile of 6144 samples the pre-activations and three copies of the inputs.
pub(crate) fn step_bytes(width: usize, dimension: usize, samples: usize, size: usize) -> u128 {
    let shape = Shape { samples, dimension };
    let (n, d, tile) = (width as u128, dimension as u128, shape.largest_tile() as u128);
    let work = n * d + tile * (n + d + 1 + groups(width) as u128);
    size as u128 * (n * (d + 1) + work + 2 * shape.tile_numbers()) + (64 << 20)
}

impl<T: Scalar> CardNetwork<T> {
    /// Copies a network to a card.
    ///
    /// # Errors
    /// [`CudaError::Memory`](super::CudaError::Memory) when it does not fit.
    pub fn new(card: &Arc<Card>, network: &Network<T>) -> OnCard<Self> {
        let weights = CardMatrix::upload(card, network.first_layer().view())?;
        let second_layer = network.second_layer().to_vec();
        let copy = card.stream().clone_htod(&second_layer);
        let copy = copy.and_then(|copy| card.stream().synchronize().map(|()| copy));
        Ok(Self {
            card: card.clone(),
            largest: card.kernels().largest(weights.view())?,
            weights,
            second_layer: copy.map_err(driver("copying to the card"))?,
            host_second_layer: network.second_layer().clone(),
            activation: Tabulated::new(network.activation()),
            scaling: network.scaling(),
            work: None,
            passing: None,
        })
    }

    /// The network with the weights as they are now.
    ///
    /// # Errors
    /// [`CudaError::Call`](super::CudaError::Call) when the copy fails,
    /// [`InvalidSetting::NonFinite`] after a step that diverged.
    pub fn network(&self) -> OnCard<Network<T>> {
        let weights = self.first_layer()?;
        let activation = self.activation.activation().clone();
        let network = Network::new(weights, self.host_second_layer.clone(), activation)?;
        Ok(network.with_scaling(self.scaling))
    }

    /// Takes other weights of the same shape.
    ///
    /// # Errors
    /// [`InvalidSetting`] when the shape is another or a weight is not finite; the errors of
    /// [`new`](Self::new).
    pub fn set_first_layer(&mut self, weights: ArrayView2<'_, T>) -> OnCard<()> {
        has_shape("the first layer", weights.dim(), self.weights.dim())?;
        let weights = CardMatrix::upload(&self.card, weights)?;
        let largest = self.card.kernels().largest(weights.view())?;
        if !largest.is_finite() {
            return Err(InvalidSetting::NonFinite { name: "the first layer" }.into());
        }
        (self.weights, self.largest) = (weights, largest);
        Ok(())
    }

    /// A copy of the first layer as it is now.
    ///
    /// # Errors
    /// [`CudaError::Call`](super::CudaError::Call) when the copy fails.
    pub fn first_layer(&self) -> OnCard<Array2<T>> {
        self.weights.download()
    }

    /// The second layer.
    pub(crate) fn second_layer(&self) -> &Array1<T> {
        &self.host_second_layer
    }

    /// Width and dimension.
    pub(crate) fn dim(&self) -> (usize, usize) {
        self.weights.dim()
    }

    /// One gradient step W <- W + eta G(W; X, y), as [`Network::gradient_step`]. The host reads the
    /// batch while the card multiplies.
    ///
    /// # Errors
    /// [`TrainingError`]: the step diverges, `eta` or the batch does not fit, or the card fails.
    pub fn gradient_step(&mut self, batch: &dyn Batch, eta: f64) -> Result<Change, TrainingError> {
        let shape = Shape::of(batch, self.weights.dim().1)?;
        let mut room = match self.passing.take().filter(|room| room.fits(shape)) {
            Some(room) => room,
            None => SampleRoom::new(&self.card, shape.samples, shape.dimension, 0, 0)?,
        };
        let change = self.finished_step(&mut room.batch(batch), eta);
        self.passing = Some(room);
        change
    }

    /// One gradient step on a batch that is on the card already.
    ///
    /// # Errors
    /// As [`gradient_step`](Self::gradient_step).
    pub fn gradient_step_on(
        &mut self,
        batch: &CardBatch<T>,
        eta: f64,
    ) -> Result<Change, TrainingError> {
        self.finished_step(&mut &*batch, eta)
    }

    fn finished_step(
        &mut self,
        tiles: &mut dyn Tiles<T>,
        eta: f64,
    ) -> Result<Change, TrainingError> {
        let go_on = &mut |_| std::ops::ControlFlow::Continue(());
        let change = self.step(tiles, eta, go_on)?;
        Ok(change.unwrap_or_else(|| unreachable!("nothing stops the step")))
    }

    /// A gradient step that `observer` may stop after each tile; the weights are then unchanged and
    /// the result is `None`.
    pub(crate) fn observed_step(
        &mut self,
        room: &mut SampleRoom<T>,
        batch: &dyn Batch,
        eta: f64,
        observer: &mut TileObserver<'_>,
    ) -> Result<Option<Change>, TrainingError> {
        self.step(&mut room.batch(batch), eta, observer)
    }

    fn step(
        &mut self,
        tiles: &mut dyn Tiles<T>,
        eta: f64,
        observer: &mut TileObserver<'_>,
    ) -> Result<Option<Change>, TrainingError> {
        nonnegative("the step size eta", eta)?;
        let shape = tiles.shape();
        let dim = self.weights.dim();
        has_columns("the batch", (shape.samples, shape.dimension), dim.1)?;
        let mut work = self.room_for(shape)?;
        tiles.prepare(0)?;
        for k in 0..shape.tiles() {
            let (first, count) = shape.tile(k);
            let largest = self.multiplied(tiles.tile(k), count, &mut work)?;
            if k + 1 < shape.tiles() {
                // while the card multiplies
                tiles.prepare(k + 1)?;
            }
            let largest = self.card.kernels().largest_of(&largest)?;
            if !largest.is_finite() {
                return Err(TrainingError::Diverged);
            }
            let part = (k, count, largest.as_f64());
            self.accumulate(tiles.tile(k), part, shape.samples, &mut work)?;
            if observer((first + count).div_ceil(TILE_SAMPLES)).is_break() {
                self.work = Some(work);
                return Ok(None);
            }
        }
        let (weights, eta) = (&mut self.weights.numbers, T::of(eta));
        let kernels = self.card.kernels();
        let moved = kernels.update(weights, &work.direction, &self.second_layer, dim, eta)?;
        self.work = Some(work);
        let before = std::mem::replace(&mut self.largest, moved.largest);
        if !moved.largest.is_finite() {
            return Err(TrainingError::Diverged);
        }
        Ok(Some(Change::new(moved.moved.as_f64(), before.as_f64(), moved.gradient)))
    }

    /// Starts Z = W X^T for one tile, and the search for the largest |Z|.
    fn multiplied(
        &self,
        tile: &super::samples::Tile<T>,
        samples: usize,
        work: &mut Work<T>,
    ) -> OnCard<CudaSlice<T>> {
        let (width, dimension) = self.weights.dim();
        let x = Block::new(tile.samples(samples, dimension).0, (samples, dimension)).t();
        let weights = self.weights.block();
        let z = ..width * samples;
        let (one, zero) = (T::one(), T::zero());
        product(self.card.blas(), one, &weights, &x, zero, work.z.slice_mut(z))?;
        self.card.kernels().start_largest(work.z.slice(z))
    }

    /// Adds the share of one tile, whose pre-activations are at most `largest`, to the direction.
    fn accumulate(
        &mut self,
        tile: &super::samples::Tile<T>,
        (number, count, largest): (usize, usize, f64),
        samples: usize,
        work: &mut Work<T>,
    ) -> OnCard<()> {
        let (width, dimension) = self.weights.dim();
        let (kernels, z) = (self.card.kernels(), ..width * count);
        let table = self.activation.up_to(largest, &self.card)?;
        let (second_layer, partial) = (&self.second_layer, &mut work.partial);
        let pre = &mut work.z.slice_mut(z);
        kernels.activate(pre, (width, count), second_layer, table, partial)?;
        let (x, y) = tile.samples(count, dimension);
        let factor = T::of(self.scaling.output_factor(width));
        let share = T::of(1.0 / samples as f64);
        let sums = (&work.partial, groups(width));
        kernels.residual(sums, y, factor, share, &mut work.residual)?;
        kernels.scale_rows(x, (count, dimension), &work.residual, &mut work.scaled)?;
        let derivatives = Block::new(work.z.slice(z), (width, count));
        let scaled = Block::new(work.scaled.slice(..count * dimension), (count, dimension));
        let beta = if number == 0 { T::zero() } else { T::one() };
        let direction = work.direction.as_view_mut();
        product(self.card.blas(), T::one(), &derivatives, &scaled, beta, direction)
    }

    /// Room for batches of this shape.
    fn room_for(&mut self, shape: Shape) -> OnCard<Work<T>> {
        let samples = shape.largest_tile();
        if let Some(work) = self.work.take().filter(|work| work.samples >= samples) {
            return Ok(work);
        }
        let (stream, (width, dimension)) = (self.card.stream(), self.weights.dim());
        Ok(Work {
            samples,
            direction: zeros(stream, width * dimension)?,
            z: zeros(stream, width * samples)?,
            scaled: zeros(stream, samples * dimension)?,
            partial: zeros(stream, groups(width) * samples)?,
            residual: zeros(stream, samples)?,
        })
    }

    /// Gives the room for steps back to the card.
    pub(crate) fn release(&mut self) {
        self.work = None;
        self.passing = None;
    }

    /// The activation.
    pub(super) fn activation(&self) -> &Arc<dyn Activation> {
        self.activation.activation()
    }

    /// W on the card.
    pub(crate) fn weights(&self) -> &CardMatrix<T> {
        &self.weights
    }
}
