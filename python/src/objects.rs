//! Values of the crate as Python objects, and back, by way of serde.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyMapping, PyString};
use pythonize::{PythonizeNamedMappingType, PythonizeTypes, depythonize, pythonize_custom};
use serde::Serialize;

use super::errors::value_error;

/// Under this key a dictionary has the name of the struct it was.
const NAME: &str = "__struct__";

/// A dictionary that names its struct; `linear_width._records` makes an object of it.
struct Named;

impl PythonizeNamedMappingType for Named {
    type Builder<'py> = Bound<'py, PyDict>;

    fn builder<'py>(py: Python<'py>, _: usize, name: &'static str) -> PyResult<Self::Builder<'py>> {
        let dictionary = PyDict::new(py);
        dictionary.set_item(NAME, name)?;
        Ok(dictionary)
    }

    fn push_field<'py>(
        dictionary: &mut Self::Builder<'py>,
        name: Bound<'py, PyString>,
        value: Bound<'py, PyAny>,
    ) -> PyResult<()> {
        dictionary.set_item(name, value)
    }

    fn finish<'py>(dictionary: Self::Builder<'py>) -> PyResult<Bound<'py, PyMapping>> {
        Ok(dictionary.into_mapping())
    }
}

struct Types;

impl PythonizeTypes for Types {
    type Map = PyDict;
    type NamedMap = Named;
    type List = PyList;
}

/// Structs become dictionaries that name them.
pub fn to_python<'py>(py: Python<'py>, value: &impl Serialize) -> PyResult<Bound<'py, PyAny>> {
    Ok(pythonize_custom::<Types, _>(py, value)?)
}

/// The table of settings that a dictionary holds.
pub fn table(values: &Bound<'_, PyAny>) -> PyResult<toml::Table> {
    depythonize(values).map_err(value_error)
}

/// A value of the crate, read from numbers, text, lists and dictionaries.
pub fn from_python<T: serde::de::DeserializeOwned>(value: &Bound<'_, PyAny>) -> PyResult<T> {
    depythonize(value).map_err(value_error)
}
