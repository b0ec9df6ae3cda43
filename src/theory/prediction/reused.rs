//! Averages for reused samples: u = A(z) + t c with A(z) = z (1 + t rho_1) + t phi y sigma'(z) and
//! c = c_1 s + tau xi.
//!
//! The two Gaussian sources s and xi enter through c alone. For given (t, y) the average over z is
//! a smooth function of c, tabulated at Chebyshev points; smoothing over xi is then one fixed
//! matrix from c to s. Where sigma has kinks the integral over z is split where z or u meets one,
//! and the table in c is cut where those crossings coincide.
//!
//! Equations: docs/theory.md, (4.5), (6.2).

use super::activation::{Sigma, gaussian_rule};
use super::moments::{Accumulator, ECHO, FirstStep, MEAN, Table};
use super::setting::Nodes;
use crate::numerics::roots::bracketed;
use crate::quadrature::{
    Interpolation, Rule, SplitGaussian, chebyshev_points, gauss_legendre, normal_density,
};
use ndarray::Array2;
use std::convert::Infallible;

/// Nodes of one piece of the table in c.
const PIECE: usize = 14;
/// Half-width of the smoothing window, in units of tau.
const WINDOW: f64 = 6.5;

/// Fills the tables of reused samples.
pub(crate) struct Kernel<'a> {
    activation: &'a Sigma<'a>,
    step: FirstStep,
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
    window: Rule,
}

impl<'a> Kernel<'a> {
    /// `sizes` gives the number of nodes in c for a given range of c.
    pub fn new(
        activation: &'a Sigma<'a>,
        step: FirstStep,
        nodes: &Nodes,
        s: &'a [f64],
        sizes: impl Fn(f64) -> usize,
    ) -> Self {
        let plain = gaussian_rule(nodes.family, nodes.preactivation, &activation.kinks);
        let first = plain.nodes.iter().map(|&z| activation.derivative(z)).collect();
        let xi = gaussian_rule(nodes.family, nodes.orthogonal, &[]);
        let largest = s.iter().fold(0f64, |a, s| a.max(s.abs()));
        let outer = xi.nodes.last().copied().unwrap_or(0.0);
        let range = step.c_1.abs() * largest + step.tau * outer;
        let range = range.max(1e-3);
        let c = Interpolation::new(chebyshev_points(sizes(range), -range, range));
        let mut smoothing = Array2::zeros((s.len(), c.nodes().len()));
        let mut tilted = Array2::zeros((s.len(), c.nodes().len()));
        let mut basis = vec![0.0; c.nodes().len()];
        for (i, s) in s.iter().enumerate() {
            for (xi, w) in xi.iter() {
                c.basis(step.c_1 * s + step.tau * xi, &mut basis);
                smoothing
                    .row_mut(i)
                    .iter_mut()
                    .zip(&basis)
                    .for_each(|(to, basis)| *to += w * basis);
                tilted
                    .row_mut(i)
                    .iter_mut()
                    .zip(&basis)
                    .for_each(|(to, basis): (&mut f64, _)| *to += w * step.tau * xi * basis);
            }
        }
        let window = gauss_legendre(nodes.orthogonal, -1.0, 1.0);
        Self {
            activation,
            step,
            s,
            plain,
            first,
            c,
            smoothing,
            tilted,
            split: SplitGaussian::new(nodes.preactivation),
            window,
        }
    }

    /// The averages at every (y, s), for t = eta_1 b / sqrt N.
    pub fn table(&self, t: f64, y: &[f64]) -> Table {
        let mut table: Table = std::array::from_fn(|_| Array2::zeros((y.len(), self.s.len())));
        let mut accumulator = Accumulator::new(self.activation);
        for (row, &y) in y.iter().enumerate() {
            let rows = if self.activation.kinks.is_empty() {
                let raw = self.smooth(t, y, &mut accumulator);
                let mut rows = self.smoothing.dot(&raw);
                rows.column_mut(ECHO).assign(&(self.tilted.dot(&raw.column(MEAN)) * t));
                rows
            } else {
                self.kinked(t, y, &mut accumulator)
            };
            for (k, table) in table.iter_mut().enumerate() {
                table.row_mut(row).assign(&rows.column(k));
            }
        }
        table
    }

    /// The averages over z at every node of c (c x 5), for a smooth activation.
    fn smooth(&self, t: f64, y: f64, accumulator: &mut Accumulator) -> Array2<f64> {
        let FirstStep { phi, rho_1, .. } = self.step;
        let base: Vec<f64> = self
            .plain
            .nodes
            .iter()
            .zip(&self.first)
            .map(|(z, first)| z * (1.0 + t * rho_1) + t * phi * y * first)
            .collect();
        let mut u = vec![0.0; base.len()];
        let mut raw = Array2::zeros((self.c.nodes().len(), 6));
        for (i, c) in self.c.nodes().iter().enumerate() {
            u.iter_mut().zip(&base).for_each(|(u, base)| *u = base + t * c);
            let sums = accumulator.sums(&self.plain, &u, &self.first);
            raw.row_mut(i).iter_mut().zip(sums).for_each(|(to, sum)| *to = sum);
        }
        raw
    }

    /// The smoothed averages at every s (s x 5), for an activation with kinks.
    fn kinked(&self, t: f64, y: f64, accumulator: &mut Accumulator) -> Array2<f64> {
        let FirstStep { c_1, tau, .. } = self.step;
        let pieces = self.pieces(t, y, accumulator);
        let mut rows = Array2::zeros((self.s.len(), 6));
        let mut basis = [0.0; PIECE];
        for (i, &s) in self.s.iter().enumerate() {
            let centre = c_1 * s;
            let mut sums = [0.0; 6];
            let mut add = |piece: &Piece, shares: &[f64; PIECE]| {
                for (share, values) in shares.iter().zip(&piece.values) {
                    sums.iter_mut().zip(values).for_each(|(to, value)| *to += share * value);
                }
            };
            if tau < 1e-12 {
                if let Some(piece) =
                    pieces.iter().find(|piece| centre <= piece.high).or(pieces.last())
                {
                    piece.points.basis(centre, &mut basis);
                    add(piece, &basis);
                }
                rows.row_mut(i).iter_mut().zip(sums).for_each(|(to, sum)| *to = sum);
                continue;
            }
            let mut row = 0.0;
            for piece in &pieces {
                let (low, high) =
                    (piece.low.max(centre - WINDOW * tau), piece.high.min(centre + WINDOW * tau));
                if high <= low {
                    continue;
                }
                let half = 0.5 * (high - low);
                let mut shares = [0.0; PIECE];
                let mut tilted = [0.0; PIECE];
                for (x, w) in self.window.iter() {
                    let c = low + half * (1.0 + x);
                    let weight = half * w * normal_density((c - centre) / tau) / tau;
                    piece.points.basis(c, &mut basis);
                    shares.iter_mut().zip(&basis).for_each(|(to, basis)| *to += weight * basis);
                    tilted
                        .iter_mut()
                        .zip(&basis)
                        .for_each(|(to, basis)| *to += weight * t * (c - centre) * basis);
                }
                add(piece, &shares);
                row += tilted.iter().zip(&piece.values).map(|(s, v)| s * v[MEAN]).sum::<f64>();
            }
            sums[ECHO] = row;
            rows.row_mut(i).iter_mut().zip(sums).for_each(|(to, sum)| *to = sum);
        }
        rows
    }

    /// The table in c, cut where a crossing of u meets a kink of z, for one (t, y).
    fn pieces(&self, t: f64, y: f64, accumulator: &mut Accumulator) -> Vec<Piece> {
        let FirstStep { phi, rho_1, tau, c_1, .. } = self.step;
        let largest = self.s.iter().fold(0f64, |a, s| a.max(s.abs()));
        let range = (c_1.abs() * largest + WINDOW * tau).max(1e-3);
        let mut ends = vec![-range, range];
        if t != 0.0 {
            for &kink in &self.activation.kinks {
                for side in [-1e-9, 1e-9] {
                    let lift =
                        phi * y * self.activation.derivative(kink + side * (1.0 + kink.abs()));
                    ends.extend(
                        self.activation
                            .kinks
                            .iter()
                            .map(|other| (other - kink * (1.0 + t * rho_1)) / t - lift),
                    );
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
                let values = points
                    .nodes()
                    .iter()
                    .map(|&c| self.split_average(t, y, c, accumulator))
                    .collect();
                pieces.push(Piece { low, high: low + length, points, values });
            }
        }
        pieces
    }

    /// The averages over z at one c, split wherever z or u meets a kink.
    fn split_average(&self, t: f64, y: f64, c: f64, accumulator: &mut Accumulator) -> [f64; 6] {
        let FirstStep { phi, rho_1, .. } = self.step;
        let argument =
            |z: f64| z * (1.0 + t * rho_1) + t * phi * y * self.activation.derivative(z) + t * c;
        let mut breaks = self.activation.kinks.clone();
        let mut ends = vec![-8.6];
        ends.extend(breaks.iter().copied().filter(|x| x.abs() < 8.6));
        ends.push(8.6);
        for pair in ends.windows(2) {
            let margin = 1e-10 * (1.0 + pair[0].abs() + pair[1].abs());
            let (low, high) = (pair[0] + margin, pair[1] - margin);
            for &kink in &self.activation.kinks {
                roots(|z| argument(z) - kink, low, high, &mut breaks);
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
    values: Vec<[f64; 6]>,
}

/// Appends the roots of `f` on `(low, high)` that a scan of six intervals separates.
fn roots(f: impl Fn(f64) -> f64, low: f64, high: f64, found: &mut Vec<f64>) {
    const INTERVALS: usize = 6;
    if high <= low {
        return;
    }
    let step = (high - low) / INTERVALS as f64;
    let (mut left, mut at_left) = (low, f(low));
    for i in 1..=INTERVALS {
        let right = low + step * i as f64;
        let at_right = f(right);
        if at_left * at_right < 0.0 {
            let value = |z| Ok::<f64, Infallible>(f(z));
            let Ok(z) = bracketed(value, (left, at_left), (right, at_right), 1e-14);
            found.push(z);
        }
        (left, at_left) = (right, at_right);
    }
}

#[cfg(test)]
#[path = "reused_tests.rs"]
mod tests;
