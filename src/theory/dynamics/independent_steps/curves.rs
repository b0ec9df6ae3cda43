//! The averages that one neuron contributes for a sample, as functions of the one number through
//! which it sees the sample.
//!
//! Equations: docs/theory.md, (13.3), (13.14).

use crate::quadrature::chebyshev_points;
use crate::theory::dynamics::activation_constants::ActivationConstants;
use crate::theory::dynamics::averages::{Accumulator, GaussianAverages};
use crate::theory::dynamics::nodes::Nodes;
use crate::theory::error::{PredictionError, finite};

/// Coefficients of one cell; a Gaussian of deviation 1 smooths a cell of length 1 so much that the
/// error is about 1e-9.
const DEGREES: usize = 10;
/// Most cells of a curve.
const MOST_CELLS: f64 = 200.0;

/// sigma, S = sigma', S_z = z sigma' and sigma'^2 of u = c + deviation z, averaged over z.
pub(super) type FourAverages = [f64; 4];

/// The four averages as functions of c = omega(b).kappa for one type b: a polynomial on each of many
/// cells of equal length.
pub(super) struct Curve {
    low: f64,
    cells_per_unit: f64,
    /// Coefficients of powers of the place in the cell, which is between -1 and 1.
    cells: Vec<[FourAverages; DEGREES]>,
}

impl Curve {
    /// The averages for |c| <= `range`.
    pub fn new(
        activation: &ActivationConstants,
        gaussian: &GaussianAverages,
        nodes: &Nodes,
        deviation: f64,
        range: f64,
    ) -> Result<Self, PredictionError> {
        let range = range.max(1e-3);
        let count = (2.0 * range * nodes.table_factor / deviation).ceil().clamp(1.0, MOST_CELLS);
        let half = range / count;
        let points = chebyshev_points(DEGREES, -1.0, 1.0);
        let mut accumulator = Accumulator::new(activation);
        let mut cell = |i: usize| {
            let centre = half * (2 * i + 1) as f64 - range;
            let values = points.iter().map(|x| {
                let at = gaussian.at(centre + half * x, deviation, &mut accumulator);
                [at.sigma, at.dsigma, at.z_dsigma, at.dsigma_sq]
            });
            powers(&points, values.collect())
        };
        let cells: Vec<_> = (0..count as usize).map(&mut cell).collect();
        let coefficients = cells.iter().flatten().flatten();
        finite("an average of the activation after some steps", coefficients)?;
        Ok(Self { low: -range, cells_per_unit: 0.5 / half, cells })
    }

    /// The averages at `c`.
    pub fn at(&self, c: f64) -> FourAverages {
        let place = ((c - self.low) * self.cells_per_unit).max(0.0);
        let cell = (place as usize).min(self.cells.len() - 1);
        let x = 2.0 * (place - cell as f64) - 1.0;
        let [coefficients @ .., last] = &self.cells[cell];
        let mut sums = *last;
        for coefficients in coefficients.iter().rev() {
            sums.iter_mut().zip(coefficients).for_each(|(sum, c)| *sum = *sum * x + c);
        }
        sums
    }
}

/// The coefficients of powers of x of the polynomials with these values at `points`, by Newton's
/// divided differences.
fn powers(points: &[f64], mut values: Vec<FourAverages>) -> [FourAverages; DEGREES] {
    for order in 1..DEGREES {
        for i in (order..DEGREES).rev() {
            let before = values[i - 1];
            let length = points[i] - points[i - order];
            values[i].iter_mut().zip(before).for_each(|(v, b)| *v = (*v - b) / length);
        }
    }
    let mut result = [[0.0; 4]; DEGREES];
    for (x, difference) in points.iter().zip(&values).rev() {
        // result (x' - x) + difference
        for k in (0..DEGREES).rev() {
            let lower = if k > 0 { result[k - 1] } else { *difference };
            result[k].iter_mut().zip(lower).for_each(|(r, l)| *r = l - x * *r);
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::{Activation, Relu, Sine};
    use crate::quadrature::{normal_density, normal_distribution};

    fn largest_error(
        activation: &ActivationConstants,
        deviation: f64,
        exact: impl Fn(f64) -> FourAverages,
    ) -> f64 {
        let nodes = Nodes::new(1.0);
        let gaussian = GaussianAverages::new(activation, nodes.preactivation);
        let curve = Curve::new(activation, &gaussian, &nodes, deviation, 6.0).unwrap();
        let error = |i: i32| {
            let c = 0.0599 * f64::from(i);
            let pairs = curve.at(c).into_iter().zip(exact(c));
            pairs.map(|(found, exact)| (found - exact).abs()).fold(0.0, f64::max)
        };
        (-100..=100).map(error).fold(0.0, f64::max)
    }

    /// E exp(i u) = exp(i c - v^2 / 2); E[z f(u)] = v E f'(u).
    #[test]
    fn sine_in_closed_form() {
        let sigma = ActivationConstants::new(&Sine { amplitude: 1.3, phase: 0.7 }.shared(), 200);
        let sigma = sigma.unwrap();
        for v in [0.6, 1.1] {
            let error = largest_error(&sigma, v, |c| {
                let (shrunk, x) = (1.3 * (-0.5 * v * v).exp(), c + 0.7);
                let square = 0.5 * 1.69 * (1.0 + (-2.0 * v * v).exp() * (2.0 * x).cos());
                [shrunk * x.sin() - sigma.mean, shrunk * x.cos(), -v * shrunk * x.sin(), square]
            });
            assert!(error < 1e-7, "{v}: {error:e}");
        }
    }

    #[test]
    fn relu_in_closed_form() {
        let sigma = ActivationConstants::new(&Relu.shared(), 200).unwrap();
        for v in [0.6, 1.1] {
            let error = largest_error(&sigma, v, |c| {
                let (above, density) = (normal_distribution(c / v), normal_density(c / v));
                [c * above + v * density - sigma.mean, above, density, above]
            });
            assert!(error < 1e-7, "{v}: {error:e}");
        }
    }
}
