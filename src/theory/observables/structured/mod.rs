//! The spectrum when the noise rows have the structure of the data (docs/theory.md, section 10).
//!
//! From the averages of sigma' in `inputs`, `sample_weights` makes the weights l and q of the
//! samples of each group. `bulk` holds the equations for the `order_parameters`; `real_branch`
//! solves them outside the bulk up to its edge, `density` inside. `outliers` finds the zeros of the
//! `master_matrix` T(z).

mod bulk;
mod density;
mod inputs;
mod master_matrix;
mod order_parameters;
mod outliers;
mod real_branch;
mod sample_weights;
#[cfg(test)]
mod test_support;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use self::bulk::Bulk;
pub(crate) use self::inputs::{Model, NeuronTable, SampleTable};
use self::master_matrix::Signal;
use self::real_branch::RealBranch;
use self::sample_weights::sample_weights;
use crate::theory::error::PredictionError;
use crate::theory::observables::outlier::Outlier;
use crate::theory::observables::spectrum::Spectrum;

/// Solves for the edge of the bulk, with the first `terms` terms of l(b) (1 to 3, but no more than
/// there are polynomials). `weight_tail` is the probability beyond which the weights of the samples
/// are cut: 1/(2n).
///
/// # Errors
/// [`PredictionError::NoEdge`] and [`PredictionError::NotConverged`] when the equations cannot be
/// solved.
pub(crate) fn solve(
    model: &Model,
    samples: &SampleTable,
    neurons: &NeuronTable,
    weight_tail: f64,
    terms: usize,
) -> Result<Arc<dyn Spectrum>, PredictionError> {
    let signal = Signal::new(model, samples, neurons);
    Ok(match terms.min(neurons.polynomials.ncols()) {
        1 => Arc::new(BulkSolution::<1>::new(signal, weight_tail)?),
        2 => Arc::new(BulkSolution::<2>::new(signal, weight_tail)?),
        _ => Arc::new(BulkSolution::<3>::new(signal, weight_tail)?),
    })
}

/// The spectrum with `A` terms of l(b).
struct BulkSolution<const A: usize> {
    branch: RealBranch<A>,
    signal: Signal,
}

impl<const A: usize> BulkSolution<A> {
    fn new(signal: Signal, weight_tail: f64) -> Result<Self, PredictionError> {
        let Signal { model, samples, neurons, .. } = &signal;
        let bulk = |tail| {
            Bulk::<A>::new(model, samples, neurons, sample_weights(model, samples, neurons, tail))
        };
        let mut cut = bulk(weight_tail);
        if let (true, Some(rest)) = (A > 1, &neurons.rest) {
            cut.rest = bulk(0.0).missing(rest);
        }
        Ok(Self { branch: RealBranch::new(cut)?, signal })
    }
}

impl<const A: usize> Spectrum for BulkSolution<A> {
    fn edge(&self) -> f64 {
        self.branch.edge.z.max(0.0).sqrt()
    }

    fn outliers(&self) -> Result<Vec<Outlier>, PredictionError> {
        outliers::outliers(&self.branch, &self.signal)
    }

    fn left_overlap(
        &self,
        outlier: &Outlier,
        p: &dyn Fn(f64) -> f64,
    ) -> Result<f64, PredictionError> {
        let point = self.branch.at(outlier.at.min(self.branch.edge.x))?;
        let rows = self.branch.bulk.row_variances(&point.order);
        Ok(self.signal.left_overlap(point.a0(), &rows, &outlier.left, p))
    }

    fn density(&self, sigma: &[f64]) -> Result<Vec<f64>, PredictionError> {
        density::density(&self.branch, sigma)
    }
}
