//! Data: input laws, links, targets, and batches that are generated tile by tile.
//!
//! y = g(B* x) + eps with B* of p orthonormal rows (p = 1: a single-index model, g(<beta*, x>)),
//! inputs x in R^d with independent entries of mean 0 and variance 1, eps ~ N(0, noise^2). Or inputs
//! and labels from outside, [`Dataset`].

mod batch;
mod constant;
mod dataset;
mod generated;
mod link;
mod target;

pub use crate::distribution::{CustomLaw, InputLaw};
pub use batch::Batch;
pub(crate) use batch::{TILE_SAMPLES, Tile, check_read, read_by, tile_starts, tiles};
pub use dataset::Dataset;
pub use generated::GeneratedBatch;
pub use link::Link;
pub use target::Target;
pub(crate) use target::check_directions;
