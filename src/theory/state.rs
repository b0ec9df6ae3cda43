//! The state of the first layer, which `dynamics` computes and from which alone `observables` start.

use ndarray::{Array2, Axis};

/// Rows w_j = omega(b_j) + noise row with |noise row|^2 = D(b_j), for each type b of neurons
/// (docs/theory.md, (5.3), (5.4)):
///
/// ```text
/// omega(b) = (1 / sqrt N) sum_k b q_k(b) v_k,     k = 0, ..., R - 1 .
/// ```
///
/// omega is kept as this product, because the v_k differ by many decades at large N and the small
/// ones decide about the last outliers, whereas the left factors b q_k(b) are orthonormal.
#[derive(Clone, Debug)]
pub(crate) struct State {
    /// Number N of neurons.
    pub width: usize,
    /// Input dimension d.
    pub dimension: usize,
    /// Number p of teacher directions: the first p coordinates of omega.
    pub directions: usize,
    /// b of each type.
    pub b: Vec<f64>,
    /// Share of the neurons that are of this type; sums to one.
    pub weights: Vec<f64>,
    /// Types x R: b q_k(b), orthonormal under `weights`.
    pub left: Array2<f64>,
    /// R x coordinates: v_k on orthonormal directions, of which the first p are the teacher's.
    pub right: Array2<f64>,
    /// D(b), the squared norm of the noise row (5.15).
    pub noise: Vec<f64>,
    /// D_*(b), p x p: d times the covariance of the noise along the teacher directions (7.4), (8.6);
    /// `None`: D(b), as along all other directions.
    pub noise_along_targets: Option<Vec<Array2<f64>>>,
    /// Whether omega is all that the rows have along its coordinates, so that no noise lives there:
    /// for given weights.
    pub whole_projection: bool,
}

impl State {
    /// N / d.
    pub fn gamma(&self) -> f64 {
        self.width as f64 / self.dimension as f64
    }

    /// omega: types x coordinates, the teacher's first.
    pub fn omega(&self) -> Array2<f64> {
        self.left.dot(&self.right) / (self.width as f64).sqrt()
    }

    /// <v_k, v_l>: R x R (5.10).
    pub fn gram(&self) -> Array2<f64> {
        self.right.dot(&self.right.t())
    }

    /// <v_k, beta*_i>: p x R (5.11).
    pub fn target_projections(&self) -> Array2<f64> {
        self.right.t().slice_axis(Axis(0), (..self.directions).into()).to_owned()
    }

    /// The state with the first `count` right vectors only.
    pub fn truncated(&self, count: usize) -> Self {
        Self {
            left: self.left.slice_axis(Axis(1), (..count).into()).to_owned(),
            right: self.right.slice_axis(Axis(0), (..count).into()).to_owned(),
            ..self.clone()
        }
    }
}
