//! The Marchenko-Pastur law, the bulk of W_0 (docs/theory.md, (11.6) to (11.8)).

use std::f64::consts::PI;

use crate::error::{InvalidSetting, in_range, nonzero};

/// The Marchenko-Pastur law of W (N x d) with independent entries of variance 1/d, gamma = N/d.
///
/// Densities and distributions describe the min(N, d) nonzero singular values s, or their squares
/// x = s^2, the eigenvalues of W^T W; the total mass is one. Source: Marchenko & Pastur 1967; Bai &
/// Silverstein, *Spectral Analysis of Large Dimensional Random Matrices*, chapter 3.
///
/// ```
/// use linear_width::rmt::MarchenkoPastur;
///
/// let law = MarchenkoPastur::new(4.0)?;
/// assert_eq!(law.singular_value_edges(), (1.0, 3.0));
/// assert!((law.singular_value_distribution(3.0) - 1.0).abs() < 1e-14);
/// # Ok::<(), linear_width::InvalidSetting>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MarchenkoPastur {
    gamma: f64,
}

impl MarchenkoPastur {
    /// The law at aspect ratio `gamma` = N/d.
    ///
    /// # Errors
    /// [`InvalidSetting::OutOfRange`] unless `gamma` is finite and positive.
    pub fn new(gamma: f64) -> Result<Self, InvalidSetting> {
        in_range("the aspect ratio N/d", gamma, gamma > 0.0, "a finite number above 0")?;
        Ok(Self { gamma })
    }

    /// The law of W_0 with this width and dimension.
    ///
    /// # Errors
    /// [`InvalidSetting::ZeroSize`] when one of them is 0.
    pub fn for_shape(width: usize, dimension: usize) -> Result<Self, InvalidSetting> {
        nonzero("width", width)?;
        nonzero("dimension", dimension)?;
        Self::new(width as f64 / dimension as f64)
    }

    /// gamma = N/d.
    pub fn gamma(&self) -> f64 {
        self.gamma
    }

    /// Left and right edge of the bulk of singular values, |sqrt(gamma) - 1| and sqrt(gamma) + 1.
    pub fn singular_value_edges(&self) -> (f64, f64) {
        let root = self.gamma.sqrt();
        // sqrt(gamma) - 1 without its cancellation
        ((self.gamma - 1.0).abs() / (root + 1.0), root + 1.0)
    }

    /// Left and right edge of the bulk of eigenvalues of W^T W.
    pub fn eigenvalue_edges(&self) -> (f64, f64) {
        let (left, right) = self.singular_value_edges();
        (left * left, right * right)
    }

    /// Density at the eigenvalue `x`: sqrt((b - x)(x - a)) / (2 pi min(gamma, 1) x) between the edges
    /// a and b, 0 outside. NaN gives NaN.
    pub fn eigenvalue_density(&self, x: f64) -> f64 {
        self.eigenvalue_angle(x)
            .map_or(0.0, |angle| self.gamma.sqrt() * angle.sine() / (PI * self.gamma.min(1.0) * x))
    }

    /// Density at the singular value `s`: 2 s times the eigenvalue density at s^2.
    pub fn singular_value_density(&self, s: f64) -> f64 {
        let (left, right) = self.singular_value_edges();
        if left == 0.0 && (0.0..=right).contains(&s) {
            // gamma = 1 has a finite value at s = 0
            return ((right - s) * (right + s)).sqrt() / PI;
        }
        self.singular_value_angle(s).map_or(0.0, |angle| {
            2.0 * self.gamma.sqrt() * angle.sine() / (PI * self.gamma.min(1.0) * s)
        })
    }

    /// Fraction of the eigenvalues at or below `x`, to 1e-14 at every ratio.
    pub fn eigenvalue_distribution(&self, x: f64) -> f64 {
        match self.eigenvalue_angle(x) {
            Some(_) if x >= self.eigenvalue_edges().1 => 1.0,
            Some(angle) => self.below(angle),
            None => f64::from(x > self.gamma.max(1.0)),
        }
    }

    /// Fraction of the singular values at or below `s`, to 1e-14 at every ratio.
    pub fn singular_value_distribution(&self, s: f64) -> f64 {
        match self.singular_value_angle(s) {
            Some(_) if s >= self.singular_value_edges().1 => 1.0,
            Some(angle) => self.below(angle),
            None => f64::from(s > self.gamma.max(1.0).sqrt()),
        }
    }

    /// Where `x` lies in the bulk, `None` outside.
    fn eigenvalue_angle(&self, x: f64) -> Option<Angle> {
        let (a, b) = self.eigenvalue_edges();
        self.angle(self.gamma.max(1.0) - x, x - a, b - x)
    }

    /// Where `s` lies in the bulk, `None` outside.
    fn singular_value_angle(&self, s: f64) -> Option<Angle> {
        if s <= 0.0 {
            return None;
        }
        let (left, right) = self.singular_value_edges();
        // the square of s is not rounded here
        let from_large = s.mul_add(-s, self.gamma.max(1.0));
        self.angle(from_large, (s - left) * (s + left), (right - s) * (right + s))
    }

    /// The angle phi in x = 1 + gamma - 2 sqrt(gamma) cos(phi), given max(gamma, 1) - x and the
    /// distances of x from the edges.
    fn angle(&self, from_large: f64, from_left: f64, from_right: f64) -> Option<Angle> {
        let root = self.gamma.sqrt();
        let (left, _) = self.singular_value_edges();
        // In a narrow bulk the edges are rounded and the middle is not; near gamma = 1 the middle is.
        let (from_left, from_right) = if left < root.min(1.0) {
            (from_left / (2.0 * root), from_right / (2.0 * root))
        } else {
            let cosine = (from_large + self.gamma.min(1.0)) / (2.0 * root);
            // the rounded edge may lie inside the bulk; beyond it no visible mass remains
            let edge = |rounded: f64, by_angle: f64| {
                if rounded <= 0.0 && by_angle < 1e-10 { 0.0 } else { by_angle }
            };
            (edge(from_left, 1.0 - cosine), edge(from_right, 1.0 + cosine))
        };
        // NaN is not outside: it comes out as NaN
        let outside = from_left <= 0.0 || from_right <= 0.0;
        (!outside).then_some(Angle { from_left, from_right })
    }

    /// The mass below an angle, with r^2 the smaller one of gamma and 1/gamma:
    /// (phi + A - (A - r sin(phi)) / r^2) / pi with A = atan(r sin(phi) / (1 - r cos(phi))).
    fn below(&self, angle: Angle) -> f64 {
        let r = self.gamma.min(1.0 / self.gamma).sqrt();
        let phi = 2.0 * angle.from_left.sqrt().atan2(angle.from_right.sqrt());
        let sine = angle.sine();
        let a = (r * sine).atan2((1.0 - r) + r * angle.from_left);
        let total = if r > 0.3 {
            phi - a * (1.0 - r) * (1.0 + r) / (r * r) + sine / r
        } else {
            // (A - r sin(phi)) / r^2 without its cancellation: the sum of r^k sin((k + 2) phi) / (k + 2)
            let sum = (0..32).rev().map(|k| f64::from(k) + 2.0);
            phi + a - sum.fold(0.0, |sum, k| sum * r + (k * phi).sin() / k)
        };
        (total / PI).clamp(0.0, 1.0)
    }
}

/// An angle phi between 0 and pi, by 1 - cos(phi) and 1 + cos(phi): accurate near both ends.
#[derive(Clone, Copy)]
struct Angle {
    from_left: f64,
    from_right: f64,
}

impl Angle {
    fn sine(self) -> f64 {
        self.from_left.sqrt() * self.from_right.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quadrature::gauss_legendre;

    #[test]
    fn density_is_the_derivative_of_the_distribution_and_integrates_to_one() {
        let rule = gauss_legendre(200, 0.0, PI);
        for gamma in [0.2, 0.5, 0.999, 1.0, 1.5, 2.0, 10.0] {
            let law = MarchenkoPastur::new(gamma).unwrap();
            let (left, right) = law.singular_value_edges();
            // s = middle - half cos(theta) removes the square roots at both ends
            let (middle, half) = (0.5 * (left + right), 0.5 * (right - left));
            let mut mass = 0.0;
            let mut second = 0.0;
            for (theta, w) in rule.iter() {
                let s = middle - half * theta.cos();
                let share = w * half * theta.sin() * law.singular_value_density(s);
                mass += share;
                second += share * s * s;
                let h = 1e-6;
                let slope = (law.singular_value_distribution(s + h)
                    - law.singular_value_distribution(s - h))
                    / (2.0 * h);
                if (s - left).min(right - s) > 1e-3 {
                    let density = law.singular_value_density(s);
                    assert!(
                        (slope - density).abs() < 1e-6,
                        "gamma {gamma}, s {s}: {slope} {density}"
                    );
                }
            }
            assert!((mass - 1.0).abs() < 1e-9, "gamma {gamma}: mass {mass}");
            // E x = tr(W^T W) / min(N, d) = max(gamma, 1)
            assert!(
                (second - gamma.max(1.0)).abs() < 1e-8 * gamma.max(1.0),
                "gamma {gamma}: {second}"
            );
        }
    }

    #[test]
    fn out_of_support_and_bad_ratios() {
        let law = MarchenkoPastur::new(2.0).unwrap();
        assert_eq!(law.singular_value_density(-1.0), 0.0);
        assert_eq!(law.eigenvalue_density(100.0), 0.0);
        assert_eq!(law.eigenvalue_distribution(100.0), 1.0);
        let square = MarchenkoPastur::new(1.0).unwrap();
        assert!(square.singular_value_distribution(1e-160) < 1e-100);
        assert_eq!(square.singular_value_density(0.0), 2.0 / PI);
        assert_eq!(square.singular_value_density(-0.5), 0.0);
        assert_eq!(MarchenkoPastur::for_shape(3, 2).unwrap().gamma(), 1.5);
        assert!(law.singular_value_density(f64::NAN).is_nan());
        for gamma in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(MarchenkoPastur::new(gamma).is_err());
        }
        assert!(MarchenkoPastur::for_shape(3, 0).is_err());
    }
}
