//! Spectra: singular values and vectors, bulk histogram, outliers, overlaps.
//!
//! They apply to any matrix, for example the weights of a [`Network`](crate::network::Network):
//!
//! ```
//! use linear_width::spectral::{OutlierRule, overlap, singular_values, leading_triplets};
//! use ndarray::{Array1, Array2};
//! use rand::SeedableRng;
//! use rand_distr::{Distribution, Normal};
//!
//! // noise with singular values up to 2 + √2, and a spike of size 8 along one direction
//! let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(1);
//! let entries = Normal::new(0.0, 400_f64.sqrt().recip())?;
//! let noise = Array2::from_shape_fn((800, 400), |_| 2_f64.sqrt() * entries.sample(&mut random));
//! let direction = Array1::from_elem(400, 400_f64.sqrt().recip());
//! let w = noise + &direction * (8.0 / 800_f64.sqrt());
//! let s = singular_values(w.view())?;
//! let found = OutlierRule::default_for(s.len()).apply(s.as_slice().unwrap(), 800, 400)?;
//! assert_eq!(found.count, 1);
//!
//! let top = leading_triplets(w.view(), 1)?;
//! assert!((top.singular_values[0] - s[0]).abs() < 1e-9);
//! assert!(overlap(top.right.row(0), direction.view())? > 0.9);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`report()`] says all of it at once about a matrix of unknown origin; [`feature_spectrum`] measures the features sigma(W x) on a batch in place of W.

mod feature_spectrum;
mod gap_outliers;
mod histogram;
mod largest_gap;
mod noise_scale;
mod outliers;
mod overlap;
mod report;
mod singular_values;
mod triplets;
mod white_noise;

pub use crate::linalg::{SingularTriplets, SpectralError};
pub(crate) use feature_spectrum::feature_spectrum_at;
pub use feature_spectrum::{FeatureSpectrum, feature_spectrum};
pub(crate) use gap_outliers::gap_outliers;
pub use histogram::Histogram;
pub use outliers::{OutlierRule, Outliers};
pub(crate) use overlap::{MAX_POWER, overlaps_with_powers};
pub use overlap::{overlap, principal_overlaps};
pub use report::{
    BulkFit, HardThreshold, Localisation, PowerLaw, RandomisedNull, ReportOptions, SpectrumReport,
    VectorShape, report,
};
pub use singular_values::{SpectrumMethod, singular_values};
pub use triplets::leading_triplets;
