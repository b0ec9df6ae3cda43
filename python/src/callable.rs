//! A Python function as an activation or a link.

use linear_width::activation::Activation;
use linear_width::data::Target;
use ndarray::ArrayView;
use numpy::{PyArray1, PyArrayMethods, ToPyArray};
use pyo3::prelude::*;

use super::errors::{Raised, value_error};

/// An object of the Python class `Function`: its methods `values` and `derivatives` take and return a
/// one-dimensional array of float64. Or one of the class `MultiIndex`, whose `values` takes points
/// (points x variables) and returns a number for each.
pub struct Callable {
    function: Py<PyAny>,
    name: String,
    kinks: Vec<f64>,
    raised: Raised,
}

impl Callable {
    pub fn new(function: Bound<'_, PyAny>, raised: &Raised) -> PyResult<Self> {
        raised.expect_functions();
        Ok(Self {
            name: function.getattr("name")?.extract()?,
            kinks: function.getattr("kinks")?.extract()?,
            function: function.unbind(),
            raised: raised.clone(),
        })
    }

    /// The target with this function of so many numbers as its link.
    pub fn multi_index(self, variables: usize) -> Target {
        let (name, kinks) = (self.name.clone(), self.kinks.clone());
        let link = move |z: &[f64]| self.at_point(z);
        Target::multi_index(name, variables, link).with_kinks(kinks)
    }

    /// A `Function` at a number.
    pub fn at(&self, method: &str, z: f64) -> f64 {
        let mut out = [0.0];
        self.call(method, [1], &[z], &mut out);
        out[0]
    }

    /// A `MultiIndex` at a point.
    pub fn at_point(&self, z: &[f64]) -> f64 {
        let mut out = [0.0];
        self.call("values", [1, z.len()], z, &mut out);
        out[0]
    }

    /// Writes what `method` returns for `z`, of this shape, into `out`; NaN once an exception was
    /// raised.
    fn call<const D: usize>(&self, method: &str, shape: [usize; D], z: &[f64], out: &mut [f64])
    where
        [usize; D]: ndarray::IntoDimension<Dim = ndarray::Dim<[usize; D]>>,
        ndarray::Dim<[usize; D]>: ndarray::Dimension,
    {
        if self.raised.is_set() {
            return out.fill(f64::NAN);
        }
        let result = Python::attach(|py| -> PyResult<()> {
            let z = ArrayView::from_shape(shape, z).map_err(value_error)?.to_pyarray(py);
            let found = self.function.bind(py).call_method1(method, (z,))?;
            let found = found.cast::<PyArray1<f64>>()?.readonly();
            out.iter_mut().zip(found.as_array()).for_each(|(out, value)| *out = *value);
            Ok(())
        });
        if let Err(error) = result {
            self.raised.set(error);
            out.fill(f64::NAN);
        }
    }
}

impl Activation for Callable {
    fn value(&self, z: f64) -> f64 {
        self.at("values", z)
    }

    fn derivative(&self, z: f64) -> f64 {
        self.at("derivatives", z)
    }

    fn evaluate_f64(&self, z: &[f64], value: &mut [f64], derivative: &mut [f64]) {
        self.call("values", [z.len()], z, value);
        self.call("derivatives", [z.len()], z, derivative);
    }

    fn evaluate_f32(&self, z: &[f32], value: &mut [f32], derivative: &mut [f32]) {
        let z: Vec<f64> = z.iter().map(|z| f64::from(*z)).collect();
        let mut buffer = vec![0.0; z.len()];
        for (method, out) in [("values", value), ("derivatives", derivative)] {
            self.call(method, [z.len()], &z, &mut buffer);
            out.iter_mut().zip(&buffer).for_each(|(out, x)| *out = *x as f32);
        }
    }

    fn kinks(&self) -> Vec<f64> {
        self.kinks.clone()
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}
