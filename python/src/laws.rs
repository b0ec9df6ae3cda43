//! Laws and formulas. Functions of a number take and return arrays.

use linear_width::activation::Activation;
use linear_width::data::Link;
use linear_width::rmt::{EdgeLaw, MarchenkoPastur, SpikedMatrix, TracyWidom};
use linear_width::theory::{OutlierCount, SpikeExpansion};
use linear_width_runs::config::FunctionConfig;
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;

use super::arrays::owned1;
use super::callable::Callable;
use super::errors::{Raised, compute, value_error};
use super::objects::from_python;

/// Coefficients at or below this count as zero.
const ZERO: f64 = 1e-8;

fn mapped<'py, E: std::fmt::Display>(
    py: Python<'py>,
    at: &PyReadonlyArray1<'_, f64>,
    f: impl Fn(f64) -> Result<f64, E> + Send,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let at = owned1(at);
    let values = compute(py, || at.into_iter().map(f).collect::<Result<Vec<f64>, E>>())?;
    Ok(values.into_pyarray(py))
}

#[pyfunction]
pub fn tracy_widom<'py>(
    py: Python<'py>,
    name: &str,
    at: PyReadonlyArray1<'_, f64>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    mapped(py, &at, |x| match name {
        "cdf" => Ok(TracyWidom.distribution(x)),
        "sf" => Ok(TracyWidom.survival(x)),
        "pdf" => Ok(TracyWidom.density(x)),
        "ppf" => TracyWidom.quantile(x).map_err(|error| error.to_string()),
        "isf" => TracyWidom.upper_quantile(x).map_err(|error| error.to_string()),
        _ => Err(format!("no function {name} of the Tracy-Widom law")),
    })
}

#[pyfunction]
pub fn marchenko_pastur<'py>(
    py: Python<'py>,
    gamma: f64,
    name: &str,
    at: PyReadonlyArray1<'_, f64>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let law = MarchenkoPastur::new(gamma).map_err(value_error)?;
    mapped(py, &at, |x| match name {
        "pdf" => Ok(law.singular_value_density(x)),
        "cdf" => Ok(law.singular_value_distribution(x)),
        "eigenvalue_pdf" => Ok(law.eigenvalue_density(x)),
        "eigenvalue_cdf" => Ok(law.eigenvalue_distribution(x)),
        _ => Err(format!("no function {name} of the Marchenko-Pastur law")),
    })
}

/// Of singular values.
#[pyfunction]
pub fn marchenko_pastur_edges(gamma: f64) -> PyResult<(f64, f64)> {
    Ok(MarchenkoPastur::new(gamma).map_err(value_error)?.singular_value_edges())
}

/// Singular value, left and right overlap.
type Spike = (f64, f64, f64);

/// The threshold, and the outlier of a spike above it.
#[pyfunction]
pub fn spike(gamma: f64, theta: f64) -> PyResult<(f64, Option<Spike>)> {
    let law = SpikedMatrix::new(gamma).map_err(value_error)?;
    let outlier = law.spike(theta).map_err(value_error)?;
    let outlier = outlier.map(|o| (o.singular_value, o.left_overlap, o.right_overlap));
    Ok((law.bbp_threshold(), outlier))
}

/// Centre and scale.
#[pyfunction]
pub fn edge_law_white(width: usize, dimension: usize, variance: f64) -> PyResult<(f64, f64)> {
    let law = EdgeLaw::white(width, dimension, variance).map_err(value_error)?;
    Ok((law.centre, law.scale))
}

#[pyfunction]
pub fn edge_law_p_value<'py>(
    py: Python<'py>,
    centre: f64,
    scale: f64,
    at: PyReadonlyArray1<'_, f64>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let law = EdgeLaw { centre, scale };
    mapped(py, &at, |s| Ok::<_, String>(law.p_value(s)))
}

#[pyfunction]
pub fn edge_law_threshold<'py>(
    py: Python<'py>,
    centre: f64,
    scale: f64,
    at: PyReadonlyArray1<'_, f64>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let law = EdgeLaw { centre, scale };
    mapped(py, &at, |level| law.threshold(level))
}

/// New directions, total, corrected total, exponents of the terms, special cases.
#[pyfunction]
#[pyo3(signature = (alpha_1, alpha_2, coefficients=None, distinct_values=None))]
#[allow(clippy::type_complexity)]
pub fn outlier_count(
    alpha_1: f64,
    alpha_2: f64,
    coefficients: Option<Vec<f64>>,
    distinct_values: Option<usize>,
) -> PyResult<(usize, usize, usize, Vec<f64>, Vec<String>)> {
    let mut spikes = SpikeExpansion::new(alpha_1, alpha_2).map_err(value_error)?;
    if let Some(coefficients) = coefficients {
        spikes = spikes.with_hermite_coefficients(&coefficients, ZERO).map_err(value_error)?;
    }
    if let Some(count) = distinct_values {
        spikes = spikes.with_distinct_second_layer_values(count);
    }
    let OutlierCount { new_directions, total, corrected } = spikes.count();
    Ok((new_directions, total, corrected, spikes.exponents().to_vec(), spikes.special_cases()))
}

/// Hermite coefficients, information exponent and reuse exponent of a function, by name or as an
/// object of the class `Function`.
#[pyfunction]
#[allow(clippy::type_complexity)]
pub fn exponents(
    py: Python<'_>,
    function: &Bound<'_, PyAny>,
    callable: bool,
    max_degree: usize,
) -> PyResult<(Vec<f64>, Option<usize>, Option<usize>)> {
    let raised = Raised::default();
    let function = if callable {
        Callable::new(function.clone(), &raised)?.shared()
    } else {
        from_python::<FunctionConfig>(function)?.activation()
    };
    raised.compute(py, || -> Result<_, linear_width::InvalidSetting> {
        let link = Link::from_activation(function.clone());
        let name = link.name().to_owned();
        let coefficients = link
            .hermite_coefficients(max_degree)
            .map_err(|source| linear_width::InvalidSetting::Function { name, source })?;
        let information = link.information_exponent(12, ZERO)?;
        Ok((coefficients, information, link.reuse_exponent(12, ZERO)?))
    })
}
