//! Feature maps: what the readout is linear in.

use ndarray::{Array2, ArrayView2, Axis, Slice};

use crate::Scalar;
use crate::data::{Batch, Tile, tiles};
use crate::error::{InvalidSetting, has_columns, nonzero};
use crate::memory::zeros;
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
    /// The dimension d of the inputs.
    fn dimension(&self) -> usize;

    /// The number p of features.
    fn count(&self) -> usize;

    /// The features of the inputs `x`, one per row (m x d): a matrix of m x p. A row of the result
    /// depends on the same row of `x` alone. The crate itself only gives an `x` with
    /// [`dimension`](Self::dimension) columns.
    ///
    /// # Errors
    /// The features of this crate return [`InvalidSetting::Shape`] when `x` has another number of
    /// columns.
    fn evaluate(&self, x: ArrayView2<'_, f64>) -> Result<Array2<f64>, InvalidSetting>;

    /// Whether batches are read in single precision, as for a `Network<f32>`. Default: no.
    fn single_precision(&self) -> bool {
        false
    }
}

impl<F: Features + ?Sized> Features for &F {
    fn dimension(&self) -> usize {
        (**self).dimension()
    }

    fn count(&self) -> usize {
        (**self).count()
    }

    fn evaluate(&self, x: ArrayView2<'_, f64>) -> Result<Array2<f64>, InvalidSetting> {
        (**self).evaluate(x)
    }

    fn single_precision(&self) -> bool {
        (**self).single_precision()
    }
}

/// sigma(W x) / sqrt(N), in either scaling of the output; the second layer plays no part. A
/// `Network<f32>` rounds the inputs and computes in single precision.
impl<T: Scalar> Features for Network<T> {
    fn dimension(&self) -> usize {
        Network::dimension(self)
    }

    fn count(&self) -> usize {
        self.width()
    }

    fn evaluate(&self, x: ArrayView2<'_, f64>) -> Result<Array2<f64>, InvalidSetting> {
        has_columns("the matrix of inputs", x.dim(), Network::dimension(self))?;
        Ok(self.features_of(x.mapv(T::of).view()).mapv_into_any(T::as_f64))
    }

    fn single_precision(&self) -> bool {
        size_of::<T>() == size_of::<f32>()
    }
}

impl<T: Scalar> Network<T> {
    /// The features sigma(W x_i) / sqrt(N) of a whole batch, one sample per row (n x N).
    ///
    /// # Errors
    /// [`InvalidSetting`] when the batch has another dimension than the network, or there is not
    /// enough memory for the features.
    ///
    /// ```
    /// use linear_width::{activation::Tanh, data::Dataset, network::Network};
    /// use ndarray::array;
    ///
    /// let network = Network::<f64>::random(60, 2, Tanh::default(), 1)?;
    /// let batch = Dataset::new(array![[0.5, 1.0], [2.0, 0.0], [1.0, -1.0]], array![1, 2, 3])?;
    /// assert_eq!(network.features(&batch)?.dim(), (3, 60));
    /// # Ok::<(), linear_width::InvalidSetting>(())
    /// ```
    pub fn features(&self, batch: &dyn Batch) -> Result<Array2<T>, InvalidSetting> {
        let mut features = zeros(batch.samples(), self.width())?;
        for tile in tiles::<T>(batch, Network::dimension(self))? {
            let Tile { first, x, y } = tile?;
            let rows = Slice::from(first..first + y.len());
            features.slice_axis_mut(Axis(0), rows).assign(&self.features_of(x.view()));
        }
        Ok(features)
    }
}

/// The inputs themselves, x / sqrt(d): ridge regression on them is the linear predictor to compare
/// with, as in the example of the [module](crate::readout).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinearFeatures {
    dimension: usize,
}

impl LinearFeatures {
    /// For inputs in R^`dimension`.
    ///
    /// # Errors
    /// [`InvalidSetting::ZeroSize`] when `dimension` is 0.
    pub fn new(dimension: usize) -> Result<Self, InvalidSetting> {
        nonzero("dimension", dimension)?;
        Ok(Self { dimension })
    }
}

impl Features for LinearFeatures {
    fn dimension(&self) -> usize {
        self.dimension
    }

    fn count(&self) -> usize {
        self.dimension
    }

    fn evaluate(&self, x: ArrayView2<'_, f64>) -> Result<Array2<f64>, InvalidSetting> {
        has_columns("the matrix of inputs", x.dim(), self.dimension)?;
        let factor = 1.0 / (self.dimension as f64).sqrt();
        Ok(x.mapv(|x| factor * x))
    }
}
