//! Closed laws of random matrix theory: Marchenko-Pastur, one spike on top of it, and Tracy-Widom
//! for the largest value of the bulk.

mod edge_law;
mod marchenko_pastur;
mod spiked_matrix;
mod tracy_widom;

pub use edge_law::EdgeLaw;
pub use marchenko_pastur::MarchenkoPastur;
pub use spiked_matrix::{SpikeOutlier, SpikedMatrix};
pub use tracy_widom::TracyWidom;

#[cfg(test)]
mod tests;
