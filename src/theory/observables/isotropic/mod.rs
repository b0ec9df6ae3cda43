//! Bulk and outliers when the noise rows are isotropic: covariance D(b) I / d (docs/theory.md,
//! sections 5.3 to 5.5 and 7.2). The outliers also serve other bulks whose rows are independent of the
//! spikes (section 17).

mod bulk;
mod outliers;
mod row_bulk;

pub(crate) use bulk::Bulk;
pub(crate) use outliers::{IsotropicSpectrum, SpikedBulk};
pub(crate) use row_bulk::{BulkPoint, RowBulk};
