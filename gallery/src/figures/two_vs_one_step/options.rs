//! The command line.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Parser, ValueEnum};
use linear_width::Experiment;
use linear_width::activation::{
    Activation, Erf, Gelu, HermiteSeries, Relu, Silu, Sine, Softplus, Tanh,
};
use linear_width::data::{Link, Target};
use linear_width::experiment::BuildError;
use linear_width::network::SecondLayerLaw;
use linear_width::quadrature::QuadratureError;
use linear_width::training::{BatchPolicy, StepSize};

/// One against two large gradient steps in a linear-width two-layer network, with independent and with
/// reused batches: prints measured outliers and overlaps beside theory, draws the spectra.
#[derive(Parser)]
pub struct Options {
    /// Hidden neurons N
    #[arg(long, default_value_t = 2000)]
    width: usize,
    /// Input dimension d
    #[arg(long, default_value_t = 1200)]
    dimension: usize,
    /// Samples n of one batch
    #[arg(long, default_value_t = 2000)]
    samples: usize,
    /// Constant C_1 of the first step, eta_1 = C_1 N^alpha_1
    #[arg(long, default_value_t = 2.0)]
    c1: f64,
    /// Exponent alpha_1 of the first step, in [0, 0.5)
    #[arg(long, default_value_t = 0.35)]
    alpha1: f64,
    /// Constant C_2 of the second step
    #[arg(long, default_value_t = 2.0)]
    c2: f64,
    /// Exponent alpha_2 of the second step, in [0, 0.5)
    #[arg(long, default_value_t = 0.4)]
    alpha2: f64,
    /// Activation, centred
    #[arg(long, value_enum, default_value_t = ActivationChoice::Sine)]
    activation: ActivationChoice,
    /// Law of the second layer
    #[arg(long, value_enum, default_value_t = SecondLayerChoice::Uniform)]
    second_layer: SecondLayerChoice,
    /// Link of the labels [default: tanh and cosine, one after the other]
    #[arg(long, value_enum)]
    pub link: Option<LinkChoice>,
    /// Standard deviation of the label noise
    #[arg(long, default_value_t = 0.1)]
    noise: f64,
    /// Seed of everything random
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder for the pictures, made if missing
    #[arg(long, default_value = "figures")]
    pub output: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum ActivationChoice {
    /// e^(1/2) sin(z + 0.7)
    Sine,
    /// 2 tanh(z + 0.5)
    Tanh,
    /// log(1 + exp(2 z))
    Softplus,
    /// max(z, 0)
    Relu,
    /// z Phi(z)
    Gelu,
    /// z / (1 + exp(-z))
    Silu,
    /// erf(z)
    Erf,
}

#[derive(Clone, Copy, ValueEnum)]
enum SecondLayerChoice {
    /// b uniform on [-sqrt 3, sqrt 3]
    Uniform,
    /// b standard normal: the largest |b_j| give their rows a spectrum of their own
    Gaussian,
    /// b = +1 or -1: at most two outliers
    Rademacher,
}

/// The links, by information exponent.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LinkChoice {
    /// tanh(1.5 z + 0.5) centred: information exponent 1
    Tanh,
    /// cos(1.5 z + 0.6) without constant and linear part: information exponent 2
    Cosine,
    /// (He_2 + He_3)/2: information exponent 2
    He23,
    /// He_2 / sqrt 2: information exponent 2, even, never learned
    He2,
}

impl LinkChoice {
    fn link(self) -> Result<Link, QuadratureError> {
        match self {
            Self::Tanh => Link::new("tanh(1.5z+0.5)", |z| (1.5 * z + 0.5).tanh()).without(&[0]),
            Self::Cosine => Link::new("cos(1.5z+0.6)", |z| (1.5 * z + 0.6).cos()).without(&[0, 1]),
            Self::He23 => Ok(Link::from_activation(HermiteSeries::new([0.0, 0.0, 0.5, 0.5]))),
            Self::He2 => Ok(Link::hermite([0.0, 0.0, 0.5_f64.sqrt()])),
        }
    }
}

impl ActivationChoice {
    fn activation(self) -> Arc<dyn Activation> {
        match self {
            Self::Sine => Sine { amplitude: 0.5_f64.exp(), phase: 0.7 }.shared(),
            Self::Tanh => Tanh { scale: 2.0, shift: 0.5 }.shared(),
            Self::Softplus => Softplus { beta: 2.0, scale: 2.0 }.shared(),
            Self::Relu => Relu.shared(),
            Self::Gelu => Gelu.shared(),
            Self::Silu => Silu.shared(),
            Self::Erf => Erf.shared(),
        }
    }
}

impl Options {
    /// The experiment these options describe.
    pub fn experiment(
        &self,
        link: LinkChoice,
        batches: BatchPolicy,
    ) -> Result<Experiment, Box<dyn std::error::Error>> {
        let target = Target::single_index(link.link()?).noise(self.noise);
        let experiment: Result<Experiment, BuildError> = Experiment::builder()
            .width(self.width)
            .dimension(self.dimension)
            .samples(self.samples)
            .activation(self.activation.activation())
            .target(target)
            .steps([StepSize::scaled(self.c1, self.alpha1), StepSize::scaled(self.c2, self.alpha2)])
            .batches(batches)
            .second_layer(match self.second_layer {
                SecondLayerChoice::Uniform => SecondLayerLaw::Uniform,
                SecondLayerChoice::Gaussian => SecondLayerLaw::Gaussian,
                SecondLayerChoice::Rademacher => SecondLayerLaw::Rademacher,
            })
            .seed(self.seed)
            .triplets(5.min(self.width).min(self.dimension).max(1))
            .build();
        Ok(experiment?)
    }
}
