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
    known: Arc<Known>,
}

/// What is known of a link beside its values.
#[derive(Clone, Default)]
struct Known {
    kinks: Vec<f64>,
    /// The coefficients, when the link is a finite Hermite series.
    series: Option<Vec<f64>>,
    /// What taking away Hermite parts leaves of rounding errors in a value of order one.
    rounding: f64,
}

impl Link {
    /// A link from a closure, with a name for reports.
    pub fn new(
        name: impl Into<String>,
        function: impl Fn(f64) -> f64 + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), function: Arc::new(function), known: Arc::default() }
    }

    /// The value of an activation as link, kinks included.
    pub fn from_activation(activation: impl Activation + 'static) -> Self {
        let name = activation.name();
        let known =
            Known { kinks: activation.kinks(), series: known_series(&activation), rounding: 0.0 };
        Self { name, known: Arc::new(known), function: Arc::new(move |z| activation.value(z)) }
    }

    /// The finite series sum_k c_k He_k.
    pub fn hermite(coefficients: impl Into<Vec<f64>>) -> Self {
        Self::from_activation(HermiteSeries::new(coefficients))
    }

    /// Declares where the function or its derivative jumps; quadrature splits there.
    pub fn with_kinks(mut self, kinks: impl Into<Vec<f64>>) -> Self {
        Arc::make_mut(&mut self.known).kinks = kinks.into();
        self
    }

    /// The link minus its Hermite parts of these degrees; `without(&[0])` centres it.
    ///
    /// # Errors
    /// [`QuadratureError`] when the coefficients cannot be computed.
    pub fn without(&self, degrees: &[usize]) -> Result<Self, QuadratureError> {
        let without = |series: &Vec<f64>| {
            let kept = |(k, c): (usize, &f64)| if degrees.contains(&k) { 0.0 } else { *c };
            series.iter().enumerate().map(kept).collect::<Vec<f64>>()
        };
        let removed: Vec<String> = degrees.iter().map(|k| format!("He{k}")).collect();
        let name = format!("{} without {}", self.name, removed.join(", "));
        if let Some(series) = &self.known.series {
            return Ok(Self { name, ..Self::hermite(without(series)) });
        }
        let mut parts = self.hermite_coefficients(degrees.iter().copied().max().unwrap_or(0))?;
        for (degree, part) in parts.iter_mut().enumerate() {
            if !degrees.contains(&degree) {
                *part = 0.0;
            }
        }
        let rounding = 16.0 * f64::EPSILON * parts.iter().map(|c| c.abs()).sum::<f64>();
        let rounding = rounding.max(self.known.rounding);
        let parts = HermiteSeries::new(parts);
        let original = Arc::clone(&self.function);
        Ok(Self {
            name,
            function: Arc::new(move |z| original(z) - parts.value(z)),
            known: Arc::new(Known { kinks: self.kinks().to_vec(), series: None, rounding }),
        })
    }

    /// g(z).
    pub fn value(&self, z: f64) -> f64 {
        (self.function)(z)
    }

    /// c*_0, ..., c*_max_degree with c*_k = E\[g(z) He_k(z)\] / k!: exactly for a Hermite series, and
    /// otherwise with the accuracy of
    /// [`Activation::hermite_coefficients`]: an error of sqrt(k!) c*_k
    /// of at most 1e-11 of the root mean square of g, or of the rounding errors that a larger part
    /// taken away by [`without`](Self::without) has left in it.
    ///
    /// # Errors
    /// [`QuadratureError`] when the link is not finite, grows too fast, or the accuracy cannot be
    /// reached.
    pub fn hermite_coefficients(&self, max_degree: usize) -> Result<Vec<f64>, QuadratureError> {
        if let Some(known) = &self.known.series {
            return Ok((0..=max_degree).map(|k| known.get(k).copied().unwrap_or(0.0)).collect());
        }
        hermite_coefficients_of(&|z| self.value(z), self.kinks(), max_degree, self.known.rounding)
    }

    /// The coefficients, when the link is a finite Hermite series.
    pub(crate) fn hermite_series(&self) -> Option<&[f64]> {
        self.known.series.as_deref()
    }

    /// sqrt(E g^2), with a relative accuracy of 1e-12 whatever the size of the link, or to the
    /// rounding errors that a larger part taken away has left in it.
    pub(crate) fn root_mean_square(&self) -> Result<f64, QuadratureError> {
        if let Some(series) = &self.known.series {
            let mut root_factorial = 1.0;
            return Ok(series.iter().enumerate().fold(0.0_f64, |norm, (k, c)| {
                root_factorial *= (k.max(1) as f64).sqrt();
                if *c == 0.0 { norm } else { norm.hypot(c * root_factorial) }
            }));
        }
        // squares in units of the mean size, so that they neither overflow nor vanish
        let size =
            gaussian_expectation(|z| self.value(z).abs(), self.kinks(), self.known.rounding)?;
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
        (self.known.rounding / size).max(1e-12)
    }

    /// Where the link or its derivative jumps, as declared.
    pub fn kinks(&self) -> &[f64] {
        &self.known.kinks
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
