//! W without some of its leading triplets.

use ndarray::{Array1, Array2, Axis, Slice};

use super::operator::Operator;
use super::orthonormal::{inner_products, subtract};
use crate::linalg::error::Fallible;
use crate::linalg::{Element, SingularTriplets};

/// W, and the leading triplets that the search already knows.
pub(super) struct Deflated<'a, W, T> {
    pub weights: &'a W,
    /// Left vectors, rows (k x N).
    left: Array2<T>,
    /// Right vectors, rows (k x d).
    pub right: Array2<T>,
}

impl<'a, T: Element, W: Operator<T>> Deflated<'a, W, T> {
    /// No triplet is known.
    pub fn new(weights: &'a W) -> Self {
        let (rows, columns) = weights.dim();
        Self { weights, left: Array2::zeros((0, rows)), right: Array2::zeros((0, columns)) }
    }

    /// The number of known triplets.
    pub fn known(&self) -> usize {
        self.right.nrows()
    }

    /// V W^T W for row vectors V, without the known triplets. They are subtracted after W and again
    /// after W^T, which turns rounding errors of size s_1^2 into errors of size s_1 s_k.
    pub fn normal_product(&self, v: &Array2<T>) -> Fallible<Array2<T>> {
        if self.known() == 0 {
            return Ok(self.weights.normal_product(v)?.1);
        }
        let mut image = self.weights.image(v.view())?;
        subtract(&inner_products(&image, &self.left), self.left.view(), &mut image);
        let mut product = self.weights.adjoint(image.view())?;
        self.project(&mut product);
        Ok(product)
    }

    /// Makes the rows orthogonal to the known right vectors.
    pub fn project(&self, rows: &mut Array2<T>) {
        subtract(&inner_products(rows, &self.right), self.right.view(), rows);
    }

    /// The same matrix without `count` leading `triplets`.
    pub fn without(&self, triplets: &SingularTriplets<T>, count: usize) -> Self {
        let first = Slice::from(..count);
        Self {
            weights: self.weights,
            left: triplets.left.slice_axis(Axis(1), first).t().as_standard_layout().into_owned(),
            right: triplets.right.slice_axis(Axis(0), first).to_owned(),
        }
    }
}

/// The number of leading triplets whose rounding errors in W^T W exceed the square of the last
/// value. They are themselves known well.
pub(super) fn hiding<T: Element>(values: &Array1<T>, residuals: &[f64], tolerance: f64) -> usize {
    let last = values[values.len() - 1].as_f64();
    let hides =
        |(s, residual): &(&T, &f64)| s.as_f64() > 30.0 * last && **residual < tolerance / 10.0;
    values.iter().zip(residuals).take_while(hides).count()
}
