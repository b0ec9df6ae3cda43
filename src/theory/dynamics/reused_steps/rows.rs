//! The noise rows of neurons of one type: their variance, and the Gaussians that a sample sees.
//!
//! Equations: docs/theory.md, (14.10) to (14.13), and (14.20) along the teacher.

use ndarray::Array2;

use super::response::Response;

/// The noise row of one type, as a combination of the first row w_0 and the kicks of the steps, each a
/// vector of `size` coordinates: one, or as many as there are teacher directions.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    /// A^(t): what is left of w_0 before step t.
    pub start: Vec<Array2<f64>>,
    /// xi^(t,s).
    pub response: Response,
    /// `covariance[t][s]`, s <= t: of the kicks of steps t and s.
    covariance: Vec<Vec<Array2<f64>>>,
}

impl Rows {
    pub fn new(size: usize) -> Self {
        let start = vec![Array2::eye(size)];
        Self { start, response: Response::new(size), covariance: Vec::new() }
    }

    /// Takes a step of size `eta`: gamma^(t,s) and the covariances of its kick with those of all steps
    /// s <= t.
    pub fn take(&mut self, eta: f64, gamma: &[Array2<f64>], covariance: Vec<Array2<f64>>) {
        let mut next = self.start[self.start.len() - 1].clone();
        for (gamma, start) in gamma.iter().zip(&self.start) {
            next.scaled_add(eta, &gamma.dot(start));
        }
        self.start.push(next);
        self.response.take(eta, gamma);
        self.covariance.push(covariance);
    }

    /// The covariance of the row after the last step: D(b), or D_*(b).
    pub fn variance(&self) -> Array2<f64> {
        let t = self.start.len() - 1;
        let start = &self.start[t];
        let xi = &self.response.at[t];
        let mut variance = start.dot(&start.t());
        for (later, row) in self.covariance.iter().enumerate() {
            for (earlier, covariance) in row.iter().enumerate() {
                let term = xi[later].dot(covariance).dot(&xi[earlier].t());
                variance += &term;
                if earlier < later {
                    variance += &term.t();
                }
            }
        }
        variance
    }

    /// For one coordinate: the Gaussians before steps 0 to t as combinations of t + 1 independent ones,
    /// lower triangular. Entries are smooth functions of b, of either sign.
    pub fn factor(&self) -> Vec<Vec<f64>> {
        let kicks = self.kick_factor();
        let row = |t: usize| {
            let xi = &self.response.at[t];
            let kick = |j: usize| (j..t).map(|s| xi[s][[0, 0]] * kicks[s][j]).sum::<f64>();
            std::iter::once(self.start[t][[0, 0]]).chain((0..t).map(kick)).collect()
        };
        (0..self.start.len()).map(row).collect()
    }

    /// Cholesky factor of the covariances of the kicks; a kick that adds nothing new has a zero.
    fn kick_factor(&self) -> Vec<Vec<f64>> {
        let mut factor: Vec<Vec<f64>> = Vec::new();
        for (t, row) in self.covariance.iter().enumerate() {
            let mut next: Vec<f64> = Vec::new();
            for (s, covariance) in row.iter().enumerate() {
                let known: f64 = {
                    let other = if s == t { &next } else { &factor[s] };
                    next.iter().zip(other).map(|(a, b)| a * b).sum()
                };
                let rest = covariance[[0, 0]] - known;
                let entry = if s == t {
                    if rest > 1e-10 * covariance[[0, 0]] { rest.sqrt() } else { 0.0 }
                } else if factor[s][s] > 0.0 {
                    rest / factor[s][s]
                } else {
                    0.0
                };
                next.push(entry);
            }
            factor.push(next);
        }
        factor
    }
}

/// Inverse of a lower triangle. A row whose diagonal entry is zero repeats the ones before it and gets
/// the inverse zero: shifting it alone means nothing.
pub(super) fn inverse(factor: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut inverse: Vec<Vec<f64>> = Vec::new();
    for (t, row) in factor.iter().enumerate() {
        let scale = row.iter().fold(0f64, |a, x| a.max(x.abs()));
        let diagonal = row[t];
        if diagonal.abs() <= 1e-9 * scale {
            inverse.push(vec![0.0; t + 1]);
            continue;
        }
        let entry = |s: usize| {
            let known: f64 = (s..t).map(|j| row[j] * inverse[j][s]).sum();
            -known / diagonal
        };
        let mut next: Vec<f64> = (0..t).map(entry).collect();
        next.push(1.0 / diagonal);
        inverse.push(next);
    }
    inverse
}
