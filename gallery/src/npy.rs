//! Arrays of .npy files, whatever of the usual types their entries have, as 64-bit floats.

use std::io::Read;
use std::path::Path;

use half::f16;
use ndarray::{Array1, Array2, ArrayD, Ix2};
use ndarray_npy::{ReadDataError, ReadNpyError, ReadableElement, read_npy};
use py_literal::Value;

/// What can be read, in either byte order.
pub const TYPES: &str = "float16, float32, float64, int8, int16, int32, int64, uint8, uint16, \
                         uint32, uint64 and bool";

/// A matrix.
///
/// # Errors
/// A sentence with the name of the file.
pub fn matrix(path: &Path) -> Result<Array2<f64>, String> {
    let array = array(path)?;
    let shape = array.shape().to_vec();
    array.into_dimensionality::<Ix2>().map_err(|_| wrong_shape(path, &shape, "two (n x d)"))
}

/// A list, or a matrix of one column.
///
/// # Errors
/// A sentence with the name of the file.
pub fn list(path: &Path) -> Result<Array1<f64>, String> {
    let array = array(path)?;
    match *array.shape() {
        [_] | [_, 1] => Ok(array.into_iter().collect()),
        ref shape => Err(wrong_shape(path, shape, "one (n), or are one column (n x 1)")),
    }
}

fn wrong_shape(path: &Path, shape: &[usize], expected: &str) -> String {
    format!("{}: the array has shape {shape:?}; its dimensions must be {expected}", path.display())
}

/// An array of any shape.
///
/// # Errors
/// A sentence with the name of the file.
pub fn array(path: &Path) -> Result<ArrayD<f64>, String> {
    let array = read_npy::<_, ArrayD<Number>>(path).map_err(|error| match error {
        ReadNpyError::WrongDescriptor(found) => format!(
            "{}: the entries are of NumPy type {found}; what can be read is {TYPES}",
            path.display()
        ),
        other => format!("{}: {other}", path.display()),
    })?;
    Ok(array.mapv(|Number(value)| value))
}

/// An entry of any of the [`TYPES`].
#[derive(Clone, Copy)]
struct Number(f64);

impl ReadableElement for Number {
    fn read_to_end_exact_vec<R: Read>(
        reader: R,
        descriptor: &Value,
        count: usize,
    ) -> Result<Vec<Self>, ReadDataError> {
        let text = match descriptor {
            Value::String(text) => text.as_str(),
            _ => "",
        };
        let file = Entries { reader, descriptor, count };
        match text.trim_start_matches(['<', '>', '=', '|']) {
            "f8" => file.read(|x: f64| Some(x)),
            "f4" => file.read(|x: f32| Some(x.into())),
            "f2" => {
                // its bits are those of a 16-bit integer
                let bits = Value::String(text.replace('f', "u"));
                let file = Entries { descriptor: &bits, ..file };
                file.read(|x: u16| Some(f16::from_bits(x).into()))
            }
            "i8" => file.read(|x: i64| exact(x.into())),
            "u8" => file.read(|x: u64| exact(x.into())),
            "i4" => file.read(|x: i32| Some(x.into())),
            "u4" => file.read(|x: u32| Some(x.into())),
            "i2" => file.read(|x: i16| Some(x.into())),
            "u2" => file.read(|x: u16| Some(x.into())),
            "i1" => file.read(|x: i8| Some(x.into())),
            "u1" => file.read(|x: u8| Some(x.into())),
            "b1" => file.read(|x: bool| Some(u8::from(x).into())),
            _ => Err(ReadDataError::WrongDescriptor(descriptor.clone())),
        }
    }
}

/// The entries of a file, still to be read.
struct Entries<'a, R> {
    reader: R,
    descriptor: &'a Value,
    count: usize,
}

impl<R: Read> Entries<'_, R> {
    fn read<T: ReadableElement>(
        self,
        value: impl Fn(T) -> Option<f64>,
    ) -> Result<Vec<Number>, ReadDataError> {
        let entries = T::read_to_end_exact_vec(self.reader, self.descriptor, self.count)?;
        let numbers = entries.into_iter().map(|entry| value(entry).map(Number));
        numbers.collect::<Option<_>>().ok_or_else(|| {
            let text = "an integer beyond 2^53 has no 64-bit float of the same value";
            ReadDataError::ParseData(text.into())
        })
    }
}

/// The same number, if there is one.
fn exact(integer: i128) -> Option<f64> {
    let number = integer as f64;
    (number as i128 == integer).then_some(number)
}

#[cfg(test)]
#[path = "npy_tests.rs"]
mod tests;
