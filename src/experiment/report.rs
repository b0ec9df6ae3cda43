//! What a run returns.

use ndarray::{Array1, Array2};

use super::feature_report::{StageFeatures, StageReadout};
use super::settings::Settings;
use crate::data::{Batch, Dataset};
use crate::error::InvalidSetting;
use crate::rmt::EdgeLaw;
use crate::spectral::{Histogram, Outliers};
use crate::theory::LeadingOrder;
use crate::theory::prediction::{BulkModel, ErrorEstimate, Prediction};
use crate::training::Change;

/// One leading singular triplet and its overlaps with known directions, all absolute values.
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
    /// The left vector (N), where [`vectors`](super::ExperimentBuilder::vectors) keeps it.
    pub left_vector: Option<Array1<f64>>,
    /// The right vector (d), where it is kept.
    pub right_vector: Option<Array1<f64>>,
}

/// What the theory predicts for one stage; no simulation enters.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PredictedSpectrum {
    /// The model of the bulk.
    pub bulk_model: BulkModel,
    /// Right edge of the bulk.
    pub edge: f64,
    /// Left edge of the bulk of the min(N, d) singular values; 0 when N = d.
    pub lower_edge: f64,
    /// The law of the largest squared singular value of the bulk, as
    /// [`Prediction::edge_law`](crate::theory::prediction::Prediction::edge_law).
    pub edge_law: EdgeLaw,
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
            left_vector: None,
            right_vector: None,
        });
        let untrusted = prediction.indicators.iter().filter(|i| !i.trusted);
        Self {
            bulk_model: prediction.bulk_model,
            edge: prediction.edge,
            lower_edge: prediction.lower_edge,
            edge_law: prediction.edge_law,
            outliers: outliers.collect(),
            errors: prediction.errors.clone(),
            warnings: untrusted.map(|i| i.sentence.clone()).collect(),
        }
    }
}

/// The law that the bulk of a stage has where its outliers are tested; in [`Stage::bulk_law`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum BulkLaw {
    /// White noise of the known scale of W_0.
    White,
    /// White noise whose scale is fitted to the singular values.
    FittedWhite,
    /// The bulk of the stage's prediction, with its expected deviation.
    Predicted,
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
    pub change: Option<Change>,
    /// All min(N, d) singular values, largest first.
    pub singular_values: Array1<f64>,
    /// How many are outliers, by which rule.
    pub outliers: Outliers,
    /// The law of the bulk that the outliers were tested at; `None` where the rule needs none.
    pub bulk_law: Option<BulkLaw>,
    /// The leading triplets, as many as were asked for.
    pub triplets: Vec<Triplet>,
    /// The prediction for these weights; `None` for W_0, and where [`Report::no_prediction`] says
    /// why.
    pub prediction: Option<PredictedSpectrum>,
    /// Ridge regression on the features of these weights, for all
    /// [`readout_samples`](super::ExperimentBuilder::readout_samples) and, for each,
    /// all [`readout_lambdas`](super::ExperimentBuilder::readout_lambdas).
    pub readouts: Vec<StageReadout>,
    /// The spectrum of the features, where
    /// [`feature_samples`](super::ExperimentBuilder::feature_samples) asks for it.
    pub features: Option<StageFeatures>,
    /// The weights (N x d), where [`keep_weights`](super::ExperimentBuilder::keep_weights) asks for
    /// them.
    pub weights: Option<Array2<f64>>,
    /// Seconds spent on the gradient step.
    pub gradient_seconds: f64,
    /// Seconds spent on the spectrum.
    pub spectrum_seconds: f64,
    /// Seconds spent on readouts and the spectrum of the features.
    pub feature_seconds: f64,
}

impl Stage {
    /// The singular values in `bins` equal bins from 0 to just above the largest.
    ///
    /// # Errors
    /// As [`Histogram::new`], for no bins or too many.
    pub fn histogram(&self, bins: usize) -> Result<Histogram, InvalidSetting> {
        let largest = self.singular_values.first().copied().unwrap_or(0.0);
        let upper = if largest > 0.0 { 1.001 * largest } else { 1.0 };
        Histogram::new(self.singular_values.iter().copied(), bins, 0.0, upper)
    }

    /// Overlap of the span of all outliers' right vectors with the teacher's span: the root mean
    /// square, over the p teacher directions, of the norm of their projection on the outliers' span.
    /// With one direction it is the cosine of the angle between the direction and the span. 0
    /// without teacher or outliers; outliers beyond the report's triplets are not counted.
    ///
    /// ```
    /// # use linear_width::{Experiment, activation::Tanh, data::{Link, Target}};
    /// # let target = Target::single_index(Link::hermite([0.0, 1.0]));
    /// # let settings = Experiment::builder().width(200).dimension(100).samples(300).target(target);
    /// let report = settings.activation(Tanh::default()).steps([12.0]).build()?.run()?;
    /// let stage = &report.stages[1];
    /// assert!(stage.span_overlap() >= stage.triplets[0].target_overlap);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn span_overlap(&self) -> f64 {
        let outliers = self.triplets.iter().take(self.outliers.count);
        let directions = self.triplets.first().map_or(0, |t| t.direction_overlaps.len());
        let overlaps = outliers.flat_map(|t| &t.direction_overlaps);
        let square = overlaps.fold(0.0, |sum, o| sum + o * o);
        if directions == 0 { 0.0 } else { (square / directions as f64).sqrt().min(1.0) }
    }

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

/// What is known after some gradient steps, before the spectrum of the weights is measured.
#[derive(Default)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Record {
    /// How many steps have been taken.
    pub step: usize,
    /// How far the last of them moved the weights.
    pub change: Option<Change>,
    /// Seconds the last of them took.
    pub gradient_seconds: f64,
    /// W_0, ..., W_{step - 1} as measured.
    pub stages: Vec<Stage>,
}

/// The result of a run. Prints as a table; serialises with the `serde` feature.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Report {
    /// The settings of the run; choices left to the program are filled in, apart from the outlier
    /// rule, which each stage names.
    pub settings: Settings,
    /// Name of the activation, "centred" included.
    pub activation: String,
    /// Name of the link, or of the data set.
    pub link: String,
    /// Standard deviation of the label noise; 0 for a data set, whose labels are used as they are.
    pub noise: f64,
    /// For a data set: its size and what was done to it, as in "(40 samples, inputs standardised)".
    pub dataset: Option<String>,
    /// The linear algebra behind the run: "faer" or "LAPACK", or the libraries on a card and the
    /// card's name.
    pub backend: String,
    /// What leading-order theory expects.
    pub leading_order: LeadingOrder,
    /// The second layer a (N).
    pub second_layer: Array1<f64>,
    /// The teacher directions (p x d); 0 x d for given data.
    pub teacher: Array2<f64>,
    /// W_0, W_1, ..., W_T.
    pub stages: Vec<Stage>,
    /// Why a stage after W_0 has no prediction, when one has none.
    pub no_prediction: Option<String>,
    /// Why the readouts or the spectrum of the features have no prediction, when they have none.
    pub no_feature_prediction: Option<String>,
    /// Warnings in plain sentences: features far from mean 0 and variance 1, labels that are all the
    /// same, steps that changed nothing, a LAPACK library on the wrong kernels.
    pub notes: Vec<String>,
}

impl Report {
    /// The overlaps that chance gives, root mean square: of a right vector with the span of the
    /// target's p directions, sqrt(p/d), and of a left vector with a power of a, 1/sqrt(N).
    ///
    /// An overlap that is not several times as large says nothing.
    pub fn chance_overlaps(&self) -> (f64, f64) {
        let Settings { width, dimension, .. } = self.settings;
        let target = (self.teacher.nrows() as f64 / dimension as f64).sqrt();
        (target, 1.0 / (width as f64).sqrt())
    }

    /// The weights after the last step.
    pub fn last(&self) -> Option<&Stage> {
        self.stages.last()
    }
}

/// The size of a data set and what was done to it.
pub(super) fn summary(data: &Dataset) -> String {
    let standardised = match (data.has_standardised_inputs(), data.has_standardised_labels()) {
        (true, true) => ", inputs and labels standardised",
        (true, false) => ", inputs standardised",
        (false, true) => ", labels standardised",
        (false, false) => "",
    };
    let removed = match data.removed_features().len() {
        0 => String::new(),
        1 => ", 1 constant feature removed".into(),
        count => format!(", {count} constant features removed"),
    };
    format!("({} samples{standardised}{removed})", data.samples())
}
