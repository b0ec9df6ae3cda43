//! Results as files that everyone reads: [`Arrays`] by name as .npz for NumPy, and the weights as
//! [safetensors](write_weights).
//!
//! A file is written beside its place and then renamed, so that it is never half a file; one that was
//! there is replaced.
//!
//! ```
//! use linear_width_runs::config::ExperimentConfig;
//! use linear_width_runs::files::Arrays;
//! use linear_width_runs::predicted::PredictedReport;
//!
//! # let folder = std::env::temp_dir().join(format!("linear-width-npz-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! let text = r#"
//! width = 120
//! dimension = 60
//! samples = 180
//! activation = { tanh = { scale = 2.0, shift = 0.5 } }
//! steps = [{ constant = 2.0, alpha = 0.3 }]
//! target = { link = { hermite = [0.0, 1.0] } }
//! "#;
//! let experiment = ExperimentConfig::from_toml(text)?.build()?;
//! let report = experiment.run()?;
//! let arrays = Arrays::of_run(&report, &PredictedReport::of_run(&experiment, &report)?);
//! assert_eq!(arrays.get("singular_values").ok_or("missing")?.shape(), [2, 60]);
//! arrays.write_npz(folder.join("results.npz"))?; // np.load("results.npz")["singular_values"]
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod arrays;
mod npz;
mod weights;

pub use arrays::{Array, Arrays};
pub use weights::write_weights;

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::error::debug_is_display;

/// A results file that could not be written.
#[derive(Error)]
#[non_exhaustive]
#[error("{}: {why}", .path.display())]
pub struct FileError {
    /// The file.
    pub path: PathBuf,
    /// Why, in words.
    pub why: String,
}

debug_is_display!(FileError);

/// Writes a file beside its place and renames it.
fn write_whole<E: std::fmt::Display>(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<(), E>,
) -> Result<(), FileError> {
    let at = |why: String| FileError { path: path.to_owned(), why };
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let written = File::create(&partial).map_err(|error| error.to_string()).and_then(|file| {
        let mut file = BufWriter::new(file);
        write(&mut file).map_err(|error| error.to_string())?;
        file.flush().and_then(|()| file.get_ref().sync_all()).map_err(|error| error.to_string())
    });
    let renamed =
        written.and_then(|()| fs::rename(&partial, path).map_err(|error| error.to_string()));
    renamed.map_err(|why| {
        // what is left of it is of no use
        let _ = fs::remove_file(&partial);
        at(why)
    })
}
