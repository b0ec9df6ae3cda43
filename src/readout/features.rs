//! Feature maps: what the readout is linear in.

use std::marker::PhantomData;

use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;

use crate::Scalar;
use crate::error::{InvalidSetting, nonzero};
use crate::linalg::multiply;
use crate::network::Network;

/// A feature map phi from R^d to R^p. A [`Network`] is one, sigma(W x)/sqrt(N); your own needs
/// three methods.
///
/// ```
/// use linear_width::{InvalidSetting, readout::Features};
/// use ndarray::{Array2, ArrayView2};
///
/// /// The squares of the entries.
/// struct Squares(usize);
/// impl Features for Squares {
///     type Scalar = f64;
///     fn dimension(&self) -> usize { self.0 }
///     fn count(&self) -> usize { self.0 }
///     fn evaluate(&self, x: ArrayView2<'_, f64>) -> Result<Array2<f64>, InvalidSetting> {
///         Ok(x.mapv(|x| x * x / (self.0 as f64).sqrt()))
///     }
/// }
/// # assert_eq!(Squares(1).evaluate(ndarray::array![[3.0]].view())?[[0, 0]], 9.0);
/// # Ok::<(), InvalidSetting>(())
/// ```
pub trait Features: Sync {
    /// The number type of inputs and features. Sums over samples are taken in `f64` either way.
    type Scalar: Scalar;

    /// The dimension d of the inputs.
    fn dimension(&self) -> usize;

    /// The number p of features.
    fn count(&self) -> usize;

    /// The features of the inputs `x`, one per row (m x d): a matrix of m x p. A row of the result
    /// depends on the same row of `x` alone; m is at most
    /// [`TILE_SAMPLES`](crate::training::TILE_SAMPLES), and `x` has [`dimension`](Self::dimension)
    /// columns, when the crate asks.
    ///
    /// # Errors
    /// The features of this crate return [`InvalidSetting::Shape`] when `x` has another number of
    /// columns.
    fn evaluate(
        &self,
        x: ArrayView2<'_, Self::Scalar>,
    ) -> Result<Array2<Self::Scalar>, InvalidSetting>;
}

/// Checks the inputs `x` against the dimension of what takes them.
pub(super) fn check_inputs<T>(
    x: &ArrayView2<'_, T>,
    dimension: usize,
) -> Result<(), InvalidSetting> {
    if x.ncols() == dimension {
        return Ok(());
    }
    Err(InvalidSetting::Shape {
        name: "the matrix of inputs",
        found: format!("{} x {}", x.nrows(), x.ncols()),
        expected: format!("any x {dimension}"),
    })
}

/// sigma(W x) / sqrt(N), in either scaling of the output; the second layer plays no part.
impl<T: Scalar> Features for Network<T> {
    type Scalar = T;

    fn dimension(&self) -> usize {
        Network::dimension(self)
    }

    fn count(&self) -> usize {
        self.width()
    }

    fn evaluate(&self, x: ArrayView2<'_, T>) -> Result<Array2<T>, InvalidSetting> {
        check_inputs(&x, self.first_layer().ncols())?;
        // numbers taken at once: they stay in the first-level cache
        const CHUNK: usize = 256;
        let mut z = multiply(x, self.first_layer().t());
        let factor = T::of(1.0 / (self.width() as f64).sqrt());
        z.axis_iter_mut(Axis(0)).into_par_iter().for_each(|mut row| {
            let mut input = [T::zero(); CHUNK];
            let (mut value, mut derivative) = (input, input);
            for mut z in row.axis_chunks_iter_mut(Axis(0), CHUNK) {
                let count = z.len();
                input.iter_mut().zip(&z).for_each(|(x, z)| *x = *z);
                let (value, derivative) = (&mut value[..count], &mut derivative[..count]);
                T::evaluate(&**self.activation(), &input[..count], value, derivative);
                z.iter_mut().zip(value).for_each(|(z, v)| *z = factor * *v);
            }
        });
        Ok(z)
    }
}

/// The inputs themselves, x / sqrt(d): ridge regression on them is the linear predictor to compare
/// with.
///
/// ```
/// use linear_width::readout::{Features, LinearFeatures};
///
/// let inputs = LinearFeatures::<f64>::new(4)?;
/// assert_eq!(inputs.evaluate(ndarray::array![[2.0, 0.0, 4.0, 6.0]].view())?[[0, 3]], 3.0);
/// # Ok::<(), linear_width::InvalidSetting>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinearFeatures<T> {
    dimension: usize,
    scalar: PhantomData<T>,
}

impl<T: Scalar> LinearFeatures<T> {
    /// For inputs in R^`dimension`.
    ///
    /// # Errors
    /// [`InvalidSetting::ZeroSize`] when `dimension` is 0.
    pub fn new(dimension: usize) -> Result<Self, InvalidSetting> {
        nonzero("dimension", dimension)?;
        Ok(Self { dimension, scalar: PhantomData })
    }
}

impl<T: Scalar> Features for LinearFeatures<T> {
    type Scalar = T;

    fn dimension(&self) -> usize {
        self.dimension
    }

    fn count(&self) -> usize {
        self.dimension
    }

    fn evaluate(&self, x: ArrayView2<'_, T>) -> Result<Array2<T>, InvalidSetting> {
        check_inputs(&x, self.dimension)?;
        let factor = T::of(1.0 / (self.dimension as f64).sqrt());
        Ok(x.mapv(|x| factor * x))
    }
}
