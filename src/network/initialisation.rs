//! Laws of the two layers at initialisation.

use std::fmt;

use ndarray::{Array1, Array2, Axis};
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use crate::Scalar;
use crate::distribution::{CustomLaw, InputLaw};
use crate::error::{InvalidSetting, finite, has_length, nonzero};
use crate::memory::zeros;
use crate::random::{Purpose, stream};

/// The law of the rows w_j of W_0; either way |w_j| is about 1 and |W_0| about 1 + sqrt(N/d).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Initialisation {
    /// Uniform on the unit sphere of R^d: the pre-activations of Gaussian inputs are exactly N(0,
    /// 1).
    #[default]
    Sphere,
    /// Independent entries N(0, 1/d).
    Gaussian,
}

impl Initialisation {
    /// W_0, of shape N x d, drawn from `seed`; row j comes from random stream j.
    ///
    /// # Errors
    /// [`InvalidSetting`] when a size is 0 or there is not enough memory.
    pub fn draw<T: Scalar>(
        self,
        width: usize,
        dimension: usize,
        seed: u64,
    ) -> Result<Array2<T>, InvalidSetting> {
        nonzero("width", width)?;
        nonzero("dimension", dimension)?;
        let mut weights = zeros(width, dimension)?;
        weights.axis_iter_mut(Axis(0)).into_par_iter().enumerate().for_each(|(j, mut row)| {
            let mut generator = stream(seed, Purpose::FirstLayer, 0, j as u64);
            let entries: Vec<f64> =
                (0..dimension).map(|_| StandardNormal.sample(&mut generator)).collect();
            let norm = match self {
                Self::Sphere => entries.iter().map(|x| x * x).sum::<f64>().sqrt(),
                Self::Gaussian => (dimension as f64).sqrt(),
            };
            row.iter_mut().zip(entries).for_each(|(w, x)| *w = T::of(x / norm));
        });
        Ok(weights)
    }
}

/// The law of b, where a = b / sqrt(N): independent entries of mean 0 and variance 1, or given.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum SecondLayerLaw {
    /// N(0, 1).
    #[default]
    Gaussian,
    /// Uniform on [-sqrt 3, sqrt 3].
    Uniform,
    /// +1 or -1: the entrywise powers of a then span two dimensions only.
    Rademacher,
    /// These b_j = sqrt(N) a_j, one per neuron.
    Fixed(#[cfg_attr(feature = "serde", serde(with = "list"))] Array1<f64>),
    /// Independent entries of a law of your own.
    Custom(CustomLaw),
}

/// A vector written as a plain list of numbers.
#[cfg(feature = "serde")]
mod list {
    use ndarray::Array1;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(b: &Array1<f64>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(b)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Array1<f64>, D::Error> {
        Vec::deserialize(input).map(Array1::from)
    }
}

impl fmt::Display for SecondLayerLaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gaussian => f.write_str("Gaussian"),
            Self::Uniform => f.write_str("uniform"),
            Self::Rademacher => f.write_str("Rademacher"),
            Self::Fixed(_) => f.write_str("fixed"),
            Self::Custom(law) => f.write_str(law.name()),
        }
    }
}

impl SecondLayerLaw {
    /// Checks that the law can be drawn at this width.
    pub(crate) fn check(&self, width: usize) -> Result<(), InvalidSetting> {
        let Self::Fixed(b) = self else { return Ok(()) };
        has_length("second_layer.fixed", b.len(), width)?;
        finite("second_layer.fixed", b)
    }

    /// a = b / sqrt(N), of length N, drawn from `seed`.
    ///
    /// # Errors
    /// [`InvalidSetting`] when fixed entries have another length than `width` or are not finite.
    pub fn draw<T: Scalar>(&self, width: usize, seed: u64) -> Result<Array1<T>, InvalidSetting> {
        let root = (width as f64).sqrt();
        Ok(self.draw_b(width, seed)?.mapv(|b| T::of(b / root)))
    }

    fn draw_b(&self, width: usize, seed: u64) -> Result<Array1<f64>, InvalidSetting> {
        self.check(width)?;
        let law = match self {
            Self::Gaussian => InputLaw::Gaussian,
            Self::Uniform => InputLaw::Uniform,
            Self::Rademacher => InputLaw::Rademacher,
            Self::Custom(law) => InputLaw::Custom(law.clone()),
            Self::Fixed(b) => return Ok(b.clone()),
        };
        let mut b = vec![0.0; width];
        law.fill(&mut b, &mut stream(seed, Purpose::SecondLayer, 0, 0));
        Ok(b.into())
    }

    /// How many distinct nonzero values b can take, when that is finite: no more of the entrywise
    /// powers of a are linearly independent.
    pub fn distinct_nonzero_values(&self) -> Option<usize> {
        match self {
            Self::Gaussian | Self::Uniform => None,
            Self::Rademacher => Some(2),
            Self::Custom(law) => law.distinct_nonzero_values(),
            Self::Fixed(b) => {
                let mut values: Vec<f64> = b.iter().copied().filter(|b| *b != 0.0).collect();
                values.sort_by(f64::total_cmp);
                values.dedup();
                Some(values.len())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_their_law() {
        let sphere: Array2<f64> = Initialisation::Sphere.draw(50, 30, 1).unwrap();
        assert!(sphere.rows().into_iter().all(|w| (w.dot(&w) - 1.0).abs() < 1e-14));
        let gaussian: Array2<f64> = Initialisation::Gaussian.draw(200, 100, 1).unwrap();
        let variance = gaussian.iter().map(|w| w * w).sum::<f64>() / 200.0;
        assert!((variance - 1.0).abs() < 0.05, "{variance}");
    }

    #[test]
    fn second_layers_have_mean_zero_variance_one() {
        for law in [SecondLayerLaw::Gaussian, SecondLayerLaw::Uniform, SecondLayerLaw::Rademacher] {
            let b = law.draw_b(100_000, 3).unwrap();
            assert!(b.mean().unwrap().abs() < 0.02, "{law:?}");
            assert!((b.mapv(|x| x * x).mean().unwrap() - 1.0).abs() < 0.02, "{law:?}");
        }
        let names = ["Gaussian", "uniform", "Rademacher"];
        let laws = [SecondLayerLaw::Gaussian, SecondLayerLaw::Uniform, SecondLayerLaw::Rademacher];
        assert_eq!(laws.map(|law| law.to_string()), names);
        assert_eq!(SecondLayerLaw::Rademacher.distinct_nonzero_values(), Some(2));
        let given = SecondLayerLaw::Fixed(Array1::from(vec![1.0, 0.0, 1.0, -2.0]));
        assert_eq!(given.distinct_nonzero_values(), Some(2));
        assert!(given.draw_b(5, 0).is_err());
        assert!(SecondLayerLaw::Fixed(Array1::from(vec![f64::INFINITY])).draw_b(1, 0).is_err());
    }
}
