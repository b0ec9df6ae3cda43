//! Formulas of the theory other than the prediction: exponents, counts, spikes, random-matrix laws.

mod conditional_spikes;
mod properties;

#[path = "../common/strategies.rs"]
mod strategies;
