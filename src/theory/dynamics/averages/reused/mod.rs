//! Averages for reused samples: u = A(z) + t c with A(z) = z (1 + t rho_1) + t phi y sigma'(z) and
//! c = c_1 s + tau xi.
//!
//! For given (t, y) the average over z is a smooth function of c, tabulated at Chebyshev points; the
//! average over xi is then one fixed matrix from c to s. If sigma has kinks, the integral over z is
//! split where z or u meets one, or in closed form if sigma is linear between them, and the table in c is
//! cut where those crossings coincide.
//!
//! Equations: docs/theory.md, (4.5), (6.2).

mod piecewise_linear;

use self::piecewise_linear::PiecewiseLinear;
use super::table::{Accumulator, Averages};
use crate::numerics::roots::bracketed;
use crate::quadrature::{
    Interpolation, Rule, SplitGaussian, chebyshev_points, gauss_legendre, normal_density,
};
use crate::theory::dynamics::activation_constants::ActivationConstants;
use crate::theory::dynamics::nodes::{Nodes, gaussian_rule};
use crate::theory::dynamics::setup::FirstStepConstants;
use ndarray::{Array2, ArrayView1};
use std::array::from_fn;
use std::convert::Infallible;

/// Nodes of one piece of the table in c.
const PIECE: usize = 14;
/// Half-width of the smoothing window, in units of tau.
const WINDOW: f64 = 6.5;
/// Share of the nodes for xi that half of that window takes.
const WINDOW_SHARE: f64 = 0.6;

/// Fills the tables of reused samples.
pub(super) struct ReusedAverages<'a> {
    activation: &'a ActivationConstants,
    step: FirstStepConstants,
    s: &'a [f64],
    plain: Rule,
    /// sigma' at the nodes of `plain`.
    first: Vec<f64>,
    c: Interpolation,
    /// s x c: interpolation followed by the average over xi.
    smoothing: Array2<f64>,
    /// The same with tau xi inside the average.
    tilted: Array2<f64>,
    split: SplitGaussian,
    linear: Option<PiecewiseLinear>,
    /// On an interval of length 2 with a Gaussian density in it.
    window: Rule,
}

impl<'a> ReusedAverages<'a> {
    /// `sizes` gives the number of nodes in c for a given range of c.
    pub fn new(
        activation: &'a ActivationConstants,
        step: FirstStepConstants,
        nodes: &Nodes,
        s: &'a [f64],
        sizes: impl Fn(f64) -> usize,
    ) -> Self {
        let plain = gaussian_rule(nodes.preactivation, &activation.kinks);
        let first = plain.nodes.iter().map(|&z| activation.derivative(z)).collect();
        let xi = gaussian_rule(nodes.orthogonal, &[]);
        let largest = s.iter().fold(0f64, |a, s| a.max(s.abs()));
        let outer = xi.nodes.last().copied().unwrap_or(0.0);
        let range = (step.c_1.abs() * largest + step.tau * outer).max(1e-3);
        // without noise the window closes around one point of the table
        let step = FirstStepConstants { tau: step.tau.max(1e-9 * range), ..step };
        let c = Interpolation::new(chebyshev_points(sizes(range), -range, range));
        let mut smoothing = Array2::zeros((s.len(), c.nodes().len()));
        let mut tilted = smoothing.clone();
        let mut basis = vec![0.0; c.nodes().len()];
        for (i, s) in s.iter().enumerate() {
            for (xi, w) in xi.iter() {
                c.basis(step.c_1 * s + step.tau * xi, &mut basis);
                for (k, basis) in basis.iter().enumerate() {
                    smoothing[[i, k]] += w * basis;
                    tilted[[i, k]] += w * step.tau * xi * basis;
                }
            }
        }
        let split = SplitGaussian::new(nodes.preactivation);
        let linear = PiecewiseLinear::new(activation);
        let window =
            gauss_legendre((WINDOW_SHARE * nodes.orthogonal as f64).ceil() as usize, -1.0, 1.0);
        Self { activation, step, s, plain, first, c, smoothing, tilted, split, linear, window }
    }

    /// The averages at every (y, s), for t = eta_1 b / sqrt N.
    pub fn table(&self, t: f64, y: &[f64]) -> Array2<Averages> {
        let mut accumulator = Accumulator::new(self.activation);
        let mut row = |&y: &f64| {
            if self.activation.kinks.is_empty() {
                self.smooth(t, y, &mut accumulator)
            } else {
                self.kinked(t, y, &mut accumulator)
            }
        };
        let rows: Vec<Vec<Averages>> = y.iter().map(&mut row).collect();
        Array2::from_shape_fn((y.len(), self.s.len()), |(i, j)| rows[i][j])
    }

    /// The averages at every s, for a smooth activation.
    fn smooth(&self, t: f64, y: f64, accumulator: &mut Accumulator) -> Vec<Averages> {
        let FirstStepConstants { phi, rho_1, .. } = self.step;
        let argument = |(z, first): (&f64, &f64)| z * (1.0 + t * rho_1) + t * phi * y * first;
        let base: Vec<f64> = self.plain.nodes.iter().zip(&self.first).map(argument).collect();
        let mut u = vec![0.0; base.len()];
        let mut at_c = |c: &f64| {
            u.iter_mut().zip(&base).for_each(|(u, base)| *u = base + t * c);
            accumulator.sums(&self.plain, &u, &self.first)
        };
        let over_z: Vec<Averages> = self.c.nodes().iter().map(&mut at_c).collect();
        let over_xi = |(smoothing, tilted): (ArrayView1<f64>, ArrayView1<f64>)| {
            let mut sums = Averages::default();
            for ((at, share), tilt) in over_z.iter().zip(smoothing).zip(tilted) {
                sums.add(*share, at);
                sums.echo += t * tilt * at.dsigma;
            }
            sums
        };
        self.smoothing.rows().into_iter().zip(self.tilted.rows()).map(over_xi).collect()
    }

    /// The averages at every s, for an activation with kinks.
    fn kinked(&self, t: f64, y: f64, accumulator: &mut Accumulator) -> Vec<Averages> {
        let FirstStepConstants { c_1, tau, .. } = self.step;
        let pieces = self.pieces(t, y, accumulator);
        let clipped = |low: f64, high: f64| -> Vec<Node> {
            let parts = pieces.iter().filter(|piece| piece.high > low && piece.low < high);
            let nodes = |piece: &Piece| self.nodes(piece, low.max(piece.low), high.min(piece.high));
            parts.flat_map(nodes).collect()
        };
        // once for every s, unless the window is much shorter than the table
        let (low, high) = (pieces[0].low, pieces[pieces.len() - 1].high);
        let few = high - low < 2.0 * WINDOW * tau * self.s.len() as f64;
        let common = few.then(|| clipped(low, high));
        let at_s = |&s: &f64| {
            let centre = c_1 * s;
            let (low, high) = (centre - WINDOW * tau, centre + WINDOW * tau);
            let own = if common.is_some() { Vec::new() } else { clipped(low, high) };
            let nodes = common.as_ref().unwrap_or(&own);
            let first = nodes.partition_point(|node| node.c < low);
            let mut sums = Averages::default();
            for Node { c, weight, at } in nodes[first..].iter().take_while(|node| node.c <= high) {
                let weight = weight * normal_density((c - centre) / tau) / tau;
                sums.add(weight, at);
                sums.echo += weight * t * (c - centre) * at.dsigma;
            }
            sums
        };
        self.s.iter().map(at_s).collect()
    }

    /// Nodes between `low` and `high` in one piece, close enough for the density of the window.
    fn nodes(&self, piece: &Piece, low: f64, high: f64) -> Vec<Node> {
        let parts = ((high - low) / (WINDOW * self.step.tau)).ceil().max(1.0);
        let half = 0.5 * (high - low) / parts;
        let mut basis = [0.0; PIECE];
        let mut nodes = Vec::new();
        for part in 0..parts as usize {
            let middle = low + half * (2 * part + 1) as f64;
            for (x, w) in self.window.iter() {
                let c = middle + half * x;
                piece.points.basis(c, &mut basis);
                let mut at = Averages::default();
                let shares = piece.values.iter().zip(basis);
                shares.for_each(|(value, share)| at.add(share, value));
                nodes.push(Node { c, weight: half * w, at });
            }
        }
        nodes
    }

    /// The table in c, cut where a crossing of u meets a kink of z, for one (t, y).
    fn pieces(&self, t: f64, y: f64, accumulator: &mut Accumulator) -> Vec<Piece> {
        let FirstStepConstants { phi, rho_1, tau, c_1, .. } = self.step;
        let largest = self.s.iter().fold(0f64, |a, s| a.max(s.abs()));
        let range = (c_1.abs() * largest + WINDOW * tau).max(1e-3);
        let mut ends = vec![-range, range];
        if t != 0.0 {
            let kinks = &self.activation.kinks;
            for &kink in kinks {
                for side in [-1e-9, 1e-9] {
                    let first = self.activation.derivative(kink + side * (1.0 + kink.abs()));
                    let at = |u: &f64| (u - kink * (1.0 + t * rho_1)) / t - phi * y * first;
                    ends.extend(kinks.iter().map(at));
                }
            }
        }
        ends.retain(|c| c.abs() <= range);
        ends.sort_by(f64::total_cmp);
        ends.dedup_by(|a, b| (*a - *b).abs() < 1e-9 * range);
        let longest = (3.0 / t.abs().max(1e-300)).min(range);
        let mut pieces = Vec::new();
        for pair in ends.windows(2) {
            let parts = ((pair[1] - pair[0]) / longest).ceil().clamp(1.0, 40.0) as usize;
            let length = (pair[1] - pair[0]) / parts as f64;
            for part in 0..parts {
                let low = pair[0] + length * part as f64;
                let points = Interpolation::new(chebyshev_points(PIECE, low, low + length));
                let at_c = |&c: &f64| match &self.linear {
                    Some(linear) => linear.average(&self.step, t, y, c),
                    None => self.split_average(t, y, c, accumulator),
                };
                let values = points.nodes().iter().map(at_c).collect();
                pieces.push(Piece { low, high: low + length, points, values });
            }
        }
        pieces
    }

    /// The averages over z at one c, split wherever z or u meets a kink.
    fn split_average(&self, t: f64, y: f64, c: f64, accumulator: &mut Accumulator) -> Averages {
        let FirstStepConstants { phi, rho_1, .. } = self.step;
        let argument =
            |z: f64| z * (1.0 + t * rho_1) + t * phi * y * self.activation.derivative(z) + t * c;
        let mut breaks = self.activation.kinks.clone();
        let inner = breaks.iter().copied().filter(|x| x.abs() < 8.6);
        let ends: Vec<f64> = [-8.6].into_iter().chain(inner).chain([8.6]).collect();
        for pair in ends.windows(2) {
            let margin = 1e-10 * (1.0 + pair[0].abs() + pair[1].abs());
            for &kink in &self.activation.kinks {
                let crossing = |z| argument(z) - kink;
                roots(crossing, pair[0] + margin, pair[1] - margin, &mut breaks);
            }
        }
        let rule = self.split.rule(&breaks);
        let first: Vec<f64> = rule.nodes.iter().map(|&z| self.activation.derivative(z)).collect();
        let u: Vec<f64> = rule.nodes.iter().map(|&z| argument(z)).collect();
        accumulator.sums(&rule, &u, &first)
    }
}

/// A piece of the table in c on which the averages are smooth.
struct Piece {
    low: f64,
    high: f64,
    points: Interpolation,
    values: Vec<Averages>,
}

/// A node in c, with the averages over z there.
struct Node {
    c: f64,
    weight: f64,
    at: Averages,
}

/// Appends the roots of `f` on `(low, high)` that a scan of six intervals separates.
fn roots(f: impl Fn(f64) -> f64, low: f64, high: f64, found: &mut Vec<f64>) {
    if high <= low {
        return;
    }
    let step = (high - low) / 6.0;
    let scan: [_; 7] = from_fn(|i| low + step * i as f64).map(|z| (z, f(z)));
    for pair in scan.windows(2) {
        if pair[0].1 * pair[1].1 < 0.0 {
            let Ok(z) = bracketed(|z| Ok::<f64, Infallible>(f(z)), pair[0], pair[1], 1e-14);
            found.push(z);
        }
    }
}

#[cfg(test)]
mod tests;
