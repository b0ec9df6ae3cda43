//! Spectra: singular values and vectors, bulk histogram, outliers, overlaps.

mod decomposition;
mod histogram;
mod largest_gap;
mod outliers;
mod overlap;
mod top_triplets;

pub use decomposition::{
    SingularTriplets, SpectralError, SpectrumMethod, singular_values, singular_values_by, thin_svd,
};
pub use histogram::Histogram;
pub use outliers::{OutlierRule, Outliers};
pub use overlap::{overlap, overlaps_with_powers, subspace_overlap};
pub use top_triplets::{TopTripletsOptions, top_triplets};
