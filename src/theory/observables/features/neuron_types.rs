//! The neurons of a state as few types, on few directions (docs/theory.md, section 15.1).

use crate::numerics::graded::symmetric_eigen;
use crate::quadrature::gauss_hermite;
use crate::theory::error::{Fallible, PredictionError};
use crate::theory::state::State;
use ndarray::{Array1, Array2, Axis, concatenate};

/// Most directions kept beside the teacher's.
const FURTHER_DIRECTIONS: usize = 4;

/// A direction is dropped when d times the mean square of omega along it is below this: its rank-one
/// part is then far inside the bulk of the noise.
const NEGLIGIBLE: f64 = 5e-2;

/// How many types, for accuracy `factor`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TypeNodes {
    /// Values of b.
    pub second_layer: usize,
    /// Values of the noise along each teacher direction, when there are one, two, three.
    pub along_targets: [usize; 3],
}

impl TypeNodes {
    pub fn new(factor: f64) -> Self {
        let times = |n: usize| ((n as f64 * factor).ceil() as usize).max(2);
        Self { second_layer: times(12), along_targets: [5, 4, 3].map(times) }
    }
}

/// Types of neurons: row w_j = omega on the kept directions, plus noise of squared norm D.
#[derive(Clone, Debug)]
pub(crate) struct NeuronTypes {
    /// Number p of teacher directions, the first coordinates of omega.
    pub directions: usize,
    /// Number of leading coordinates on which omega is all that the rows have: no noise lives there.
    pub whole: usize,
    /// Share of the neurons of each type.
    pub weights: Vec<f64>,
    /// b of each type.
    pub b: Vec<f64>,
    /// Types x coordinates.
    pub omega: Array2<f64>,
    /// D of each type.
    pub noise: Vec<f64>,
}

impl NeuronTypes {
    /// The types of `state`: Gaussian nodes of the law of b, times nodes of the noise along the
    /// teacher; or every neuron by itself when omega is the whole projection of its row.
    pub fn new(state: &State, nodes: TypeNodes) -> Fallible<Self> {
        let kept = kept_directions(state);
        if state.whole_projection {
            return Ok(Self { whole: kept.omega.ncols(), ..kept });
        }
        let p = state.directions;
        let along = state.noise_along_target();
        let along = Array2::from_shape_fn((along.len(), p * p), |(i, k)| along[i][[k / p, k % p]]);
        let law = GaussNodes::new(&kept.b, &kept.weights, nodes.second_layer);
        let lowest = |list: &[f64]| list.iter().copied().fold(f64::INFINITY, f64::min);
        let noise = law.values(Array1::from(kept.noise.clone()).insert_axis(Axis(1)));
        let smallest = lowest(&kept.noise).max(0.0);
        let noise = noise.column(0).mapv(|d| d.max(smallest));
        let (omega, along) = (law.values(kept.omega), law.values(along));

        let count = nodes.along_targets[p - 1];
        let rule = gauss_hermite(count).ok_or(PredictionError::NotFinite { quantity: "a rule" })?;
        let tuples = count.pow(p as u32);
        let mut types = Self {
            directions: p,
            whole: p,
            weights: Vec::new(),
            b: Vec::new(),
            omega: Array2::zeros((law.nodes.len() * tuples, omega.ncols())),
            noise: Vec::new(),
        };
        for (i, b) in law.nodes.iter().enumerate() {
            let covariance = Array2::from_shape_fn((p, p), |(k, l)| along[[i, k * p + l]]);
            let root = root(&(covariance / state.dimension as f64));
            for tuple in 0..tuples {
                let digit = |k: usize| tuple / count.pow(k as u32) % count;
                let xi = Array1::from_shape_fn(p, |k| rule.nodes[digit(k)]);
                let weight: f64 = (0..p).map(|k| rule.weights[digit(k)]).product();
                let mut row = types.omega.row_mut(types.b.len());
                row.assign(&omega.row(i));
                row.iter_mut().zip(root.dot(&xi)).for_each(|(x, noise)| *x += noise);
                types.b.push(*b);
                types.weights.push(weight * law.weights[i]);
                types.noise.push(noise[i]);
            }
        }
        Ok(types)
    }

    /// E_b D.
    pub fn mean_noise(&self) -> f64 {
        self.noise.iter().zip(&self.weights).map(|(d, w)| d * w).sum()
    }

    /// Number of types.
    pub fn len(&self) -> usize {
        self.b.len()
    }

    /// Number of directions.
    pub fn coordinates(&self) -> usize {
        self.omega.ncols()
    }
}

/// The teacher directions and the strongest principal axes of the rest of omega; what omega has along
/// the others is added to D.
fn kept_directions(state: &State) -> NeuronTypes {
    let p = state.directions;
    let omega = state.omega();
    let (teacher, rest) = omega.view().split_at(Axis(1), p);
    let mut scaled = rest.to_owned();
    for (mut row, w) in scaled.rows_mut().into_iter().zip(&state.weights) {
        row *= w.sqrt();
    }
    let (squares, axes) = symmetric_eigen(&scaled.t().dot(&scaled));
    let strong = squares.iter().filter(|x| **x * state.dimension as f64 > NEGLIGIBLE).count();
    let count = strong.min(FURTHER_DIRECTIONS);
    let first = axes.ncols() - count;
    let mut axes = axes.slice_axis(Axis(1), (first..).into()).to_owned();
    axes.invert_axis(Axis(1));
    let along = rest.dot(&axes);
    let dropped = |i: usize| {
        let (all, kept) = (rest.row(i), along.row(i));
        (all.dot(&all) - kept.dot(&kept)).max(0.0)
    };
    let noise = state.noise.iter().enumerate().map(|(i, d)| d + dropped(i)).collect();
    let omega = concatenate![Axis(1), teacher, along];
    let (weights, b) = (state.weights.clone(), state.b.clone());
    NeuronTypes { directions: p, whole: p, weights, b, omega, noise }
}

/// Gaussian quadrature for a discrete law, with smooth functions carried over from the law's nodes.
struct GaussNodes {
    nodes: Vec<f64>,
    weights: Vec<f64>,
    /// New nodes x old nodes.
    transfer: Array2<f64>,
}

impl GaussNodes {
    /// At most `count` nodes for the law of values `b` with `weights`.
    ///
    /// Orthonormal polynomials by the Stieltjes procedure, nodes as the eigenvalues of the Jacobi
    /// matrix (Golub & Welsch 1969); a function goes through its projection on the polynomials.
    fn new(b: &[f64], weights: &[f64], count: usize) -> Self {
        if b.len() <= count {
            let transfer = Array2::eye(b.len());
            return Self { nodes: b.to_vec(), weights: weights.to_vec(), transfer };
        }
        let weight = Array1::from(weights.to_vec());
        let b = Array1::from(b.to_vec());
        let mut polynomials = Array2::zeros((count, b.len()));
        let mut jacobi = Array2::zeros((count, count));
        let mut next = Array1::ones(b.len());
        let mut found = 0;
        for k in 0..count {
            let before = (&weight * &next * &next).sum().sqrt();
            for _ in 0..2 {
                for l in 0..k {
                    let overlap = (&weight * &next * polynomials.row(l)).sum();
                    next.scaled_add(-overlap, &polynomials.row(l));
                }
            }
            let norm = (&weight * &next * &next).sum().sqrt();
            if k > 0 && norm <= 1e-10 * before {
                break;
            }
            if k > 0 {
                jacobi[[k, k - 1]] = norm;
                jacobi[[k - 1, k]] = norm;
            }
            next /= norm;
            polynomials.row_mut(k).assign(&next);
            jacobi[[k, k]] = (&weight * &b * &next * &next).sum();
            next = &next * &b;
            found = k + 1;
        }
        let jacobi = Array2::from_shape_fn((found, found), |at| jacobi[at]);
        let (nodes, vectors) = symmetric_eigen(&jacobi);
        let weights: Vec<f64> = vectors.row(0).iter().map(|x| x * x).collect();
        // p_k(node_i) = vector_ki / vector_0i
        let at_nodes =
            Array2::from_shape_fn((found, found), |(i, k)| vectors[[k, i]] / vectors[[0, i]]);
        let transfer =
            at_nodes.dot(&(&polynomials.slice_axis(Axis(0), (..found).into()) * &weight));
        Self { nodes, weights, transfer }
    }

    /// The functions (columns) at the new nodes.
    fn values(&self, functions: Array2<f64>) -> Array2<f64> {
        self.transfer.dot(&functions)
    }
}

/// The square root of a positive semidefinite matrix.
fn root(matrix: &Array2<f64>) -> Array2<f64> {
    let (squares, vectors) = symmetric_eigen(matrix);
    let roots = Array1::from(squares).mapv(|x| x.max(0.0).sqrt());
    (&vectors * &roots).dot(&vectors.t())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quadrature::gauss_legendre;

    /// Five nodes of the uniform law are those of Gauss-Legendre, and e^b is carried over.
    #[test]
    fn nodes_of_the_uniform_law() {
        let fine = gauss_legendre(60, -1.0, 1.0);
        let weights: Vec<f64> = fine.weights.iter().map(|w| 0.5 * w).collect();
        let found = GaussNodes::new(&fine.nodes, &weights, 5);
        let exact = gauss_legendre(5, -1.0, 1.0);
        for i in 0..5 {
            assert!((found.nodes[i] - exact.nodes[i]).abs() < 1e-13);
            assert!((2.0 * found.weights[i] - exact.weights[i]).abs() < 1e-13);
        }
        let many = GaussNodes::new(&fine.nodes, &weights, 12);
        let values = Array1::from(fine.nodes.clone()).mapv(f64::exp).insert_axis(Axis(1));
        for (b, value) in many.nodes.iter().zip(many.values(values).column(0)) {
            assert!((b.exp() - value).abs() < 1e-11, "{b} {value}");
        }
        let two = GaussNodes::new(&[-1.0, 1.0], &[0.5, 0.5], 5);
        assert_eq!(two.nodes, [-1.0, 1.0]);
    }

    #[test]
    fn square_root() {
        let matrix = ndarray::array![[2.0, 0.5], [0.5, 1.0]];
        let root = root(&matrix);
        assert!((root.dot(&root) - matrix).iter().all(|x| x.abs() < 1e-14));
    }
}
