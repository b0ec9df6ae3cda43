//! All that a spectrum says about a matrix of unknown origin, in one report.

mod bulk;
mod display;
mod hard_threshold;
mod localisation;
mod make;
mod options;
mod power_law;
mod randomised;
mod summary;

pub use bulk::BulkFit;
pub use hard_threshold::HardThreshold;
pub use localisation::{Localisation, VectorShape};
pub use make::report;
pub use options::ReportOptions;
pub use power_law::PowerLaw;
pub use randomised::RandomisedNull;
pub use summary::SpectrumReport;
