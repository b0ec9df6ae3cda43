//! What a run says about the features of one stage: readouts trained on them, and their spectrum.

use ndarray::Array1;

use crate::readout::TestError;
use crate::spectral::Outliers;
use crate::theory::features::{FeatureSpectrum, RidgeErrors};

/// Ridge regression on the features sigma(W x) of one stage, for one number of samples and one lambda.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StageReadout {
    /// Number m of training samples.
    pub samples: usize,
    /// The ridge parameter lambda, in the convention of module [`readout`](crate::readout).
    pub lambda: f64,
    /// What was measured.
    pub measured: MeasuredReadout,
    /// What theory predicts; `None` where
    /// [`Report::no_feature_prediction`](super::Report::no_feature_prediction) says why.
    pub predicted: Option<RidgeErrors>,
}

/// A trained readout.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MeasuredReadout {
    /// The error on samples that neither the steps nor the readout have seen.
    pub test_error: TestError,
    /// The mean squared error on the training samples.
    pub training_error: f64,
    /// |u|^2, u the coefficients of sigma(W x).
    pub norm_squared: f64,
}

/// The spectrum of F^T F / m, F = sigma(X W^T) (m x N), of one stage.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StageFeatures {
    /// Number m of samples.
    pub samples: usize,
    /// What was measured.
    pub measured: MeasuredFeatures,
    /// What theory predicts; `None` where
    /// [`Report::no_feature_prediction`](super::Report::no_feature_prediction) says why.
    pub predicted: Option<PredictedFeatures>,
}

/// The measured spectrum of the features.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MeasuredFeatures {
    /// All min(N, m) eigenvalues, largest first.
    pub eigenvalues: Array1<f64>,
    /// How many are outliers; rule and threshold are those of the square roots.
    pub outliers: Outliers,
    /// The leading eigenvalues with the overlaps of their vectors: as many as
    /// [`triplets`](super::ExperimentBuilder::triplets), or the rank where that is lower.
    pub leading: Vec<FeatureVectors>,
}

/// The predicted spectrum of the features; no simulation enters.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PredictedFeatures {
    /// Right edge of the bulk.
    pub edge: f64,
    /// The outliers, largest first.
    pub outliers: Vec<FeatureVectors>,
    /// The largest relative change of edge and outliers, and the largest change of an overlap, with
    /// three quarters of the quadrature nodes; `None` when
    /// [`Options::compare_nodes`](crate::theory::prediction::Options::compare_nodes) is off.
    pub numerical_error: Option<[f64; 2]>,
    /// How much of the noise rows of W came with the steps; from 0.1 on the edge is predicted too low
    /// ([`FeatureSpectrum::noise_share`]).
    pub noise_share: f64,
}

impl From<&FeatureSpectrum> for PredictedFeatures {
    fn from(spectrum: &FeatureSpectrum) -> Self {
        let outliers = spectrum.outliers.iter().map(|outlier| FeatureVectors {
            eigenvalue: outlier.eigenvalue,
            label_overlap: outlier.label_overlap,
            hermite_overlaps: outlier.hermite_overlaps.clone(),
            second_layer_overlaps: outlier.second_layer_overlaps.clone(),
        });
        Self {
            edge: spectrum.edge,
            outliers: outliers.collect(),
            numerical_error: spectrum.numerical_error,
            noise_share: spectrum.noise_share,
        }
    }
}

/// One eigenvalue of F^T F / m, and the overlaps of the singular vectors u (over the samples) and v
/// (over the neurons) of F with known functions.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FeatureVectors {
    /// The eigenvalue.
    pub eigenvalue: f64,
    /// Overlap of u with the labels, noise included.
    pub label_overlap: f64,
    /// Overlaps of u with He_k(z*), k = 0 (the constant), ..., 4, z* = <beta*, x>; with several
    /// teacher directions the root of the sum of squares over them.
    pub hermite_overlaps: Vec<f64>,
    /// Overlaps of v with the constant vector, a, a^{o2}, ...; the prediction has them up to a^{o3}.
    pub second_layer_overlaps: Vec<f64>,
}
