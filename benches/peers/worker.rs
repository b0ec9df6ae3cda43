//! The crate's own contestant in `benches/peers/compare.py`, which starts it and explains the tasks.
//!
//! It reads lines `TASK DTYPE N d n`, does that work once and answers `SECONDS CHECK`, as
//! `protocol.py` describes. Its argument is the directory of the fixed inputs; without one, as
//! under `cargo bench`, it ends at once.

use std::error::Error;
use std::io::stdin;
use std::path::{Path, PathBuf};
use std::time::Instant;

use faer::traits::RealField;
use linear_width::activation::Tanh;
use linear_width::data::{Batch, Dataset, GeneratedBatch, Link, Target};
use linear_width::network::Network;
use linear_width::spectral::{SingularTriplets, singular_values};
use linear_width::training::StepSize;
use linear_width::{Scalar, backend_name};
use ndarray::{Array, Array1, Array2, ArrayView2, Axis, Dimension};
use rayon::prelude::*;

type Fallible<T> = Result<T, Box<dyn Error>>;

/// Does the work once; the seconds it took and its check number.
type Task = Box<dyn FnMut() -> Fallible<(f64, f64)>>;

/// The fixed inputs of one shape, read from raw little-endian `f64` when asked for.
struct Inputs {
    directory: PathBuf,
    width: usize,
    dimension: usize,
    samples: usize,
}

impl Inputs {
    fn vector<T: Scalar>(&self, name: &str) -> Fallible<Array1<T>> {
        let bytes = std::fs::read(self.directory.join(name).with_extension("f64"))?;
        let entries = bytes.chunks_exact(8).map(|entry| Ok(f64::from_le_bytes(entry.try_into()?)));
        entries.map(|entry: Fallible<f64>| Ok(T::of(entry?))).collect()
    }

    fn matrix<T: Scalar>(&self, name: &str) -> Fallible<Array2<T>> {
        let entries = self.vector(name)?;
        let rows = entries.len() / self.dimension;
        Ok(entries.into_shape_with_order((rows, self.dimension))?)
    }

    fn network<T: Scalar>(&self) -> Fallible<Network<T>> {
        let activation = Tanh::default();
        let (first, second) = (self.matrix("w0")?, self.vector("a")?);
        Ok(Network::new(first, second, activation)?)
    }

    /// A function that gives a new batch at each call.
    fn fresh_batches(&self) -> Fallible<impl FnMut() -> Fallible<GeneratedBatch> + use<>> {
        let link = Link::new("tanh(1.5z+0.5)", |z| (1.5 * z + 0.5).tanh());
        let target = Target::single_index(link).noise(0.1).direction(self.vector("beta")?);
        let batch = GeneratedBatch::new(&target, self.dimension, self.samples, 1)?;
        let mut index = 0;
        Ok(move || {
            index += 1;
            Ok(batch.clone().with_index(index))
        })
    }

    fn given_batch(&self, x: &str, y: &str) -> Fallible<Dataset> {
        Ok(Dataset::new(self.matrix::<f64>(x)?, self.vector::<f64>(y)?)?)
    }
}

fn timed<R>(work: impl FnOnce() -> R) -> (f64, R) {
    let start = Instant::now();
    let result = work();
    (start.elapsed().as_secs_f64(), result)
}

fn sum<T: Scalar, D: Dimension>(entries: &Array<T, D>, term: impl Fn(f64) -> f64) -> f64 {
    entries.iter().map(|entry| term(entry.as_f64())).sum()
}

fn mean<T: Scalar, D: Dimension>(entries: &Array<T, D>, term: impl Fn(f64) -> f64) -> f64 {
    sum(entries, term) / entries.len() as f64
}

fn norm<T: Scalar>(matrix: &Array2<T>) -> f64 {
    sum(matrix, |entry| entry * entry).sqrt()
}

/// The product of the backend the crate was built with, on whole matrices: c = a b.
#[cfg(not(feature = "openblas-system"))]
fn product<T: Scalar + RealField>(
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    c: &mut Array2<T>,
) -> Fallible<()> {
    use faer::{Accum, MatMut, MatRef, Par, linalg::matmul::matmul};

    /// Row-major, or the transpose of row-major.
    fn matrix<'a, T>(a: &'a ArrayView2<'_, T>) -> Option<MatRef<'a, T>> {
        let entries = a.as_slice_memory_order()?;
        Some(match a.as_slice() {
            Some(_) => MatRef::from_row_major_slice(entries, a.nrows(), a.ncols()),
            None => MatRef::from_column_major_slice(entries, a.nrows(), a.ncols()),
        })
    }
    let (rows, columns) = c.dim();
    let (Some(a), Some(b), Some(c)) = (matrix(&a), matrix(&b), c.as_slice_mut()) else {
        return Err("a matrix is not contiguous".into());
    };
    let c = MatMut::from_row_major_slice_mut(c, rows, columns);
    matmul(c, Accum::Replace, a, b, T::of(1.0), Par::rayon(0));
    Ok(())
}

/// The product of the backend the crate was built with, on whole matrices: c = a b.
#[cfg(feature = "openblas-system")]
fn product<T: Scalar + RealField>(
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    c: &mut Array2<T>,
) -> Fallible<()> {
    ndarray::linalg::general_mat_mul(T::of(1.0), &a, &b, T::of(0.0), c);
    Ok(())
}

/// Two steps from `start`, which is copied before the time begins.
fn step_twice<T: Scalar>(start: &Network<T>, batches: [&dyn Batch; 2]) -> Fallible<(f64, f64)> {
    let mut network = start.clone();
    let sizes = [StepSize::scaled(2.0, 0.3), StepSize::scaled(2.0, 0.4)];
    let (seconds, result) = timed(|| {
        batches.into_iter().zip(sizes).try_for_each(|(batch, size)| {
            let eta = size.eta(network.width());
            network.gradient_step(batch, eta).map(drop)
        })
    });
    result?;
    Ok((seconds, norm(network.first_layer())))
}

fn two_steps<T: Scalar>(inputs: &Inputs) -> Fallible<Task> {
    let (network, mut batch) = (inputs.network::<T>()?, inputs.fresh_batches()?);
    Ok(Box::new(move || step_twice(&network, [&batch()?, &batch()?])))
}

fn two_steps_given<T: Scalar>(inputs: &Inputs) -> Fallible<Task> {
    let network = inputs.network::<T>()?;
    let (first, second) = (inputs.given_batch("x1", "y1")?, inputs.given_batch("x2", "y2")?);
    Ok(Box::new(move || step_twice(&network, [&first, &second])))
}

fn products<T: Scalar + RealField>(inputs: &Inputs) -> Fallible<Task> {
    let w = inputs.matrix::<T>("w0")?;
    let x = [inputs.matrix::<T>("x1")?, inputs.matrix::<T>("x2")?];
    let mut z = Array2::zeros((inputs.width, inputs.samples));
    let mut g = [Array2::zeros(w.dim()), Array2::zeros(w.dim())];
    Ok(Box::new(move || {
        let (seconds, result) = timed(|| {
            x.iter().zip(&mut g).try_for_each(|(x, g)| {
                product(w.view(), x.t(), &mut z)?;
                product(z.view(), x.view(), g)
            })
        });
        result?;
        Ok((seconds, g.iter().map(norm).sum()))
    }))
}

fn all_singular_values<T: Scalar>(inputs: &Inputs) -> Fallible<Task> {
    let w = inputs.matrix::<T>("w2")?;
    Ok(Box::new(move || {
        let (seconds, values) = timed(|| singular_values(w.view()));
        Ok((seconds, sum(&values?, |s| s)))
    }))
}

fn top6<T: Scalar>(inputs: &Inputs) -> Fallible<Task> {
    let w = inputs.matrix::<T>("w2")?;
    // 1e-8 is out of reach in f32
    let tolerance = if size_of::<T>() == 8 { 1e-8 } else { 1e-5 };
    Ok(Box::new(move || {
        let (seconds, triplets) =
            timed(|| SingularTriplets::leading_within(w.view(), 6, tolerance, None));
        Ok((seconds, sum(&triplets?.singular_values, |s| s)))
    }))
}

fn generate<T: Scalar>(inputs: &Inputs) -> Fallible<Task> {
    let (samples, dimension) = (inputs.samples, inputs.dimension);
    let mut batch = inputs.fresh_batches()?;
    Ok(Box::new(move || {
        let batch = batch()?;
        let shape = (samples, dimension);
        if size_of::<T>() == 4 {
            let (seconds, (x, y, read)) = timed(|| {
                let (mut x, mut y) = (Array2::<f32>::zeros(shape), Array1::<f32>::zeros(samples));
                let read = batch.read_f32(0, x.view_mut(), y.view_mut());
                (x, y, read)
            });
            read?;
            return Ok((seconds, mean(&x, |x| x * x) + mean(&y, |y| y * y)));
        }
        let (seconds, (x, y, read)) = timed(|| {
            let (mut x, mut y) = (Array2::<f64>::zeros(shape), Array1::<f64>::zeros(samples));
            let read = batch.read(0, x.view_mut(), y.view_mut());
            (x, y, read)
        });
        read?;
        Ok((seconds, mean(&x, |x| x * x) + mean(&y, |y| y * y)))
    }))
}

/// Row by row, spread over the threads, as the crate does with W X^T.
fn tanh<T: Scalar>(inputs: &Inputs) -> Fallible<Task> {
    let z = inputs.matrix::<T>("x1")?;
    let (mut value, mut derivative) = (Array2::zeros(z.dim()), Array2::zeros(z.dim()));
    let activation = Tanh::default();
    Ok(Box::new(move || {
        let rows = z.axis_iter(Axis(0)).into_par_iter();
        let outputs = (value.axis_iter_mut(Axis(0)), derivative.axis_iter_mut(Axis(0)));
        let outputs = outputs.0.into_par_iter().zip(outputs.1);
        let (seconds, ()) = timed(|| {
            rows.zip(outputs).for_each(|(z, (mut value, mut derivative))| {
                let slices = (z.as_slice(), value.as_slice_mut(), derivative.as_slice_mut());
                if let (Some(z), Some(value), Some(derivative)) = slices {
                    T::evaluate(&activation, z, value, derivative);
                }
            });
        });
        Ok((seconds, mean(&value, |v| v) + mean(&derivative, |v| v)))
    }))
}

/// The task of this name; `None` when there is none.
fn task<T: Scalar + RealField>(name: &str, inputs: &Inputs) -> Fallible<Option<Task>> {
    Ok(Some(match name {
        "two_steps" => two_steps::<T>(inputs)?,
        "two_steps_given" => two_steps_given::<T>(inputs)?,
        "products" => products::<T>(inputs)?,
        "singular_values" => all_singular_values::<T>(inputs)?,
        "top6" => top6::<T>(inputs)?,
        "generate" => generate::<T>(inputs)?,
        "tanh" => tanh::<T>(inputs)?,
        _ => return Ok(None),
    }))
}

/// The task of a request line.
fn requested(line: &str, directory: &Path) -> Fallible<Option<Task>> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [name, precision, width, dimension, samples] = words[..] else {
        return Err(format!("not a request: {line}").into());
    };
    let inputs = Inputs {
        directory: directory.join(format!("{width}-{dimension}-{samples}")),
        width: width.parse()?,
        dimension: dimension.parse()?,
        samples: samples.parse()?,
    };
    match precision {
        "f64" => task::<f64>(name, &inputs),
        "f32" => task::<f32>(name, &inputs),
        _ => Ok(None),
    }
}

fn main() -> Fallible<()> {
    let Some(directory) = std::env::args().skip(1).find(|word| !word.starts_with("--")) else {
        return Ok(());
    };
    let mut last: (String, Option<Task>) = Default::default();
    for line in stdin().lines() {
        let line = line?;
        if line == "about" {
            println!("linear-width {}, {}", env!("CARGO_PKG_VERSION"), backend_name());
            continue;
        }
        if line != last.0 {
            last.1 = None; // frees the inputs of the last one
            last = (line.clone(), requested(&line, directory.as_ref())?);
            if let Some(task) = &mut last.1 {
                task()?;
            }
        }
        match &mut last.1 {
            Some(task) => {
                let (seconds, check) = task()?;
                println!("{seconds:.9} {check:.15e}");
            }
            None => println!("unsupported"),
        }
    }
    Ok(())
}
