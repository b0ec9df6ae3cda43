//! Computing on an NVIDIA card (feature `cuda`): what lives in its memory, and the gradient step.

mod card;
mod error;
mod foreign;
mod matrix;

pub use card::Card;
pub use error::CudaError;
pub(crate) use foreign::CardNumber;
