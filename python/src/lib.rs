//! The compiled half of the Python package `linear_width`: what needs the crate, and no more. Names,
//! documentation and the classes of reports are in Python, in the folder `linear_width`.

#![forbid(unsafe_code)]

mod arrays;
mod callable;
mod errors;
mod experiment;
mod laws;
mod objects;
mod prediction;
mod settings;
mod spectral;
mod threads;

use pyo3::prelude::*;

#[pymodule]
mod _core {
    #[pymodule_export]
    use super::experiment::Experiment;
    #[pymodule_export]
    use super::laws::{
        edge_law_p_value, edge_law_threshold, edge_law_white, exponents, marchenko_pastur,
        marchenko_pastur_edges, outlier_count, spike, tracy_widom,
    };
    #[pymodule_export]
    use super::prediction::{FeatureSpectrum, Features, Prediction, State};
    #[pymodule_export]
    use super::settings::setting_names;
    #[pymodule_export]
    use super::spectral::{count_outliers, leading_triplets, report, singular_values};

    use super::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        module.add("instruction_set", linear_width::instruction_set())
    }
}
