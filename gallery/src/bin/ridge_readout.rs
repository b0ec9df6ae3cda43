//! Does it help: the test error of ridge regression on the features after no, one and two steps,
//! with independent batches and with a reused one, beside the best linear predictor.
//!
//! `cargo run --release -p gallery --bin ridge_readout` (`-- --help` for the options); some minutes,
//! `-- --quick` some seconds.

use std::error::Error;

use clap::Parser;
use linear_width::data::{GeneratedBatch, Link, Target};
use linear_width::network::SecondLayerLaw;
use linear_width::readout::{Features, LinearFeatures, Ridge};
use linear_width::training::{BatchPolicy, StepSize};
use linear_width::{Experiment, InvalidSetting};
use ndarray::{Array3, Axis};

use gallery::data::Data;
use gallery::options::CommonOptions;
use gallery::picture::{self, Panel, REFERENCE, SERIES, Series, Shape};
use gallery::progress::in_parallel;
use gallery::settings::{cosine_link, mean_and_error, sine, tanh_link};

/// Test error of ridge regression on the features after no, one and two steps.
#[derive(Parser)]
struct Options {
    #[command(flatten)]
    common: CommonOptions,
    /// Samples of one gradient step over the dimension, n/d
    #[arg(long, default_value_t = 4.0)]
    step_samples: f64,
    /// Constant C of both step sizes C N^alpha
    #[arg(long, default_value_t = 2.0)]
    constant: f64,
    /// Standard deviation of the label noise
    #[arg(long, default_value_t = 0.1)]
    noise: f64,
}

/// Exponents of the two steps.
const ALPHAS: [f64; 2] = [0.35, 0.4];
/// What the ridge regression is on: name, colour, mark.
const FEATURES: [(&str, &str, Shape); 5] = [
    ("x", REFERENCE, Shape::Cross),
    ("σ(W₀x)", SERIES[0], Shape::Circle),
    ("σ(W₁x), one step", SERIES[2], Shape::Square),
    ("σ(W₂x), independent batches", SERIES[3], Shape::Triangle),
    ("σ(W₂x), reused batch", SERIES[1], Shape::Diamond),
];
/// Sizes of the ridge batch, n/d.
const RATIOS: [f64; 6] = [0.5, 1.0, 2.0, 4.0, 8.0, 16.0];
/// The ratio at which the error is drawn against lambda.
const LAMBDA_RATIO: f64 = 4.0;

fn lambdas() -> Vec<f64> {
    (-8..=4).map(|half| 10.0_f64.powf(f64::from(half) / 2.0)).collect()
}

/// One link and one seed.
struct Task {
    link: usize,
    seed: u64,
}

/// Mean squared test errors of one task: features x ratios, lambda chosen on a validation batch;
/// features x lambdas at [`LAMBDA_RATIO`].
struct Errors {
    by_ratio: Vec<Vec<f64>>,
    by_lambda: Vec<Vec<f64>>,
}

struct Sizes {
    width: usize,
    dimension: usize,
    test: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let common = &options.common;
    let sizes = common.pick(
        Sizes { width: 300, dimension: 150, test: 5000 },
        Sizes { width: 800, dimension: 400, test: 5000 },
    );
    let targets: Vec<Target> = [tanh_link()?, cosine_link()?]
        .into_iter()
        .map(|link: Link| Target::single_index(link).noise(options.noise))
        .collect();
    let seeds = common.seeds(common.pick(4, 6));
    let tasks: Vec<Task> = (0..targets.len())
        .flat_map(|link| seeds.iter().map(move |seed| Task { link, seed: *seed }))
        .collect();
    let errors = in_parallel("ridge on features", &tasks, |task| {
        measure(&targets[task.link], task.seed, &sizes, &options)
    })?;

    let mut data = Data::with_columns([
        "link",
        "features",
        "ridge_samples_over_d",
        "lambda",
        "error",
        "standard_error",
        "best_linear",
        "label_square",
    ]);
    let mut panels = Vec::new();
    println!(
        "N = {}, d = {}, n = {} a step, {} seeds; errors over E y^2 with standard errors of the mean",
        sizes.width,
        sizes.dimension,
        step_samples(&sizes, &options),
        seeds.len()
    );
    for (l, target) in targets.iter().enumerate() {
        let limit = Limits::of(target)?.ok_or("a single-index target has limits")?;
        let of_link = |pick: fn(&Errors) -> &Vec<Vec<f64>>| -> Vec<&Vec<Vec<f64>>> {
            let pairs = tasks.iter().zip(&errors).filter(|(task, _)| task.link == l);
            pairs.map(|(_, errors)| pick(errors)).collect()
        };
        let by_ratio = relative(&of_link(|e| &e.by_ratio), limit.constant);
        let by_lambda = relative(&of_link(|e| &e.by_lambda), limit.constant);
        print(target.name(), &by_ratio, &limit);
        let lambdas = lambdas();
        for f in 0..FEATURES.len() {
            let mut add = |ratio, lambda, values: &Array3<f64>, i: usize| {
                let (mean, error) = (values[[f, i, 0]], values[[f, i, 1]]);
                let linear = limit.linear / limit.constant;
                data.row([l as f64, f as f64, ratio, lambda, mean, error, linear, limit.constant]);
            };
            for (i, ratio) in RATIOS.iter().enumerate() {
                add(*ratio, f64::NAN, &by_ratio, i); // lambda differs from seed to seed
            }
            for (i, lambda) in lambdas.iter().enumerate() {
                add(LAMBDA_RATIO, *lambda, &by_lambda, i);
            }
        }
        panels.push(panel(
            &by_ratio,
            &RATIOS,
            &limit,
            &format!("link {}, λ by validation", target.name()),
            "samples of the ridge regression over d",
        ));
        panels.push(panel(
            &by_lambda,
            &lambdas,
            &limit,
            &format!("link {}, {LAMBDA_RATIO} d samples", target.name()),
            "ridge parameter λ",
        ));
    }
    let figure = picture::figure(panels, 2, (620, 400));
    picture::report([picture::save(&figure, &common.output, "ridge_readout")?]);
    picture::report(data.save(&common.output, "ridge_readout")?);
    Ok(())
}

fn step_samples(sizes: &Sizes, options: &Options) -> usize {
    (options.step_samples * sizes.dimension as f64).round() as usize
}

fn measure(
    target: &Target,
    seed: u64,
    sizes: &Sizes,
    options: &Options,
) -> Result<Errors, Box<dyn Error>> {
    let experiment = |policy| {
        Experiment::builder()
            .width(sizes.width)
            .dimension(sizes.dimension)
            .samples(step_samples(sizes, options))
            .activation(sine())
            .target(target.clone())
            .steps(ALPHAS.map(|alpha| StepSize::scaled(options.constant, alpha)))
            .second_layer(SecondLayerLaw::Uniform)
            .batches(policy)
            .seed(seed)
            .build()
    };
    let (independent, reused) =
        (experiment(BatchPolicy::Independent)?, experiment(BatchPolicy::Reused)?);
    // W_0 and W_1 are the same in both
    let mut networks = independent.networks::<f64>().collect::<Result<Vec<_>, _>>()?;
    networks.extend(reused.networks::<f64>().last().transpose()?);
    // no step has seen these
    let train = RATIOS
        .iter()
        .map(|ratio| independent.test_batch(0, (ratio * sizes.dimension as f64) as usize))
        .collect::<Result<Vec<_>, _>>()?;
    let validation = independent.test_batch(1, sizes.test)?;
    let test = independent.test_batch(2, sizes.test)?;
    let mut errors = Errors { by_ratio: Vec::new(), by_lambda: Vec::new() };
    let inputs = LinearFeatures::new(sizes.dimension)?;
    errors.add(&inputs, &train, &validation, &test)?;
    for network in &networks {
        errors.add(network, &train, &validation, &test)?;
    }
    Ok(errors)
}

impl Errors {
    fn add(
        &mut self,
        features: &dyn Features,
        train: &[GeneratedBatch],
        validation: &GeneratedBatch,
        test: &GeneratedBatch,
    ) -> Result<(), Box<dyn Error>> {
        let lambdas = lambdas();
        let mut by_ratio = Vec::new();
        for (ratio, batch) in RATIOS.iter().zip(train) {
            let path = Ridge::new().fit(features, batch)?;
            let readout = path.select(&lambdas, validation)?;
            by_ratio.push(readout.test_error(test)?.mean_square);
            if *ratio == LAMBDA_RATIO {
                let errors = path.test_errors(&lambdas, test)?;
                self.by_lambda.push(errors.iter().map(|e| e.mean_square).collect());
            }
        }
        self.by_ratio.push(by_ratio);
        Ok(())
    }
}

/// Errors that no number of samples improves: of the best constant, of the best linear predictor, and
/// of the link itself.
struct Limits {
    constant: f64,
    linear: f64,
    noise: f64,
}

impl Limits {
    fn of(target: &Target) -> Result<Option<Self>, InvalidSetting> {
        let errors = target.best_constant_error(false)?.zip(target.best_linear_error(false)?);
        let noise = target.noise_std().powi(2);
        Ok(errors.map(|(constant, linear)| Self { constant, linear, noise }))
    }
}

/// Mean over the seeds and its standard error, over `scale`: features x points x 2.
fn relative(seeds: &[&Vec<Vec<f64>>], scale: f64) -> Array3<f64> {
    let (features, points) = (seeds[0].len(), seeds[0][0].len());
    Array3::from_shape_fn((features, points, 2), |(f, i, k)| {
        let values: Vec<f64> = seeds.iter().map(|errors| errors[f][i] / scale).collect();
        let (mean, error) = mean_and_error(&values);
        if k == 0 { mean } else { error }
    })
}

fn print(link: &str, by_ratio: &Array3<f64>, limit: &Limits) {
    let best = limit.linear / limit.constant;
    println!(
        "\nlink {link}: best linear predictor {best:.3}, noise {:.3}",
        limit.noise / limit.constant
    );
    print!("{:>32}", "ridge samples over d:");
    RATIOS.iter().for_each(|ratio| print!("{ratio:>15}"));
    println!();
    for ((name, _, _), errors) in FEATURES.iter().zip(by_ratio.axis_iter(Axis(0))) {
        print!("{name:>32}");
        for pair in errors.rows() {
            print!("  {:.3} +- {:.3}", pair[0], pair[1]);
        }
        println!();
    }
}

/// One curve per kind of features over the points `x`, the population values as lines.
fn panel(errors: &Array3<f64>, x: &[f64], limit: &Limits, title: &str, label: &str) -> Panel {
    let (left, right) = (x[0] / 1.25, x[x.len() - 1] * 1.25);
    let level = |value: f64, name: &str, line: fn(Series) -> Series| {
        let y = value / limit.constant;
        let plot = picture::line(&[(left, y), (right, y)], "#000000").named(name);
        line(plot)
    };
    let mut plots = vec![
        level(limit.linear, "best linear predictor", Series::dashed),
        level(limit.noise, "label noise", Series::dotted),
    ];
    for ((name, colour, shape), errors) in FEATURES.iter().zip(errors.axis_iter(Axis(0))) {
        let points: Vec<(f64, f64)> =
            x.iter().zip(errors.rows()).map(|(x, pair)| (*x, pair[0])).collect();
        let bars: Vec<f64> = errors.rows().into_iter().map(|pair| pair[1]).collect();
        plots.push(picture::line(&points, colour));
        plots.push(
            picture::marks_with_errors(&points, &bars, colour, *shape)
                .named(format!("ridge on {name}")),
        );
    }
    let top = 1.3;
    let ranges = [(left, right), (0.0, top)];
    Panel::new(plots, ranges, title, [label, "test error / E y²"]).with_log_x()
}
