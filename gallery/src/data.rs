//! Data beside a picture: a table as CSV, the same columns and any further arrays as NumPy .npz.

use std::error::Error;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use ndarray::{Array1, ArrayD, ArrayView, Dimension};
use ndarray_npy::NpzWriter;

/// Named columns of equal length, and named arrays of any shape.
#[derive(Default)]
pub struct Data {
    columns: Vec<(String, Vec<f64>)>,
    arrays: Vec<(String, ArrayD<f64>)>,
}

impl Data {
    /// An empty table with these columns.
    pub fn with_columns<const C: usize>(names: [&str; C]) -> Self {
        let columns = names.map(|name| (name.to_owned(), Vec::new()));
        Self { columns: columns.into(), arrays: Vec::new() }
    }

    /// Adds a row to the table. Numbers only; flags are 0 and 1, missing values NaN.
    ///
    /// # Panics
    /// When the row has not one value per column.
    pub fn row<const C: usize>(&mut self, values: [f64; C]) {
        assert_eq!(C, self.columns.len(), "one value per column");
        for ((_, column), value) in self.columns.iter_mut().zip(values) {
            column.push(value);
        }
    }

    /// Adds an array that goes into the .npz only.
    pub fn array<D: Dimension>(&mut self, name: impl Into<String>, array: ArrayView<'_, f64, D>) {
        self.arrays.push((name.into(), array.to_owned().into_dyn()));
    }

    /// Writes `folder/name.csv` and `folder/name.npz`; the paths written.
    pub fn save(&self, folder: &Path, name: &str) -> Result<[PathBuf; 2], Box<dyn Error>> {
        fs::create_dir_all(folder)?;
        let csv = folder.join(format!("{name}.csv"));
        let mut writer = csv::Writer::from_path(&csv)?;
        writer.write_record(self.columns.iter().map(|(name, _)| name))?;
        for i in 0..self.columns.first().map_or(0, |(_, column)| column.len()) {
            writer.write_record(self.columns.iter().map(|(_, column)| column[i].to_string()))?;
        }
        writer.flush()?;
        let npz = folder.join(format!("{name}.npz"));
        let mut writer = NpzWriter::new(BufWriter::new(File::create(&npz)?));
        for (name, column) in &self.columns {
            writer.add_array(name, &Array1::from(column.clone()))?;
        }
        for (name, array) in &self.arrays {
            writer.add_array(name, array)?;
        }
        writer.finish()?;
        Ok([csv, npz])
    }
}
