//! Arrays as .npz.

use std::path::Path;

use ndarray_npy::{NpzWriter, WriteNpzError};

use super::arrays::{Array, Arrays};
use super::{FileError, write_whole};

impl Arrays {
    /// Writes all arrays as .npz, not compressed; `numpy.load` reads them by name.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn write_npz(&self, path: impl AsRef<Path>) -> Result<(), FileError> {
        write_whole(path.as_ref(), |file| {
            let mut npz = NpzWriter::new(file);
            for (name, array) in self.iter() {
                match array {
                    Array::Numbers(array) => npz.add_array(name, array)?,
                    Array::Counts(array) => npz.add_array(name, array)?,
                }
            }
            npz.finish()?;
            Ok::<(), WriteNpzError>(())
        })
    }
}
