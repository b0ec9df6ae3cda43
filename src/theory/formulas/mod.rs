//! The paper's formulas.

mod conditional_spikes;
mod exponents;
mod spike_expansion;

pub use conditional_spikes::ConditionalSpikes;
pub use exponents::{information_exponent, reuse_exponent};
pub use spike_expansion::{FirstStep, SpikeExpansion, SpikeTerm, SpikeTermStatus, outlier_count};
