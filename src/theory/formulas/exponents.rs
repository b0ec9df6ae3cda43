//! Information exponent and reuse exponent of a link (docs/theory.md, (3.6)).

use crate::data::Link;
use crate::error::{InvalidSetting, in_range};
use crate::quadrature::gaussian_expectations;

impl Link {
    /// The information exponent: the smallest k in 1..=`max_degree` whose Hermite part of the link
    /// is not zero, `None` when all vanish. Independent batches learn the teacher direction in two
    /// steps only if it is 1 (docs/theory.md, section 3).
    ///
    /// A part counts as zero when |c*_k| sqrt(k!) is at most `tolerance` times the link's root mean
    /// square, or within the rounding of a part that [`Link::without`] took away.
    ///
    /// # Errors
    /// [`InvalidSetting::OutOfRange`] unless the tolerance is below 1 and at least 1e-11, the accuracy
    /// of the coefficients (for a Hermite series, whose coefficients are exact: above 0);
    /// [`InvalidSetting::Function`] when the link is not finite or cannot be integrated.
    ///
    /// ```
    /// use linear_width::data::Link;
    ///
    /// let link = Link::hermite([0.0, 0.0, 1.0, 1.0]);
    /// assert_eq!(link.information_exponent(10, 1e-8)?, Some(2));
    /// assert_eq!(Link::new("1", |_| 1.0).information_exponent(10, 1e-8)?, None);
    /// # Ok::<(), linear_width::InvalidSetting>(())
    /// ```
    pub fn information_exponent(
        &self,
        max_degree: usize,
        tolerance: f64,
    ) -> Result<Option<usize>, InvalidSetting> {
        let exact = self.hermite_series().is_some();
        check_tolerance(tolerance, if exact { f64::MIN_POSITIVE } else { SMALLEST })?;
        let size = self.root_mean_square().map_err(InvalidSetting::function(self.name()))?;
        if size == 0.0 {
            return Ok(None);
        }
        let coefficients =
            self.hermite_coefficients(max_degree).map_err(InvalidSetting::function(self.name()))?;
        let zero = size * if exact { tolerance } else { tolerance.max(10.0 * self.accuracy(size)) };
        let mut root_factorial = 1.0;
        let counts = |(k, c): &(usize, &f64)| {
            root_factorial *= (*k as f64).sqrt();
            c.abs() * root_factorial > zero
        };
        Ok(coefficients.iter().enumerate().skip(1).find(counts).map(|(k, _)| k))
    }

    /// The reuse exponent q* = min { q >= 1 : E\[z g(z)^{q+1}\] != 0 } with q up to `max_power`,
    /// `None` when all vanish, as for every even link (3.6).
    ///
    /// For information exponent above 1, a reused batch turns an outlier towards the teacher when
    /// the number of new directions is at least q* (docs/theory.md, section 3); label noise does not
    /// change q*. An expectation counts as zero when it is at most `tolerance` (1e-11 or more) times
    /// the root mean square of g^{q+1}.
    ///
    /// # Errors
    /// As [`Link::information_exponent`].
    ///
    /// ```
    /// use linear_width::data::Link;
    ///
    /// assert_eq!(Link::hermite([0.0, 0.0, 1.0, 1.0]).reuse_exponent(6, 1e-8)?, Some(1));
    /// assert_eq!(Link::hermite([0.0, 0.0, 0.0, 1.0]).reuse_exponent(6, 1e-8)?, Some(2));
    /// assert_eq!(Link::hermite([0.0, 0.0, 1.0]).reuse_exponent(6, 1e-8)?, None);
    /// # Ok::<(), linear_width::InvalidSetting>(())
    /// ```
    pub fn reuse_exponent(
        &self,
        max_power: usize,
        tolerance: f64,
    ) -> Result<Option<usize>, InvalidSetting> {
        check_tolerance(tolerance, SMALLEST)?;
        let scale = self.root_mean_square().map_err(InvalidSetting::function(self.name()))?;
        if scale == 0.0 {
            return Ok(None);
        }
        for q in 1..=max_power {
            let power = q as i32 + 1;
            let accuracy = self.accuracy(scale / f64::from(power));
            // in units of the link's own size, so that high powers neither overflow nor vanish
            let integrands = |z: f64, out: &mut [f64]| {
                let y = (self.value(z) / scale).powi(power);
                (out[0], out[1]) = (z * y, y * y);
            };
            let moments = gaussian_expectations(2, integrands, self.kinks(), accuracy);
            let moments = moments.map_err(InvalidSetting::function(self.name()))?;
            if moments[0].abs() > tolerance.max(10.0 * accuracy) * moments[1].sqrt() {
                return Ok(Some(q));
            }
        }
        Ok(None)
    }
}

/// The accuracy of the quadrature, relative to the root mean square of what it is applied to.
const SMALLEST: f64 = 1e-11;

fn check_tolerance(tolerance: f64, smallest: f64) -> Result<(), InvalidSetting> {
    let allowed = "below 1, above 0, and at least 1e-11 where the link is no Hermite series";
    let holds = tolerance >= smallest && tolerance < 1.0;
    in_range("the tolerance for a vanishing coefficient", tolerance, holds, allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::{Relu, Tanh};

    #[test]
    fn known_links() {
        let information = |link: &Link| link.information_exponent(12, 1e-8).unwrap();
        let reuse = |link: &Link| link.reuse_exponent(8, 1e-8).unwrap();
        let tanh = Link::from_activation(Tanh::default());
        assert_eq!((information(&tanh), reuse(&tanh)), (Some(1), Some(2)));
        let relu = Link::from_activation(Relu);
        assert_eq!((information(&relu), reuse(&relu)), (Some(1), Some(1)));
        // the golden links without linear part
        let cosine = Link::new("cos", |z| (1.5 * z + 0.6).cos()).without(&[0, 1]).unwrap();
        assert_eq!((information(&cosine), reuse(&cosine)), (Some(2), Some(1)));
        let sine = Link::new("sin", |z| (2.0 * z).sin()).without(&[1]).unwrap();
        assert_eq!((information(&sine), reuse(&sine)), (Some(3), Some(2)));
        let fourth = Link::hermite([0.0, 0.0, 0.0, 0.0, 1e-3]);
        assert_eq!((information(&fourth), reuse(&fourth)), (Some(4), None));
        assert_eq!(information(&Link::new("0", |_| 0.0)), None);
        assert_eq!(reuse(&Link::new("0", |_| 0.0)), None);
    }

    /// What counts as zero is measured in units of the link's own size.
    #[test]
    fn the_scale_of_the_link_plays_no_role() {
        for scale in [1e-60, 1e-8, 1e8, 1e60] {
            let sine = |z: f64| (2.0 * z).sin() - 2.0 * (-2.0_f64).exp() * z;
            let scaled = Link::new("third, reuse 2", move |z| scale * sine(z));
            assert_eq!(scaled.information_exponent(12, 1e-6).unwrap(), Some(3), "{scale}");
            assert_eq!(scaled.reuse_exponent(8, 1e-6).unwrap(), Some(2), "{scale}");
        }
    }

    /// Just above and just below the bound, by hand: for e He_3 + He_4 it lies at |e| sqrt 6 =
    /// `tolerance` sqrt(24 + 6 e^2). For g = He_2 + e z, E z g^2 = 4 e and E g^4 = 60 + 60 e^2 + 3 e^4.
    #[test]
    fn the_bound_of_what_counts_as_zero() {
        let tolerance = 1e-3;
        for (factor, beyond) in [(0.999, false), (1.001, true)] {
            for scale in [1e-3, 1.0, 1e3] {
                let link = |coefficients: &[f64]| {
                    Link::hermite(coefficients.iter().map(|c| scale * c).collect::<Vec<_>>())
                };
                let third = factor * tolerance * 2.0;
                let found = link(&[0.0, 0.0, 0.0, third, 1.0]).information_exponent(6, tolerance);
                assert_eq!(found.unwrap(), Some(if beyond { 3 } else { 4 }), "{factor} {scale}");
                let first = factor * tolerance * 60.0_f64.sqrt() / 4.0;
                let found = link(&[0.0, first, 1.0]).reuse_exponent(1, tolerance).unwrap();
                assert_eq!(found, beyond.then_some(1), "{factor} {scale}");
            }
        }
    }

    /// Kinks that nobody declared, in a link of any size; squares beyond every number.
    #[test]
    fn undeclared_kinks_of_tiny_and_huge_links() {
        for scale in [1e-200, 1e-12, 1.0, 1e200] {
            let odd = Link::new("odd", move |z: f64| scale * ((z - 0.3).abs() - (z + 0.3).abs()));
            assert_eq!(odd.information_exponent(6, 1e-9).unwrap(), Some(1), "{scale}");
            assert_eq!(odd.reuse_exponent(6, 1e-9).unwrap(), Some(2), "{scale}");
            // E |z| He_2(z) / 2 = 1 / sqrt(2 pi)
            let second = 1.0 / (2.0 * std::f64::consts::PI).sqrt();
            let fourth = Link::new("fourth", move |z: f64| scale * (z.abs() - second * z * z));
            assert_eq!(fourth.information_exponent(6, 1e-9).unwrap(), Some(4), "{scale}");
        }
    }

    #[test]
    fn bad_tolerances_and_links_are_errors() {
        let link = Link::hermite([0.0, 1.0]);
        for tolerance in [0.0, 1.0, -1.0, f64::NAN] {
            assert!(link.information_exponent(3, tolerance).is_err());
            assert!(link.reuse_exponent(3, tolerance).is_err());
        }
        // as fine as the coefficients are known
        let link = Link::hermite([0.0, 1e-30, 1.0]);
        assert_eq!(link.information_exponent(3, 1e-31).unwrap(), Some(1));
        assert_eq!(link.information_exponent(3, 1e-29).unwrap(), Some(2));
        assert!(Link::new("z", |z| z).information_exponent(3, 1e-12).is_err());
        assert!(Link::new("ln", f64::ln).information_exponent(3, 1e-8).is_err());
    }
}
