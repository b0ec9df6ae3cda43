//! Data: input laws, links, targets, and batches that are generated tile by tile.
//!
//! y = g(B* x) + eps with B* of p orthonormal rows (p = 1: a single-index model, g(<beta*, x>)),
//! inputs x in R^d with independent entries of mean 0 and variance 1, eps ~ N(0, noise^2). Or inputs
//! and labels from outside, [`Dataset`].

mod batch;
mod constant;
mod custom_law;
mod dataset;
mod law;
mod link;
mod mixed_batch;
mod target;

pub use batch::{Batch, DatasetBatch, GeneratedBatch};
pub use custom_law::CustomLaw;
pub(crate) use custom_law::Kind as CustomLawKind;
pub use dataset::Dataset;
pub use law::InputLaw;
pub use link::{Link, MultiIndexLink};
pub use mixed_batch::MixedBatch;
pub use target::{Target, Teacher};
