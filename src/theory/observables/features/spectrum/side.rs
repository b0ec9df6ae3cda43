//! On which side of the bulk a real solution lies, and what tells that none of the bulk lies between
//! two of them (docs/theory.md, section 16.3).

use crate::theory::observables::features::fixed_point::{Equations, Motion, Point};

/// Relative error of a solution that is no sign of anything.
const ROUNDING: f64 = 1e-6;

/// The side of the bulk, and on the left the matrix that has the nonzero eigenvalues only: the smallest
/// of F^T F / m, F F^T / m and, for an activation that is linear beside its mean part, the d x d matrix
/// in between.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Side {
    Right,
    LeftOfFeatures,
    LeftOfSamples,
    LeftOfInputs,
}

impl Side {
    /// The left side; `None` where two of these sizes agree, so that the bulk reaches down to zero.
    pub fn left(equations: &Equations<'_>) -> Option<Self> {
        let system = equations.system;
        let linear = system.unknowns() == system.pairs.len();
        let inputs = if linear { system.dimension } else { f64::INFINITY };
        let sizes = [
            (system.width, Self::LeftOfFeatures),
            (equations.samples, Self::LeftOfSamples),
            (inputs, Self::LeftOfInputs),
        ];
        let smallest = sizes.iter().map(|(size, _)| *size).fold(f64::INFINITY, f64::min);
        let mut full = sizes.iter().filter(|(size, _)| *size == smallest);
        let side = full.next().map(|(_, side)| *side);
        if full.next().is_none() { side } else { None }
    }

    /// The sign of a step in zeta that goes towards the bulk.
    pub fn towards_the_bulk(self) -> f64 {
        if self == Self::Right { -1.0 } else { 1.0 }
    }
}

/// Integrals of 1 / |x - zeta| over parts of the spectrum, which are positive, increasing and convex on
/// the way to the bulk. Crossing a part of the bulk makes them fall.
#[derive(Clone, Debug)]
pub(super) struct Potentials {
    zeta: f64,
    values: Vec<f64>,
    /// Slopes in zeta.
    slopes: Vec<f64>,
}

impl Potentials {
    /// At a solution `point` which `motion` moves with d lambda = lambda.
    pub fn new(
        side: Side,
        equations: &Equations<'_>,
        point: &Point<f64>,
        motion: &Motion<f64>,
    ) -> Self {
        let lambda = point.lambda;
        // of f / lambda, when f moves by df
        let over_lambda = |f: &[f64], df: &[f64]| -> (Vec<f64>, Vec<f64>) {
            f.iter().zip(df).map(|(f, df)| (f / lambda, (f - df) / (lambda * lambda))).unzip()
        };
        let of_q = |sign: f64| -> (Vec<f64>, Vec<f64>) {
            let each = point.q.iter().zip(&motion.q);
            each.map(|(q, dq)| (sign * q, -sign * dq / lambda)).unzip()
        };
        let (values, slopes) = match side {
            Side::Right => {
                let (of_features, of_samples) = (of_q(-1.0), over_lambda(&point.rho, &motion.rho));
                let negated = |list: Vec<f64>| list.into_iter().map(|x| -x).collect::<Vec<_>>();
                (
                    [of_features.0, negated(of_samples.0)].concat(),
                    [of_features.1, negated(of_samples.1)].concat(),
                )
            }
            Side::LeftOfFeatures => of_q(1.0),
            Side::LeftOfSamples => over_lambda(&point.rho, &motion.rho),
            Side::LeftOfInputs => {
                let pairs = equations.system.pairs.iter().enumerate();
                let diagonal = pairs.filter(|(_, (a, c))| a == c).map(|(i, _)| i);
                let (h, dh): (Vec<f64>, Vec<f64>) =
                    diagonal.map(|i| (point.unknowns[i], motion.unknowns[i])).unzip();
                over_lambda(&h, &dh)
            }
        };
        Self { zeta: -lambda, values, slopes }
    }

    /// Whether everything between here and `next` can be outside the bulk (16.7).
    pub fn connected(&self, next: &Self) -> bool {
        let step = next.zeta - self.zeta;
        (0..self.values.len()).all(|i| {
            let (here, there) = (self.values[i], next.values[i]);
            let room = ROUNDING * (here.abs() + there.abs());
            here > 0.0
                && there > 0.0
                && there - here >= step * self.slopes[i] - room
                && there - here <= step * next.slopes[i] + room
        })
    }
}
