//! The backend in use: LAPACK when one of its features is on, `faer` otherwise.

#[cfg(all(feature = "faer", not(feature = "lapack")))]
pub(super) use super::faer::*;
#[cfg(feature = "lapack")]
pub(super) use super::lapack::*;
