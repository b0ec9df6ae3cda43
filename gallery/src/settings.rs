//! Activation, links and settings that several pictures share.

use std::error::Error;

use linear_width::Experiment;
use linear_width::activation::{Activation, Sine};
use linear_width::data::{Link, Target};
use linear_width::experiment::ExperimentBuilder;
use linear_width::network::SecondLayerLaw;
use linear_width::quadrature::QuadratureError;
use linear_width::theory::prediction::{BulkModel, Options, Prediction, Problem};
use linear_width::training::{BatchPolicy, StepSize};

/// e^(1/2) sin(z + 0.7), whose Hermite coefficients all differ from zero; bounded, so that large
/// steps do not leave the range of the theory.
pub fn sine() -> Sine {
    Sine { amplitude: 0.5_f64.exp(), phase: 0.7 }
}

/// tanh(1.5 z + 0.5), centred: information exponent 1.
pub fn tanh_link() -> Result<Link, QuadratureError> {
    Link::new("tanh(1.5z+0.5)", |z| (1.5 * z + 0.5).tanh()).without(&[0])
}

/// Mean and standard error of the mean (NaN for fewer than two values).
pub fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let square = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    (mean, (square / (count - 1.0) / count).sqrt())
}

/// Two steps on the link of information exponent 1 and b uniform: the setting of the pictures that
/// are about counts, sizes and left vectors.
#[derive(Clone, Copy, Debug)]
pub struct TwoSteps {
    /// N; d is half of it.
    pub width: usize,
    /// n.
    pub samples: usize,
    /// C N^alpha of both steps.
    pub steps: [StepSize; 2],
    /// The batch of the second step.
    pub batches: BatchPolicy,
}

impl TwoSteps {
    /// To be simulated.
    pub fn builder(&self, seed: u64) -> Result<ExperimentBuilder, QuadratureError> {
        let builder = Experiment::builder()
            .width(self.width)
            .dimension(self.width / 2)
            .samples(self.samples)
            .activation(sine())
            .target(Target::single_index(tanh_link()?).noise(0.1))
            .steps(self.steps)
            .batches(self.batches)
            .second_layer(SecondLayerLaw::Uniform)
            .seed(seed)
            .with_prediction(false);
        Ok(builder)
    }

    /// The prediction for W_2, at sizes no machine could simulate too.
    pub fn predict(&self, bulk_model: BulkModel) -> Result<Prediction, Box<dyn Error>> {
        let setting = Problem {
            activation: sine().shared(),
            target: Target::single_index(tanh_link()?).noise(0.1),
            width: self.width,
            dimension: self.width / 2,
            samples: self.samples,
            step_sizes: self.steps.iter().map(|step| step.eta(self.width)).collect(),
            batches: self.batches,
            second_layer: SecondLayerLaw::Uniform,
        };
        // many predictions make one picture: tests/prediction/convergence.rs compares nodes for all
        let options = Options { bulk_model, compare_nodes: false, ..Options::default() };
        Ok(setting.predict(&options)?)
    }
}
