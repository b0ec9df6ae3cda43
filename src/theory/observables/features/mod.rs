//! Ridge regression on the features sigma(W x), from the state of the first layer (docs/theory.md,
//! section 15).

mod conditional_moments;
pub(crate) mod continuation;
mod factors;
pub(crate) mod fixed_point;
mod mean_part;
pub(crate) mod neuron_types;
mod ridge;
pub(crate) mod sample_nodes;
pub(crate) mod spectrum;
pub(crate) mod square_matrix;
pub(crate) mod system;
mod weighted_sums;

#[cfg(test)]
mod tests;
