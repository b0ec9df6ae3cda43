//! The links, the two sweeps, and the runs at their points.

use std::error::Error;

use linear_width::Experiment;
use linear_width::data::{Link, Target};
use linear_width::experiment::Precision;
use linear_width::network::SecondLayerLaw;
use linear_width::quadrature::QuadratureError;
use linear_width::theory::prediction::Options;
use linear_width::training::BatchPolicy;

use crate::Arguments;
use crate::common::progress::in_parallel;
use crate::common::settings::{cosine_link, sine, tanh_link};

/// The link whose overlaps are checked in `check`.
pub const CHECKED: usize = 1;
pub const POLICIES: [BatchPolicy; 2] = [BatchPolicy::Independent, BatchPolicy::Reused];

/// What the labels are, and its name in the picture.
pub fn links() -> Result<[(Link, &'static str); 4], QuadratureError> {
    let cosine = |name, shift: f64| Link::new(name, move |z| (1.5 * z + shift).cos());
    Ok([
        (tanh_link()?, "information exponent 1"),
        (cosine_link()?, "information exponent 2"),
        (cosine("cos(1.5z+0.6)", 0.6).without(&[0, 1, 2])?, "information exponent 3"),
        (cosine("cos(1.5z)", 0.0).without(&[0])?, "even link"),
    ])
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
pub struct Result2 {
    /// Per seed, first and second vector.
    pub measured: Vec<[f64; 2]>,
    /// Whether the second singular value is an outlier, per seed.
    pub second_is_outlier: Vec<bool>,
    /// 0 where no such outlier is predicted: a singular vector of the bulk has no limit overlap.
    pub predicted: [f64; 2],
}

/// Simulations and prediction at every point.
pub fn evaluate(arguments: &Arguments, points: &[Point]) -> Result<Vec<Result2>, Box<dyn Error>> {
    let seeds = arguments.common.seeds(arguments.seeds());
    in_parallel("simulated and predicted", points, |point| {
        let mut result =
            Result2 { measured: Vec::new(), second_is_outlier: Vec::new(), predicted: [0.0; 2] };
        for seed in &seeds {
            let run = experiment(arguments, point, *seed)?.run()?;
            let stage = &run.stages[2];
            result.measured.push([0, 1].map(|k| stage.triplets[k].target_overlap));
            result.second_is_outlier.push(stage.outliers.count >= 2);
        }
        // noise with the structure of the data: links without linear part need it
        let prediction =
            experiment(arguments, point, 0)?.predict(2, &Options::default())?;
        for (overlap, outlier) in result.predicted.iter_mut().zip(&prediction.outliers) {
            *overlap = outlier.target_overlap;
        }
        Ok(result)
    })
}

fn experiment(
    arguments: &Arguments,
    point: &Point,
    seed: u64,
) -> Result<Experiment, Box<dyn Error>> {
    let (link, _) = links()?[point.link].clone();
    let dimension = arguments.dimension();
    let width = (arguments.aspect * dimension as f64).round() as usize;
    let unit = (width as f64).sqrt() * point.step;
    Ok(Experiment::builder()
        .width(width)
        .dimension(dimension)
        .samples((point.ratio * dimension as f64).round() as usize)
        .activation(sine())
        .target(Target::single_index(link).noise(0.1))
        .steps([unit, arguments.second * unit])
        .batches(point.policy)
        .second_layer(SecondLayerLaw::Uniform)
        .precision(Precision::F32)
        .triplets(2)
        .seed(seed)
        .predicted(false)
        .build()?)
}
