//! Polynomial activations.

use super::kernels::{Block, Blocks};
use super::{Activation, evaluations};
use crate::linalg::simd::vectorised;
use crate::number::short;
use crate::numerics::Real;

/// The finite series sum_k c_k He_k(z) in the probabilists' Hermite polynomials
/// (He_0 = 1, He_1 = z, He_{k+1} = z He_k - k He_{k-1}).
///
/// Of any degree: a value is infinite only where the true one is too large for the precision.
///
/// As an activation its degree should stay small: from degree 4 on, large gradient steps make the
/// weights diverge (docs/theory.md, section 7), which training reports as an error.
///
/// ```
/// use linear_width::activation::{Activation, HermiteSeries};
///
/// let cubic = HermiteSeries::new([0.0, 1.0, 0.0, 0.5]); // z + (z^3 - 3 z)/2
/// assert_eq!(cubic.value(2.0), 2.0 + 1.0);
/// assert_eq!(HermiteSeries::polynomial(2).value(3.0), 8.0);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HermiteSeries {
    coefficients: Vec<f64>,
    /// From the last degree that counts down to 0.
    steps: Vec<Step>,
    /// Value and derivative come out of the steps divided by this power of two.
    exponent: i32,
}

/// One step of Clenshaw's recurrence b_k = c_k + z b_{k+1} - (k + 1) b_{k+2}, whose b_0 is the sum,
/// for c_k and for the coefficients (k + 1) c_{k+1} of the derivative.
///
/// For large k, He_k is near sqrt(k!), beyond the range of a number, and c_k is as small. The
/// recurrence therefore runs over He_k / 2^e_k with 2^e_k near sqrt(k!); powers of two round nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Step {
    /// Of the value and of the derivative.
    coefficients: [f64; 2],
    /// In front of z b_{k+1}.
    once: f64,
    /// In front of b_{k+2}.
    twice: f64,
}

impl HermiteSeries {
    /// The series with these coefficients c_0, c_1, ...
    pub fn new(coefficients: impl Into<Vec<f64>>) -> Self {
        let coefficients = coefficients.into();
        let count = coefficients.iter().rposition(|c| *c != 0.0).map_or(0, |last| last + 1);
        // e_k, with two more for the steps
        let mut half_log = 0.0;
        let next_exponent = |k: usize| {
            half_log += 0.5 * (k.max(1) as f64).log2();
            half_log as i32
        };
        let exponents: Vec<i32> = (0..count + 2).map(next_exponent).collect();
        let size = |k: usize| coefficients[k].abs().log2() + f64::from(exponents[k]);
        let sizes = (0..count).map(size).filter(|size| size.is_finite());
        let largest = sizes.fold(f64::NEG_INFINITY, f64::max);
        // single precision holds what is near 1
        let scaled = largest.is_finite() && largest.abs() > 60.0;
        let exponent = if scaled { largest as i32 } else { 0 };
        let step = |k: usize| {
            let e = exponents[k];
            let next = (k + 1) as f64;
            let c_next = coefficients[..count].get(k + 1).copied().unwrap_or(0.0);
            let scaled = |c: f64| libm::scalbn(c, e - exponent);
            Step {
                coefficients: [scaled(coefficients[k]), next * scaled(c_next)],
                once: libm::scalbn(1.0, e - exponents[k + 1]),
                twice: libm::scalbn(next, e - exponents[k + 2]),
            }
        };
        let steps = (0..count).rev().map(step).collect();
        Self { coefficients, steps, exponent }
    }

    /// The single polynomial He_degree.
    ///
    /// # Panics
    /// When the memory does not hold `degree` + 1 coefficients.
    pub fn polynomial(degree: usize) -> Self {
        let mut coefficients = vec![0.0; degree + 1];
        coefficients[degree] = 1.0;
        Self::new(coefficients)
    }

    /// The coefficients c_0, c_1, ...
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }

    /// Value and derivative.
    fn both(&self, z: f64) -> (f64, f64) {
        let (mut value, mut derivative) = ([0.0], [0.0]);
        Clenshaw(&self.steps).at::<false, 1>(&[z], &mut value, &mut derivative);
        self.finish(&[z], &mut value, &mut derivative);
        (value[0], derivative[0])
    }

    fn slices<T: Real>(&self, z: &[T], value: &mut [T], derivative: &mut [T]) {
        vectorised(Blocks { block: Clenshaw(&self.steps), z, value, derivative });
        self.finish(z, value, derivative);
    }

    /// Corrects the results of the steps: multiplies by the power of two, and recomputes what is not
    /// finite.
    fn finish<T: Real>(&self, z: &[T], value: &mut [T], derivative: &mut [T]) {
        if self.exponent != 0 {
            for x in value.iter_mut().chain(derivative.iter_mut()) {
                *x = T::of(libm::scalbn(x.as_f64(), self.exponent));
            }
        }
        for ((z, value), derivative) in z.iter().zip(value).zip(derivative) {
            let finite = value.is_finite() && derivative.is_finite();
            if !finite && !z.is_nan() {
                *value = T::of(self.carefully(z.as_f64(), 0));
                *derivative = T::of(self.carefully(z.as_f64(), 1));
            }
        }
    }

    /// The recurrence at one number, for the value or the first derivative. Whenever the sum is above
    /// 1, a power of two is taken out: otherwise two infinities could meet on the way to a large
    /// result.
    fn carefully(&self, z: f64, derivative: usize) -> f64 {
        let bounded = z.clamp(-1e300, 1e300);
        let (mut next, mut after, mut exponent) = (0.0_f64, 0.0_f64, 0);
        for step in &self.steps {
            let mut b = libm::scalbn(step.coefficients[derivative], -exponent)
                + (bounded * step.once) * next
                - step.twice * after;
            if b.abs() > 1.0 {
                let taken = b.abs().log2() as i32 + 1;
                exponent += taken;
                b = libm::scalbn(b, -taken);
                next = libm::scalbn(next, -taken);
            }
            (next, after) = (b, next);
        }
        if z.is_infinite() && self.steps.len() > derivative + 1 {
            return f64::INFINITY.copysign(next);
        }
        libm::scalbn(next, exponent + self.exponent)
    }
}

/// The recurrence at several numbers.
struct Clenshaw<'a>(&'a [Step]);

impl<T: Real> Block<T> for Clenshaw<'_> {
    #[inline(always)]
    fn at<const FMA: bool, const N: usize>(&self, z: &[T; N], v: &mut [T; N], d: &mut [T; N]) {
        let (mut v_after, mut d_after) = ([T::zero(); N], [T::zero(); N]);
        (*v, *d) = ([T::zero(); N], [T::zero(); N]);
        let Some((first, rest)) = self.0.split_first() else { return };
        *v = [T::of(first.coefficients[0]); N];
        for step in rest {
            let (once, twice) = (T::of(step.once), T::of(step.twice));
            let [c, slope] = step.coefficients.map(T::of);
            for i in 0..N {
                let factor = once * z[i];
                let next = c + (factor * v[i] - twice * v_after[i]);
                (v[i], v_after[i]) = (next, v[i]);
                let next = slope + (factor * d[i] - twice * d_after[i]);
                (d[i], d_after[i]) = (next, d[i]);
            }
        }
    }
}

impl Activation for HermiteSeries {
    evaluations!(Self::both, Self::slices);
    fn hermite_series(&self) -> Option<Vec<f64>> {
        Some(self.coefficients.clone())
    }
    fn name(&self) -> String {
        let term = |(k, c): (usize, &f64)| match *c {
            0.0 => None,
            1.0 => Some(format!("He{k}")),
            _ => Some(format!("{} He{k}", short(c))),
        };
        let terms: Vec<String> = self.coefficients.iter().enumerate().filter_map(term).collect();
        if terms.is_empty() { "0".into() } else { terms.join(" + ") }
    }
}
