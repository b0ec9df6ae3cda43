//! Laws of mean 0 and variance 1, for the entries of the inputs and of the second layer.

mod custom_law;

pub use custom_law::CustomLaw;
pub(crate) use custom_law::Kind as CustomLawKind;

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use crate::Scalar;

/// The law of the independent entries of an input x in R^d: mean 0, variance 1.
///
/// The theory is for Gaussian inputs; the others test how universal it is. The prediction does not
/// look at this setting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum InputLaw {
    /// N(0, 1).
    #[default]
    Gaussian,
    /// +1 or -1 with probability 1/2 each.
    Rademacher,
    /// Uniform on [-sqrt 3, sqrt 3].
    Uniform,
    /// A law of your own, given by values, by its quantile function or by a sampler.
    Custom(CustomLaw),
}

impl InputLaw {
    /// Fills `entries` with independent draws. `f32` draws are the `f64` ones, rounded.
    pub(crate) fn fill<T: Scalar>(&self, entries: &mut [T], generator: &mut impl rand::Rng) {
        for x in entries {
            *x = T::of(match self {
                Self::Gaussian => StandardNormal.sample(generator),
                Self::Rademacher => {
                    if generator.random() {
                        1.0
                    } else {
                        -1.0
                    }
                }
                Self::Uniform => 12.0_f64.sqrt() * (generator.random::<f64>() - 0.5),
                Self::Custom(law) => law.draw(generator),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::{LAWS, Largest, rows};
    use crate::random::{Purpose, stream};

    #[test]
    fn every_law_has_mean_zero_variance_one_and_its_kurtosis() {
        let count = 400_000;
        for (law, fourth) in
            [(InputLaw::Gaussian, 3.0), (InputLaw::Rademacher, 1.0), (InputLaw::Uniform, 1.8)]
        {
            let mut x = vec![0.0_f64; count];
            law.fill(&mut x, &mut stream(3, Purpose::Inputs, 0, 0));
            let moment = |k: i32| x.iter().map(|x| x.powi(k)).sum::<f64>() / count as f64;
            let error = 5.0 / (count as f64).sqrt();
            assert!(moment(1).abs() < error, "{law:?}");
            assert!((moment(2) - 1.0).abs() < 2.0 * error, "{law:?}");
            assert!((moment(4) - fourth).abs() < 10.0 * error, "{law:?}: {}", moment(4));
        }
    }

    /// The share of draws below each tabulated decile (tests/reference/laws.py) is that decile.
    #[test]
    fn draws_have_the_tabulated_deciles() {
        let laplace = CustomLaw::quantile("laplace", |u| {
            let tail = (2.0 * u.min(1.0 - u)).ln() / 2_f64.sqrt();
            if u < 0.5 { tail } else { -tail }
        });
        let count = 400_000;
        for (name, law) in [
            ("gaussian", InputLaw::Gaussian),
            ("uniform", InputLaw::Uniform),
            ("laplace", InputLaw::Custom(laplace.unwrap())),
        ] {
            let mut x = vec![0.0_f64; count];
            law.fill(&mut x, &mut stream(5, Purpose::Inputs, 0, 0));
            let mut largest = Largest::default();
            for [tenth, _, quantile, _] in rows(LAWS, &format!("quantile:{name}")) {
                let p = tenth / 10.0;
                let share = x.iter().filter(|x| **x < quantile).count() as f64 / count as f64;
                let error = (p * (1.0 - p) / count as f64).sqrt();
                largest.see((share - p).abs() / error, [tenth, share]);
            }
            largest.check(&format!("deciles of {name} draws, standard errors"), 4.5);
        }
    }
}
