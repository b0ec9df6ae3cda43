//! Targets: a link, its directions, and label noise.

use std::fmt;
use std::sync::Arc;

use ndarray::{Array1, Array2};
use rand_distr::{Distribution, StandardNormal};

use super::link::Link;
use crate::error::{InvalidSetting, finite_matrix, has_shape, nonnegative, nonzero};
use crate::guard::guarded;
use crate::memory;
use crate::quadrature::QuadratureError;
use crate::random::{Purpose, stream};

const ORTHONORMAL_TOLERANCE: f64 = 1e-6;

/// The link of a target, a function of p numbers.
type Function = dyn Fn(&[f64]) -> f64 + Send + Sync;

/// What is to be learned: y = g(B* x) + eps, with a link g of p variables.
///
/// Directions that are not fixed are drawn from the experiment's seed, a uniform orthonormal frame.
///
/// ```
/// use linear_width::{activation::Tanh, data::{Link, Target}};
/// use ndarray::array;
///
/// let target = Target::single_index(Link::from_activation(Tanh::default()))
///     .direction(array![0.6, 0.8])
///     .noise(0.1);
/// assert!(target.realised_directions(2, 0).is_ok());
/// assert!(target.realised_directions(3, 0).is_err()); // the direction has length 2
/// let product = Target::multi_index("z1 z2", 2, |z| z[0] * z[1]);
/// assert_eq!(product.direction_count(), 2);
/// ```
#[derive(Clone)]
pub struct Target {
    name: Arc<str>,
    function: Arc<Function>,
    direction_count: usize,
    kinks: Vec<f64>,
    /// Of a single-index target.
    link: Option<Link>,
    directions: Option<Array2<f64>>,
    noise: f64,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, direction_count, directions, noise, .. } = self;
        write!(f, "Target({name}, {direction_count} directions: {directions:?}, noise {noise})")
    }
}

impl Target {
    /// A single-index target y = g(<beta*, x>), random direction, no noise.
    pub fn single_index(link: Link) -> Self {
        let (name, kinks, of_one) = (link.name().to_owned(), link.kinks().to_vec(), link.clone());
        let target = Self::multi_index(name, 1, move |z| of_one.value(z[0]));
        Self { kinks, link: Some(link), ..target }
    }

    /// A multi-index target y = g(B* x), random orthonormal directions, no noise. The `link` g is a
    /// function of `variables` = p numbers; it has a name for reports.
    pub fn multi_index(
        name: impl Into<Arc<str>>,
        variables: usize,
        link: impl Fn(&[f64]) -> f64 + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            function: Arc::new(link),
            direction_count: variables,
            kinks: Vec::new(),
            link: None,
            directions: None,
            noise: 0.0,
        }
    }

    /// Declares where the link or its derivative jumps, in each variable separately (as for a sum or
    /// product of sign or ReLU functions); quadrature splits there.
    pub fn with_kinks(mut self, kinks: impl Into<Vec<f64>>) -> Self {
        self.kinks = kinks.into();
        self.link = self.link.map(|link| link.with_kinks(self.kinks.clone()));
        self
    }

    /// Fixes the direction beta* (length d, unit norm) of a single-index target.
    pub fn direction(self, direction: Array1<f64>) -> Self {
        self.directions(direction.insert_axis(ndarray::Axis(0)))
    }

    /// Fixes the directions: B*, p x d with orthonormal rows.
    pub fn directions(mut self, directions: Array2<f64>) -> Self {
        self.directions = Some(directions);
        self
    }

    /// Sets the standard deviation of the label noise eps.
    pub fn noise(mut self, standard_deviation: f64) -> Self {
        self.noise = standard_deviation;
        self
    }

    /// The number p of directions.
    pub fn direction_count(&self) -> usize {
        self.direction_count
    }

    /// The link of a single-index target.
    pub fn link(&self) -> Option<&Link> {
        self.link.as_ref()
    }

    /// The link's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The standard deviation of the label noise.
    pub fn noise_std(&self) -> f64 {
        self.noise
    }

    /// g(z) without noise, for z = B* x of length p.
    pub fn noiseless_label(&self, z: &[f64]) -> f64 {
        (self.function)(z)
    }

    /// Declared kinks of the link, in every variable.
    pub(crate) fn kinks(&self) -> &[f64] {
        &self.kinks
    }

    /// Every problem of this target in input dimension `dimension`; empty when there is none.
    pub(crate) fn problems(&self, dimension: usize) -> Vec<InvalidSetting> {
        let mut problems = Vec::new();
        let p = self.direction_count;
        problems.extend(nonzero("the number of directions", p).err());
        if p > dimension {
            problems.push(InvalidSetting::TooManyDirections { directions: p, dimension });
        }
        problems.extend(self.check_noise().err());
        if let Some(directions) = &self.directions {
            problems.extend(check_directions(directions, p, dimension).err());
        }
        if (1..=dimension).contains(&p) {
            problems.extend(self.check_link().err());
        }
        problems
    }

    pub(crate) fn check_noise(&self) -> Result<(), InvalidSetting> {
        nonnegative("target.noise", self.noise)
    }

    /// Tries the link at a few places: it must not panic and be finite.
    fn check_link(&self) -> Result<(), InvalidSetting> {
        const PLACES: [f64; 5] = [0.3, -0.3, 1.1, -1.1, 2.3];
        let fails = |z: f64, w: f64| {
            let point = |k: usize| if k % 2 == 0 { z } else { w };
            let point: Vec<f64> = (0..self.direction_count).map(point).collect();
            !self.noiseless_label(&point).is_finite()
        };
        // two different numbers, so that a difference of variables is not always 0
        let failed = guarded(
            || format!("the link {}", self.name),
            || PLACES.into_iter().find(|z| fails(*z, *z) || fails(*z, -0.7 * z)),
        )?;
        failed.map_or(Ok(()), |at| {
            let source = QuadratureError::NonFinite { at };
            Err(InvalidSetting::Function { name: self.name.to_string(), source })
        })
    }

    /// B* in dimension `dimension` (p x d): the given directions, or random ones from `seed`.
    ///
    /// # Errors
    /// The first [`InvalidSetting`] found: zero sizes, more directions than `dimension`, directions
    /// of the wrong shape, not finite, not of unit norm or not orthogonal, bad noise, a link that
    /// panics or is not finite at a few places where it is tried, too little memory.
    pub fn realised_directions(
        &self,
        dimension: usize,
        seed: u64,
    ) -> Result<Array2<f64>, InvalidSetting> {
        nonzero("dimension", dimension)?;
        if let Some(problem) = self.problems(dimension).into_iter().next() {
            return Err(problem);
        }
        if let Some(directions) = &self.directions {
            return Ok(directions.clone());
        }
        // the frame, and a copy of it
        let shape = (self.direction_count as u128, dimension as u128);
        memory::allocatable(memory::total(16, &[shape]))?;
        Ok(random_frame(self.direction_count, dimension, seed))
    }
}

/// Checks that `directions` are `p` orthonormal rows of length `dimension`.
pub(crate) fn check_directions(
    directions: &Array2<f64>,
    p: usize,
    dimension: usize,
) -> Result<(), InvalidSetting> {
    has_shape("target.directions", directions.dim(), (p, dimension))?;
    finite_matrix("target.directions", directions.view())?;
    for (index, row) in directions.rows().into_iter().enumerate() {
        let norm = row.dot(&row).sqrt();
        if (norm - 1.0).abs() > ORTHONORMAL_TOLERANCE {
            return Err(InvalidSetting::NotNormalised { index, norm });
        }
        for first in 0..index {
            let product = row.dot(&directions.row(first));
            if product.abs() > ORTHONORMAL_TOLERANCE {
                return Err(InvalidSetting::NotOrthogonal { first, second: index, product });
            }
        }
    }
    Ok(())
}

/// A uniform orthonormal p-frame: Gaussian rows, Gram-Schmidt done twice.
fn random_frame(p: usize, dimension: usize, seed: u64) -> Array2<f64> {
    let mut generator = stream(seed, Purpose::Teacher, 0, 0);
    let mut frame: Array2<f64> = Array2::zeros((p, dimension));
    for index in 0..p {
        let mut row: Array1<f64> =
            (0..dimension).map(|_| StandardNormal.sample(&mut generator)).collect();
        for _ in 0..2 {
            for previous in 0..index {
                let previous = frame.row(previous);
                let overlap = row.dot(&previous);
                row.scaled_add(-overlap, &previous);
            }
        }
        row /= row.dot(&row).sqrt();
        frame.row_mut(index).assign(&row);
    }
    frame
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn random_directions_are_an_orthonormal_frame_and_follow_the_seed() {
        let target = Target::multi_index("sum", 3, |z| z.iter().sum());
        let b = target.realised_directions(40, 5).unwrap();
        let gram = b.dot(&b.t());
        for ((i, j), x) in gram.indexed_iter() {
            assert!((x - f64::from(u8::from(i == j))).abs() < 1e-14);
        }
        assert_eq!(b, target.realised_directions(40, 5).unwrap());
        assert_ne!(b, target.realised_directions(40, 6).unwrap());
    }

    #[test]
    fn bad_directions_are_named() {
        let link = || Link::hermite([0.0, 1.0]);
        let single =
            |v| Target::single_index(link()).direction(v).realised_directions(2, 0).unwrap_err();
        assert!(matches!(single(array![2.0, 0.0]), InvalidSetting::NotNormalised { .. }));
        assert!(matches!(single(array![0.0, 0.0]), InvalidSetting::NotNormalised { .. }));
        let nan = single(array![1.0, f64::NAN]).to_string();
        let expected = "row 0, column 1 of target.directions (from 0) is NaN";
        assert!(nan.starts_with(expected), "{nan}");
        assert!(matches!(single(array![1.0]), InvalidSetting::Shape { .. }));
        let pair = Target::multi_index("z1 z2", 2, |z| z[0] * z[1]);
        let skew =
            pair.clone().directions(array![[1.0, 0.0], [0.6, 0.8]]).realised_directions(2, 0);
        assert!(matches!(skew, Err(InvalidSetting::NotOrthogonal { .. })));
        assert!(matches!(
            pair.realised_directions(1, 0),
            Err(InvalidSetting::TooManyDirections { directions: 2, dimension: 1 })
        ));
        for dimension in [usize::MAX, usize::MAX / 8, 1 << 50] {
            let large = Target::single_index(link()).realised_directions(dimension, 0);
            assert!(matches!(large, Err(InvalidSetting::Memory { .. })), "{dimension}");
        }
        let noise = Target::single_index(link()).noise(-0.1).realised_directions(2, 0);
        let noise = noise.unwrap_err();
        assert!(
            matches!(noise, InvalidSetting::OutOfRange { name: "target.noise", value, .. } if value == -0.1)
        );
    }
}
