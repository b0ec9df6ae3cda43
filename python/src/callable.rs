//! A Python function as an activation or a link.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

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
    /// What the function and its derivative are at single numbers: expectations are taken with the same
    /// nodes again and again, and a call of Python costs more than all the rest of them.
    known: [Mutex<HashMap<u64, f64>>; 2],
}

/// Most numbers that are remembered, a few MiB.
const MOST_KNOWN: usize = 1 << 17;

/// The methods of a `Function`.
#[derive(Clone, Copy)]
enum Method {
    Values,
    Derivatives,
}

impl Method {
    fn name(self) -> &'static str {
        match self {
            Self::Values => "values",
            Self::Derivatives => "derivatives",
        }
    }
}

impl Callable {
    pub fn new(function: Bound<'_, PyAny>, raised: &Raised) -> PyResult<Self> {
        raised.expect_functions();
        Ok(Self {
            name: function.getattr("name")?.extract()?,
            kinks: function.getattr("kinks")?.extract()?,
            function: function.unbind(),
            raised: raised.clone(),
            known: Default::default(),
        })
    }

    /// The target with this function of so many numbers as its link.
    pub fn multi_index(self, variables: usize) -> Target {
        let (name, kinks) = (self.name.clone(), self.kinks.clone());
        let link = move |z: &[f64]| self.at_point(z);
        Target::multi_index(name, variables, link).with_kinks(kinks)
    }

    /// A `Function` at a number.
    pub fn value(&self, z: f64) -> f64 {
        self.at(Method::Values, z)
    }

    fn at(&self, method: Method, z: f64) -> f64 {
        let known = || self.known[method as usize].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = known().get(&z.to_bits()) {
            return *value;
        }
        let mut out = [0.0];
        self.call(method, [1], &[z], &mut out);
        // what stands for an exception is not remembered
        if !out[0].is_nan() {
            let mut known = known();
            if known.len() < MOST_KNOWN {
                known.insert(z.to_bits(), out[0]);
            }
        }
        out[0]
    }

    /// A `MultiIndex` at a point.
    pub fn at_point(&self, z: &[f64]) -> f64 {
        let mut out = [0.0];
        self.call(Method::Values, [1, z.len()], z, &mut out);
        out[0]
    }

    /// Writes what `method` returns for `z`, of this shape, into `out`; NaN once an exception was
    /// raised.
    fn call<const D: usize>(&self, method: Method, shape: [usize; D], z: &[f64], out: &mut [f64])
    where
        [usize; D]: ndarray::IntoDimension<Dim = ndarray::Dim<[usize; D]>>,
        ndarray::Dim<[usize; D]>: ndarray::Dimension,
    {
        if self.raised.is_set() {
            return out.fill(f64::NAN);
        }
        let result = Python::attach(|py| -> PyResult<()> {
            let z = ArrayView::from_shape(shape, z).map_err(value_error)?.to_pyarray(py);
            let found = self.function.bind(py).call_method1(method.name(), (z,))?;
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
        Callable::value(self, z)
    }

    fn derivative(&self, z: f64) -> f64 {
        self.at(Method::Derivatives, z)
    }

    fn evaluate_f64(&self, z: &[f64], value: &mut [f64], derivative: &mut [f64]) {
        self.call(Method::Values, [z.len()], z, value);
        self.call(Method::Derivatives, [z.len()], z, derivative);
    }

    fn evaluate_f32(&self, z: &[f32], value: &mut [f32], derivative: &mut [f32]) {
        let z: Vec<f64> = z.iter().map(|z| f64::from(*z)).collect();
        let mut buffer = vec![0.0; z.len()];
        for (method, out) in [(Method::Values, value), (Method::Derivatives, derivative)] {
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
