//! Targets: a link, its directions, and label noise.

use ndarray::{Array1, Array2, ArrayView1};
use rand_distr::{Distribution, StandardNormal};

use super::{Link, MultiIndexLink};
use crate::error::{InvalidSetting, finite_matrix, nonzero, not_orthonormal};
use crate::guard::guarded;
use crate::memory;
use crate::quadrature::QuadratureError;
use crate::random::{Purpose, stream};

const ORTHONORMAL_TOLERANCE: f64 = 1e-6;

/// What is to be learned: y = g(B* x) + eps.
///
/// Directions that are not given are drawn at random (uniform on the sphere, or a uniform
/// orthonormal frame) from the experiment's seed.
///
/// ```
/// use linear_width::{activation::Tanh, data::{Link, Target}};
/// use ndarray::array;
///
/// let target = Target::single_index(Link::from_activation(Tanh::default()))
///     .direction(array![0.6, 0.8])
///     .noise(0.1);
/// assert!(target.teacher(2, 0).is_ok());
/// assert!(target.teacher(3, 0).is_err()); // the direction has length 2
/// ```
#[derive(Clone, Debug)]
pub struct Target {
    link: TargetLink,
    directions: Option<Array2<f64>>,
    noise: f64,
}

#[derive(Clone, Debug)]
pub(crate) enum TargetLink {
    Single(Link),
    Multi(MultiIndexLink),
}

impl TargetLink {
    fn value(&self, projections: &[f64]) -> f64 {
        match self {
            Self::Single(link) => link.value(projections[0]),
            Self::Multi(link) => link.value(projections),
        }
    }
}

impl Target {
    /// A single-index target y = g(<beta*, x>), random direction, no noise.
    pub fn single_index(link: Link) -> Self {
        Self { link: TargetLink::Single(link), directions: None, noise: 0.0 }
    }

    /// A multi-index target y = g(B* x), random orthonormal directions, no noise.
    pub fn multi_index(link: MultiIndexLink) -> Self {
        Self { link: TargetLink::Multi(link), directions: None, noise: 0.0 }
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
    pub fn projections(&self) -> usize {
        match &self.link {
            TargetLink::Single(_) => 1,
            TargetLink::Multi(link) => link.projections(),
        }
    }

    /// The link of a single-index target.
    pub fn link(&self) -> Option<&Link> {
        match &self.link {
            TargetLink::Single(link) => Some(link),
            TargetLink::Multi(_) => None,
        }
    }

    /// The link's name.
    pub fn name(&self) -> &str {
        match &self.link {
            TargetLink::Single(link) => link.name(),
            TargetLink::Multi(link) => link.name(),
        }
    }

    /// The standard deviation of the label noise.
    pub fn noise_std(&self) -> f64 {
        self.noise
    }

    /// g of the p projections of one input, without noise.
    pub(crate) fn noiseless_label(&self, projections: &[f64]) -> f64 {
        self.link.value(projections)
    }

    /// Declared kinks of the link, in every projection.
    pub(crate) fn kinks(&self) -> &[f64] {
        match &self.link {
            TargetLink::Single(link) => link.kinks(),
            TargetLink::Multi(link) => link.kinks(),
        }
    }

    /// Every problem of this target in input dimension `dimension`; empty when there is none.
    pub(crate) fn problems(&self, dimension: usize) -> Vec<InvalidSetting> {
        let mut problems = Vec::new();
        let p = self.projections();
        problems.extend(nonzero("the number of projections", p).err());
        if p > dimension {
            problems.push(InvalidSetting::TooManyDirections { directions: p, dimension });
        }
        if !(self.noise.is_finite() && self.noise >= 0.0) {
            problems.push(InvalidSetting::Noise { value: self.noise });
        }
        if let Some(directions) = &self.directions {
            problems.extend(frame_problems(directions, p, dimension));
        }
        if (1..=dimension).contains(&p) {
            problems.extend(self.link_problem());
        }
        problems
    }

    /// The problem of the link, when it panics or is not finite at a few places, the same on every
    /// line through the origin.
    fn link_problem(&self) -> Option<InvalidSetting> {
        const PLACES: [f64; 5] = [0.3, -0.3, 1.1, -1.1, 2.3];
        let p = self.projections();
        let name = || format!("the link {}", self.name());
        let tried = guarded(name, || {
            // alternating signs too, so that a difference is not always 0
            let points = PLACES.iter().flat_map(|z| [(*z, *z), (*z, -0.7 * *z)]);
            points
                .map(|(z, w)| (0..p).map(|k| if k % 2 == 0 { z } else { w }).collect::<Vec<f64>>())
                .find(|point| !self.noiseless_label(point).is_finite())
        });
        match tried {
            Ok(None) => None,
            Ok(Some(point)) => Some(InvalidSetting::Function {
                name: self.name().to_owned(),
                source: QuadratureError::NonFinite { at: point[0] },
            }),
            Err(problem) => Some(problem),
        }
    }

    /// The target with its directions realised in dimension `dimension`: the given ones, or random
    /// ones from `seed`.
    ///
    /// # Errors
    /// The first [`InvalidSetting`] found: zero sizes, more directions than `dimension`, directions
    /// of the wrong shape, not finite, not of unit norm or not orthogonal, bad noise, a link that
    /// panics or is not finite at a few places where it is tried, directions that no memory is there
    /// for.
    pub fn teacher(&self, dimension: usize, seed: u64) -> Result<Teacher, InvalidSetting> {
        nonzero("dimension", dimension)?;
        if let Some(problem) = self.problems(dimension).into_iter().next() {
            return Err(problem);
        }
        let directions = match &self.directions {
            Some(directions) => directions.clone(),
            None => {
                let entries = (self.projections() as u128).saturating_mul(dimension as u128);
                // the frame, and a copy of it
                memory::allocatable(entries.saturating_mul(16))?;
                random_frame(self.projections(), dimension, seed)
            }
        };
        Ok(Teacher { link: self.link.clone(), directions, noise: self.noise })
    }
}

fn frame_problems(directions: &Array2<f64>, p: usize, dimension: usize) -> Option<InvalidSetting> {
    if directions.dim() != (p, dimension) {
        return Some(InvalidSetting::Shape {
            name: "target.directions",
            found: format!("{} x {}", directions.nrows(), directions.ncols()),
            expected: format!("{p} x {dimension}"),
        });
    }
    if let Err(problem) = finite_matrix("target.directions", directions.view()) {
        return Some(problem);
    }
    not_orthonormal(directions.view(), ORTHONORMAL_TOLERANCE)
}

/// A uniform orthonormal p-frame: Gaussian rows, Gram-Schmidt done twice.
fn random_frame(p: usize, dimension: usize, seed: u64) -> Array2<f64> {
    let mut generator = stream(seed, Purpose::Teacher, 0, 0);
    let mut frame = Array2::zeros((p, dimension));
    for index in 0..p {
        let mut row: Array1<f64> =
            (0..dimension).map(|_| StandardNormal.sample(&mut generator)).collect();
        for _ in 0..2 {
            for previous in 0..index {
                let previous: ArrayView1<'_, f64> = frame.row(previous);
                let overlap = row.dot(&previous);
                row.scaled_add(-overlap, &previous);
            }
        }
        row /= row.dot(&row).sqrt();
        frame.row_mut(index).assign(&row);
    }
    frame
}

/// A target whose directions are fixed numbers.
#[derive(Clone, Debug)]
pub struct Teacher {
    link: TargetLink,
    directions: Array2<f64>,
    noise: f64,
}

impl Teacher {
    /// B*, p x d with orthonormal rows.
    pub fn directions(&self) -> &Array2<f64> {
        &self.directions
    }

    /// The standard deviation of the label noise.
    pub fn noise_std(&self) -> f64 {
        self.noise
    }

    /// g of the p projections of one input, without noise.
    pub fn noiseless_label(&self, projections: &[f64]) -> f64 {
        self.link.value(projections)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn random_directions_are_an_orthonormal_frame_and_follow_the_seed() {
        let target = Target::multi_index(MultiIndexLink::new("sum", 3, |z| z.iter().sum()));
        let b = target.teacher(40, 5).unwrap();
        let gram = b.directions().dot(&b.directions().t());
        for ((i, j), x) in gram.indexed_iter() {
            assert!((x - f64::from(u8::from(i == j))).abs() < 1e-14);
        }
        assert_eq!(b.directions(), target.teacher(40, 5).unwrap().directions());
        assert_ne!(b.directions(), target.teacher(40, 6).unwrap().directions());
    }

    #[test]
    fn bad_directions_are_named() {
        let link = || Link::hermite([0.0, 1.0]);
        let single = |v| Target::single_index(link()).direction(v).teacher(2, 0).unwrap_err();
        assert!(matches!(single(array![2.0, 0.0]), InvalidSetting::NotNormalised { .. }));
        assert!(matches!(single(array![0.0, 0.0]), InvalidSetting::NotNormalised { .. }));
        let nan = single(array![1.0, f64::NAN]).to_string();
        let expected = "row 0, column 1 of target.directions (from 0) is NaN";
        assert!(nan.starts_with(expected), "{nan}");
        assert!(matches!(single(array![1.0]), InvalidSetting::Shape { .. }));
        let pair = Target::multi_index(MultiIndexLink::new("z1 z2", 2, |z| z[0] * z[1]));
        let skew = pair.clone().directions(array![[1.0, 0.0], [0.6, 0.8]]).teacher(2, 0);
        assert!(matches!(skew, Err(InvalidSetting::NotOrthogonal { .. })));
        assert!(matches!(
            pair.teacher(1, 0),
            Err(InvalidSetting::TooManyDirections { directions: 2, dimension: 1 })
        ));
        for dimension in [usize::MAX, usize::MAX / 8, 1 << 50] {
            let large = Target::single_index(link()).teacher(dimension, 0);
            assert!(matches!(large, Err(InvalidSetting::Memory { .. })), "{dimension}");
        }
        let noise = Target::single_index(link()).noise(-0.1).teacher(2, 0);
        assert_eq!(noise.unwrap_err(), InvalidSetting::Noise { value: -0.1 });
    }
}
