//! From a problem to the state of the first layer: averages over neurons and samples (docs/theory.md,
//! sections 4 and 5).
//!
//! `setup` reduces the problem to constants (`activation_constants`, `labels`) and nodes;
//! `second_layer` integrates over b; `averages` tabulates the contribution of a neuron for a sample of
//! each of the `sample_groups`; `right_vectors` and `row_variance` sum over the samples; `two_steps`
//! makes the state from them. `start` is W_0, and `trajectory` chooses the way of stepping.
//! `given_first_layer` takes the state from weights instead.

pub(crate) mod activation_constants;
pub(crate) mod averages;
mod given_first_layer;
pub(crate) mod independent_steps;
pub(crate) mod labels;
pub(crate) mod nodes;
pub(crate) mod reused_steps;
pub(crate) mod right_vectors;
pub(crate) mod row_variance;
pub(crate) mod sample_groups;
pub(crate) mod sample_law;
pub(crate) mod second_layer;
pub(crate) mod setup;
mod start;
#[cfg(test)]
pub(crate) mod test_quadratic;
pub(crate) mod trajectory;
pub(crate) mod two_steps;
