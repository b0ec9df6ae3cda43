//! Laws of mean 0 and variance 1 that the user gives.

use std::fmt;
use std::sync::Arc;

use ndarray::Array1;
use rand::distr::{Distribution, Open01};

use crate::error::{InvalidSetting, finite, finite_list, in_range};
use crate::guard::guarded;
use crate::number::Short;
use crate::quadrature::{gaussian_expectations, normal_distribution};
use crate::random::{Purpose, stream};

/// How far mean and variance may be from 0 and 1.
const TOLERANCE: f64 = 1e-4;
/// Draws that a sampler is judged by, and how many standard errors count as a difference.
const DRAWS: usize = 1 << 17;
const STANDARD_ERRORS: f64 = 6.0;
/// Largest such difference that may stay unseen.
const LARGEST_UNSEEN: f64 = 0.25;

/// A law of mean 0 and variance 1 given by the user, for the entries of the inputs
/// ([`InputLaw::Custom`](crate::data::InputLaw::Custom)) or of the second layer
/// ([`SecondLayerLaw::Custom`](crate::network::SecondLayerLaw::Custom)).
///
/// | given by | mean and variance checked | predicted as law of the second layer |
/// |---|---|---|
/// | [`discrete`](Self::discrete): values, probabilities | by sums, to 1e-4 | yes |
/// | [`quantile`](Self::quantile): inverse of the distribution function | by integrals, to 1e-4 | yes |
/// | [`sampled`](Self::sampled): a function that draws | by 131072 draws | no |
///
/// Two laws are equal when one is a clone of the other. With the `serde` feature a law is written
/// as its name, and reading it back is an error: a function cannot be restored from a name.
///
/// ```
/// use linear_width::data::CustomLaw;
/// use rand_distr::{Distribution, StudentT};
///
/// // nine entries of ten are zero
/// let r = 10_f64.sqrt();
/// let sparse = CustomLaw::discrete("sparse", [(-r, 0.05), (0.0, 0.9), (r, 0.05)])?;
/// let laplace = CustomLaw::quantile("laplace", |u| {
///     let tail = (2.0 * u.min(1.0 - u)).ln() / 2_f64.sqrt();
///     if u < 0.5 { tail } else { -tail }
/// })?;
/// let student = StudentT::new(8.0)?; // variance 8/6
/// let scaled = CustomLaw::sampled("student", move |rng| student.sample(rng) * 0.75_f64.sqrt())?;
/// let error = CustomLaw::discrete("coin", [(0.0, 0.5), (1.0, 0.5)]).unwrap_err();
/// assert_eq!(error.to_string(), "the mean of the law coin is 0.5; it must be 0 to within 0.0001");
/// # let _ = (sparse, laplace, scaled);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct CustomLaw {
    name: Arc<str>,
    pub(crate) kind: Kind,
}

type Sampler = dyn Fn(&mut dyn rand::Rng) -> f64 + Send + Sync;

#[derive(Clone)]
pub(crate) enum Kind {
    /// Distinct values in increasing order, each with its (positive) probability.
    Discrete(Arc<[(f64, f64)]>),
    /// The quantile function, and the probabilities at which it or its derivative jumps.
    Quantile { function: Arc<dyn Fn(f64) -> f64 + Send + Sync>, kinks: Arc<[f64]> },
    /// Draws one value.
    Sampled(Arc<Sampler>),
}

impl CustomLaw {
    /// The law that takes each value with its probability. Equal values are merged.
    ///
    /// # Errors
    /// [`InvalidSetting`] when a value is not finite, a probability is negative, the probabilities
    /// do not sum to 1 within 1e-9, or the mean is not 0 or the variance not 1, within 1e-4.
    pub fn discrete(
        name: impl Into<String>,
        values: impl IntoIterator<Item = (f64, f64)>,
    ) -> Result<Self, InvalidSetting> {
        let name = name.into();
        let mut values: Vec<(f64, f64)> = values.into_iter().collect();
        finite_list("a discrete law", values.iter().map(|(b, _)| b))?;
        for &(_, probability) in &values {
            let holds = (0.0..=1.0).contains(&probability);
            in_range("a probability of a discrete law", probability, holds, "between 0 and 1")?;
        }
        let total: f64 = values.iter().map(|(_, p)| p).sum();
        moment(&name, "sum of probabilities", total, 1.0, 1e-9)?;
        values.retain(|(_, p)| *p > 0.0);
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        values.dedup_by(|b, a| {
            let equal = a.0 == b.0;
            a.1 += if equal { b.1 } else { 0.0 };
            equal
        });
        let sum = |power: i32| values.iter().map(|(b, p)| p * b.powi(power)).sum::<f64>();
        moments(&name, sum(1), sum(2))?;
        Ok(Self { name: name.into(), kind: Kind::Discrete(values.into()) })
    }

    /// The law with this quantile function Q, the inverse of its distribution function: Q(u) has
    /// the law when u is uniform on (0, 1). Q does not decrease; Q(0) and Q(1) are the ends of the
    /// support, infinite if need be.
    ///
    /// Mean and variance are integrated over u, without the last 1e-16 at both ends. The prediction
    /// integrates a law of the second layer over u too, and cuts an unbounded one at the quantiles
    /// 1/(2N) and 1 - 1/(2N), as it does the Gaussian.
    ///
    /// # Errors
    /// [`InvalidSetting`] when Q decreases somewhere or is not a number, when a moment cannot be
    /// integrated, or when the mean is not 0 or the variance not 1, within 1e-4.
    pub fn quantile(
        name: impl Into<String>,
        function: impl Fn(f64) -> f64 + Send + Sync + 'static,
    ) -> Result<Self, InvalidSetting> {
        let name = name.into();
        let law = || format!("the quantile function of the law {name}");
        // over z with u = P(Z < z): smooth where Q has the usual singularities at its ends
        let both = |z: f64, out: &mut [f64]| {
            let b = function(normal_distribution(z).clamp(SMALLEST, 1.0 - SMALLEST));
            out.copy_from_slice(&[b, b * b]);
        };
        let found = guarded(law, || {
            increasing(&name, &function)?;
            gaussian_expectations(2, both, &[], 1e-6)
                .map_err(|source| InvalidSetting::Function { name: name.clone(), source })
        })??;
        moments(&name, found[0], found[1])?;
        let kind = Kind::Quantile { function: Arc::new(function), kinks: Arc::new([]) };
        Ok(Self { name: name.into(), kind })
    }

    /// The law of the numbers that `draw` returns, a function of the generator alone: any
    /// `rand_distr` distribution, scaled to mean 0 and variance 1.
    ///
    /// Mean and variance are estimated from 131072 draws with a fixed seed; more than six standard
    /// errors off is an error. A second layer with this law can be simulated but not predicted.
    ///
    /// # Errors
    /// [`InvalidSetting`] when a draw is not finite, mean or variance is off, or the tails are so
    /// heavy that an error of 0.25 in either could not be seen.
    pub fn sampled(
        name: impl Into<String>,
        draw: impl Fn(&mut dyn rand::Rng) -> f64 + Send + Sync + 'static,
    ) -> Result<Self, InvalidSetting> {
        let name = name.into();
        let mut generator = stream(0, Purpose::LawCheck, 0, 0);
        let law = || format!("the law {name}");
        let draws = guarded(law, || Array1::from_shape_fn(DRAWS, |_| draw(&mut generator)))?;
        finite("a sampled law", &draws)?;
        let mean_of =
            |f: &dyn Fn(f64) -> f64| draws.iter().map(|x| f(*x)).sum::<f64>() / DRAWS as f64;
        let first = mean_of(&|x| x);
        let second = mean_of(&|x| x * x);
        let spread = mean_of(&|x| (x * x - second).powi(2)).sqrt();
        let unseen = |std: f64| STANDARD_ERRORS * std / (DRAWS as f64).sqrt();
        let [mean_error, square_error] = [unseen(second.sqrt()), unseen(spread)];
        let largest = mean_error.max(square_error);
        if largest > LARGEST_UNSEEN {
            let reason = format!(
                "cannot be checked: their six-standard-error band from {DRAWS} draws is {}, and at \
                 most {LARGEST_UNSEEN} is allowed; give the quantile function, or lighter tails",
                Short(largest)
            );
            return Err(InvalidSetting::Law { law: name, problem: "mean and variance", reason });
        }
        moment(&name, "mean", first, 0.0, mean_error.max(TOLERANCE))?;
        moment(&name, "variance", second, 1.0, square_error.max(TOLERANCE))?;
        Ok(Self { name: name.into(), kind: Kind::Sampled(Arc::new(draw)) })
    }

    /// Declares at which probabilities u the quantile function or its derivative jumps; the
    /// prediction splits its quadrature there. No effect on other laws.
    ///
    /// # Errors
    /// [`InvalidSetting::OutOfRange`] when one lies outside (0, 1).
    pub fn with_kinks(
        mut self,
        probabilities: impl Into<Vec<f64>>,
    ) -> Result<Self, InvalidSetting> {
        let mut at = probabilities.into();
        let allowed = "between 0 and 1, ends excluded";
        for &u in &at {
            in_range("a kink of a quantile function", u, u > 0.0 && u < 1.0, allowed)?;
        }
        at.sort_by(f64::total_cmp);
        at.dedup();
        if let Kind::Quantile { kinks, .. } = &mut self.kind {
            *kinks = at.into();
        }
        Ok(self)
    }

    /// The name for reports.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// One draw.
    pub(crate) fn draw(&self, generator: &mut impl rand::Rng) -> f64 {
        match &self.kind {
            Kind::Sampled(draw) => draw(generator),
            Kind::Quantile { function, .. } => function(Open01.sample(generator)),
            Kind::Discrete(values) => {
                let mut left: f64 = Open01.sample(generator);
                let reached = values.iter().find(|(_, probability)| {
                    left -= probability;
                    left < 0.0
                });
                // the sum of the probabilities is 1 only to rounding
                reached.unwrap_or(&values[values.len() - 1]).0
            }
        }
    }

    /// How many distinct nonzero values it takes, when that is known to be finite.
    pub(crate) fn distinct_nonzero_values(&self) -> Option<usize> {
        let Kind::Discrete(values) = &self.kind else { return None };
        Some(values.iter().filter(|(b, _)| *b != 0.0).count())
    }
}

/// The distance of the extreme draws of `Open01` from 0 and 1.
const SMALLEST: f64 = f64::EPSILON / 2.0;

/// Checks E b = `first` and E b^2 = `second`.
fn moments(name: &str, first: f64, second: f64) -> Result<(), InvalidSetting> {
    moment(name, "mean", first, 0.0, TOLERANCE)?;
    moment(name, "variance", second - first * first, 1.0, TOLERANCE)
}

fn moment(
    name: &str,
    moment: &'static str,
    found: f64,
    expected: f64,
    tolerance: f64,
) -> Result<(), InvalidSetting> {
    if (found - expected).abs() <= tolerance {
        return Ok(());
    }
    Err(InvalidSetting::Moment { law: name.to_owned(), moment, found, expected, tolerance })
}

/// Checks on a grid, ends included, that a quantile function is one.
fn increasing(name: &str, function: &impl Fn(f64) -> f64) -> Result<(), InvalidSetting> {
    const CELLS: u32 = 1000;
    let mut last = f64::NEG_INFINITY;
    for i in 0..=CELLS {
        let u = f64::from(i) / f64::from(CELLS);
        let value = function(u);
        let inside = i > 0 && i < CELLS;
        if value.is_nan() || value < last || (inside && value.is_infinite()) {
            let reason = format!(
                "is {} at {}; it must not decrease, and be finite between 0 and 1",
                Short(value),
                Short(u)
            );
            let problem = "the quantile function";
            return Err(InvalidSetting::Law { law: name.to_owned(), problem, reason });
        }
        last = value;
    }
    Ok(())
}

impl fmt::Debug for CustomLaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CustomLaw({})", self.name)
    }
}

impl PartialEq for CustomLaw {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.name, &other.name)
    }
}

impl Eq for CustomLaw {}

#[cfg(feature = "serde")]
impl serde::Serialize for CustomLaw {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for CustomLaw {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Err(serde::de::Error::custom(format_args!(
            "the custom law {name:?} was given by a function and cannot be read back; \
             set it in the program"
        )))
    }
}

#[cfg(test)]
#[path = "custom_law_tests.rs"]
mod tests;
