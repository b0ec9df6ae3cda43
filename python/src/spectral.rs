//! Spectra of any matrix.

use linear_width::Scalar;
use linear_width::spectral::{self, OutlierRule, ReportOptions};
use numpy::{Element, IntoPyArray, PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

use super::arrays::{owned1, owned2};
use super::errors::{compute, value_error};
use super::objects::{from_python, to_python};

type Triplets<'py, T> = (Bound<'py, PyArray2<T>>, Bound<'py, PyArray1<T>>, Bound<'py, PyArray2<T>>);

fn reported<'py, T: Scalar + Element + Copy>(
    py: Python<'py>,
    weights: &PyReadonlyArray2<'_, T>,
    options: &Bound<'_, PyAny>,
) -> PyResult<(Bound<'py, PyAny>, String, String)> {
    let weights = owned2(weights);
    let options: ReportOptions = from_python(options)?;
    let report = compute(py, || options.report(weights.view()))?;
    let mut csv = Vec::new();
    report.write_csv(&mut csv)?;
    let csv = String::from_utf8(csv).map_err(value_error)?;
    Ok((to_python(py, &report)?, report.to_string(), csv))
}

fn all_values<'py, T: Scalar + Element + Copy>(
    py: Python<'py>,
    weights: &PyReadonlyArray2<'_, T>,
) -> PyResult<Bound<'py, PyArray1<T>>> {
    let weights = owned2(weights);
    Ok(compute(py, || spectral::singular_values(weights.view()))?.into_pyarray(py))
}

fn leading<'py, T: Scalar + Element + Copy>(
    py: Python<'py>,
    weights: &PyReadonlyArray2<'_, T>,
    count: usize,
) -> PyResult<Triplets<'py, T>> {
    let weights = owned2(weights);
    let found = compute(py, || spectral::leading_triplets(weights.view(), count))?;
    let (u, s, v) = (found.left, found.singular_values, found.right);
    Ok((u.into_pyarray(py), s.into_pyarray(py), v.into_pyarray(py)))
}

/// Report, its text, and its table of values as CSV.
#[pyfunction]
pub fn report<'py>(
    py: Python<'py>,
    weights: PyReadonlyArray2<'_, f64>,
    options: &Bound<'_, PyAny>,
) -> PyResult<(Bound<'py, PyAny>, String, String)> {
    reported(py, &weights, options)
}

#[pyfunction]
pub fn report_f32<'py>(
    py: Python<'py>,
    weights: PyReadonlyArray2<'_, f32>,
    options: &Bound<'_, PyAny>,
) -> PyResult<(Bound<'py, PyAny>, String, String)> {
    reported(py, &weights, options)
}

#[pyfunction]
pub fn singular_values<'py>(
    py: Python<'py>,
    weights: PyReadonlyArray2<'_, f64>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    all_values(py, &weights)
}

#[pyfunction]
pub fn singular_values_f32<'py>(
    py: Python<'py>,
    weights: PyReadonlyArray2<'_, f32>,
) -> PyResult<Bound<'py, PyArray1<f32>>> {
    all_values(py, &weights)
}

#[pyfunction]
pub fn leading_triplets<'py>(
    py: Python<'py>,
    weights: PyReadonlyArray2<'_, f64>,
    count: usize,
) -> PyResult<Triplets<'py, f64>> {
    leading(py, &weights, count)
}

#[pyfunction]
pub fn leading_triplets_f32<'py>(
    py: Python<'py>,
    weights: PyReadonlyArray2<'_, f32>,
    count: usize,
) -> PyResult<Triplets<'py, f32>> {
    leading(py, &weights, count)
}

/// The outliers among all singular values of an N x d matrix.
#[pyfunction]
pub fn count_outliers<'py>(
    py: Python<'py>,
    singular_values: PyReadonlyArray1<'_, f64>,
    shape: (usize, usize),
    rule: Option<Bound<'_, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let s = owned1(&singular_values).to_vec();
    let rule = rule.map(|rule| from_python(&rule)).transpose()?;
    let rule = rule.unwrap_or(OutlierRule::default_for(s.len()));
    to_python(py, &compute(py, || rule.apply(&s, shape.0, shape.1))?)
}
