//! The errors of a card, which stand beside those of the rest.

pub use crate::error::CudaError;
pub(crate) use crate::error::OnCard;
