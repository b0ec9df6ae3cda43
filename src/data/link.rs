//! Links: the function of the projection that makes the label.

use std::fmt;
use std::sync::Arc;

use crate::activation::{Activation, HermiteSeries, hermite_coefficients_of, known_series};
use crate::quadrature::{QuadratureError, gaussian_expectation};

/// The link g of a single-index model, a function of one real number.
///
/// Made from a closure, an activation or a Hermite series. Always evaluated in `f64`.
///
/// ```
/// use linear_width::{activation::Tanh, data::Link};
///
/// let smooth = Link::from_activation(Tanh::default());
/// let user = Link::new("cos(1.5 z)", |z| (1.5 * z).cos());
/// assert_eq!(smooth.value(0.0), 0.0);
/// // no constant, no linear part: information exponent 2
/// let even = user.without(&[0, 1])?;
/// assert!(even.hermite_coefficients(1)?.iter().all(|c| c.abs() < 1e-12));
/// # Ok::<(), linear_width::quadrature::QuadratureError>(())
/// ```
#[derive(Clone)]
pub struct Link {
    name: String,
    function: Arc<dyn Fn(f64) -> f64 + Send + Sync>,
    kinks: Vec<f64>,
    /// The coefficients, when the link is a finite Hermite series.
    series: Option<Vec<f64>>,
    /// The rounding errors that Hermite parts taken away leave in a value of order one.
    rounding: f64,
}

impl Link {
    /// A link from a closure, with a name for reports.
    pub fn new(
        name: impl Into<String>,
        function: impl Fn(f64) -> f64 + Send + Sync + 'static,
    ) -> Self {
        let function = Arc::new(function);
        Self { name: name.into(), function, kinks: Vec::new(), series: None, rounding: 0.0 }
    }

    /// The value of an activation as link, kinks included.
    pub fn from_activation(activation: impl Activation + 'static) -> Self {
        let (kinks, series) = (activation.kinks(), known_series(&activation));
        let link = Self::new(activation.name(), move |z| activation.value(z));
        Self { kinks, series, ..link }
    }

    /// The finite series sum_k c_k He_k.
    pub fn hermite(coefficients: impl Into<Vec<f64>>) -> Self {
        Self::from_activation(HermiteSeries::new(coefficients))
    }

    /// Declares where the function or its derivative jumps; quadrature splits there.
    pub fn with_kinks(mut self, kinks: impl Into<Vec<f64>>) -> Self {
        self.kinks = kinks.into();
        self
    }

    /// The link minus its Hermite parts of these degrees; `without(&[0])` centres it.
    ///
    /// # Errors
    /// [`QuadratureError`] when the coefficients cannot be computed.
    pub fn without(&self, degrees: &[usize]) -> Result<Self, QuadratureError> {
        let removed: Vec<String> = degrees.iter().map(|k| format!("He{k}")).collect();
        let name = format!("{} without {}", self.name, removed.join(", "));
        let split = |series: &[f64], removed: bool| -> Vec<f64> {
            let part =
                |(k, c): (usize, &f64)| if degrees.contains(&k) == removed { *c } else { 0.0 };
            series.iter().enumerate().map(part).collect()
        };
        if let Some(series) = &self.series {
            return Ok(Self { name, ..Self::hermite(split(series, false)) });
        }
        let highest = degrees.iter().copied().max().unwrap_or(0);
        let parts = split(&self.hermite_coefficients(highest)?, true);
        let rounding = 16.0 * f64::EPSILON * parts.iter().map(|c| c.abs()).sum::<f64>();
        let parts = HermiteSeries::new(parts);
        let original = Arc::clone(&self.function);
        let link = Self::new(name, move |z| original(z) - parts.value(z));
        Ok(Self { kinks: self.kinks.clone(), rounding: rounding.max(self.rounding), ..link })
    }

    /// g(z).
    pub fn value(&self, z: f64) -> f64 {
        (self.function)(z)
    }

    /// c*_0, ..., c*_max_degree with c*_k = E\[g(z) He_k(z)\] / k!: exactly for a Hermite series, and
    /// otherwise with an error of sqrt(k!) c*_k of at most 1e-11 of the root mean square of g, or of
    /// the rounding errors that a larger part taken away by [`without`](Self::without) has left.
    ///
    /// # Errors
    /// [`QuadratureError`] when the link is not finite, grows too fast, or the accuracy cannot be
    /// reached.
    pub fn hermite_coefficients(&self, max_degree: usize) -> Result<Vec<f64>, QuadratureError> {
        if let Some(known) = &self.series {
            return Ok((0..=max_degree).map(|k| known.get(k).copied().unwrap_or(0.0)).collect());
        }
        hermite_coefficients_of(&|z| self.value(z), self.kinks(), max_degree, self.rounding)
    }

    /// The coefficients, when the link is a finite Hermite series.
    pub(crate) fn hermite_series(&self) -> Option<&[f64]> {
        self.series.as_deref()
    }

    /// sqrt(E g^2), with the relative [`accuracy`](Self::accuracy).
    pub(crate) fn root_mean_square(&self) -> Result<f64, QuadratureError> {
        if let Some(series) = &self.series {
            let mut root_factorial = 1.0;
            return Ok(series.iter().enumerate().fold(0.0_f64, |norm, (k, c)| {
                root_factorial *= (k.max(1) as f64).sqrt();
                if *c == 0.0 { norm } else { norm.hypot(c * root_factorial) }
            }));
        }
        // squares in units of the mean size, so that they neither overflow nor vanish
        let size = gaussian_expectation(|z| self.value(z).abs(), self.kinks(), self.rounding)?;
        if size == 0.0 {
            return Ok(0.0);
        }
        let accuracy = self.accuracy(size);
        let square = |z: f64| (self.value(z) / size).powi(2);
        Ok(size * gaussian_expectation(square, self.kinks(), accuracy)?.sqrt())
    }

    /// What an expectation of the link over its size can be known to: 1e-12, or the rounding errors
    /// that a larger part taken away has left.
    pub(crate) fn accuracy(&self, size: f64) -> f64 {
        (self.rounding / size).max(1e-12)
    }

    /// Where the link or its derivative jumps, as declared.
    pub fn kinks(&self) -> &[f64] {
        &self.kinks
    }

    /// The name for reports.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({})", self.name)
    }
}
