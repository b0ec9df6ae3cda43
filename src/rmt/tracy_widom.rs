//! The Tracy-Widom law F_1 as a Fredholm determinant (docs/theory.md, section 18.1).

use std::f64::consts::{LN_2, SQRT_2};
use std::sync::OnceLock;

use complex_bessel::{airy, airyprime};
use num_complex::Complex64;

use crate::error::{InvalidSetting, in_range};
use crate::numerics::roots::bracketed;
use crate::quadrature::{Rule, gauss_legendre};

/// Nodes of the determinant: 40 give 2e-15, and 1e-7 of F_1 at -8.
const NODES: usize = 40;

/// Below this s the determinant loses its digits against F_1, and the expansion (18.4) has eight.
const LEFT: f64 = -8.0;

/// Below this s the distribution is no number above 0.
const NOTHING: f64 = -30.0;

/// Beyond this s the law has no mass that a number can hold.
const RIGHT: f64 = 110.0;

/// The kernel is cut off where a number does not see it: exp(-`DECAY`) is 3e-17.
const DECAY: f64 = 38.0;

/// The Tracy-Widom law F_1: the largest eigenvalue of a large real symmetric matrix, in the unit in
/// which it has mean -1.2065 and variance 1.6078.
///
/// Distribution, survival and density are right to 2e-15. To the right of 0 the survival is also
/// right to 1e-12 of itself (compared down to 2e-28), and to the left the distribution to 1e-11 of
/// itself at -5 and 1e-7 from -8 on, where it is below 2e-12. A value takes 0.2 ms, a quantile 2.4 ms.
///
/// Source: Tracy & Widom 1996; as a determinant, Ferrari & Spohn 2005; its quadrature, Bornemann
/// 2010 (docs/theory.md, (18.1) to (18.4)).
///
/// ```
/// use linear_width::rmt::TracyWidom;
///
/// let s = TracyWidom.quantile(0.95)?;
/// assert!((s - 0.97931605).abs() < 1e-8);
/// assert!((TracyWidom.survival(s) - 0.05).abs() < 1e-12);
/// # Ok::<(), linear_width::InvalidSetting>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TracyWidom;

impl TracyWidom {
    /// Mean and variance of the law (Bornemann 2010, table 4).
    pub(crate) const MEAN: f64 = -1.206_533_574_582_1;
    pub(crate) const VARIANCE: f64 = 1.607_781_034_581;

    /// The probability of a value at or below `s`. NaN gives NaN.
    pub fn distribution(&self, s: f64) -> f64 {
        if s < LEFT { left_tail(s).exp() } else { log_determinant(s, false).0.exp() }
    }

    /// The probability of a value above `s`. NaN gives NaN.
    pub fn survival(&self, s: f64) -> f64 {
        // a difference from 0, so that nothing is left as 0.0, not -0.0
        0.0 - if s < LEFT { left_tail(s).exp_m1() } else { log_determinant(s, false).0.exp_m1() }
    }

    /// The density at `s`, the derivative of [`distribution`](Self::distribution). NaN gives NaN.
    pub fn density(&self, s: f64) -> f64 {
        if s < NOTHING {
            return 0.0;
        }
        if s < LEFT {
            return left_tail(s).exp() * left_tail_slope(s);
        }
        let (value, slope) = log_determinant(s, true);
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

/// The zero of an increasing function.
fn root(f: impl Fn(f64) -> f64) -> Result<f64, InvalidSetting> {
    let at = |s: f64| f(s).clamp(-1e3, 1e3);
    // most roots lie near the middle
    let grid = [-27.0, -8.0, -5.0, -3.0, -1.5, 0.0, 1.5, 3.0, 5.0, 8.0, 15.0, 40.0, RIGHT];
    let above = grid[1..12].partition_point(|s| at(*s) < 0.0);
    let (low, high) = (grid[above], grid[above + 1]);
    bracketed(|s| Ok(at(s)), (low, at(low)), (high, at(high)), 1e-12)
}

/// log F_1(s) for s >= `LEFT` by (18.2) and (18.3), and its derivative if asked for.
///
/// The determinant of 1 - A is the product of its pivots 1 - e_k, and the e_k are found without a
/// difference: where the e_k are tiny, so is log F_1, and it keeps its digits.
fn log_determinant(s: f64, with_slope: bool) -> (f64, f64) {
    static RULE: OnceLock<Rule> = OnceLock::new();
    let rule = RULE.get_or_init(|| gauss_legendre(NODES, 0.0, 1.0));
    if s.is_nan() || s > RIGHT {
        return if s.is_nan() { (s, s) } else { (0.0, 0.0) };
    }
    let far = (1.5 * DECAY + s.max(0.0).powf(1.5)).powf(2.0 / 3.0) - s;
    let length = far.max(2.0 * (10.0 - s));
    let x: Vec<f64> = rule.nodes.iter().map(|x| length * x).collect();
    let root: Vec<f64> = rule.weights.iter().map(|w| (0.5 * length * w).sqrt()).collect();
    let mut matrix = vec![[0.0; NODES]; NODES];
    let mut slopes = vec![[0.0; NODES]; if with_slope { NODES } else { 0 }];
    for i in 0..NODES {
        for j in 0..=i {
            let (weight, at) = (root[i] * root[j], Complex64::from(0.5 * (x[i] + x[j]) + s));
            // an error is an underflow
            matrix[i][j] = weight * airy(at).map_or(0.0, |z| z.re);
            if with_slope {
                slopes[i][j] = weight * airyprime(at).map_or(0.0, |z| z.re);
            }
        }
    }
    let (mut value, mut slope) = (0.0, 0.0);
    for k in 0..NODES {
        let pivot = 1.0 - matrix[k][k];
        value += (-matrix[k][k]).ln_1p();
        let column: Vec<f64> = (0..NODES).map(|i| matrix[i.max(k)][k]).collect();
        for i in k + 1..NODES {
            for j in k + 1..=i {
                matrix[i][j] += column[i] * column[j] / pivot;
            }
        }
        if with_slope {
            let first = slopes[k][k] / pivot;
            slope -= first;
            let other: Vec<f64> = (0..NODES).map(|i| slopes[i.max(k)][k]).collect();
            for i in k + 1..NODES {
                for j in k + 1..=i {
                    let product = column[i] * column[j] * first;
                    let change = other[i] * column[j] + column[i] * other[j] + product;
                    slopes[i][j] += change / pivot;
                }
            }
        }
    }
    (value, slope)
}

/// log F_1(s) for s < `LEFT`, the expansion (18.4).
fn left_tail(s: f64) -> f64 {
    // zeta'(-1)
    const ZETA: f64 = -0.165_421_143_700_450_93;
    let t = -s;
    let root = t.sqrt();
    let (cube, half) = (t * t * t, t * root);
    let constant = 0.5 * ZETA - 11.0 / 48.0 * LN_2;
    let even = 3.0 / 128.0 + 63.0 / 512.0 / cube;
    let odd = 1.0 / 12.0 + (73.0 / 576.0 + 10657.0 / 7680.0 / cube) / cube;
    constant - cube / 24.0 - half / (3.0 * SQRT_2) - t.ln() / 16.0 + even / cube
        - odd / (2.0 * SQRT_2 * half)
}

/// The derivative of [`left_tail`].
fn left_tail_slope(s: f64) -> f64 {
    let t = -s;
    let root = t.sqrt();
    let cube = t * t * t;
    let even = 9.0 / 128.0 + 6.0 * 63.0 / 512.0 / cube;
    let odd = 1.5 / 12.0 + (4.5 * 73.0 / 576.0 + 7.5 * 10657.0 / 7680.0 / cube) / cube;
    t * t / 8.0 + root / (2.0 * SQRT_2) + 1.0 / (16.0 * t) + even / (cube * t)
        - odd / (2.0 * SQRT_2 * t * t * root)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// mpmath, 40 digits, 64 nodes on a longer interval (tests/reference/tracy_widom.py).
    #[test]
    fn values_of_mpmath() {
        for (s, below, above) in [
            (-12.0, 2.008_815_255_463_864_7e-36, 1.0),
            (-10.0, 3.159_037_903_199_564e-22, 1.0),
            (-8.0, 1.806_827_921_185_416_7e-12, 0.999_999_999_998_193_2),
            (-5.0, 2.779_177_549_167_903_7e-4, 0.999_722_082_245_083_2),
            (-3.0, 0.069_600_118_867_369_89, 0.930_399_881_132_630_1),
            (-1.0, 0.583_789_895_519_732_3, 0.416_210_104_480_267_7),
            (0.0, 0.831_908_066_202_951_9, 0.168_091_933_797_048_07),
            (1.0, 0.951_421_236_911_550_7, 0.048_578_763_088_449_265),
            (2.0, 0.989_597_571_084_827, 0.010_402_428_915_173_008),
            (4.0, 0.999_779_655_512_567, 2.203_444_874_329_986_5e-4),
            (8.0, 0.999_999_991_954_575_1, 8.045_424_879_869_74e-9),
            (20.0, 1.0, 1.875_906_099_477e-28),
        ] {
            let relative = if s < -5.0 { 2e-7 } else { 1e-11 };
            let (found, other) = (TracyWidom.distribution(s), TracyWidom.survival(s));
            assert!((found - below).abs() < relative * below, "{s}: {found:e} {below:e}");
            assert!((other - above).abs() < 1e-12 * above, "{s}: {other:e} {above:e}");
        }
    }

    /// The determinant where it loses digits, and the expansion where it has few, meet.
    #[test]
    fn left_tail_continues_the_determinant() {
        for s in [-8.0, -7.0] {
            let (value, slope) = log_determinant(s, true);
            assert!((value - left_tail(s)).abs() < 1e-6, "{s}");
            assert!((slope - left_tail_slope(s)).abs() < 1e-5, "{s}");
        }
        let slope = (left_tail(-8.5) - left_tail(-8.5 - 1e-5)) / 1e-5;
        assert!((slope - left_tail_slope(-8.5)).abs() < 1e-4);
    }

    /// Published by Bornemann (2010) with these digits; the density is integrated here.
    #[test]
    fn moments_are_the_published_ones() {
        let rule = gauss_legendre(90, -10.0, 16.0);
        let values: Vec<[f64; 3]> =
            rule.iter().map(|(s, w)| [s, w, TracyWidom.density(s)]).collect();
        let expectation = |f: &dyn Fn(f64) -> f64| -> f64 {
            values.iter().map(|[s, w, density]| w * density * f(*s)).sum()
        };
        assert!((expectation(&|_| 1.0) - 1.0).abs() < 1e-9);
        let mean = expectation(&|s| s);
        let central = |k: i32| expectation(&|s| (s - mean).powi(k));
        let variance = central(2);
        assert!((mean - TracyWidom::MEAN).abs() < 1e-8, "{mean}");
        assert!((variance - TracyWidom::VARIANCE).abs() < 1e-7, "{variance}");
        assert!((central(3) / variance.powf(1.5) - 0.293_464_524_0).abs() < 1e-7);
        assert!((central(4) / variance.powi(2) - 3.0 - 0.165_242_938_4).abs() < 1e-6);
    }

    #[test]
    fn quantiles_of_mpmath_and_their_inverse() {
        for (p, s) in [
            (0.10, 0.450_143_289_058_251_1),
            (0.05, 0.979_316_053_469_554_6),
            (0.01, 2.023_449_281_380_162_7),
        ] {
            assert!((TracyWidom.upper_quantile(p).unwrap() - s).abs() < 1e-11, "{p}");
            assert!((TracyWidom.quantile(1.0 - p).unwrap() - s).abs() < 1e-11, "{p}");
        }
        for p in [1e-300, 1e-40, 1e-12, 1e-3, 0.3, 0.5, 0.7] {
            let (low, high) =
                (TracyWidom.quantile(p).unwrap(), TracyWidom.upper_quantile(p).unwrap());
            assert!((TracyWidom.distribution(low) / p).ln().abs() < 1e-6, "{p:e}: {low}");
            assert!((TracyWidom.survival(high) / p).ln().abs() < 1e-10, "{p:e}: {high}");
        }
        for p in [0.0, 1.0, -0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert!(TracyWidom.quantile(p).is_err() && TracyWidom.upper_quantile(p).is_err());
        }
    }

    #[test]
    fn ends_of_the_line() {
        let law = TracyWidom;
        assert!(law.distribution(f64::NAN).is_nan() && law.survival(f64::NAN).is_nan());
        assert!(law.density(f64::NAN).is_nan());
        for (s, below, above) in [
            (f64::NEG_INFINITY, 0.0, 1.0),
            (-1e300, 0.0, 1.0),
            (-1e3, 0.0, 1.0),
            (109.0, 1.0, 0.0),
            (1e3, 1.0, 0.0),
            (f64::INFINITY, 1.0, 0.0),
        ] {
            assert_eq!((law.distribution(s), law.survival(s)), (below, above), "{s}");
            assert_eq!(law.density(s), 0.0, "{s}");
            assert!(law.survival(s).is_sign_positive() && law.density(s).is_sign_positive(), "{s}");
        }
        // increasing across the joint
        for pair in [-8.2, -8.1, -8.0 - 1e-9, -8.0, -7.9, -7.0].windows(2) {
            assert!(law.distribution(pair[0]) < law.distribution(pair[1]), "{pair:?}");
        }
    }
}
