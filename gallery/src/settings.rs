//! Activation, links and settings that several pictures share.

use std::error::Error;
use std::sync::Arc;

use linear_width::Experiment;
use linear_width::activation::{Activation, Sine};
use linear_width::data::{Link, Target};
use linear_width::experiment::{ExperimentBuilder, Precision, Report};
use linear_width::network::{Network, SecondLayerLaw};
use linear_width::quadrature::QuadratureError;
use linear_width::theory::features::FeaturePrediction;
use linear_width::theory::prediction::{BulkModel, Options, Prediction, Problem};
use linear_width::training::{BatchPolicy, StepSize};

use super::picture::{INDEPENDENT, REUSED};

/// e^(1/2) sin(z + 0.7), whose Hermite coefficients all differ from zero; bounded, so that large
/// steps do not leave the range of the theory.
pub fn sine() -> Sine {
    Sine { amplitude: 0.5_f64.exp(), phase: 0.7 }
}

/// tanh(1.5 z + 0.5), centred: information exponent 1.
pub fn tanh_link() -> Result<Link, QuadratureError> {
    Link::new("tanh(1.5z+0.5)", |z| (1.5 * z + 0.5).tanh()).without(&[0])
}

/// cos(1.5 z + 0.6) without constant and linear part: information exponent 2, reuse exponent 1.
pub fn cosine_link() -> Result<Link, QuadratureError> {
    Link::new("cos(1.5z+0.6)", |z| (1.5 * z + 0.6).cos()).without(&[0, 1])
}

/// Mean and standard error of the mean (NaN for fewer than two values).
pub fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let square = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    (mean, (square / (count - 1.0) / count).sqrt())
}

/// A network, its labels and its steps. b is uniform on [-sqrt 3, sqrt 3] in all pictures: it has no
/// tail, whereas the few large entries of Gaussian b have outliers of their own.
#[derive(Clone)]
pub struct Setting {
    /// N.
    pub width: usize,
    /// d.
    pub dimension: usize,
    /// n, of each step.
    pub samples: usize,
    /// sigma, centred in the experiment.
    pub activation: Arc<dyn Activation>,
    /// Labels, with their noise.
    pub target: Target,
    /// C N^alpha of each step.
    pub steps: Vec<StepSize>,
    /// The batches of the steps after the first.
    pub batches: BatchPolicy,
}

impl Setting {
    /// To be simulated. Without prediction unless asked for: many runs share one.
    pub fn builder(&self, seed: u64) -> ExperimentBuilder {
        Experiment::builder()
            .width(self.width)
            .dimension(self.dimension)
            .samples(self.samples)
            .activation(Arc::clone(&self.activation))
            .target(self.target.clone())
            .steps(self.steps.clone())
            .batches(self.batches)
            .second_layer(SecondLayerLaw::Uniform)
            .seed(seed)
            .with_prediction(false)
    }

    /// The same with other batches.
    pub fn with_batches(&self, batches: BatchPolicy) -> Self {
        Self { batches, ..self.clone() }
    }

    /// Networks after 0, 1, ... steps.
    pub fn networks(&self, seed: u64) -> Result<Vec<Network<f64>>, Box<dyn Error>> {
        Ok(self.builder(seed).build()?.networks().collect::<Result<_, _>>()?)
    }

    /// The predicted spectra of W_1, W_2, ...
    pub fn predicted_spectra(&self) -> Result<Vec<Prediction>, Box<dyn Error>> {
        let experiment = self.builder(0).build()?;
        let options = Options { compare_nodes: false, ..Options::default() };
        Ok(experiment.predictions(&options)?.into_iter().collect::<Result<_, _>>()?)
    }

    /// What is predicted of the features of W_0, W_1, ...
    pub fn predicted_features(&self) -> Result<Vec<FeaturePrediction>, Box<dyn Error>> {
        // with the centred activation
        let problem = self.builder(0).build()?.prediction_setting()?;
        let options = Options { compare_nodes: false, ..Options::default() };
        let states = problem.states(&options)?;
        let of =
            |state| FeaturePrediction::new(state, &problem.activation, &problem.target, &options);
        Ok(states.iter().map(of).collect::<Result<_, _>>()?)
    }

    /// Runs it with the prediction of every stage beside it, at whose edge the outliers are tested:
    /// with noise that has the structure of the data, or, where a stage has no such prediction,
    /// isotropic noise. Prints to the standard error where and why that is so, and where outliers are
    /// not tested at a prediction at all.
    pub fn run_beside_prediction(&self, seed: u64) -> Result<Report, Box<dyn Error>> {
        let with = |bulk_model| -> Result<Report, Box<dyn Error>> {
            let options = Options { bulk_model, compare_nodes: false, ..Options::default() };
            let builder = self.builder(seed).precision(Precision::F32).with_prediction(true);
            Ok(builder.prediction_options(options).build()?.run()?)
        };
        let structured = with(BulkModel::Structured)?;
        let Some(why) = &structured.no_prediction else { return Ok(structured) };
        let steps: Vec<String> = self.steps.iter().map(ToString::to_string).collect();
        let run = format!("N = {}, steps {}, seed {seed}", self.width, steps.join(" and "));
        eprintln!("{run}: isotropic in place of structured prediction: {why}");
        let isotropic = with(BulkModel::Isotropic)?;
        if let Some(why) = &isotropic.no_prediction {
            eprintln!("{run}: outliers counted by their gaps: {why}");
        }
        Ok(isotropic)
    }

    /// To be predicted, at sizes no machine could simulate too.
    fn problem(&self) -> Problem {
        Problem {
            activation: Arc::clone(&self.activation),
            target: self.target.clone(),
            width: self.width,
            dimension: self.dimension,
            samples: self.samples,
            step_sizes: self.steps.iter().map(|step| step.eta(self.width)).collect(),
            batches: self.batches,
            second_layer: SecondLayerLaw::Uniform,
        }
    }

    /// The prediction for the weights after all steps.
    pub fn predict(&self, bulk_model: BulkModel) -> Result<Prediction, Box<dyn Error>> {
        // many predictions make one picture: tests/prediction/convergence.rs compares nodes for all
        let options = Options { bulk_model, compare_nodes: false, ..Options::default() };
        Ok(self.problem().predict(&options)?)
    }
}

/// Both kinds of batches, the colour of each.
pub const POLICIES: [(BatchPolicy, &str); 2] =
    [(BatchPolicy::Independent, INDEPENDENT), (BatchPolicy::Reused, REUSED)];

/// Two steps on the link of information exponent 1, d = N/2: the setting of the pictures that are
/// about counts, sizes and left vectors.
pub fn two_steps(
    width: usize,
    samples: usize,
    steps: [StepSize; 2],
    batches: BatchPolicy,
) -> Result<Setting, QuadratureError> {
    Ok(Setting {
        width,
        dimension: width / 2,
        samples,
        activation: sine().shared(),
        target: Target::single_index(tanh_link()?).noise(0.1),
        steps: steps.to_vec(),
        batches,
    })
}
