//! Theory: what the large steps do to the spectrum, without a simulation.
//!
//! `formulas` holds the closed formulas of the paper. [`prediction`] computes the whole spectrum in
//! two stages that meet in the state of the first layer only: `dynamics` take the steps,
//! `observables` ask for bulk, outliers and overlaps. Nothing here reads a simulation. The
//! mathematics, with its sources, is in docs/theory.md of the repository.

mod dynamics;
mod error;
pub(crate) mod formulas;
mod observables;
pub mod prediction;
mod problem;
mod state;

pub use observables::features;
pub use formulas::{ConditionalSpikes, LeadingOrder, OutlierCount, SpikeExpansion};
