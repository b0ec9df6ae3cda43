//! The state of the first layer, which `dynamics` computes and from which alone `observables` start.

use ndarray::{Array2, Axis};

/// The first layer after some steps, as the theory knows it: from it alone follow the spectrum of W,
/// the spectrum of the features and the error of a readout.
///
/// Neurons have types, one for each node of the law of b. A neuron of type b has the row
///
/// ```text
/// w_j = sum_l omega_l(b) e_l + noise,     |noise|^2 = D(b),
/// ```
///
/// on orthonormal directions e_l of which the first p are the teacher's, so that its preactivation
/// on a fresh sample is omega(b).kappa + sqrt(D(b)) z with independent standard normal kappa and z
/// (docs/theory.md, (5.3), (5.15), (13.1)).
///
/// [`Problem::states`](super::prediction::Problem::states) makes it from settings,
/// [`State::of_first_layer`] from given weights.
///
/// ```
/// use linear_width::activation::{Activation, Tanh};
/// use linear_width::data::{Link, Target};
/// use linear_width::network::SecondLayerLaw;
/// use linear_width::theory::prediction::{Options, Problem};
/// use linear_width::training::BatchPolicy;
///
/// let problem = Problem {
///     activation: Tanh { scale: 2.0, shift: 0.5 }.shared(),
///     target: Target::single_index(Link::from_activation(Tanh::default())).noise(0.1),
///     width: 3000,
///     dimension: 1500,
///     samples: 4500,
///     step_sizes: vec![22.0, 49.0],
///     batches: BatchPolicy::Independent,
///     second_layer: SecondLayerLaw::Uniform,
/// };
/// let states = problem.states(&Options::default())?;
/// assert_eq!(states.len(), 3); // W_0, W_1, W_2
/// // mean squares, over the neurons, of the part along the teacher
/// let along = states.iter().map(|state| {
///     let omega = state.omega();
///     let types = state.weights().iter().zip(omega.column(0));
///     types.map(|(weight, along)| weight * along * along).sum::<f64>()
/// });
/// let along: Vec<f64> = along.collect();
/// assert!(along[0] == 0.0 && along[1] > 0.05 && along[2] > along[1]);
/// # Ok::<(), linear_width::theory::prediction::PredictionError>(())
/// ```
#[derive(Clone, Debug)]
pub struct State {
    /// Number N of neurons.
    pub(crate) width: usize,
    /// Input dimension d.
    pub(crate) dimension: usize,
    /// Number p of teacher directions: the first p coordinates of omega.
    pub(crate) directions: usize,
    /// b of each type.
    pub(crate) b: Vec<f64>,
    /// Share of the neurons that are of this type; sums to one.
    pub(crate) weights: Vec<f64>,
    /// Types x R: b q_k(b), orthonormal under `weights`. omega(b) = (1 / sqrt N) sum_k b q_k(b) v_k
    /// is kept as this product, because the v_k differ by many decades at large N and the small ones
    /// decide about the last outliers.
    pub(crate) left: Array2<f64>,
    /// R x coordinates: v_k on orthonormal directions, of which the first p are the teacher's.
    pub(crate) right: Array2<f64>,
    /// D(b), the squared norm of the noise row (5.15).
    pub(crate) noise: Vec<f64>,
    /// D_*(b), p x p: d times the covariance of the noise along the teacher directions (7.4), (8.6);
    /// `None`: D(b), as along all other directions.
    pub(crate) noise_along_targets: Option<Vec<Array2<f64>>>,
    /// Whether omega is all that the rows have along its coordinates, so that no noise lives there:
    /// for given weights.
    pub(crate) whole_projection: bool,
}

impl State {
    /// Number N of neurons.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Input dimension d.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// Number p of teacher directions, the first coordinates of [`omega`](Self::omega).
    pub fn directions(&self) -> usize {
        self.directions
    }

    /// b = sqrt(N) a of each type of neurons.
    pub fn b(&self) -> &[f64] {
        &self.b
    }

    /// Share of the neurons that are of each type; the shares sum to one.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// omega(b) (types x coordinates): the mean rows on orthonormal directions, the teacher's first.
    pub fn omega(&self) -> Array2<f64> {
        self.left.dot(&self.right) / (self.width as f64).sqrt()
    }

    /// D(b), the squared norm of the noise row of each type.
    pub fn noise(&self) -> &[f64] {
        &self.noise
    }

    /// D_*(b), d times the covariance (p x p) of the noise along the teacher directions, for each
    /// type; D(b) times the unit matrix where nothing makes these directions special (7.4), (8.6).
    pub fn noise_along_target(&self) -> Vec<Array2<f64>> {
        let isotropic = || {
            let along = |d: &f64| Array2::from_diag_elem(self.directions, *d);
            self.noise.iter().map(along).collect()
        };
        self.noise_along_targets.clone().unwrap_or_else(isotropic)
    }

    /// N / d.
    pub(crate) fn gamma(&self) -> f64 {
        self.width as f64 / self.dimension as f64
    }

    /// <v_k, v_l>: R x R (5.10).
    pub(crate) fn gram(&self) -> Array2<f64> {
        self.right.dot(&self.right.t())
    }

    /// <v_k, beta*_i>: p x R (5.11).
    pub(crate) fn target_projections(&self) -> Array2<f64> {
        self.right.t().slice_axis(Axis(0), (..self.directions).into()).to_owned()
    }

    /// The state with the first `count` right vectors only.
    pub(crate) fn truncated(&self, count: usize) -> Self {
        Self {
            left: self.left.slice_axis(Axis(1), (..count).into()).to_owned(),
            right: self.right.slice_axis(Axis(0), (..count).into()).to_owned(),
            ..self.clone()
        }
    }
}
