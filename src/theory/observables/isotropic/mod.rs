//! Bulk and outliers when the noise rows are isotropic: covariance D(b) I / d (docs/theory.md,
//! sections 5.3 to 5.5 and 7.2).

mod bulk;
mod outliers;

pub(crate) use bulk::Bulk;
pub(crate) use outliers::IsotropicSpectrum;
