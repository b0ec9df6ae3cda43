//! A function of (kappa, type) as a short sum of products (docs/theory.md, (15.4)).

use crate::numerics::graded::symmetric_eigen;
use ndarray::{Array1, Array2, Axis};

/// Most products.
const MOST: usize = 24;

/// sum_s left_s(kappa) right_s(type).
#[derive(Clone, Debug)]
pub(crate) struct Factors {
    /// Nodes of kappa x S, orthonormal under the weights of the nodes.
    pub left: Array2<f64>,
    /// Types x S.
    pub right: Array2<f64>,
}

impl Factors {
    /// The function `values` (nodes x types) up to a root mean square error of `tolerance`, under the
    /// weights of nodes and types.
    ///
    /// Columns are chosen by the largest remainder (Gram-Schmidt), then turned to the singular
    /// vectors; the cost is linear in both numbers.
    pub fn new(mut values: Array2<f64>, rows: &[f64], columns: &[f64], tolerance: f64) -> Self {
        let original = values.clone();
        let weight = Array1::from(rows.to_vec());
        let columns = Array1::from(columns.to_vec());
        let squares = |values: &Array2<f64>| {
            let mut squares = Array1::<f64>::zeros(values.ncols());
            for (row, w) in values.rows().into_iter().zip(rows) {
                squares.zip_mut_with(&row, |sum, x| *sum += w * x * x);
            }
            squares * &columns
        };
        let enough = 0.25 * tolerance * tolerance;
        let mut basis: Vec<Array1<f64>> = Vec::new();
        while basis.len() < MOST {
            let left = squares(&values);
            if left.sum() <= enough {
                break;
            }
            let largest = (0..left.len()).fold(0, |best, i| if left[i] > left[best] { i } else { best });
            let mut next = values.column(largest).to_owned();
            for old in &basis {
                let overlap = (&weight * &next * old).sum();
                next.scaled_add(-overlap, old);
            }
            next /= (&weight * &next * &next).sum().sqrt();
            let along = (&weight * &next).dot(&values);
            for (mut row, x) in values.rows_mut().into_iter().zip(&next) {
                row.scaled_add(-x, &along);
            }
            basis.push(next);
        }
        let left = Array2::from_shape_fn((rows.len(), basis.len()), |(k, s)| basis[s][k]);
        let weighted = &left * &weight.insert_axis(Axis(1));
        let right = original.t().dot(&weighted);
        let gram = right.t().dot(&(&right * &columns.insert_axis(Axis(1))));
        let (squares, vectors) = symmetric_eigen(&gram);
        let mut dropped = 0.0;
        let first = squares.iter().take_while(|x| {
            dropped += x.max(0.0);
            dropped <= enough
        });
        let first = first.count();
        let mut vectors = vectors.slice_axis(Axis(1), (first..).into()).to_owned();
        vectors.invert_axis(Axis(1));
        Self { left: left.dot(&vectors), right: right.dot(&vectors) }
    }

    /// Number S of products.
    pub fn len(&self) -> usize {
        self.left.ncols()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_of_a_product() {
        let x: Vec<f64> = (0..50).map(|i| 0.04 * i as f64 - 1.0).collect();
        let weights = vec![0.02; 50];
        let values = Array2::from_shape_fn((50, 50), |(i, k)| (x[i] * x[k]).exp());
        for (tolerance, most) in [(1e-2, 4), (1e-4, 6), (1e-7, 9)] {
            let factors = Factors::new(values.clone(), &weights, &weights, tolerance);
            assert!(factors.len() <= most, "{}", factors.len());
            let error = factors.left.dot(&factors.right.t()) - &values;
            let error = (error.mapv(|x| x * x).sum() / 2500.0).sqrt();
            assert!(error <= tolerance, "{tolerance} {error}");
            let gram = factors.left.t().dot(&factors.left) / 50.0;
            let unit = |((i, k), x): ((usize, usize), &f64)| (x - f64::from(i == k)).abs() < 1e-10;
            assert!(gram.indexed_iter().all(unit), "{gram}");
        }
        let nothing = Factors::new(Array2::zeros((50, 50)), &weights, &weights, 1e-9);
        assert_eq!(nothing.len(), 0);
    }
}
