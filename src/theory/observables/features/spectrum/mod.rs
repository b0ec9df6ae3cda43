//! The spectrum of F^T F / m, where F are the features of m samples: bulk, outliers, and overlaps of
//! their singular vectors (docs/theory.md, section 16).

mod density;
mod outliers;
mod real_branch;
mod side;
mod walk;

use self::outliers::{Profile, overlap};
use self::real_branch::{RealBranch, lower_edge};
use super::FeaturePrediction;
use super::fixed_point::Equations;
use super::system::FeatureSystem;
use crate::error::{finite_list, nonzero};
use crate::theory::error::PredictionError;
use std::sync::Arc;

/// Highest degree of the Hermite polynomials whose overlaps are reported.
const HERMITE_DEGREES: usize = 4;

/// Powers of b whose overlaps are reported: 1, b, ..., b^3.
const POWERS: i32 = 3;

/// A predicted eigenvalue of F^T F / m right of the bulk. Overlaps are absolute values of inner
/// products of unit vectors, between 0 and 1.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FeatureOutlier {
    /// The eigenvalue, above the edge; the singular value of F is the root of m times it.
    pub eigenvalue: f64,
    /// Overlap of the left singular vector of F (m entries) with the labels of the samples.
    pub label_overlap: f64,
    /// Overlap of the left singular vector with the span of He_k(z*_i) over the teacher directions i,
    /// for k = 0 (the constant), 1, ..., 4.
    pub hermite_overlaps: Vec<f64>,
    /// Overlap of the right singular vector (N entries) with the vectors of entries 1, b_j, b_j^2,
    /// b_j^3.
    pub second_layer_overlaps: Vec<f64>,
}

/// The predicted spectrum of F^T F / m for the features F = sigma(X W^T) (m x N) of m fresh samples:
/// the conjugate kernel.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FeatureSpectrum {
    /// Right edge of the bulk, as an eigenvalue of F^T F / m.
    pub edge: f64,
    /// Left edge of the bulk of the nonzero eigenvalues; 0 where it reaches down to zero (m = N).
    pub lower_edge: f64,
    /// Eigenvalues right of the bulk, the largest first.
    pub outliers: Vec<FeatureOutlier>,
    /// What [`change_from`](Self::change_from) finds when three quarters of the quadrature nodes are
    /// taken; `None` when [`Options::compare_nodes`](crate::theory::prediction::Options::compare_nodes)
    /// is off.
    pub numerical_error: Option<[f64; 2]>,
    /// How much of the noise rows of W came with the steps: 1 - 1 / E_b D, as rows of W_0 have norm 1.
    /// The theory takes noise rows without preferred direction, but the steps add noise with the
    /// covariance of the batches, so that the edge is predicted too low where this share is large: by
    /// up to 10 % in most settings that were compared with simulations, and by up to 40 % for a link
    /// of information exponent 2 (docs/theory.md, section 16.6). Outliers are hardly touched.
    pub noise_share: f64,
    samples: usize,
    system: Arc<FeatureSystem>,
    branch: RealBranch,
    profiles: Vec<Profile>,
}

impl FeaturePrediction {
    /// The spectrum of F^T F / m for the features F (m x N) of m = `samples` samples, independent of
    /// those that made the first layer.
    ///
    /// # Errors
    /// [`PredictionError::Invalid`] for no samples, [`PredictionError::NotConverged`] when the
    /// equations could not be solved.
    ///
    /// ```
    /// use linear_width::activation::{Activation, Tanh};
    /// use linear_width::data::{Link, Target};
    /// use linear_width::network::Network;
    /// use linear_width::theory::features::FeaturePrediction;
    /// use linear_width::theory::prediction::{Options, State};
    /// use ndarray::Array2;
    ///
    /// // features of given weights: here W_0, not centred
    /// let activation = Tanh { scale: 2.0, shift: 0.5 }.shared();
    /// let target = Target::single_index(Link::hermite([0.0, 1.0]));
    /// let network = Network::<f64>::random(60, 40, activation.clone(), 1)?;
    /// let teacher = Array2::from_shape_fn((1, 40), |(_, k)| f64::from(k == 0));
    /// let state = State::of_network(&network, teacher.view(), Some(0))?;
    /// let options = Options { compare_nodes: false, ..Options::default() };
    /// let features = FeaturePrediction::new(&state, &activation, &target, &options)?;
    /// let spectrum = features.spectrum(120)?;
    /// // the mean of sigma makes one outlier, whose left vector is nearly constant
    /// assert_eq!(spectrum.outliers.len(), 1);
    /// assert!(spectrum.outliers[0].hermite_overlaps[0] > 0.95);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn spectrum(&self, samples: usize) -> Result<FeatureSpectrum, PredictionError> {
        nonzero("samples", samples)?;
        let right_of_bulk = || match &self.fewer {
            Some(fewer) => FeatureSpectrum::right_of_bulk(fewer, samples).map(Some),
            None => Ok(None),
        };
        let (spectrum, fewer) =
            rayon::join(|| FeatureSpectrum::new(&self.system, samples), right_of_bulk);
        let mut spectrum = spectrum?;
        spectrum.numerical_error = fewer?.map(|fewer| fewer.change_from(&spectrum));
        Ok(spectrum)
    }
}

impl FeatureSpectrum {
    /// The spectrum with `samples` samples.
    fn new(system: &FeatureSystem, samples: usize) -> Result<Self, PredictionError> {
        nonzero("samples", samples)?;
        let equations = Equations { system, samples: samples as f64 };
        let (lower, right) =
            rayon::join(|| lower_edge(&equations), || Self::right_of_bulk(system, samples));
        Ok(Self { lower_edge: lower?, ..right? })
    }

    /// The spectrum without its lower edge.
    fn right_of_bulk(system: &FeatureSystem, samples: usize) -> Result<Self, PredictionError> {
        let system = Arc::new(system.clone());
        let equations = Equations { system: &system, samples: samples as f64 };
        let branch = RealBranch::new(&equations)?;
        let profiles = outliers::outliers(&equations, &branch)?;
        let edge = branch.edge;
        let noise = system.types.mean_noise();
        let mut spectrum = Self {
            edge,
            lower_edge: f64::NAN,
            outliers: Vec::new(),
            numerical_error: None,
            noise_share: (1.0 - 1.0 / noise).max(0.0),
            samples,
            system,
            branch,
            profiles,
        };
        spectrum.outliers = (0..spectrum.profiles.len()).map(|k| spectrum.outlier(k)).collect();
        Ok(spectrum)
    }

    /// Density of the bulk at each of `eigenvalues`, of mass one over the min(N, m) largest
    /// eigenvalues of F^T F / m; 0 outside the bulk. (A linear activation leaves at most d of these
    /// eigenvalues nonzero, and the mass is theirs.)
    ///
    /// # Errors
    /// [`PredictionError::Invalid`] for an entry that is not finite,
    /// [`PredictionError::NotConverged`] when the equations cannot be followed into the bulk.
    pub fn density(&self, eigenvalues: &[f64]) -> Result<Vec<f64>, PredictionError> {
        finite_list("the eigenvalues", eigenvalues)?;
        let within = |x: f64| x > self.lower_edge && x < self.edge;
        let mut inside: Vec<usize> =
            (0..eigenvalues.len()).filter(|&i| within(eigenvalues[i])).collect();
        inside.sort_by(|&i, &k| eigenvalues[k].total_cmp(&eigenvalues[i]));
        let sorted: Vec<f64> = inside.iter().map(|&i| eigenvalues[i]).collect();
        let found = density::density(&self.equations(), &self.branch, &sorted)?;
        let share = (self.samples as f64 / self.system.width).min(1.0);
        let mut density = vec![0.0; eigenvalues.len()];
        inside.iter().zip(found).for_each(|(&i, value)| density[i] = value / share);
        Ok(density)
    }

    /// Overlap of the left singular vector of outlier `index` (from 0) with the function f(z*) of the
    /// samples, where z* has one entry for each teacher direction; `None` if there is no such
    /// outlier.
    pub fn left_overlap(&self, index: usize, f: impl Fn(&[f64]) -> f64) -> Option<f64> {
        let profile = self.profiles.get(index)?;
        let samples = &self.system.samples;
        let p = self.system.types.directions;
        let rows = samples.kappa.rows().into_iter();
        let values: Vec<f64> = rows.map(|row| f(&row.to_vec()[..p])).collect();
        let square = values.iter().zip(&samples.weights).map(|(f, w)| w * f * f).sum();
        Some(overlap(&samples.weights, &profile.left, &values, square))
    }

    /// Overlap of the right singular vector of outlier `index` (from 0) with the vector of entries
    /// f(b_j); `None` if there is no such outlier.
    pub fn right_overlap(&self, index: usize, f: impl Fn(f64) -> f64) -> Option<f64> {
        let profile = self.profiles.get(index)?;
        let types = &self.system.types;
        let values: Vec<f64> = types.b.iter().map(|b| f(*b)).collect();
        let square = values.iter().zip(&types.weights).map(|(f, w)| w * f * f).sum();
        Some(overlap(&types.weights, &profile.right, &values, square))
    }

    /// The largest relative change, from `other`, of the edge and of the eigenvalues of outliers, and
    /// the largest absolute change of the overlaps of outliers that both have. An outlier without
    /// counterpart is compared with the edge.
    pub fn change_from(&self, other: &Self) -> [f64; 2] {
        let value = |s: &Self, k: usize| s.outliers.get(k).map_or(s.edge, |o| o.eigenvalue);
        let change = |k: usize| (value(self, k) / value(other, k) - 1.0).abs();
        let overlaps = self.outliers.iter().zip(&other.outliers).flat_map(|(a, b)| {
            let left = a.hermite_overlaps.iter().zip(&b.hermite_overlaps);
            let right = a.second_layer_overlaps.iter().zip(&b.second_layer_overlaps);
            left.chain(right).chain([(&a.label_overlap, &b.label_overlap)])
        });
        let count = self.outliers.len().max(other.outliers.len());
        [
            (0..count).map(change).fold((self.edge / other.edge - 1.0).abs(), f64::max),
            overlaps.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max),
        ]
    }

    fn equations(&self) -> Equations<'_> {
        Equations { system: &self.system, samples: self.samples as f64 }
    }

    fn outlier(&self, k: usize) -> FeatureOutlier {
        let samples = &self.system.samples;
        let square = samples.second_moment();
        let profile = &self.profiles[k];
        let hermite = |degree: usize| {
            let of = |i: usize| self.left_overlap(k, |z| hermite(degree, z[i])).unwrap_or(0.0);
            let directions = if degree == 0 { 1 } else { self.system.types.directions };
            (0..directions).map(|i| of(i).powi(2)).sum::<f64>().sqrt().min(1.0)
        };
        let power = |q: i32| self.right_overlap(k, |b| b.powi(q)).unwrap_or(0.0);
        FeatureOutlier {
            eigenvalue: profile.zeta,
            label_overlap: overlap(&samples.weights, &profile.left, &samples.label, square),
            hermite_overlaps: (0..=HERMITE_DEGREES).map(hermite).collect(),
            second_layer_overlaps: (0..=POWERS).map(power).collect(),
        }
    }
}

/// The Hermite polynomial He_k at `x`.
fn hermite(k: usize, x: f64) -> f64 {
    let next = |(before, here): (f64, f64), k: usize| (here, x * here - k as f64 * before);
    (0..k).fold((0.0, 1.0), next).1
}

#[cfg(test)]
mod random_tests;
#[cfg(test)]
mod tests;
