#![deny(missing_docs)]
#![forbid(unsafe_code)]

//! WIP

#[cfg(not(any(feature = "faer", feature = "lapack")))]
compile_error!(
    "linear-width needs a dense linear algebra backend: keep the default feature `faer`, or choose \
     one LAPACK source, for example `openblas-system`"
);

pub mod activation;
pub mod data;
mod error;
pub mod experiment;
mod linalg;
pub mod network;
pub mod quadrature;
mod random;
mod scalar;
pub mod spectral;
pub mod theory;
pub mod training;

pub use error::InvalidSetting;
pub use experiment::{Experiment, Report};
pub use linalg::{LinalgError, backend_name};
pub use scalar::Scalar;
