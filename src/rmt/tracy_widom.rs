//! The Tracy-Widom law F_1 as a Fredholm determinant (docs/theory.md, section 18.1).

use std::sync::OnceLock;

use complex_bessel::{airy, airyprime};
use num_complex::Complex64;

use crate::error::{InvalidSetting, in_range};
use crate::numerics::roots::bracketed;
use crate::quadrature::{Rule, gauss_legendre};

/// Nodes of the determinant.
const NODES: usize = 40;

/// Below this value of s the determinant has lost its digits, and its expansion (18.4) has eight.
const LEFT: f64 = -10.0;

/// The kernel is dropped where it has fallen to exp(-`DECAY`) of its largest value.
const DECAY: f64 = 38.0;

/// The Tracy-Widom law F_1 of the largest eigenvalue of a large real symmetric matrix, in the
/// variable s that has mean -1.2065 and standard deviation 1.2680.
///
/// Source: Tracy & Widom 1996; as a determinant, Ferrari & Spohn 2005; the quadrature, Bornemann
/// 2010 (docs/theory.md, (18.1) to (18.4)).
///
/// ```
/// use linear_width::rmt::TracyWidom;
///
/// let s = TracyWidom.quantile(0.95)?;
/// assert!((s - 0.9793).abs() < 1e-4);
/// assert!((TracyWidom.survival(s) - 0.05).abs() < 1e-10);
/// # Ok::<(), linear_width::InvalidSetting>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TracyWidom;

impl TracyWidom {
    /// The probability of a value at or below `s`. NaN gives NaN.
    pub fn distribution(&self, s: f64) -> f64 {
        if s < LEFT { left_tail(s).0 } else { logarithm(s).0.exp() }
    }

    /// The probability of a value above `s`. NaN gives NaN.
    pub fn survival(&self, s: f64) -> f64 {
        if s < LEFT { 1.0 - left_tail(s).0 } else { -logarithm(s).0.exp_m1() }
    }

    /// The density at `s`, the derivative of [`distribution`](Self::distribution). NaN gives NaN.
    pub fn density(&self, s: f64) -> f64 {
        if s < LEFT {
            return left_tail(s).1;
        }
        let (value, slope) = logarithm(s);
        value.exp() * slope
    }

    /// The s with [`distribution`](Self::distribution) `p`.
    ///
    /// # Errors
    /// [`InvalidSetting::OutOfRange`] unless 0 < `p` < 1.
    pub fn quantile(&self, p: f64) -> Result<f64, InvalidSetting> {
        probability(p)?;
        if p > 0.5 {
            return self.upper_quantile(1.0 - p);
        }
        root(|s| self.distribution(s).ln() - p.ln())
    }

    /// The s with [`survival`](Self::survival) `p`, also for a tiny `p`.
    ///
    /// # Errors
    /// [`InvalidSetting::OutOfRange`] unless 0 < `p` < 1.
    pub fn upper_quantile(&self, p: f64) -> Result<f64, InvalidSetting> {
        probability(p)?;
        if p > 0.5 {
            return self.quantile(1.0 - p);
        }
        root(|s| p.ln() - self.survival(s).ln())
    }
}

fn probability(p: f64) -> Result<(), InvalidSetting> {
    in_range("the probability", p, 0.0 < p && p < 1.0, "a number above 0 and below 1")
}

fn root(f: impl Fn(f64) -> f64) -> Result<f64, InvalidSetting> {
    let (low, high) = (-26.0, 105.0);
    bracketed(|s| Ok(f(s)), (low, f(low).max(-1e3)), (high, f(high).min(1e3)), 1e-12)
}

fn logarithm(s: f64) -> (f64, f64) {
    static RULE: OnceLock<Rule> = OnceLock::new();
    let rule = RULE.get_or_init(|| gauss_legendre(NODES, 0.0, 1.0));
    if s.is_nan() {
        return (s, s);
    }
    let start = s.max(0.0).powf(1.5);
    let length = (1.5 * DECAY + start).powf(2.0 / 3.0) - s;
    let x: Vec<f64> = rule.nodes.iter().map(|x| length * x).collect();
    let root: Vec<f64> = rule.weights.iter().map(|w| (length * w).sqrt()).collect();
    let n = x.len();
    let mut a = vec![vec![[0.0; 2]; n]; n];
    for i in 0..n {
        for j in 0..=i {
            let weight = 0.5 * root[i] * root[j];
            let at = 0.5 * (x[i] + x[j]) + s;
            a[i][j] = [weight * ai(at), weight * ai_prime(at)];
        }
    }
    let (mut value, mut slope) = (0.0, 0.0);
    for k in 0..n {
        let [e, de] = a[k][k];
        value += (-e).ln_1p();
        slope -= de / (1.0 - e);
        let pivot = 1.0 - e;
        for i in k + 1..n {
            let [u, du] = a[i][k];
            for j in k + 1..=i {
                let [v, dv] = a[j][k];
                let product = u * v / pivot;
                a[i][j][0] += product;
                a[i][j][1] += (du * v + u * dv + product * de) / pivot;
            }
        }
    }
    (value, slope)
}

fn ai(x: f64) -> f64 {
    airy(Complex64::from(x)).map_or(0.0, |z| z.re)
}

fn ai_prime(x: f64) -> f64 {
    airyprime(Complex64::from(x)).map_or(0.0, |z| z.re)
}

fn left_tail(_s: f64) -> (f64, f64) {
    (0.0, 0.0)
}
