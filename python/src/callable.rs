//! A Python function as an activation.

use linear_width::activation::Activation;
use ndarray::ArrayView1;
use numpy::{PyArray1, PyArrayMethods, ToPyArray};
use pyo3::prelude::*;

use super::errors::Raised;

/// An object of the Python class `Function`: its methods `values` and `derivatives` take and return a
/// one-dimensional array of float64.
pub struct Callable {
    function: Py<PyAny>,
    name: String,
    kinks: Vec<f64>,
    raised: Raised,
}

impl Callable {
    pub fn new(function: Bound<'_, PyAny>, raised: &Raised) -> PyResult<Self> {
        Ok(Self {
            name: function.getattr("name")?.extract()?,
            kinks: function.getattr("kinks")?.extract()?,
            function: function.unbind(),
            raised: raised.clone(),
        })
    }

    /// Writes what `method` returns for `z` into `out`; NaN once an exception was raised.
    fn call(&self, method: &str, z: &[f64], out: &mut [f64]) {
        if self.raised.is_set() {
            return out.fill(f64::NAN);
        }
        let result = Python::attach(|py| -> PyResult<()> {
            let z = ArrayView1::from(z).to_pyarray(py);
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

    fn at(&self, method: &str, z: f64) -> f64 {
        let mut out = [0.0];
        self.call(method, &[z], &mut out);
        out[0]
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
        self.call("values", z, value);
        self.call("derivatives", z, derivative);
    }

    fn evaluate_f32(&self, z: &[f32], value: &mut [f32], derivative: &mut [f32]) {
        let z: Vec<f64> = z.iter().map(|z| f64::from(*z)).collect();
        let mut buffer = vec![0.0; z.len()];
        for (method, out) in [("values", value), ("derivatives", derivative)] {
            self.call(method, &z, &mut buffer);
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
