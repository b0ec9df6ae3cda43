//! Feature maps: what the readout is linear in.

use std::marker::PhantomData;

use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;

use crate::Scalar;
use crate::activation::Activation;
use crate::error::{InvalidSetting, nonzero};
use crate::linalg::multiply;
use crate::network::Network;

/// A feature map phi from R^d to R^p. A [`Network`] is one, sigma(W x)/sqrt(N); your own needs
/// three methods.
///
/// ```
/// use linear_width::readout::Features;
/// use ndarray::{Array2, ArrayView2};
///
/// /// The squares of the entries.
/// struct Squares(usize);
/// impl Features for Squares {
///     type Scalar = f64;
///     fn dimension(&self) -> usize { self.0 }
///     fn count(&self) -> usize { self.0 }
///     fn evaluate(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
///         x.mapv(|x| x * x / (self.0 as f64).sqrt())
///     }
/// }
/// # assert_eq!(Squares(1).evaluate(ndarray::array![[3.0]].view())[[0, 0]], 9.0);
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
    /// columns.
    fn evaluate(&self, x: ArrayView2<'_, Self::Scalar>) -> Array2<Self::Scalar>;
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

    fn evaluate(&self, x: ArrayView2<'_, T>) -> Array2<T> {
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
                self.activation().evaluate(&input[..count], value, derivative);
                z.iter_mut().zip(value).for_each(|(z, v)| *z = factor * *v);
            }
        });
        z
    }
}

/// The inputs themselves, x / sqrt(d): ridge regression on them is the linear predictor to compare
/// with.
///
/// ```
/// use linear_width::readout::{Features, LinearFeatures};
///
/// let inputs = LinearFeatures::<f64>::new(4)?;
/// assert_eq!(inputs.evaluate(ndarray::array![[2.0, 0.0, 4.0, 6.0]].view())[[0, 3]], 3.0);
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

    fn evaluate(&self, x: ArrayView2<'_, T>) -> Array2<T> {
        let factor = T::of(1.0 / (self.dimension as f64).sqrt());
        x.mapv(|x| factor * x)
    }
}
