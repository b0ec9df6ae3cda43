//! The spectrum when the noise rows have the structure of the data (docs/theory.md, section 10).
//!
//! From the averages of sigma' in `inputs`, `sample_weights` makes the weights l and q of the
//! samples of each group. `bulk` holds the equations for the `order_parameters`, `linearised` solves
//! them by Newton's method; `real_branch` follows them right of the bulk up to its edge, `lower_edge`
//! left of it, `density` inside. `outliers` finds the zeros of the
//! `master_matrix` T(z). `many_steps` is the same bulk after more than two steps (section 17).

mod bulk;
mod density;
mod edge_shape;
mod inputs;
mod linearised;
mod lower_edge;
mod many_steps;
mod master_matrix;
mod order_parameters;
mod outliers;
mod rational_sums;
mod real_branch;
mod sample_resolvent;
mod sample_weights;
#[cfg(test)]
mod test_support;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use self::bulk::Bulk;
pub(crate) use self::inputs::Inputs;
pub(crate) use self::many_steps::solve_many;
use self::real_branch::RealBranch;
use self::sample_weights::sample_weights;
use crate::theory::error::Fallible;
use crate::theory::observables::EdgeShape;
use crate::theory::observables::outlier::Outlier;
use crate::theory::observables::spectrum::Spectrum;

/// Solves for the edge of the bulk, with the first `terms` terms of l(b) (1 to 3, but no more than
/// there are polynomials). `weight_tail` is the probability beyond which the weights of the samples
/// are cut: 1/(2n).
pub(crate) fn solve(inputs: Inputs, weight_tail: f64, terms: usize) -> Fallible<Arc<dyn Spectrum>> {
    Ok(match terms.min(inputs.neurons.polynomials.ncols()) {
        1 => Arc::new(BulkSolution::<1>::new(inputs, weight_tail)?),
        2 => Arc::new(BulkSolution::<2>::new(inputs, weight_tail)?),
        _ => Arc::new(BulkSolution::<3>::new(inputs, weight_tail)?),
    })
}

/// The spectrum with `A` terms of l(b).
struct BulkSolution<const A: usize> {
    branch: RealBranch<A>,
    inputs: Inputs,
}

impl<const A: usize> BulkSolution<A> {
    fn new(inputs: Inputs, weight_tail: f64) -> Fallible<Self> {
        let bulk = |tail| Bulk::<A>::new(&inputs, sample_weights(&inputs, tail));
        let mut cut = bulk(weight_tail);
        if let (true, Some(rest)) = (A > 1, &inputs.neurons.rest) {
            cut.rest = bulk(0.0).missing(rest);
        }
        Ok(Self { branch: RealBranch::new(cut)?, inputs })
    }
}

impl<const A: usize> Spectrum for BulkSolution<A> {
    fn edge(&self) -> f64 {
        self.branch.edge.z.max(0.0).sqrt()
    }

    fn lower_edge(&self) -> Fallible<f64> {
        Ok(self.branch.lower_edge()?.max(0.0).sqrt())
    }

    fn edge_shape(&self) -> Fallible<EdgeShape> {
        self.branch.edge_shape()
    }

    fn outliers(&self) -> Fallible<Vec<Outlier>> {
        outliers::outliers(&self.branch, &self.inputs)
    }

    fn left_overlap(&self, outlier: &Outlier, p: &dyn Fn(f64) -> f64) -> Fallible<f64> {
        let point = self.branch.at(outlier.at.min(self.branch.edge.x))?;
        let rows = self.branch.bulk.row_variances(&point.order);
        Ok(self.inputs.left_overlap(point.a0(), &rows, &outlier.left, p))
    }

    fn density(&self, sigma: &[f64]) -> Fallible<Vec<f64>> {
        density::density(&self.branch, sigma)
    }
}
