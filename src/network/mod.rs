//! The two-layer network: laws of its layers, its scaling, its output.

mod initialisation;

pub use initialisation::{Initialisation, SecondLayerLaw};

use std::sync::Arc;

use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut1, ArrayViewMut2, Axis, aview1};
use rayon::prelude::*;

use crate::Scalar;
use crate::activation::Activation;
use crate::error::{InvalidSetting, has_columns, has_length, nonzero};
use crate::linalg::multiply;

/// How the output is scaled, with a = b / sqrt(N) and so |a| about 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Scaling {
    /// f(x) = N^(-1/2) sum_j a_j sigma(<w_j, x>): O(N^(-1/2)) at the start, so that the residual is
    /// the label to leading order. The setting of the paper and of all theory functions here.
    #[default]
    MeanField,
    /// f(x) = sum_j a_j sigma(<w_j, x>): O(1) at the start and O(N^alpha_1) after a step with
    /// alpha_1 > 0. The residual is then dominated by f, and the theory functions refuse it.
    Standard,
}

impl Scaling {
    /// The factor in front of sum_j a_j sigma(<w_j, x>).
    pub fn output_factor(self, width: usize) -> f64 {
        match self {
            Self::MeanField => 1.0 / (width as f64).sqrt(),
            Self::Standard => 1.0,
        }
    }
}

/// A two-layer network with first layer W (N x d), second layer a (N), and an activation.
///
/// ```
/// use linear_width::activation::Tanh;
/// use linear_width::network::{Initialisation, Network, Scaling, SecondLayerLaw};
///
/// let tanh = Tanh::default();
/// let (width, dimension, seed) = (60, 30, 1);
/// // with the default laws of the layers
/// let network = Network::<f64>::random(width, dimension, tanh.clone(), seed)?;
/// // with other laws, or with weights of your own
/// let first_layer = Initialisation::Gaussian.draw::<f64>(width, dimension, seed)?;
/// let second_layer = SecondLayerLaw::Rademacher.draw(width, seed)?;
/// let other = Network::new(first_layer, second_layer, tanh)?.with_scaling(Scaling::Standard);
/// assert_eq!(other.width(), network.width());
/// # Ok::<(), linear_width::InvalidSetting>(())
/// ```
#[derive(Clone, Debug)]
pub struct Network<T> {
    first_layer: Array2<T>,
    second_layer: Array1<T>,
    activation: Arc<dyn Activation>,
    scaling: Scaling,
}

impl<T: Scalar> Network<T> {
    /// A network in mean-field scaling with these weights: `first_layer` W of shape N x d,
    /// `second_layer` a of length N (not b: a = b / sqrt(N) for the laws of this module).
    ///
    /// # Errors
    /// [`InvalidSetting`] when a size is 0, the lengths differ, or a weight is not finite.
    pub fn new(
        first_layer: Array2<T>,
        second_layer: Array1<T>,
        activation: impl Activation + 'static,
    ) -> Result<Self, InvalidSetting> {
        nonzero("width", first_layer.nrows())?;
        nonzero("dimension", first_layer.ncols())?;
        has_length("the second layer", second_layer.len(), first_layer.nrows())?;
        if !first_layer.iter().chain(&second_layer).all(|w| w.is_finite()) {
            return Err(InvalidSetting::NonFinite { name: "the network" });
        }
        let first_layer = if first_layer.is_standard_layout() {
            first_layer
        } else {
            first_layer.as_standard_layout().into_owned()
        };
        let activation = activation.shared();
        Ok(Self { first_layer, second_layer, activation, scaling: Scaling::default() })
    }

    /// A network of width N and input dimension d in mean-field scaling, with rows of W uniform on
    /// the sphere and Gaussian b, drawn from `seed`.
    ///
    /// # Errors
    /// [`InvalidSetting`] when a size is 0 or there is not enough memory.
    pub fn random(
        width: usize,
        dimension: usize,
        activation: impl Activation + 'static,
        seed: u64,
    ) -> Result<Self, InvalidSetting> {
        let first_layer = Initialisation::default().draw(width, dimension, seed)?;
        Self::new(first_layer, SecondLayerLaw::default().draw(width, seed)?, activation)
    }

    /// Scales the output in another way. Default: mean-field.
    pub fn with_scaling(mut self, scaling: Scaling) -> Self {
        self.scaling = scaling;
        self
    }

    /// W, N x d.
    pub fn first_layer(&self) -> &Array2<T> {
        &self.first_layer
    }

    /// a, of length N.
    pub fn second_layer(&self) -> &Array1<T> {
        &self.second_layer
    }

    /// The activation.
    pub fn activation(&self) -> &Arc<dyn Activation> {
        &self.activation
    }

    /// The scaling of the output.
    pub fn scaling(&self) -> Scaling {
        self.scaling
    }

    /// Number N of hidden neurons.
    pub fn width(&self) -> usize {
        self.first_layer.nrows()
    }

    /// Input dimension d.
    pub fn dimension(&self) -> usize {
        self.first_layer.ncols()
    }

    /// The same network with other weights in its first layer.
    #[cfg(feature = "checkpoint")]
    pub(crate) fn with_first_layer(self, first_layer: Array2<T>) -> Result<Self, InvalidSetting> {
        Ok(Self::new(first_layer, self.second_layer, self.activation)?.with_scaling(self.scaling))
    }

    /// W, mutable, and a.
    pub(crate) fn layers_mut(&mut self) -> (&mut Array2<T>, &Array1<T>) {
        (&mut self.first_layer, &self.second_layer)
    }

    /// The outputs f(x_i) for inputs `x`, one per row (n x d). Holds an N x n matrix: meant for
    /// small n.
    ///
    /// # Errors
    /// [`InvalidSetting::Shape`] when the inputs have the wrong dimension.
    ///
    /// ```
    /// use linear_width::{activation::Tanh, network::{Network, Scaling}};
    /// use ndarray::array;
    ///
    /// let (w, a) = (array![[1.0, 0.0], [0.0, 1.0]], array![1.0, -1.0]);
    /// let network = Network::new(w, a, Tanh::default())?;
    /// let output = network.with_scaling(Scaling::Standard).output(array![[0.5, 0.2]].view())?;
    /// assert!((output[0] - (0.5_f64.tanh() - 0.2_f64.tanh())).abs() < 1e-15);
    /// # Ok::<(), linear_width::InvalidSetting>(())
    /// ```
    pub fn output(&self, x: ArrayView2<'_, T>) -> Result<Array1<T>, InvalidSetting> {
        has_columns("the matrix of inputs", x.dim(), self.dimension())?;
        let mut z = multiply(self.first_layer.view(), x.t());
        Ok(self.output_and_derivatives(z.view_mut()))
    }

    /// Takes the pre-activations z = W X^T (N x n, row-major), returns f (n) and leaves sigma'(z)
    /// in `z`. Rows are taken in groups of fixed size whose sums are added in order: the same bits
    /// for any number of threads.
    pub(crate) fn output_and_derivatives(&self, mut z: ArrayViewMut2<'_, T>) -> Array1<T> {
        const ROWS: usize = 64;
        let samples = z.ncols();
        let groups: Vec<Array1<T>> = z
            .axis_chunks_iter_mut(Axis(0), ROWS)
            .into_par_iter()
            .zip(self.second_layer.axis_chunks_iter(Axis(0), ROWS))
            .map(|(mut z, a)| {
                let mut sum = Array1::zeros(samples);
                for (row, a) in z.rows_mut().into_iter().zip(a) {
                    let mut sums = sum.axis_chunks_iter_mut(Axis(0), CHUNK);
                    self.activate(row, |z, value, derivative| {
                        z.copy_from_slice(derivative);
                        if let Some(mut sum) = sums.next() {
                            sum.scaled_add(*a, &aview1(value));
                        }
                    });
                }
                sum
            })
            .collect();
        let mut output = Array1::zeros(samples);
        for group in &groups {
            output += group;
        }
        let factor = T::of(self.scaling.output_factor(self.width()));
        output.mapv_inplace(|f: T| factor * f);
        output
    }

    /// The features sigma(W x_i) / sqrt(N) of the inputs `x`, one per row (n x N).
    pub(crate) fn features_of(&self, x: ArrayView2<'_, T>) -> Array2<T> {
        let mut z = multiply(x, self.first_layer.t());
        let factor = T::of(1.0 / (self.width() as f64).sqrt());
        z.axis_iter_mut(Axis(0)).into_par_iter().for_each(|row| {
            self.activate(row, |z, value, _| {
                z.iter_mut().zip(value).for_each(|(z, v)| *z = factor * *v);
            });
        });
        z
    }

    /// Calls `store` with each [`CHUNK`] of the contiguous `row`, in order, and the values and
    /// derivatives of the activation there.
    fn activate(&self, row: ArrayViewMut1<'_, T>, mut store: impl FnMut(&mut [T], &[T], &[T])) {
        let Some(row) = row.into_slice() else { unreachable!("products are row-major") };
        let (mut value, mut derivative) = ([T::zero(); CHUNK], [T::zero(); CHUNK]);
        for z in row.chunks_mut(CHUNK) {
            let (value, derivative) = (&mut value[..z.len()], &mut derivative[..z.len()]);
            T::evaluate(&*self.activation, z, value, derivative);
            store(z, value, derivative);
        }
    }
}

/// So many numbers at once stay in the first-level cache.
const CHUNK: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::Tanh;
    use ndarray::array;

    fn network(w: Array2<f64>, a: Array1<f64>) -> Result<Network<f64>, InvalidSetting> {
        Network::new(w, a, Tanh::default().shared())
    }

    #[test]
    fn layers_of_ones_own_are_checked() {
        let w = array![[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]];
        let error = network(w.clone(), array![1.0, 2.0]).unwrap_err();
        assert!(matches!(error, InvalidSetting::Shape { name: "the second layer", .. }));
        for (w, a) in [
            (w.mapv(|x| x / x), array![1.0, 2.0, 3.0]),
            (w.clone(), array![1.0, f64::INFINITY, 3.0]),
        ] {
            let error = network(w, a).unwrap_err();
            assert_eq!(error, InvalidSetting::NonFinite { name: "the network" });
        }
        assert!(network(Array2::zeros((0, 2)), Array1::zeros(0)).is_err());
    }

    #[test]
    fn the_order_in_memory_does_not_matter() {
        let w = array![[1.0, 0.5], [0.0, 1.0], [-1.0, 2.0]];
        let columns = w.t().as_standard_layout().into_owned().reversed_axes();
        assert!(!columns.is_standard_layout());
        let a = array![1.0, 2.0, 3.0];
        let x = array![[0.3, -0.7], [1.0, 2.0]];
        let output = |w| network(w, a.clone()).unwrap().output(x.view()).unwrap();
        assert_eq!(output(columns), output(w));
    }
}
