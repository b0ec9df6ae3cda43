//! Spectra of any matrix.

use linear_width::Scalar;
use linear_width::spectral::{self, OutlierRule, ReportOptions};
use numpy::{Element, IntoPyArray, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

use super::arrays::{owned1, owned2};
use super::errors::{compute, value_error};
use super::objects::{from_python, to_python};

/// A matrix of either precision.
#[derive(FromPyObject)]
pub enum Matrix<'py> {
    Double(PyReadonlyArray2<'py, f64>),
    Single(PyReadonlyArray2<'py, f32>),
}

/// Calls a function of any precision with the matrix.
macro_rules! with {
    ($matrix:expr, |$weights:ident| $call:expr) => {
        match $matrix {
            Matrix::Double($weights) => $call,
            Matrix::Single($weights) => $call,
        }
    };
}

/// Report, its text, and its table of values as CSV.
#[pyfunction]
pub fn report<'py>(
    py: Python<'py>,
    weights: Matrix<'py>,
    options: &Bound<'_, PyAny>,
) -> PyResult<(Bound<'py, PyAny>, String, String)> {
    let options: ReportOptions = from_python(options)?;
    let report = with!(weights, |w| {
        let w = owned2(&w);
        compute(py, || options.report(w.view()))?
    });
    let mut csv = Vec::new();
    report.write_csv(&mut csv)?;
    let csv = String::from_utf8(csv).map_err(value_error)?;
    Ok((to_python(py, &report)?, report.to_string(), csv))
}

/// In the precision of the matrix.
#[pyfunction]
pub fn singular_values<'py>(py: Python<'py>, weights: Matrix<'py>) -> PyResult<Bound<'py, PyAny>> {
    fn of<'py, T: Scalar + Element + Copy>(
        py: Python<'py>,
        weights: &PyReadonlyArray2<'_, T>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let weights = owned2(weights);
        let values = compute(py, || spectral::singular_values(weights.view()))?;
        Ok(values.into_pyarray(py).into_any())
    }
    with!(weights, |w| of(py, &w))
}

/// Left vectors, values and right vectors.
type Triplets<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>);

/// In the precision of the matrix.
#[pyfunction]
pub fn leading_triplets<'py>(
    py: Python<'py>,
    weights: Matrix<'py>,
    count: usize,
) -> PyResult<Triplets<'py>> {
    fn of<'py, T: Scalar + Element + Copy>(
        py: Python<'py>,
        weights: &PyReadonlyArray2<'_, T>,
        count: usize,
    ) -> PyResult<Triplets<'py>> {
        let weights = owned2(weights);
        let found = compute(py, || spectral::leading_triplets(weights.view(), count))?;
        let (u, s, v) = (found.left, found.singular_values, found.right);
        let (u, s, v) = (u.into_pyarray(py), s.into_pyarray(py), v.into_pyarray(py));
        Ok((u.into_any(), s.into_any(), v.into_any()))
    }
    with!(weights, |w| of(py, &w, count))
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
