//! Errors of the crate are `ValueError`s with its sentence.

use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::marker::Ungil;
use pyo3::prelude::*;

use super::threads::{in_living_threads, watched};

pub fn value_error(error: impl Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// The first exception raised by Python code that the crate called: a function of the experiment, the
/// observer of a run, or Ctrl-C. The crate knows nothing of exceptions; it is stopped by a NaN or by the
/// observer, and then this is what is raised.
#[derive(Clone, Default)]
pub struct Raised {
    first: Arc<Mutex<Option<PyErr>>>,
    /// Whether Python functions are called, which are what stops a computation without tiles.
    functions: Arc<AtomicBool>,
}

impl Raised {
    pub fn set(&self, error: PyErr) {
        self.first().get_or_insert(error);
    }

    pub fn is_set(&self) -> bool {
        self.first().is_some()
    }

    /// Says that computations call Python functions.
    pub fn expect_functions(&self) {
        self.functions.store(true, Ordering::Relaxed);
    }

    /// Computes with the interpreter lock released. Threads of the computation take it back where they
    /// call Python; if this one kept it, they would wait for each other for ever.
    pub fn compute<T: Ungil + Send, E: Display>(
        &self,
        py: Python<'_>,
        f: impl FnOnce() -> Result<T, E> + Ungil + Send,
    ) -> PyResult<T> {
        if self.functions.load(Ordering::Relaxed) {
            return self.observed(py, |_: ()| Ok(()), |_| f());
        }
        self.finished(py.detach(|| in_living_threads(|| f().map_err(|error| error.to_string()))))
    }

    /// [`compute`](Self::compute) for what says where it is: `f` calls its argument with messages, which
    /// `observer` is given in the thread that asked for the computation, the only one that sees Ctrl-C. The
    /// answer is whether to go on.
    pub fn observed<M: Send, T: Ungil + Send, E: Display>(
        &self,
        py: Python<'_>,
        observer: impl Fn(M) -> PyResult<()> + Ungil + Send + Sync,
        f: impl FnOnce(&(dyn Fn(M) -> bool + Sync)) -> Result<T, E> + Ungil + Send,
    ) -> PyResult<T> {
        let seen = |message: Option<M>| -> bool {
            let seen = Python::attach(|py| py.check_signals())
                .and_then(|()| message.map_or(Ok(()), &observer));
            if let Err(error) = seen {
                self.set(error);
            }
            !self.is_set()
        };
        let computed = |tell: &(dyn Fn(M) -> bool + Sync)| {
            in_living_threads(|| f(tell).map_err(|error| error.to_string()))
        };
        self.finished(py.detach(|| watched(seen, computed)))
    }

    fn finished<T>(&self, result: Result<T, String>) -> PyResult<T> {
        match (self.first().take(), result) {
            (Some(raised), _) => Err(raised),
            (None, result) => result.map_err(value_error),
        }
    }

    fn first(&self) -> std::sync::MutexGuard<'_, Option<PyErr>> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// [`Raised::compute`] for computations that call no Python.
pub fn compute<T: Ungil + Send, E: Display>(
    py: Python<'_>,
    f: impl FnOnce() -> Result<T, E> + Ungil + Send,
) -> PyResult<T> {
    Raised::default().compute(py, f)
}
