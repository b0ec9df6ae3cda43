//! Level 2 of the prediction: the noise rows have the structure of the data (docs/theory.md,
//! section 10).
//!
//! `tables` collects averages of sigma' that level 1 computes anyway; `weights` turns them into the
//! weights l and q of the samples of each group; `bulk` holds the equations of the bulk and `curve` solves them
//! outside it, up to the edge; `sums` and `spikes` build the symmetric matrix T(z), whose zeros
//! `outlier` finds; `density` follows the solution into the complex plane.

mod bulk;
mod curve;
mod density;
mod input;
#[cfg(test)]
mod matrix_tests;
mod outlier;
mod shape;
mod spikes;
mod sums;
mod tables;
#[cfg(test)]
mod test_model;
mod weights;
#[cfg(test)]
mod white_noise_tests;

use self::bulk::Bulk;
use self::curve::Curve;
use self::density::density;
pub(crate) use self::input::{Choices, Model, NeuronTable, SampleTable};
use self::outlier::outliers;
use self::spikes::Spikes;
pub(crate) use self::tables::{model, neurons, samples};
use self::weights::groups;
use crate::theory::error::PredictionError;
use crate::theory::observables::outlier::Outlier;

/// Level 2 of one setting: the inputs are checked and the edge of the bulk is known.
#[derive(Clone, Debug)]
pub(crate) struct Level2 {
    curve: AnyCurve,
    spikes: Spikes,
}

/// The bulk with one, two or three terms of l(b).
#[derive(Clone, Debug)]
enum AnyCurve {
    One(Curve<1>),
    Two(Curve<2>),
    Three(Curve<3>),
}

/// Evaluates an expression in the curve, whatever its number of terms.
macro_rules! with_curve {
    ($any:expr, $curve:ident => $body:expr) => {
        match $any {
            AnyCurve::One($curve) => $body,
            AnyCurve::Two($curve) => $body,
            AnyCurve::Three($curve) => $body,
        }
    };
}

impl Level2 {
    /// Finds the right edge. With fewer polynomials than `linear_terms` there are as many terms as
    /// polynomials.
    ///
    /// # Errors
    /// [`PredictionError::NoEdge`] and [`PredictionError::NotConverged`] when the equations cannot
    /// be solved.
    pub fn new(
        model: &Model,
        samples: &SampleTable,
        neurons: &NeuronTable,
        choices: &Choices,
    ) -> Result<Self, PredictionError> {
        let terms = choices.linear_terms.min(neurons.polynomials.ncols());
        let curve = match terms {
            1 => AnyCurve::One(curve(model, samples, neurons, choices)?),
            2 => AnyCurve::Two(curve(model, samples, neurons, choices)?),
            _ => AnyCurve::Three(curve(model, samples, neurons, choices)?),
        };
        let spikes = Spikes::new(model, samples, neurons);
        Ok(Self { curve, spikes })
    }

    /// Largest singular value of the bulk.
    pub fn bulk_edge(&self) -> f64 {
        with_curve!(&self.curve, curve => curve.edge.z.max(0.0).sqrt())
    }

    /// The outliers, the largest first.
    pub fn outliers(&self) -> Result<Vec<Outlier>, PredictionError> {
        with_curve!(&self.curve, curve => outliers(curve, &self.spikes))
    }

    /// Overlap of the left singular vector of `outlier` with the vector of entries p(b_j),
    /// normalised.
    pub fn left_overlap(
        &self,
        outlier: &Outlier,
        p: impl Fn(f64) -> f64,
    ) -> Result<f64, PredictionError> {
        with_curve!(&self.curve, curve => {
            let point = curve.at(outlier.at.min(curve.edge.x))?;
            let bulk = &curve.bulk;
            let rows: Vec<f64> = (0..bulk.b.len()).map(|j| bulk.row(j, &point.shape)).collect();
            Ok(self.spikes.left_overlap(-point.x.exp(), &rows, &outlier.left, &p))
        })
    }

    /// Density at `sigma` of the min(N, d) singular values of the bulk (mass 1, as at level 1);
    /// zero above the edge.
    pub fn bulk_density(&self, sigma: &[f64]) -> Result<Vec<f64>, PredictionError> {
        with_curve!(&self.curve, curve => density(curve, sigma))
    }
}

fn curve<const A: usize>(
    model: &Model,
    samples: &SampleTable,
    neurons: &NeuronTable,
    choices: &Choices,
) -> Result<Curve<A>, PredictionError> {
    let bulk =
        |choices| Bulk::new(model, samples, neurons, groups::<A>(model, samples, neurons, choices));
    let mut cut = bulk(choices);
    if let (true, Some(rest)) = (A > 1, &neurons.rest) {
        let whole = bulk(&Choices { weight_tail: 0.0, ..*choices });
        cut.rest = whole.missing(rest);
    }
    Curve::new(cut)
}
