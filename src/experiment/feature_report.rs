//! What a run says about the features of one stage: readouts trained on them, and their spectrum.

use ndarray::Array1;

use super::pairing::paired_by;
use super::report::Stage;
use crate::readout::TestError;
use crate::spectral::Outliers;

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
    pub predicted: Option<PredictedReadout>,
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

/// What theory predicts for a readout; no simulation enters.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PredictedReadout {
    /// The mean squared error on samples that were not seen.
    pub test_error: f64,
    /// The mean squared error on the training samples.
    pub training_error: f64,
    /// |u|^2.
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
    /// Overlaps of u with He_1(z*), He_2(z*), He_3(z*), z* = <beta*, x>; with several teacher
    /// directions the root of the sum of squares over them.
    pub hermite_overlaps: Vec<f64>,
    /// Overlaps of v with a, a^{o2}, ...
    pub second_layer_overlaps: Vec<f64>,
}

impl Stage {
    /// The readout with the smallest measured test error among those on `samples` training samples;
    /// the first of several equals.
    ///
    /// The error of the best of a few lambdas is lower than that of a readout chosen beforehand by less
    /// than the standard error.
    pub fn best_readout(&self, samples: usize) -> Option<&StageReadout> {
        let readouts = self.readouts.iter().filter(|readout| readout.samples == samples);
        readouts.min_by(|a, b| {
            let error = |readout: &StageReadout| readout.measured.test_error.mean_square;
            error(a).total_cmp(&error(b))
        })
    }
}

impl Stage {
    /// Takes the predictions of the same stage with another seed.
    pub(super) fn take_feature_predictions(&mut self, other: &Self) {
        for (own, other) in self.readouts.iter_mut().zip(&other.readouts) {
            own.predicted = other.predicted;
        }
        if let (Some(own), Some(other)) = (&mut self.features, &other.features) {
            own.predicted.clone_from(&other.predicted);
        }
    }
}

impl StageFeatures {
    /// For each of the leading measured eigenvalues, the number of its outlier in the prediction;
    /// `None` where it has none. Pairs are found as by [`Stage::pairing`].
    pub fn pairing(&self) -> Vec<Option<usize>> {
        let predicted = self.predicted.as_ref().map_or(&[][..], |p| &p.outliers);
        let MeasuredFeatures { outliers, leading, .. } = &self.measured;
        paired_by(leading, outliers.count, predicted, |measured, predicted| {
            let labels = (measured.label_overlap, predicted.label_overlap);
            let zip = |a: &[f64], b: &[f64]| a.iter().copied().zip(b.iter().copied()).collect();
            let hermite: Vec<_> = zip(&measured.hermite_overlaps, &predicted.hermite_overlaps);
            let second: Vec<_> =
                zip(&measured.second_layer_overlaps, &predicted.second_layer_overlaps);
            let root = (measured.eigenvalue / predicted.eigenvalue).sqrt();
            (root, [vec![labels], hermite, second].concat())
        })
    }
}
