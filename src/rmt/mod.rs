//! Closed laws of random matrix theory: Marchenko-Pastur, and one spike on top of it.

mod marchenko_pastur;
mod spiked_matrix;

pub use marchenko_pastur::MarchenkoPastur;
pub use spiked_matrix::{SpikeOutlier, SpikedMatrix};

#[cfg(test)]
mod tests;
