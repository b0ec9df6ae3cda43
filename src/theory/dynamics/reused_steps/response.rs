//! How a kick at one step comes back at later ones.

use ndarray::Array2;

/// Xi^(t,s) or xi^(t,s): what a kick of the rows in step s has become before step t (docs/theory.md,
/// (14.9), (14.12)).
#[derive(Clone, Debug)]
pub(super) struct Response {
    size: usize,
    /// `at[t][s]`, s < t.
    pub at: Vec<Vec<Array2<f64>>>,
}

impl Response {
    pub fn new(size: usize) -> Self {
        Self { size, at: vec![Vec::new()] }
    }

    /// Takes a step of size `eta`, whose gradient answers a shift of the rows at step s by
    /// `answers[s]`.
    pub fn take(&mut self, eta: f64, answers: &[Array2<f64>]) {
        let t = self.at.len() - 1;
        let mut next = self.at[t].clone();
        for (s, next) in next.iter_mut().enumerate() {
            for between in s + 1..=t {
                next.scaled_add(eta, &answers[between].dot(&self.at[between][s]));
            }
        }
        next.push(Array2::from_diag_elem(self.size, eta));
        self.at.push(next);
    }
}
