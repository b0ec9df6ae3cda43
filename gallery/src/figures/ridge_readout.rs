//! Does it help: the test error of ridge regression on the features after no, one, two and five steps,
//! with independent batches and with a reused one, beside the best linear predictor.
//!
//! `linear-width figure ridge_readout` (`--help` for the options); some minutes,
//! `--quick` some seconds.

use std::error::Error;

use clap::Parser;
use linear_width::activation::Activation;
use linear_width::data::{GeneratedBatch, Link, Target};
use linear_width::readout::{Features, LinearFeatures, Ridge};
use linear_width::theory::prediction::PredictionError;
use linear_width::training::{BatchPolicy, StepSize};

use crate::data::Data;
use crate::measured::{means, measured};
use crate::options::CommonOptions;
use crate::picture::{self, INDEPENDENT, Panel, REFERENCE, REUSED, Shape, W0, W1, line};
use crate::progress::in_parallel;
use crate::ridge::{best_linear, label_square};
use crate::settings::{Setting, cosine_link, sine, tanh_link};

/// Test error of ridge regression on the features after no, one, two and five steps.
#[derive(Parser)]
pub struct Options {
    #[command(flatten)]
    common: CommonOptions,
    /// Width N; d is N/2 [default: 600, quick 200]
    #[arg(long)]
    width: Option<usize>,
    /// Samples of one gradient step over the dimension, n/d
    #[arg(long, default_value_t = 4.0)]
    step_samples: f64,
    /// Constant C of all step sizes C N^alpha
    #[arg(long, default_value_t = 2.0)]
    constant: f64,
    /// Standard deviation of the label noise
    #[arg(long, default_value_t = 0.1)]
    noise: f64,
}

/// Exponents of the steps.
const ALPHAS: [f64; 5] = [0.35, 0.4, 0.4, 0.4, 0.4];

/// What the ridge regression is on.
struct Kind {
    name: &'static str,
    colour: &'static str,
    shape: Shape,
    /// Batches and number of steps of the first layer; `None`: the inputs.
    weights: Option<(BatchPolicy, usize)>,
}

const fn kind(
    name: &'static str,
    colour: &'static str,
    shape: Shape,
    weights: Option<(BatchPolicy, usize)>,
) -> Kind {
    Kind { name, colour, shape, weights }
}

const KINDS: [Kind; 7] = [
    kind("x", "#000000", Shape::Cross, None),
    kind("W₀", W0, Shape::Circle, Some((BatchPolicy::Independent, 0))),
    kind("W₁", W1, Shape::Circle, Some((BatchPolicy::Independent, 1))),
    kind("W₂, independent", INDEPENDENT, Shape::Circle, Some((BatchPolicy::Independent, 2))),
    kind("W₂, reused", REUSED, Shape::Circle, Some((BatchPolicy::Reused, 2))),
    kind("W₅, independent", INDEPENDENT, Shape::Triangle, Some((BatchPolicy::Independent, 5))),
    kind("W₅, reused", REUSED, Shape::Triangle, Some((BatchPolicy::Reused, 5))),
];

/// Sizes of the ridge batch, m/d.
const RATIOS: [f64; 6] = [0.5, 1.0, 2.0, 4.0, 8.0, 16.0];
/// The ratio at which the error is drawn against lambda.
const LAMBDA_RATIO: f64 = 4.0;
/// Samples on which lambda is chosen and the error measured.
const TEST: usize = 5000;

fn lambdas() -> Vec<f64> {
    (-8..=4).map(|half| 10.0_f64.powf(f64::from(half) / 2.0)).collect()
}

/// Test errors over E y^2 of one seed, a list per kind: over the ratios, lambda chosen on a validation
/// batch; over the lambdas at [`LAMBDA_RATIO`].
#[derive(Default)]
struct Errors {
    by_ratio: Vec<Vec<f64>>,
    by_lambda: Vec<Vec<f64>>,
}

/// Simulates, predicts, and writes picture and data.
pub fn draw(options: &Options) -> Result<(), Box<dyn Error>> {
    let common = &options.common;
    let links = [tanh_link()?, cosine_link()?];
    let settings = links.map(|link| setting(options, link));
    let seeds = common.seeds(common.pick(2, 4));
    let tasks: Vec<(usize, u64)> =
        (0..settings.len()).flat_map(|l| seeds.iter().map(move |seed| (l, *seed))).collect();
    let errors =
        in_parallel("ridge on features", &tasks, |(l, seed)| measure(&settings[*l], *seed))?;

    let predicted = in_parallel("predicted", &[0, 1], |l| predict(&settings[*l], common.quick))?;

    let mut data = Data::with_columns([
        "link",
        "features",
        "samples_over_d",
        "lambda",
        "error",
        "standard_error",
    ]);
    let mut panels = Vec::new();
    for (((l, setting), errors), predicted) in
        settings.iter().enumerate().zip(errors.chunks(seeds.len())).zip(&predicted)
    {
        let lambdas = lambdas();
        let name = setting.target.name();
        println!(
            "link {name}: error over E y^2 with {LAMBDA_RATIO} d samples, lambda by validation"
        );
        let mut plots = [Vec::new(), Vec::new()];
        for (f, kind) in KINDS.iter().enumerate() {
            // lambda differs from seed to seed where it is chosen
            let sweeps = [(&RATIOS[..], false), (&lambdas[..], true)];
            for (plot, (x, is_lambda)) in plots.iter_mut().zip(sweeps) {
                let of_seed =
                    |e: &Errors| if is_lambda { &e.by_lambda } else { &e.by_ratio }[f].clone();
                let values: Vec<Vec<f64>> = errors.iter().map(of_seed).collect();
                // beside each other where all are equal
                let shifted: Vec<f64> =
                    x.iter().map(|x| x * 1.03_f64.powf(f as f64 - 3.0)).collect();
                let curve = if is_lambda { &predicted.by_lambda } else { &predicted.by_ratio };
                if let Some(curve) = &curve[f] {
                    let curve = line(curve, kind.colour).named(kind.name);
                    let dashed = kind.shape == Shape::Triangle;
                    plot.push(if dashed { curve.dashed() } else { curve });
                }
                plot.push(measured(&shifted, &values, kind.colour, kind.shape).named(kind.name));
                for ((x, mean), error) in std::iter::zip(means(x, &values).0, means(x, &values).1) {
                    let (ratio, lambda) = if is_lambda { (LAMBDA_RATIO, x) } else { (x, f64::NAN) };
                    data.row([l as f64, f as f64, ratio, lambda, mean, error]);
                    if !is_lambda && ratio == LAMBDA_RATIO {
                        println!("{:>20}: {mean:.3} +- {error:.3}", kind.name);
                    }
                }
            }
        }
        let [by_ratio, by_lambda] = plots;
        let title = format!("link {name}, λ by validation");
        panels.push(panel(
            by_ratio,
            &RATIOS,
            setting,
            title,
            "samples m of the ridge regression over d",
        )?);
        let title = format!("link {name}, m = {LAMBDA_RATIO} d");
        panels.push(panel(by_lambda, &lambdas, setting, title, "ridge parameter λ")?);
    }
    let figure = picture::figure(panels, 2, (620, 400)).with_note(picture::NOTE);
    picture::report([picture::save(&figure, &common.output, "ridge_readout")?]);
    picture::report(data.save(&common.output, "ridge_readout")?);
    Ok(())
}

fn setting(options: &Options, link: Link) -> Setting {
    let width = options.width.unwrap_or(options.common.pick(200, 600));
    Setting {
        width,
        dimension: width / 2,
        samples: (options.step_samples * (width / 2) as f64).round() as usize,
        activation: sine().shared(),
        target: Target::single_index(link).noise(options.noise),
        steps: ALPHAS.map(|alpha| StepSize::scaled(options.constant, alpha)).to_vec(),
        batches: BatchPolicy::Independent,
    }
}

fn measure(setting: &Setting, seed: u64) -> Result<Errors, Box<dyn Error>> {
    let experiment = setting.builder(seed).build()?;
    // no step has seen these
    let of_ratio = |ratio| experiment.test_batch(0, (ratio * setting.dimension as f64) as usize);
    let train = RATIOS.into_iter().map(of_ratio).collect::<Result<Vec<_>, _>>()?;
    let (validation, test) = (experiment.test_batch(1, TEST)?, experiment.test_batch(2, TEST)?);
    let independent = setting.networks(seed)?;
    let reused = setting.with_batches(BatchPolicy::Reused).networks(seed)?;
    let inputs = LinearFeatures::new(setting.dimension)?;
    let scale = label_square(&setting.target)?;
    let mut errors = Errors::default();
    for kind in &KINDS {
        let features: &dyn Features = match kind.weights {
            None => &inputs,
            Some((BatchPolicy::Reused, step)) => &reused[step],
            Some((_, step)) => &independent[step],
        };
        errors.add(features, &train, [&validation, &test], scale)?;
    }
    Ok(errors)
}

impl Errors {
    fn add(
        &mut self,
        features: &dyn Features,
        train: &[GeneratedBatch],
        [validation, test]: [&GeneratedBatch; 2],
        scale: f64,
    ) -> Result<(), Box<dyn Error>> {
        let lambdas = lambdas();
        let mut by_ratio = Vec::new();
        for (ratio, batch) in RATIOS.iter().zip(train) {
            let path = Ridge::new().fit(features, batch)?;
            let readout = path.select(&lambdas, validation)?;
            by_ratio.push(readout.test_error(test)?.mean_square / scale);
            if *ratio == LAMBDA_RATIO {
                let errors = path.test_errors(&lambdas, test)?;
                self.by_lambda.push(errors.iter().map(|e| e.mean_square / scale).collect());
            }
        }
        self.by_ratio.push(by_ratio);
        Ok(())
    }
}

/// A curve per kind, none for the inputs: test errors over E y^2 at the best lambda, and against lambda.
#[derive(Default)]
struct Curves {
    by_ratio: Vec<Option<Vec<(f64, f64)>>>,
    by_lambda: Vec<Option<Vec<(f64, f64)>>>,
}

fn predict(setting: &Setting, quick: bool) -> Result<Curves, Box<dyn Error>> {
    let scale = label_square(&setting.target)?;
    let samples = |ratio: f64| (ratio * setting.dimension as f64).round() as usize;
    // half as far apart as the measured points, or farther apart
    let (ratio_step, lambda_step) = if quick { (5, 4) } else { (1, 1) };
    let halves = (-2..=8).step_by(ratio_step);
    let ratios: Vec<f64> = halves.map(|half| 2.0_f64.powf(f64::from(half) / 2.0)).collect();
    let quarters = (-16..=8).step_by(lambda_step);
    let lambdas: Vec<f64> = quarters.map(|k| 10.0_f64.powf(f64::from(k) / 4.0)).collect();
    let independent = setting.predicted_features()?;
    let reused = setting.with_batches(BatchPolicy::Reused).predicted_features()?;
    let mut curves = Curves::default();
    for kind in &KINDS {
        let Some((policy, step)) = kind.weights else {
            curves.by_ratio.push(None);
            curves.by_lambda.push(None);
            continue;
        };
        let features = match policy {
            BatchPolicy::Reused => &reused[step],
            _ => &independent[step],
        };
        let best = ratios.iter().map(|ratio| -> Result<(f64, f64), PredictionError> {
            Ok((*ratio, features.best_lambda(samples(*ratio))?.1.test_error / scale))
        });
        curves.by_ratio.push(Some(best.collect::<Result<_, _>>()?));
        let errors = features.ridge_curve(&[samples(LAMBDA_RATIO)], &lambdas)?;
        let points = lambdas.iter().zip(&errors).map(|(x, e)| (*x, e.test_error / scale));
        curves.by_lambda.push(Some(points.collect()));
    }
    Ok(curves)
}

/// The curves over the points `x`, above the errors that no number of samples improves: that of the
/// best linear predictor and that of the link itself.
fn panel(
    curves: Vec<picture::Series>,
    x: &[f64],
    setting: &Setting,
    title: String,
    label: &str,
) -> Result<Panel, Box<dyn Error>> {
    let target = &setting.target;
    let scale = label_square(target)?;
    let (left, right) = (x[0] / 1.25, x[x.len() - 1] * 1.25);
    let level = |error: f64| line(&[(left, error), (right, error)], REFERENCE);
    let mut series = vec![
        level(best_linear(target)?).dashed().named("best linear predictor"),
        level(target.noise_std().powi(2) / scale).dotted().named("label noise"),
    ];
    series.extend(curves);
    let ranges = [(left, right), (0.0, 1.3)];
    Ok(Panel::new(series, ranges, title, [label, "test error / E y²"]).with_log_x())
}
