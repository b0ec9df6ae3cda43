//! The bulk of independent rows with covariance D(b) I / d (docs/theory.md, (5.16) to (5.19)).

use crate::numerics::roots::{Newton, last_where};
use crate::theory::observables::EdgeShape;
use num_complex::Complex64;
use std::f64::consts::PI;

/// The bulk of the singular values, parametrised by the trace m of its resolvent:
/// zeta(m) = -1/m + gamma E_b[D / (1 + D m)].
#[derive(Clone, Debug)]
pub(crate) struct Bulk {
    gamma: f64,
    /// D of each type of rows.
    pub d: Vec<f64>,
    weights: Vec<f64>,
    /// m at the right edge.
    pub edge_m: f64,
    /// Largest singular value of the bulk.
    pub edge: f64,
    /// Smallest of the min(N, d) singular values of the bulk; 0 when N = d.
    pub lower_edge: f64,
}

impl Bulk {
    /// The bulk of `gamma` rows per column, shares `weights` of which have the variances `d`.
    pub fn new(gamma: f64, weights: Vec<f64>, mut d: Vec<f64>) -> Self {
        d.iter_mut().for_each(|d| *d = d.max(1e-12));
        let mut bulk = Self { gamma, d, weights, edge_m: 0.0, edge: 0.0, lower_edge: 0.0 };
        bulk.edge_m = bulk.right_edge();
        bulk.edge = bulk.zeta(bulk.edge_m).sqrt();
        bulk.lower_edge = bulk.left_edge().map_or(0.0, |m| bulk.zeta(m).max(0.0).sqrt());
        bulk
    }

    /// The bulk with D cut at its quantile exceeded with probability `tail`.
    pub fn without_extremes(&self, tail: f64) -> Self {
        let mut order: Vec<usize> = (0..self.d.len()).collect();
        order.sort_by(|i, j| self.d[*j].total_cmp(&self.d[*i]));
        let mut above = 0.0;
        let next = order.into_iter().find(|i| {
            above += self.weights[*i];
            above > tail
        });
        let limit = next.map_or(f64::INFINITY, |i| self.d[i]);
        let d = self.d.iter().map(|d| d.min(limit)).collect();
        Self::new(self.gamma, self.weights.clone(), d)
    }

    /// The bulk with so many times the noise of the steps, what D has beyond the 1 of W_0.
    pub fn with_noise(&self, factor: f64) -> Self {
        let d = self.d.iter().map(|d| (1.0 + factor * (d - 1.0)).max(0.0)).collect();
        Self::new(self.gamma, self.weights.clone(), d)
    }

    /// zeta(m), the squared singular value at m (5.16).
    pub fn zeta(&self, m: f64) -> f64 {
        -1.0 / m + self.gamma * self.mean(|d| d / (1.0 + d * m))
    }

    /// zeta'(m) (5.17).
    pub fn zeta_slope(&self, m: f64) -> f64 {
        (1.0 - self.spread(m)) / (m * m)
    }

    /// The bulk near its edge (18.11).
    pub fn edge_shape(&self) -> EdgeShape {
        let m = self.edge_m;
        // in the unit -1/m, so that nothing overflows
        let rows = |power: i32| self.gamma * self.mean(|d| (-d * m / (1.0 + d * m)).powi(power));
        EdgeShape {
            m,
            square: self.zeta(m),
            second: 2.0 * (rows(3) + 1.0),
            third: 6.0 * (1.0 - rows(4)),
            rows: self.mean(|d| d / (1.0 + d * m)),
            cubes: self.gamma * self.mean(|d| (1.0 + d * m).powi(-3)),
        }
    }

    fn mean(&self, f: impl Fn(f64) -> f64) -> f64 {
        self.d.iter().zip(&self.weights).map(|(&d, w)| w * f(d)).sum()
    }

    /// gamma E[(D m / (1 + D m))^2], which is 1 where zeta' = 0.
    fn spread(&self, m: f64) -> f64 {
        self.gamma * self.mean(|d| (d * m / (1.0 + d * m)).powi(2))
    }

    /// m_e, where zeta' = 0 (5.18).
    fn right_edge(&self) -> f64 {
        let largest = self.d.iter().fold(0f64, |a, &d| a.max(d));
        // m = -u / ((1 + u) max D): 1 + D m = (1 + u (1 - D / max D)) / (1 + u) without
        // cancellation.
        let spread = |u: f64| {
            let ratio = |d: f64| d / largest * u / (1.0 + u * (1.0 - d / largest));
            self.gamma * self.mean(|d| ratio(d).powi(2))
        };
        let low = (0.5 / self.gamma.sqrt()).ln();
        let u = last_where(low, low.max(0.0) + 70.0, 0.0, |v| spread(v.exp()) < 1.0).exp();
        -u / ((1.0 + u) * largest)
    }

    /// m at the lower edge: positive for gamma > 1, below -1 / min D for gamma < 1.
    fn left_edge(&self) -> Option<f64> {
        if self.gamma == 1.0 {
            return None;
        }
        let smallest = self.d.iter().fold(f64::INFINITY, |a, &d| a.min(d));
        let largest = self.d.iter().fold(0f64, |a, &d| a.max(d));
        let above = self.gamma > 1.0;
        let at = |v: f64| if above { v.exp() / largest } else { -(1.0 + v.exp()) / smallest };
        // The spread grows with v for gamma > 1 and falls with v for gamma < 1.
        Some(at(last_where(-60.0, 60.0, 0.0, |v| (self.spread(at(v)) < 1.0) == above)))
    }

    /// Density of the singular values at `x`, normalised to mass one over the min(N, d) singular
    /// values (5.19).
    pub fn density(&self, x: f64) -> f64 {
        if !(x > self.lower_edge && x < self.edge) {
            return 0.0;
        }
        2.0 * x * self.transform(x * x).im.max(0.0) / (PI * self.gamma.min(1.0))
    }

    /// m(z + i0) by damped iteration, then Newton; the damped iteration alone if Newton leaves the
    /// upper half plane.
    fn transform(&self, z: f64) -> Complex64 {
        let newton = Newton { tolerance: 1e-12, longest_first_step: f64::INFINITY, steps: 30 };
        let residual = |m: &[Complex64]| vec![-1.0 / m[0] + self.rows(m[0]) - z];
        let damped = |start: Complex64, count: usize| {
            (0..count).fold(start, |m, _| 0.5 * (m - 1.0 / (z - self.rows(m))))
        };
        // m if all rows had the mean covariance
        let mean = self.mean(|d| d);
        let b = z + mean * (1.0 - self.gamma);
        let imaginary = (4.0 * z * mean - b * b).max(0.0).sqrt().max(1e-2 * z.sqrt());
        let mut m = Complex64::new(-b, imaginary) / (2.0 * z * mean);
        for _ in 0..6 {
            m = damped(m, 30);
            let root = newton.solve(vec![m], residual).map(|root| root[0]);
            if let Some(root) = root.filter(|root| root.im > 0.0) {
                return root;
            }
        }
        damped(m, 3000)
    }

    /// gamma E[D / (1 + D m)].
    fn rows(&self, m: Complex64) -> Complex64 {
        let parts = self.d.iter().zip(&self.weights).map(|(&d, &w)| w * d / (1.0 + d * m));
        self.gamma * parts.sum::<Complex64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marchenko_pastur() {
        for gamma in [0.3f64, 0.5, 1.0, 2.0, 3.5] {
            let bulk = Bulk::new(gamma, vec![1.0], vec![1.0]);
            let (low, high) = ((1.0 - gamma.sqrt()).abs(), 1.0 + gamma.sqrt());
            assert!(
                (bulk.edge - high).abs() < 1e-12 && (bulk.lower_edge - low).abs() < 1e-9,
                "{gamma}"
            );
            // 0 outside, to the last bit
            for x in [0.5 * low, bulk.lower_edge, bulk.edge, 1.001 * high] {
                assert_eq!(bulk.density(x), 0.0, "{gamma} {x}");
            }
            for i in 1..20 {
                let x = low + (high - low) * i as f64 / 20.0;
                let exact = ((high * high - x * x) * (x * x - low * low)).sqrt()
                    / (std::f64::consts::PI * x * gamma.min(1.0));
                assert!(
                    (bulk.density(x) / exact - 1.0).abs() < 1e-9,
                    "{gamma} {x}: {} {exact}",
                    bulk.density(x)
                );
            }
        }
    }

    #[test]
    fn mass_is_one_for_spread_covariances() {
        for gamma in [0.4, 1.0, 2.5] {
            let bulk = Bulk::new(gamma, vec![0.1, 0.4, 0.3, 0.2], vec![0.8, 1.0, 1.5, 2.0]);
            let (low, high) = (bulk.lower_edge, bulk.edge);
            // x = low + (high - low) sin^2: the square-root edges disappear.
            let count = 400;
            let mass: f64 = (0..count)
                .map(|i| {
                    let angle = 0.5 * std::f64::consts::PI * (i as f64 + 0.5) / count as f64;
                    let x = low + (high - low) * angle.sin().powi(2);
                    bulk.density(x)
                        * (high - low)
                        * (2.0 * angle).sin()
                        * 0.5
                        * std::f64::consts::PI
                        / count as f64
                })
                .sum();
            assert!((mass - 1.0).abs() < 1e-5, "{gamma}: {mass}");
        }
    }
}
