//! Averages over z in closed form, for an activation that is linear between its kinks.

use crate::quadrature::{normal_density, normal_distribution};
use crate::theory::dynamics::activation_constants::ActivationConstants;
use crate::theory::dynamics::averages::Averages;
use crate::theory::dynamics::setup::FirstStepConstants;

/// Numbers of points at which a piece is compared with a line.
const PROBES: i32 = 24;
/// Beyond this |z| a Gaussian variable has no probability to speak of.
const FAR: f64 = 38.0;

/// sigma(x) = offset + slope x on each piece, less its mean.
#[derive(Clone, Debug)]
pub(super) struct PiecewiseLinear {
    kinks: Vec<f64>,
    /// (slope, offset), one more than kinks.
    lines: Vec<(f64, f64)>,
}

impl PiecewiseLinear {
    /// `None` if the derivative of `activation` changes between two kinks.
    pub fn new(activation: &ActivationConstants) -> Option<Self> {
        let kinks = activation.kinks.clone();
        let (first, last) = (*kinks.first()?, *kinks.last()?);
        let probes = |i: i32| 1.37 * 2f64.powi(i - 9);
        let outside = [false, true].map(|right| {
            let at = |i| if right { last + probes(i) } else { first - probes(i) };
            (0..PROBES).map(at).collect::<Vec<f64>>()
        });
        let share = |i: i32| (f64::from(i) + 0.37) / f64::from(PROBES);
        let inside = kinks.windows(2).map(|pair| {
            let at = |i| pair[0] + (pair[1] - pair[0]) * share(i);
            (0..PROBES).map(at).collect()
        });
        let [before, after] = outside;
        let pieces = [before].into_iter().chain(inside).chain([after]);
        let lines: Option<Vec<_>> = pieces.map(|points| line(activation, &points)).collect();
        Some(Self { kinks, lines: lines? })
    }

    /// The piece of `x`.
    fn piece(&self, x: f64) -> usize {
        self.kinks.partition_point(|kink| *kink < x)
    }

    /// The averages over z of law N(0, 1) where u = z (1 + t rho_1) + t phi y sigma'(z) + t c; the echo
    /// is left at 0.
    pub fn average(&self, step: &FirstStepConstants, t: f64, y: f64, c: f64) -> Averages {
        let rise = 1.0 + t * step.rho_1;
        let mut sums = Averages::default();
        let mut low = -FAR;
        for (k, (first, _)) in self.lines.iter().enumerate() {
            let end = self.kinks.get(k).map_or(FAR, |kink| kink.min(FAR));
            let shift = t * (step.phi * y * first + c);
            // u is a line here: one part after another, up to the next kink that it meets
            while low < end {
                let meets = |kink: &f64| (kink - shift) / rise;
                let ahead = self.kinks.iter().map(meets).filter(|z| *z > low && *z < end);
                let high = ahead.fold(end, f64::min);
                let (slope, offset) = self.lines[self.piece(rise * 0.5 * (low + high) + shift)];
                let share = between(low, high);
                let mean = normal_density(low) - normal_density(high);
                sums.sigma += (offset + slope * shift) * share + slope * rise * mean;
                sums.dsigma += slope * share;
                sums.z_dsigma += slope * mean;
                sums.dsigma_sq += slope * slope * share;
                sums.cross += slope * first * share;
                low = high;
            }
        }
        sums
    }
}

/// Slope and offset of `activation` at all of `points`.
fn line(activation: &ActivationConstants, points: &[f64]) -> Option<(f64, f64)> {
    let mut values = vec![0.0; points.len()];
    let mut slopes = values.clone();
    activation.evaluate(points, &mut values, &mut slopes);
    let slope = slopes[0];
    let offset = values[0] - slope * points[0];
    let on_line = |(x, value): (&f64, &f64)| {
        let exact = offset + slope * x;
        (value - exact).abs() <= 1e-13 * (offset.abs() + (slope * x).abs() + 1e-300)
    };
    let straight = slopes.iter().all(|x| *x == slope) && points.iter().zip(&values).all(on_line);
    straight.then_some((slope, offset))
}

/// P(low < z < high) without cancellation in the tails.
fn between(low: f64, high: f64) -> f64 {
    if low > 0.0 {
        normal_distribution(-low) - normal_distribution(-high)
    } else {
        normal_distribution(high) - normal_distribution(low)
    }
}

#[cfg(test)]
mod tests {
    use super::PiecewiseLinear;
    use crate::activation::{Activation, FnActivation, LeakyRelu, Relu, Sine};
    use crate::theory::dynamics::activation_constants::ActivationConstants;
    use std::sync::Arc;

    fn pieces(activation: &Arc<dyn Activation>) -> Option<PiecewiseLinear> {
        PiecewiseLinear::new(&ActivationConstants::new(activation, 100).unwrap())
    }

    #[test]
    fn which_activations_are_linear_in_pieces() {
        let bent = |u: f64| if u > 0.0 { u + 1e-6 * u * u } else { 0.0 };
        let slope = |u: f64| if u > 0.0 { 1.0 + 2e-6 * u } else { 0.0 };
        let bent = FnActivation::new("bent", bent, slope).with_kinks([0.0]).shared();
        assert!(pieces(&bent).is_none() && pieces(&Sine::default().shared()).is_none());
        for (activation, slope) in [(Relu.shared(), 0.0), (LeakyRelu { slope: 0.2 }.shared(), 0.2)]
        {
            let found = pieces(&activation).unwrap();
            assert_eq!((found.lines[0].0, found.lines[1].0), (slope, 1.0));
        }
    }
}
