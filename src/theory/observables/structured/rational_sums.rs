//! Sums of x / (1 + k.x) over weighted nodes x, with their derivatives in k: the only sums over neurons and
//! samples in the equations of the bulk.

use crate::numerics::small_matrix::Field;

/// S = sum of w x/(1 + k.x), and sum of w x x^T/(1 + k.x)^2 = -dS/dk.
pub(super) struct RationalSums<T> {
    pub value: Vec<T>,
    /// Lower triangle.
    fall: Vec<Vec<T>>,
}

impl<T: Field> RationalSums<T> {
    pub fn new<const K: usize>(k: &[T], nodes: impl Iterator<Item = (f64, [f64; K])>) -> Self {
        let coefficients: [T; K] = std::array::from_fn(|i| k[i]);
        let (mut value, mut fall) = ([T::zero(); K], [[T::zero(); K]; K]);
        for (weight, x) in nodes {
            let terms = coefficients.iter().zip(&x);
            let denominator = terms.fold(T::one(), |sum, (k, x)| sum + *k * *x);
            let inverse = T::one() / denominator;
            let first = inverse * weight;
            let second = first * inverse;
            for i in 0..K {
                value[i] += first * x[i];
                let share = second * x[i];
                for j in 0..=i {
                    fall[i][j] += share * x[j];
                }
            }
        }
        let fall = (0..K).map(|i| fall[i][..=i].to_vec()).collect();
        Self { value: value.to_vec(), fall }
    }

    /// S when k has changed by `change`, to first order.
    pub fn after(&self, change: &[T]) -> Vec<T> {
        let n = self.value.len();
        let fall = |i: usize, j: usize| self.fall[i.max(j)][i.min(j)];
        let row = |i: usize| (0..n).fold(self.value[i], |sum, j| sum - fall(i, j) * change[j]);
        (0..n).map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::RationalSums;

    #[test]
    fn sums_and_first_order() {
        let nodes = [(0.3, [1.0, -0.4]), (0.7, [0.2, 0.9])];
        let at = |k: [f64; 2]| RationalSums::new(&k, nodes.into_iter());
        let here = at([0.5, 1.5]);
        // 0.3 / (1 + 0.5 - 0.6) and 0.7 / (1 + 0.1 + 1.35)
        let by_hand = [0.3 / 0.9 + 0.14 / 2.45, -0.12 / 0.9 + 0.63 / 2.45];
        for (found, exact) in here.value.iter().zip(by_hand) {
            assert!((found - exact).abs() < 1e-14, "{found} {exact}");
        }
        let (h, first) = (1e-6, here.after(&[1e-6, -2e-6]));
        let there = at([0.5 + h, 1.5 - 2.0 * h]).value;
        for i in 0..2 {
            let (change, second) = (there[i] - here.value[i], (there[i] - first[i]).abs());
            assert!(second < 1e-5 * change.abs(), "{change} {second}");
        }
    }
}
