//! Checks that many settings and arguments share.

use ndarray::ArrayView2;

use super::InvalidSetting;
use crate::numerics::Real;

/// Checks that a size is not zero.
pub(crate) fn nonzero(name: &'static str, size: usize) -> Result<(), InvalidSetting> {
    if size == 0 { Err(InvalidSetting::ZeroSize { name }) } else { Ok(()) }
}

/// Checks that a real parameter is finite and that the condition on it holds.
pub(crate) fn in_range(
    name: &'static str,
    value: f64,
    holds: bool,
    allowed: &'static str,
) -> Result<(), InvalidSetting> {
    match value.is_finite() && holds {
        true => Ok(()),
        false => Err(InvalidSetting::OutOfRange { name, value, allowed }),
    }
}

/// Checks that a matrix of this shape has `columns` columns.
pub(crate) fn has_columns(
    name: &'static str,
    shape: (usize, usize),
    columns: usize,
) -> Result<(), InvalidSetting> {
    if shape.1 == columns {
        return Ok(());
    }
    let found = format!("{} x {}", shape.0, shape.1);
    Err(InvalidSetting::Shape { name, found, expected: format!("any x {columns}") })
}

/// Checks the shape of a matrix.
pub(crate) fn has_shape(
    name: &'static str,
    found: (usize, usize),
    expected: (usize, usize),
) -> Result<(), InvalidSetting> {
    if found == expected {
        return Ok(());
    }
    let [found, expected] = [found, expected].map(|(rows, columns)| format!("{rows} x {columns}"));
    Err(InvalidSetting::Shape { name, found, expected })
}

/// Checks the length of a vector.
pub(crate) fn has_length(
    name: &'static str,
    found: usize,
    expected: usize,
) -> Result<(), InvalidSetting> {
    if found == expected {
        return Ok(());
    }
    let [found, expected] = [found, expected].map(|length| length.to_string());
    Err(InvalidSetting::Shape { name, found, expected })
}

/// Checks that a number is finite and not negative.
pub(crate) fn nonnegative(name: &'static str, value: f64) -> Result<(), InvalidSetting> {
    in_range(name, value, value >= 0.0, "a finite number, 0 or more")
}

/// Checks that all numbers are finite.
pub(crate) fn finite<'a>(
    name: &'static str,
    values: impl IntoIterator<Item = &'a f64>,
) -> Result<(), InvalidSetting> {
    let finite = values.into_iter().all(|value| value.is_finite());
    if finite { Ok(()) } else { Err(InvalidSetting::NonFinite { name }) }
}

/// Checks that every entry of a list is finite.
pub(crate) fn finite_list<'a, T: Real>(
    name: &'static str,
    values: impl IntoIterator<Item = &'a T>,
) -> Result<(), InvalidSetting> {
    let infinite = values.into_iter().enumerate().find(|(_, value)| !value.is_finite());
    infinite.map_or(Ok(()), |(entry, value)| {
        let place = format!("entry {entry}");
        Err(InvalidSetting::NonFiniteEntry { name, place, value: value.as_f64() })
    })
}

/// Checks that every entry of a matrix is finite.
pub(crate) fn finite_matrix<T: Real>(
    name: &'static str,
    matrix: ArrayView2<'_, T>,
) -> Result<(), InvalidSetting> {
    let infinite = matrix.indexed_iter().find(|(_, value)| !value.is_finite());
    infinite.map_or(Ok(()), |((row, column), value)| {
        let place = format!("row {row}, column {column}");
        Err(InvalidSetting::NonFiniteEntry { name, place, value: value.as_f64() })
    })
}
