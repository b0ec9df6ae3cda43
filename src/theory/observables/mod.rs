//! From the state of the first layer to what can be measured: bulk, outliers and overlaps of W.

mod edge_shape;
pub mod features;
pub(crate) mod isotropic;
pub(crate) mod outlier;
pub(crate) mod spectrum;
pub(crate) mod structured;

pub(crate) use edge_shape::{EdgeShape, Sample};
