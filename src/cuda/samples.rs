//! Samples in the memory of a card, tile by tile.

use std::fmt;
use std::sync::Arc;

use cudarc::driver::{CudaSlice, CudaView, PinnedHostSlice};
use ndarray::{ArrayViewMut1, ArrayViewMut2};

use super::card::Card;
use super::error::{CudaError, OnCard};
use super::foreign::{CardNumber, Numbers, driver, pinned, zeros};
use crate::data::Batch;
use crate::error::{InvalidSetting, has_columns, nonzero};

/// Samples in a tile on a card, four of the CPU's. The number is fixed, so that sums are taken in the
/// same order on every card.
pub(super) const TILE: usize = 6144;

/// Samples that the host makes at once and that one copy brings to the card.
const CHUNK: usize = 1024;

/// Room for the samples of one tile.
pub(super) struct Tile<T> {
    x: CudaSlice<T>,
    y: CudaSlice<T>,
}

impl<T: CardNumber> Tile<T> {
    fn new(card: &Arc<Card>, shape: &Shape) -> OnCard<Self> {
        let rows = shape.tile_rows();
        let (x, y) = (rows * shape.dimension, rows);
        Ok(Self { x: zeros(card.stream(), x)?, y: zeros(card.stream(), y)? })
    }

    /// X of the first `count` samples, row by row, and y.
    pub fn samples(&self, count: usize, dimension: usize) -> (CudaView<'_, T>, CudaView<'_, T>) {
        (self.x.slice(..count * dimension), self.y.slice(..count))
    }
}

/// The size of a batch, and how it is cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shape {
    pub samples: usize,
    pub dimension: usize,
}

impl Shape {
    /// The shape of a batch, which must have samples of this dimension.
    pub fn of(batch: &dyn Batch, dimension: usize) -> Result<Self, InvalidSetting> {
        let samples = batch.samples();
        nonzero("samples", samples)?;
        has_columns("the batch", (samples, batch.dimension()), dimension)?;
        Ok(Self { samples, dimension })
    }

    /// Samples of one copy.
    fn chunk(&self) -> usize {
        CHUNK.min(self.samples)
    }

    /// Rows of the room for a tile: whole copies.
    fn tile_rows(&self) -> usize {
        self.largest_tile().next_multiple_of(self.chunk())
    }

    /// Samples of the largest tile.
    pub fn largest_tile(&self) -> usize {
        TILE.min(self.samples)
    }

    /// Number of tiles.
    pub fn tiles(&self) -> usize {
        self.samples.div_ceil(TILE)
    }

    /// The first sample of tile `k`, and how many it has.
    pub fn tile(&self, k: usize) -> (usize, usize) {
        (k * TILE, TILE.min(self.samples - k * TILE))
    }

    /// Numbers in the room for a tile.
    pub fn tile_numbers(&self) -> u128 {
        self.tile_rows() as u128 * (self.dimension as u128 + 1)
    }
}

/// Where a step finds its samples.
pub(super) trait Tiles<T> {
    fn shape(&self) -> Shape;
    /// Starts bringing tile `k` to the card; called for one tile after the other.
    fn prepare(&mut self, k: usize) -> OnCard<()>;
    /// The tile that was prepared last, or the one before.
    fn tile(&self, k: usize) -> &Tile<T>;
}

/// A batch in the memory of a card; for [`CardNetwork::gradient_step_on`](super::CardNetwork).
pub struct CardBatch<T> {
    tiles: Vec<Tile<T>>,
    shape: Shape,
}

impl<T: CardNumber> CardBatch<T> {
    /// Copies a batch to the card.
    ///
    /// # Errors
    /// [`CudaError::Memory`] when it does not fit; the errors of [`Batch::read`].
    pub fn new(card: &Arc<Card>, batch: &dyn Batch) -> OnCard<Self> {
        let shape = Shape::of(batch, batch.dimension())?;
        let mut host = HostRoom::new(card, shape)?;
        let mut tiles = Vec::new();
        for k in 0..shape.tiles() {
            let (first, count) = shape.tile(k);
            let mut tile = Tile::new(card, &shape)?;
            host.fill(batch, first, count, &mut tile, 0)?;
            tiles.push(tile);
        }
        Ok(Self { tiles, shape })
    }

    /// The number n of samples.
    pub fn samples(&self) -> usize {
        self.shape.samples
    }
}

impl<T> fmt::Debug for CardBatch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CardBatch").field("shape", &self.shape).finish_non_exhaustive()
    }
}

impl<T> Tiles<T> for &CardBatch<T> {
    fn shape(&self) -> Shape {
        self.shape
    }
    fn prepare(&mut self, _: usize) -> OnCard<()> {
        Ok(())
    }
    fn tile(&self, k: usize) -> &Tile<T> {
        &self.tiles[k]
    }
}

/// Room for the batches of a run, all of one shape. The samples that each of them begins with stay on
/// the card.
pub(crate) struct SampleRoom<T> {
    card: Arc<Card>,
    shape: Shape,
    host: HostRoom<T>,
    /// How many samples all batches have in common, where they fit on the card; 0 otherwise.
    kept: usize,
    /// How many of them are there.
    known: usize,
    held: Vec<Tile<T>>,
    passing: [Tile<T>; 2],
}

impl<T: CardNumber> SampleRoom<T> {
    /// Room for batches of this shape that have their first `kept` samples in common. They stay on the
    /// card when at least `spared` bytes are then left.
    ///
    /// # Errors
    /// [`CudaError::Memory`] when two tiles do not fit.
    pub fn new(
        card: &Arc<Card>,
        samples: usize,
        dimension: usize,
        kept: usize,
        spared: u128,
    ) -> OnCard<Self> {
        let shape = Shape { samples, dimension };
        let passing = [Tile::new(card, &shape)?, Tile::new(card, &shape)?];
        let held = kept.div_ceil(TILE) as u128 * shape.tile_numbers() * size_of::<T>() as u128;
        let kept = if held.saturating_add(spared) <= card.free_bytes()? { kept } else { 0 };
        let host = HostRoom::new(card, shape)?;
        Ok(Self { card: card.clone(), shape, host, kept, known: 0, held: Vec::new(), passing })
    }

    /// Whether it is room for batches of this shape.
    pub(super) fn fits(&self, shape: Shape) -> bool {
        self.shape == shape
    }

    /// The tiles of one batch.
    pub(super) fn batch<'a>(&'a mut self, batch: &'a dyn Batch) -> Passing<'a, T> {
        Passing { room: self, batch }
    }
}

/// One batch on its way through the room.
pub(super) struct Passing<'a, T> {
    room: &'a mut SampleRoom<T>,
    batch: &'a dyn Batch,
}

impl<T: CardNumber> Tiles<T> for Passing<'_, T> {
    fn shape(&self) -> Shape {
        self.room.shape
    }

    fn prepare(&mut self, k: usize) -> OnCard<()> {
        let room = &mut *self.room;
        let (first, count) = room.shape.tile(k);
        if first >= room.kept {
            return room.host.fill(self.batch, first, count, &mut room.passing[k % 2], 0);
        }
        if k == room.held.len() {
            room.held.push(Tile::new(&room.card, &room.shape)?);
        }
        let there = room.known.saturating_sub(first).min(count);
        if there < count {
            room.host.fill(self.batch, first, count, &mut room.held[k], there)?;
        }
        room.known = room.known.max(room.kept.min(first + count));
        Ok(())
    }

    fn tile(&self, k: usize) -> &Tile<T> {
        self.room.held.get(k).unwrap_or(&self.room.passing[k % 2])
    }
}

/// Two buffers of the host: one is filled while the other is copied.
struct HostRoom<T> {
    card: Arc<Card>,
    shape: Shape,
    x: [PinnedHostSlice<T>; 2],
    y: [PinnedHostSlice<T>; 2],
    turn: usize,
}

impl<T: CardNumber> HostRoom<T> {
    fn new(card: &Arc<Card>, shape: Shape) -> OnCard<Self> {
        let buffer = |count| pinned::<T>(card.context(), count);
        let (x, y) = (shape.chunk() * shape.dimension, shape.chunk());
        let (x, y) = ([buffer(x)?, buffer(x)?], [buffer(y)?, buffer(y)?]);
        Ok(Self { card: card.clone(), shape, x, y, turn: 0 })
    }

    /// Reads the samples `first..first + count` of a batch and starts copying them into the tile,
    /// apart from the first `there`, which are in it. Copies the whole buffer each time, so that
    /// what follows the samples in the tile is left undefined.
    fn fill(
        &mut self,
        batch: &dyn Batch,
        first: usize,
        count: usize,
        tile: &mut Tile<T>,
        there: usize,
    ) -> OnCard<()> {
        let (chunk, d) = (self.shape.chunk(), self.shape.dimension);
        let copies = self.card.copies();
        for at in (there / chunk * chunk..count).step_by(chunk) {
            let read = chunk.min(count - at);
            let (x, y) = (&mut self.x[self.turn], &mut self.y[self.turn]);
            // these wait for the copy before the last
            let waiting = driver("waiting for a copy to the card");
            let host = x.as_mut_slice().and_then(|x| Ok((x, y.as_mut_slice()?)));
            let (host_x, host_y) = host.map_err(waiting)?;
            read_samples(batch, first + at, &mut host_x[..read * d], &mut host_y[..read])?;
            let mut place = tile.x.slice_mut(at * d..(at + chunk) * d);
            let copied = copies.memcpy_htod(&*x, &mut place);
            let mut place = tile.y.slice_mut(at..at + chunk);
            let copied = copied.and_then(|()| copies.memcpy_htod(&*y, &mut place));
            copied.map_err(driver("copying samples to the card"))?;
            self.turn = 1 - self.turn;
        }
        Ok(())
    }
}

/// Reads as many samples as `y` has room for.
fn read_samples<T: CardNumber>(
    batch: &dyn Batch,
    first: usize,
    x: &mut [T],
    y: &mut [T],
) -> OnCard<()> {
    let shape = (y.len(), batch.dimension());
    let other = |_| CudaError::Invalid(InvalidSetting::ZeroSize { name: "samples" });
    match (T::numbers(x), T::numbers(y)) {
        (Numbers::F32(x), Numbers::F32(y)) => {
            let x = ArrayViewMut2::from_shape(shape, x).map_err(other)?;
            batch.read_f32(first, x, ArrayViewMut1::from(y))?;
        }
        (Numbers::F64(x), Numbers::F64(y)) => {
            let x = ArrayViewMut2::from_shape(shape, x).map_err(other)?;
            batch.read(first, x, ArrayViewMut1::from(y))?;
        }
        _ => unreachable!("both are numbers of type T"),
    }
    Ok(())
}
