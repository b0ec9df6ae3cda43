//! Theory: what the large steps do to the spectrum, without a simulation.
//!
//! Nothing here reads a simulation. The mathematics, with its sources, is in docs/theory.md of the
//! repository.

pub(crate) mod formulas;
pub(crate) mod observables;
pub mod prediction;

pub use formulas::{
    ConditionalSpikes, FirstStep, OutlierCount, SpikeExpansion, information_exponent,
    reuse_exponent,
};
