//! The paper's formulas: exponents and counts at leading order.

mod conditional_spikes;
mod exponents;
mod leading_order;
mod outlier_count;
mod spike_expansion;

pub use conditional_spikes::ConditionalSpikes;
pub use leading_order::LeadingOrder;
pub use outlier_count::OutlierCount;
pub use spike_expansion::SpikeExpansion;
