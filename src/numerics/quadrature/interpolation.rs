//! Polynomial interpolation in barycentric form.

use std::f64::consts::PI;

use ndarray::Array2;

/// The `n` Chebyshev points of the first kind on `[low, high]`, increasing.
pub fn chebyshev_points(n: usize, low: f64, high: f64) -> Vec<f64> {
    let (centre, half) = (0.5 * (low + high), 0.5 * (high - low));
    (0..n).map(|i| centre - half * (PI * (i as f64 + 0.5) / n as f64).cos()).collect()
}

/// Polynomial interpolation at given distinct nodes (Berrut & Trefethen 2004). Stable for
/// Chebyshev- or Gauss-like nodes.
#[derive(Clone, Debug)]
pub struct Interpolation {
    nodes: Vec<f64>,
    barycentric: Vec<f64>,
}

impl Interpolation {
    /// Interpolation at `nodes`, which must be distinct.
    pub fn new(nodes: Vec<f64>) -> Self {
        let low = nodes.iter().copied().fold(f64::INFINITY, f64::min);
        let high = nodes.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // the capacity of the interval keeps the products of n factors near one
        let scale = if high > low { 4.0 / (high - low) } else { 1.0 };
        let factor = |x: f64, other: f64| 1.0 / (scale * (x - other));
        let weight = |x: &f64| -> f64 {
            nodes.iter().filter(|other| *other != x).map(|other| factor(*x, *other)).product()
        };
        let barycentric = nodes.iter().map(weight).collect();
        Self { nodes, barycentric }
    }

    /// The nodes.
    pub fn nodes(&self) -> &[f64] {
        &self.nodes
    }

    /// Writes the values at `x` of all Lagrange basis polynomials into `basis` (one per node; they
    /// sum to one).
    pub fn basis(&self, x: f64, basis: &mut [f64]) {
        let mut total = 0.0;
        for i in 0..self.nodes.len() {
            let distance = x - self.nodes[i];
            if distance == 0.0 {
                basis.fill(0.0);
                basis[i] = 1.0;
                return;
            }
            basis[i] = self.barycentric[i] / distance;
            total += basis[i];
        }
        basis.iter_mut().for_each(|value| *value /= total);
    }

    /// The matrix (points x nodes) that turns values at the nodes into values at `points`.
    pub fn matrix(&self, points: &[f64]) -> Array2<f64> {
        let mut matrix = Array2::zeros((points.len(), self.nodes.len()));
        for (mut row, x) in matrix.rows_mut().into_iter().zip(points) {
            self.basis(*x, row.as_slice_mut().unwrap_or_default());
        }
        matrix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reproduces_a_smooth_function() {
        let points = Interpolation::new(chebyshev_points(24, -2.0, 5.0));
        let values: Vec<f64> = points.nodes().iter().map(|x| (1.3 * x).sin()).collect();
        let mut basis = vec![0.0; 24];
        for x in [-2.0, -0.3, 1.0, 4.99, points.nodes()[3]] {
            points.basis(x, &mut basis);
            let value: f64 = basis.iter().zip(&values).map(|(b, v)| b * v).sum();
            assert!((value - (1.3 * x).sin()).abs() < 1e-10);
        }
    }
}
