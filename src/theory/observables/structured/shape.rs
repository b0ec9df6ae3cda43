//! The unknowns of the bulk.

use crate::numerics::small_matrix::{Field, Matrix, Vector};

/// The unknowns: (1/d) tr M_a Qt = a0 alpha_a, (1/d) tr M_a Qt M_b = a0 (beta + alpha alpha^T)_ab,
/// noise = a0 chi.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape<T, const A: usize> {
    pub alpha: Vector<T, A>,
    pub beta: Matrix<T, A>,
    pub chi: T,
}

impl<T: Field, const A: usize> Shape<T, A> {
    /// alpha, the lower triangle of beta, chi.
    pub fn pack(&self) -> Vec<T> {
        let mut list = self.alpha.to_vec();
        for (i, row) in self.beta.iter().enumerate() {
            list.extend(&row[..=i]);
        }
        list.push(self.chi);
        list
    }

    /// The inverse of [`Shape::pack`].
    pub fn unpack(list: &[T]) -> Self {
        let zero = T::real(0.0);
        let mut shape = Self { alpha: [zero; A], beta: [[zero; A]; A], chi: zero };
        let mut items = list.iter().copied();
        let mut next = || items.next().unwrap_or(zero);
        for i in 0..A {
            shape.alpha[i] = next();
        }
        for i in 0..A {
            for j in 0..=i {
                shape.beta[i][j] = next();
                shape.beta[j][i] = shape.beta[i][j];
            }
        }
        shape.chi = next();
        shape
    }
}

#[cfg(test)]
mod tests {
    use super::Shape;

    #[test]
    fn pack_and_unpack() {
        let beta = [[3.0, 4.0], [4.0, 5.0]];
        let shape = Shape { alpha: [1.0, 2.0], beta, chi: 6.0 };
        assert_eq!(shape.pack(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let back = Shape::<f64, 2>::unpack(&shape.pack());
        assert_eq!((back.alpha, back.beta, back.chi), (shape.alpha, shape.beta, shape.chi));
    }
}
