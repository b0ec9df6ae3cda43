//! A power law for the tail of the eigenvalues (Clauset, Shalizi & Newman, "Power-law distributions in
//! empirical data", SIAM Review 2009).

use rayon::prelude::*;

/// The fewest eigenvalues that are fitted.
const FEWEST: usize = 10;

/// The power law of the eigenvalues x = s^2 of W^T W from some x_min on: a density proportional to
/// x^(-exponent).
///
/// Any numbers have a best power law. The distance says how well it fits; that a power law is the right
/// law it does not say.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PowerLaw {
    /// The exponent of the density, by maximum likelihood: 1 + n / sum ln(x_i / x_min) (their equation
    /// 3.1).
    pub exponent: f64,
    /// (exponent - 1) / sqrt(n), their equation (3.2): as if x_min were known and eigenvalues
    /// independent.
    pub standard_error: f64,
    /// The singular value where the tail begins: x_min is its square, and the one of the values (but
    /// the largest) with the least distance.
    pub from: f64,
    /// n, how many values are in the tail.
    pub tail: usize,
    /// The largest difference between the law's share below x and the share of the tail's values
    /// strictly below it (Kolmogorov and Smirnov, as in the authors' own programs).
    pub distance: f64,
}

impl PowerLaw {
    /// The law of positive decreasing singular values.
    pub(super) fn fit(s: &[f64]) -> Option<Self> {
        if s.len() < FEWEST {
            return None;
        }
        let logarithms: Vec<f64> = s.iter().map(|x| 2.0 * (x / s[0]).ln()).collect();
        // a tail of all values equal to the last one it has, and one value more at least
        let ends = (2..=s.len()).filter(|n| *n == s.len() || s[*n] < s[n - 1]);
        let ends: Vec<usize> = ends.filter(|n| s[n - 1] < s[0]).collect();
        let distances: Vec<f64> = ends.par_iter().map(|n| distance(&logarithms[..*n])).collect();
        let best = (0..ends.len()).min_by(|i, j| distances[*i].total_cmp(&distances[*j]))?;
        let tail = ends[best];
        let slope = slope(&logarithms[..tail]);
        Some(Self {
            exponent: 1.0 + slope,
            standard_error: slope / (tail as f64).sqrt(),
            from: s[tail - 1],
            tail,
            distance: distances[best],
        })
    }
}

/// exponent - 1 of a tail of decreasing logarithms.
fn slope(tail: &[f64]) -> f64 {
    let n = tail.len();
    let sum: f64 = tail.iter().map(|x| x - tail[n - 1]).sum();
    n as f64 / sum
}

fn distance(tail: &[f64]) -> f64 {
    let n = tail.len();
    let slope = slope(tail);
    let off = |(i, x): (usize, &f64)| {
        let law = -(-slope * (x - tail[n - 1])).exp_m1();
        (law - i as f64 / n as f64).abs()
    };
    tail.iter().rev().enumerate().map(off).fold(0.0, f64::max)
}
