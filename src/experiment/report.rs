//! What a run returns.

use ndarray::{Array1, Array2};

use super::Precision;
use crate::data::{Dataset, InputLaw};
use crate::network::{Initialisation, Scaling, SecondLayerLaw};
use crate::spectral::Outliers;
pub use crate::theory::formulas::LeadingOrder;
use crate::theory::prediction::{BulkModel, ErrorEstimate, Prediction};
use crate::training::{BatchPolicy, Change, StepSize};

/// The settings of a run, in a form that can be printed and stored. Functions are named.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Settings {
    /// N.
    pub width: usize,
    /// d.
    pub dimension: usize,
    /// n, of one batch.
    pub samples: usize,
    /// Name of the activation, "centred" included.
    pub activation: String,
    /// Name of the link; of the given data, when there are.
    pub link: String,
    /// Number p of teacher directions; 0 for given data.
    pub projections: usize,
    /// Standard deviation of the label noise; 0 for given data, whose labels are taken as they are.
    pub noise: f64,
    /// Law of the input entries; `None` for given data.
    pub input_law: Option<InputLaw>,
    /// What was done to given data; `None` for generated data.
    pub dataset: Option<DatasetSettings>,
    /// Law of the rows of W_0.
    pub initialisation: Initialisation,
    /// Law of b.
    pub second_layer: SecondLayerLaw,
    /// Scaling of the output.
    pub scaling: Scaling,
    /// One step size per step.
    pub steps: Vec<StepSize>,
    /// Batch policy.
    pub batches: BatchPolicy,
    /// Number type.
    pub precision: Precision,
    /// Seed.
    pub seed: u64,
    /// The linear algebra behind the run: "faer" or "LAPACK".
    pub backend: String,
}

/// Given data as a run found them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DatasetSettings {
    /// How many samples there are in all.
    pub samples: usize,
    /// Whether each feature was brought to mean 0 and variance 1.
    pub standardised_inputs: bool,
    /// Whether the labels were.
    pub standardised_labels: bool,
    /// Constant features that were removed, numbered from 0 as they were before.
    pub removed_features: Vec<usize>,
}

impl From<&Dataset> for DatasetSettings {
    fn from(data: &Dataset) -> Self {
        Self {
            samples: data.samples(),
            standardised_inputs: data.has_standardised_inputs(),
            standardised_labels: data.has_standardised_labels(),
            removed_features: data.removed_features().to_vec(),
        }
    }
}

/// One leading singular triplet and what it aligns with. All overlaps are absolute values.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Triplet {
    /// The singular value.
    pub singular_value: f64,
    /// Overlap of the right vector with the span of the teacher directions; 0 for given data, where
    /// there are none.
    pub target_overlap: f64,
    /// Overlap of the right vector with each teacher direction; empty for given data.
    pub direction_overlaps: Vec<f64>,
    /// Overlap of the left vector with a, a^{o2}, ..., each normalised.
    pub left_overlaps: Vec<f64>,
}

/// What the theory predicts for one stage; no simulation enters.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PredictedSpectrum {
    /// The model of the bulk.
    pub bulk_model: BulkModel,
    /// Right edge of the bulk.
    pub edge: f64,
    /// The outliers, largest first; left overlaps with a, a^{o2}, a^{o3}.
    pub outliers: Vec<Triplet>,
    /// How far one network of this size is expected to lie from the prediction.
    pub errors: ErrorEstimate,
    /// Why the prediction is not to be trusted, in plain sentences; empty when it is.
    pub warnings: Vec<String>,
}

impl From<&Prediction> for PredictedSpectrum {
    fn from(prediction: &Prediction) -> Self {
        let outliers = prediction.outliers.iter().map(|outlier| Triplet {
            singular_value: outlier.singular_value,
            target_overlap: outlier.target_overlap,
            direction_overlaps: outlier.direction_overlaps.clone(),
            left_overlaps: outlier.left_overlaps.clone(),
        });
        let untrusted = prediction.indicators.iter().filter(|i| !i.trusted);
        Self {
            bulk_model: prediction.bulk_model(),
            edge: prediction.edge,
            outliers: outliers.collect(),
            errors: prediction.errors.clone(),
            warnings: untrusted.map(|i| i.sentence.clone()).collect(),
        }
    }
}

/// The weights after some number of steps.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Stage {
    /// How many steps have been taken: 0 for W_0.
    pub step: usize,
    /// eta of the step that led here; `None` for W_0.
    pub eta: Option<f64>,
    /// How far that step moved the weights; `None` for W_0.
    #[cfg_attr(feature = "serde", serde(default))]
    pub change: Option<Change>,
    /// All min(N, d) singular values, largest first.
    pub singular_values: Array1<f64>,
    /// How many are outliers, by which rule.
    pub outliers: Outliers,
    /// The leading triplets, as many as were asked for.
    pub triplets: Vec<Triplet>,
    /// The prediction for these weights; `None` for W_0, and where [`Report::no_prediction`] says
    /// why.
    pub prediction: Option<PredictedSpectrum>,
    /// The weights (N x d), when they were to be kept.
    pub weights: Option<Array2<f64>>,
    /// Seconds spent on the gradient step.
    pub gradient_seconds: f64,
    /// Seconds spent on the spectrum.
    pub spectrum_seconds: f64,
}

/// The result of a run. Prints as a table; serialises with the `serde` feature.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Report {
    /// The settings of the run.
    pub settings: Settings,
    /// What leading-order theory expects.
    pub leading_order: LeadingOrder,
    /// The second layer a (N).
    pub second_layer: Array1<f64>,
    /// The teacher directions (p x d); 0 x d for given data.
    pub teacher: Array2<f64>,
    /// W_0, W_1, ..., W_T.
    pub stages: Vec<Stage>,
    /// Why there is no prediction, when there is none.
    pub no_prediction: Option<String>,
    /// What the numbers do not say by themselves, in plain sentences: features far from mean 0 and
    /// variance 1, labels that are all the same, steps that changed nothing.
    #[cfg_attr(feature = "serde", serde(default))]
    pub notes: Vec<String>,
}

impl Report {
    /// The overlaps that chance gives, root mean square: of a right vector with the span of the
    /// target's p directions, sqrt(p/d), and of a left vector with a power of a, 1/sqrt(N).
    ///
    /// An overlap that is not several times as large says nothing.
    pub fn chance_overlaps(&self) -> (f64, f64) {
        let Settings { width, dimension, projections, .. } = self.settings;
        let target = (projections as f64 / dimension as f64).sqrt();
        (target, 1.0 / (width as f64).sqrt())
    }

    /// The weights after the last step.
    pub fn last(&self) -> Option<&Stage> {
        self.stages.last()
    }
}
