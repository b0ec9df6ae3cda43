//! Computing on an NVIDIA card (feature `cuda`): what lives in its memory, and the gradient step.

mod activation_table;
mod card;
mod error;
mod features;
mod foreign;
mod gradient_step;
#[cfg(test)]
mod gradient_step_tests;
mod leading_triplets;
mod matrix;
mod samples;
mod spectrum;
#[cfg(test)]
mod spectrum_tests;
mod tabulated;
mod workplace;

pub use card::Card;
pub use error::CudaError;
pub(crate) use features::CardFeatures;
pub(crate) use foreign::CardNumber;
pub use gradient_step::CardNetwork;
pub(crate) use gradient_step::step_bytes;
pub use samples::CardBatch;
pub(crate) use samples::SampleRoom;
pub(crate) use spectrum::bytes as spectrum_bytes;
