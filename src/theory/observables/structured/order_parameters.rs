//! The order parameters: the unknowns of the self-consistent equations of the bulk.

use crate::numerics::small_matrix::{Field, Matrix, Vector};
use std::array::from_fn;

/// The unknowns: (1/d) tr M_a Qt = a0 alpha_a, (1/d) tr M_a Qt M_b = a0 (beta + alpha alpha^T)_ab,
/// noise = a0 chi.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OrderParameters<T, const A: usize> {
    pub alpha: Vector<T, A>,
    pub beta: Matrix<T, A>,
    pub chi: T,
}

impl<T: Field, const A: usize> OrderParameters<T, A> {
    /// alpha, the lower triangle of beta, chi.
    pub fn pack(&self) -> Vec<T> {
        let mut list = self.alpha.to_vec();
        for (i, row) in self.beta.iter().enumerate() {
            list.extend(&row[..=i]);
        }
        list.push(self.chi);
        list
    }

    /// The inverse of [`OrderParameters::pack`].
    pub fn unpack(list: &[T]) -> Self {
        let place = |i: usize, k: usize| A + i.max(k) * (i.max(k) + 1) / 2 + i.min(k);
        Self {
            alpha: from_fn(|i| list[i]),
            beta: from_fn(|i| from_fn(|k| list[place(i, k)])),
            chi: list[place(A, 0)],
        }
    }

    /// beta + alpha alpha^T.
    pub fn second_moment(&self) -> Matrix<T, A> {
        from_fn(|i| from_fn(|k| self.beta[i][k] + self.alpha[i] * self.alpha[k]))
    }
}

#[cfg(test)]
mod tests {
    use super::OrderParameters;

    #[test]
    fn pack_and_unpack() {
        let beta = [[3.0, 4.0], [4.0, 5.0]];
        let parameters = OrderParameters { alpha: [1.0, 2.0], beta, chi: 6.0 };
        assert_eq!(parameters.pack(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let back = OrderParameters::<f64, 2>::unpack(&parameters.pack());
        assert_eq!(
            (back.alpha, back.beta, back.chi),
            (parameters.alpha, parameters.beta, parameters.chi)
        );
    }
}
