//! Computing on an NVIDIA card (feature `cuda`): what lives in its memory, and the gradient step.

mod card;
mod error;
mod foreign;
mod leading_triplets;
mod matrix;
mod spectrum;
#[cfg(test)]
mod spectrum_tests;
mod workplace;

pub use card::Card;
pub use error::CudaError;
pub(crate) use foreign::CardNumber;
pub(crate) use leading_triplets::leading_triplets;
pub(crate) use spectrum::singular_values;
