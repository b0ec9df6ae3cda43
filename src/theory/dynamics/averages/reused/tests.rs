//! The averages against closed forms over xi and fine rules over z.

use super::*;
use std::sync::Arc;

use crate::activation::{Activation, FnActivation};
use crate::quadrature::normal_distribution;

/// sigma(u) = slope u + sum_j a_j max(u - k_j, 0), pairs (k_j, a_j).
#[derive(Clone, Copy)]
struct Ramps {
    slope: f64,
    ramps: &'static [(f64, f64)],
}

impl Ramps {
    fn activation(self) -> Arc<dyn Activation> {
        let value = move |u: f64| self.averages(u, 0.0)[0];
        let derivative = move |u: f64| self.averages(u, 0.0)[1];
        let kinks: Vec<f64> = self.ramps.iter().map(|(kink, _)| *kink).collect();
        FnActivation::new("ramps", value, derivative).with_kinks(kinks).shared()
    }

    /// Averages of sigma, sigma', sigma'^2 and (u - centre) sigma' over N(centre, width^2).
    fn averages(self, centre: f64, width: f64) -> [f64; 4] {
        let mut slope = self.slope;
        let mut sums = [slope * centre, slope, slope * slope, 0.0];
        for (kink, a) in self.ramps {
            let x = centre - kink;
            let (above, relu) = if width > 0.0 {
                let above = normal_distribution(x / width);
                (above, x * above + width * normal_density(x / width))
            } else {
                (f64::from(x > 0.0), x.max(0.0))
            };
            sums[0] += a * relu;
            sums[1] += a * above;
            // Stein: width^2 times the mean of sigma''
            if width > 0.0 {
                sums[3] += a * width * normal_density(x / width);
            }
            sums[2] += ((slope + a).powi(2) - slope.powi(2)) * above;
            slope += a;
        }
        sums
    }

    /// The six averages: xi in closed form, and panels of width 0.02 over z that meet where z or
    /// the centre of u is at a kink.
    fn brute_force(self, mean: f64, step: FirstStepConstants, t: f64, y: f64, s: f64) -> Averages {
        let width = (t * step.tau).abs();
        let centre = |z: f64, first: f64| {
            z * (1.0 + t * step.rho_1) + t * (step.phi * y * first + step.c_1 * s)
        };
        let mut ends: Vec<f64> = (-450..=450).map(|i| 0.02 * f64::from(i)).collect();
        let mut slopes = vec![self.slope];
        for (kink, a) in self.ramps {
            ends.push(*kink);
            slopes.push(slopes[slopes.len() - 1] + a);
        }
        for first in slopes {
            let (at_zero, rise) = (centre(0.0, first), 1.0 + t * step.rho_1);
            ends.extend(self.ramps.iter().map(|(kink, _)| (kink - at_zero) / rise));
        }
        ends.retain(|z| z.abs() <= 9.0);
        ends.sort_by(f64::total_cmp);
        let unit = gauss_legendre(6, 0.0, 1.0);
        let mut sums = Averages::default();
        for pair in ends.windows(2) {
            let length = pair[1] - pair[0];
            let first = self.averages(pair[0] + 0.5 * length, 0.0)[1];
            for (x, w) in unit.iter() {
                let z = pair[0] + length * x;
                let w = w * length * normal_density(z);
                let [value, derivative, square, echo] = self.averages(centre(z, first), width);
                sums.sigma += w * (value - mean);
                sums.dsigma += w * derivative;
                sums.z_dsigma += w * z * derivative;
                sums.dsigma_sq += w * square;
                sums.cross += w * first * derivative;
                sums.echo += w * echo;
            }
        }
        sums
    }

    /// The table at `t`, with the constants `step`, against brute force.
    fn check(self, step: FirstStepConstants, t: f64, allowed: f64) {
        let function = self.activation();
        let activation = ActivationConstants::new(&function, 200).unwrap();
        let [mean, c_1, ..] = self.averages(0.0, 1.0);
        assert!((activation.mean - mean).abs() < 1e-10 && (activation.c_1 - c_1).abs() < 1e-10);
        let step = FirstStepConstants { c_1, ..step };
        let s = chebyshev_points(3, -1.7, 2.5);
        let nodes = Nodes::new(1.0);
        let kernel = ReusedAverages::new(&activation, step, &nodes, &s, |_| 20);
        let y = [-1.2, 0.7];
        let table = kernel.table(t, &y);
        for (i, &y) in y.iter().enumerate() {
            for (j, &s) in s.iter().enumerate() {
                let exact = self.brute_force(mean, step, t, y, s);
                let pairs = table[[i, j]].to_array().into_iter().zip(exact.to_array());
                for (k, (found, exact)) in pairs.enumerate() {
                    let error = (found - exact).abs();
                    assert!(error < allowed, "t {t} y {y} s {s} moment {k}: {error:e}");
                }
            }
        }
    }
}

const STEP: FirstStepConstants =
    FirstStepConstants { unit: 0.0, phi: 0.4, c_1: 0.0, rho_1: 0.3, tau: 0.21 };
const RELU: Ramps = Ramps { slope: 0.0, ramps: &[(0.0, 1.0)] };
const LEAKY: Ramps = Ramps { slope: 0.1, ramps: &[(0.0, 0.9)] };
const SHIFTED: Ramps = Ramps { slope: 0.0, ramps: &[(0.6, 1.0)] };
/// max(-0.7, min(u, 1.2)).
const CLIPPED: Ramps = Ramps { slope: 0.0, ramps: &[(-0.7, 1.0), (1.2, -1.0)] };

#[test]
fn a_kink_at_zero() {
    for (ramps, t) in [(RELU, -0.1), (RELU, 1.0), (LEAKY, 0.04)] {
        ramps.check(STEP, t, 1e-7);
    }
}

#[test]
fn kinks_elsewhere() {
    for t in [-0.5, 0.04, 0.3, 2.0] {
        SHIFTED.check(STEP, t, 1e-7);
        CLIPPED.check(STEP, t, 1e-7);
    }
}

/// Without noise in h a piece is read at one point.
#[test]
fn kinks_without_smoothing() {
    for t in [-0.5, 0.0, 0.3, 1.0] {
        for ramps in [RELU, SHIFTED, CLIPPED] {
            ramps.check(FirstStepConstants { tau: 0.0, ..STEP }, t, 1e-7);
        }
    }
}

/// A spread of h above 1, so that the window is wider than its 6.5 units of tau.
#[test]
fn kinks_under_a_wide_window() {
    CLIPPED.check(FirstStepConstants { tau: 3.0, ..STEP }, 0.2, 1e-5);
}

/// Averages of a sine: over xi in closed form, over z by a fine trapezoidal rule. The table in c
/// is large enough to be exact.
#[test]
fn smooth_averages_match_brute_force() {
    let (amplitude, phase) = (1.3f64, 0.7);
    let function = crate::activation::Sine { amplitude, phase }.shared();
    let activation = ActivationConstants::new(&function, 200).unwrap();
    let step = FirstStepConstants { unit: 0.0, phi: 0.4, c_1: 0.8, rho_1: 0.3, tau: 0.6 };
    let (s, y) = ([-1.7, 0.3, 2.5], [-1.2, 0.7]);
    let kernel = ReusedAverages::new(&activation, step, &Nodes::new(1.0), &s, |range| {
        // c_1 |s| and tau times the outermost node of xi, between 5 and 6
        assert!((5.0..5.6).contains(&range), "{range}");
        40
    });
    for t in [-0.7, 0.0, 0.5] {
        let table = kernel.table(t, &y);
        for (at, _) in table.indexed_iter() {
            let (y, s) = (y[at.0], s[at.1]);
            // u = m + t tau xi: E exp(i k u) = exp(i k m - k^2 (t tau)^2 / 2)
            let variance = (t * step.tau).powi(2);
            let mut exact = Averages::default();
            for i in -2000..=2000 {
                let z = 0.005 * f64::from(i);
                let w = 0.005 * normal_density(z);
                let first = amplitude * (z + phase).cos();
                let m = z + t * (step.rho_1 * z + step.phi * y * first + step.c_1 * s) + phase;
                let shrunk = amplitude * (-0.5 * variance).exp();
                let derivative = shrunk * m.cos();
                exact.sigma += w * (shrunk * m.sin() - activation.mean);
                exact.dsigma += w * derivative;
                exact.z_dsigma += w * z * derivative;
                exact.dsigma_sq +=
                    w * 0.5 * amplitude.powi(2) * (1.0 + (-2.0 * variance).exp() * (2.0 * m).cos());
                exact.cross += w * first * derivative;
                exact.echo -= w * variance * shrunk * m.sin();
            }
            let pairs = table[at].to_array().into_iter().zip(exact.to_array());
            for (k, (found, exact)) in pairs.enumerate() {
                let error = (found - exact).abs();
                assert!(error < 1e-7, "t {t} y {y} s {s} moment {k}: {error:e}");
            }
        }
    }
}
