//! The links, the two sweeps, and the runs at their points.

use std::error::Error;
use std::f64::consts::FRAC_PI_4;

use linear_width::Experiment;
use linear_width::activation::{Activation, Sine};
use linear_width::data::{Link, Target};
use linear_width::experiment::Precision;
use linear_width::quadrature::QuadratureError;
use linear_width::theory::prediction::Options;
use linear_width::training::{BatchPolicy, StepSize};

use super::Arguments;
use crate::progress::in_parallel;
use crate::settings::{Setting, tanh_link};

/// The link whose overlaps are checked in `check`.
pub const CHECKED: usize = 1;
pub const POLICIES: [BatchPolicy; 2] = [BatchPolicy::Independent, BatchPolicy::Reused];

/// What the labels are, and its name in the picture.
pub fn links() -> Result<[(Link, &'static str); 4], QuadratureError> {
    let shifted = Link::new("cos(1.5z+pi/4)", |z| (1.5 * z + FRAC_PI_4).cos());
    let even = Link::new("cos(1.5z)", |z| (1.5 * z).cos());
    Ok([
        (tanh_link()?, "information exponent 1"),
        (shifted.without(&[0, 1])?, "information exponent 2"),
        (shifted.without(&[0, 1, 2])?, "information exponent 3"),
        (even.without(&[0])?, "even link (exponent 2)"),
    ])
}

/// Standard deviation of the label noise.
pub const NOISE: f64 = 0.1;

/// How large, and which networks.
pub struct Size {
    pub dimension: usize,
    pub width: usize,
    pub seeds: Vec<u64>,
}

/// One setting of a sweep.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Index into [`links`].
    pub link: usize,
    pub policy: BatchPolicy,
    /// eta_1 / sqrt(N); eta_2 is a fixed multiple of eta_1.
    pub step: f64,
    /// n / d.
    pub ratio: f64,
}

/// Overlaps of the first two right singular vectors with the teacher.
#[derive(Clone, Debug)]
pub struct Measurement {
    /// Per seed, first and second vector.
    pub measured: Vec<[f64; 2]>,
    /// Whether the second singular value is an outlier, per seed.
    pub second_is_outlier: Vec<bool>,
    /// 0 where no such outlier is predicted: a singular vector of the bulk has no limit overlap.
    pub predicted: [f64; 2],
}

/// Simulations and prediction at every point.
pub fn evaluate(
    arguments: &Arguments,
    size: &Size,
    points: &[Point],
    message: &str,
) -> Result<Vec<Measurement>, Box<dyn Error>> {
    in_parallel(message, points, |point| {
        let mut result = Measurement {
            measured: Vec::new(),
            second_is_outlier: Vec::new(),
            predicted: [0.0; 2],
        };
        for seed in &size.seeds {
            let run = experiment(arguments, size, point, *seed)?.run()?;
            let stage = &run.stages[2];
            result.measured.push([0, 1].map(|k| stage.triplets[k].target_overlap));
            result.second_is_outlier.push(stage.outliers.count >= 2);
        }
        // noise with the structure of the data: links without linear part need it
        let prediction = experiment(arguments, size, point, 0)?.predict(2, &Options::default())?;
        for (overlap, outlier) in result.predicted.iter_mut().zip(&prediction.outliers) {
            *overlap = outlier.target_overlap;
        }
        Ok(result)
    })
}

fn experiment(
    arguments: &Arguments,
    size: &Size,
    point: &Point,
    seed: u64,
) -> Result<Experiment, Box<dyn Error>> {
    let (link, _) = links()?[point.link].clone();
    let unit = (size.width as f64).sqrt() * point.step;
    let setting = Setting {
        width: size.width,
        dimension: size.dimension,
        samples: (point.ratio * size.dimension as f64).round() as usize,
        activation: Sine { amplitude: 0.5_f64.exp(), phase: 0.4 }.shared(),
        target: Target::single_index(link).noise(NOISE),
        steps: [unit, arguments.second * unit].map(StepSize::from).to_vec(),
        batches: point.policy,
    };
    Ok(setting.builder(seed).precision(Precision::F32).triplets(2).build()?)
}
