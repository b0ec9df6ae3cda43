//! Errors of the crate are `ValueError`s with its sentence.

use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::marker::Ungil;
use pyo3::prelude::*;

pub fn value_error(error: impl Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// The first exception raised by Python code that the crate called: a function of the experiment, the
/// observer of a run, or Ctrl-C in either. The crate knows nothing of exceptions; it is stopped by a
/// NaN or by the observer, and then this is what is raised.
#[derive(Clone, Default)]
pub struct Raised(Arc<Mutex<Option<PyErr>>>);

impl Raised {
    pub fn set(&self, error: PyErr) {
        self.slot().get_or_insert(error);
    }

    pub fn is_set(&self) -> bool {
        self.slot().is_some()
    }

    /// Computes with the interpreter lock released. Threads of the computation take it back where they
    /// call Python; if this one kept it, they would wait for each other for ever.
    pub fn compute<T: Ungil + Send, E: Display>(
        &self,
        py: Python<'_>,
        f: impl FnOnce() -> Result<T, E> + Ungil + Send,
    ) -> PyResult<T> {
        let result = py.detach(|| f().map_err(|error| error.to_string()));
        match (self.slot().take(), result) {
            (Some(raised), _) => Err(raised),
            (None, result) => result.map_err(value_error),
        }
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<PyErr>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// [`Raised::compute`] for computations that call no Python.
pub fn compute<T: Ungil + Send, E: Display>(
    py: Python<'_>,
    f: impl FnOnce() -> Result<T, E> + Ungil + Send,
) -> PyResult<T> {
    Raised::default().compute(py, f)
}
