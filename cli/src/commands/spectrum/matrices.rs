//! Matrices of .npy and .safetensors files, as 64-bit floats.

use std::fs;
use std::path::Path;

use half::{bf16, f16};
use ndarray::{Array2, ArrayD, IxDyn};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

/// A matrix with the name of its tensor, empty for files that hold one array.
pub struct Named {
    pub tensor: String,
    pub matrix: Array2<f64>,
}

/// What to take from a file.
pub struct Choice<'a> {
    /// These tensors; all that are matrices when there are none.
    pub tensors: &'a [String],
    /// Arrays of three or more dimensions are matrices too: the first dimension by all others.
    pub reshape: bool,
}

/// The matrices of a file in the order of their names, and sentences about what was passed over.
///
/// # Errors
/// A sentence with the name of the file, and of the tensor if there is one.
pub fn read(path: &Path, choice: &Choice<'_>) -> Result<(Vec<Named>, Vec<String>), String> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or("");
    match ending.to_ascii_lowercase().as_str() {
        "npy" => {
            if let Some(name) = choice.tensors.first() {
                let text = "a .npy file holds one array without a name";
                return Err(format!("{}: tensor {name}: {text}", path.display()));
            }
            let array = gallery::npy::array(path)?;
            let matrix = matrix(array, choice.reshape)
                .map_err(|problem| format!("{}: {problem}", path.display()))?;
            Ok((vec![Named { tensor: String::new(), matrix }], Vec::new()))
        }
        "safetensors" => {
            let at = |problem: String| format!("{}: {problem}", path.display());
            let bytes = fs::read(path).map_err(|error| at(error.to_string()))?;
            safetensors(&bytes, choice).map_err(at)
        }
        _ => Err(format!(
            "{}: what can be read is .npy and .safetensors, by the name's ending",
            path.display()
        )),
    }
}

fn safetensors(bytes: &[u8], choice: &Choice<'_>) -> Result<(Vec<Named>, Vec<String>), String> {
    let file = SafeTensors::deserialize(bytes)
        .map_err(|error| format!("this is no safetensors file: {error}"))?;
    let mut names: Vec<&str> = file.names().into_iter().collect();
    names.sort_unstable();
    let all = choice.tensors.is_empty();
    let wanted: Vec<&str> =
        if all { names.clone() } else { choice.tensors.iter().map(String::as_str).collect() };
    let (mut found, mut passed_over) = (Vec::new(), Vec::new());
    for name in wanted {
        let Ok(tensor) = file.tensor(name) else {
            return Err(format!("there is no tensor {name}; there are {}", names.join(", ")));
        };
        // biases and scalars are no matrices, and nobody expects them here
        if all && tensor.shape().len() < 2 {
            continue;
        }
        match entries(&tensor).and_then(|array| matrix(array, choice.reshape)) {
            Ok(matrix) => found.push(Named { tensor: name.to_owned(), matrix }),
            Err(problem) if all => passed_over.push(format!("tensor {name}: {problem}")),
            Err(problem) => return Err(format!("tensor {name}: {problem}")),
        }
    }
    if found.is_empty() {
        let mut text = "there is no matrix in it".to_owned();
        for problem in passed_over {
            text += &format!("\n  {problem}");
        }
        return Err(text);
    }
    Ok((found, passed_over))
}

fn matrix(array: ArrayD<f64>, reshape: bool) -> Result<Array2<f64>, String> {
    let shape = array.shape().to_vec();
    match shape[..] {
        [] | [_] => Err(format!("the shape is {shape:?}; a matrix has two dimensions")),
        [rows, ref others @ ..] if others.len() == 1 || reshape => {
            let columns = others.iter().product();
            // the entries in their logical order, whatever the order in the file
            let entries = array.iter().copied().collect();
            Array2::from_shape_vec((rows, columns), entries).map_err(|error| error.to_string())
        }
        _ => Err(format!(
            "the shape is {shape:?}; a matrix has two dimensions, and --reshape takes the first \
             dimension by all others"
        )),
    }
}

/// The entries of a tensor of floats.
fn entries(tensor: &TensorView<'_>) -> Result<ArrayD<f64>, String> {
    let bytes = tensor.data();
    let numbers: Vec<f64> = match tensor.dtype() {
        Dtype::F16 => each(bytes, |b| f16::from_le_bytes(b).to_f64()),
        Dtype::BF16 => each(bytes, |b| bf16::from_le_bytes(b).to_f64()),
        Dtype::F32 => each(bytes, |b| f32::from_le_bytes(b).into()),
        Dtype::F64 => each(bytes, f64::from_le_bytes),
        other => {
            return Err(format!(
                "the entries are {other:?}; what can be read is F16, BF16, F32 and F64"
            ));
        }
    };
    ArrayD::from_shape_vec(IxDyn(tensor.shape()), numbers).map_err(|error| error.to_string())
}

fn each<const BYTES: usize>(bytes: &[u8], number: impl Fn([u8; BYTES]) -> f64) -> Vec<f64> {
    let entry = |bytes: &[u8]| {
        let mut entry = [0; BYTES];
        entry.copy_from_slice(bytes);
        number(entry)
    };
    bytes.chunks_exact(BYTES).map(entry).collect()
}
