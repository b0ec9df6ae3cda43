//! Where a reused batch pays: searches by the prediction alone, over ratios, step sizes, links of
//! information exponent 2 and up to five steps, for the smallest test error of ridge regression on
//! the features after steps on a reused batch, then simulates the best setting found. Without
//! linear part the best linear predictor and the features of W_0 have error E y^2.
//!
//! `cargo run --release -p gallery --bin where_reuse_pays` (`-- --help` for the options); minutes on two
//! cores, `-- --quick` seconds.

use std::error::Error;

use clap::Parser;
use linear_width::activation::Activation;
use linear_width::data::{Link, Target};
use linear_width::quadrature::QuadratureError;
use linear_width::training::{BatchPolicy, StepSize};

use gallery::data::Data;
use gallery::measured::measured;
use gallery::options::CommonOptions;
use gallery::picture::{NOTE, Panel, REFERENCE, Series, Shape, figure, line, report, save};
use gallery::progress::in_parallel;
use gallery::ridge::{measured_errors, predicted_errors};
use gallery::settings::{POLICIES, Setting, cosine_link, sine};

/// Settings in which a reused batch lowers the test error, found by prediction.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    common: CommonOptions,
    /// Width N; the features are fitted on 4 N samples [default: 1000, quick 200]
    #[arg(long)]
    width: Option<usize>,
    /// How many steps [default: 5, quick 3]
    #[arg(long)]
    steps: Option<usize>,
    /// Ratios d/N
    #[arg(long, value_delimiter = ',', default_values_t = [0.25, 1.0])]
    dimension: Vec<f64>,
    /// Ratios n/d
    #[arg(long, value_delimiter = ',', default_values_t = [1.0, 2.0, 4.0])]
    samples: Vec<f64>,
    /// Step sizes eta / sqrt(N), equal in all steps
    #[arg(long, value_delimiter = ',', default_values_t = [0.6, 1.2])]
    size: Vec<f64>,
}

/// Links of information exponent 2 that a reused batch finds.
fn links() -> Result<[Link; 2], QuadratureError> {
    let fast = Link::new("cos(2.5z+0.6)", |z| (2.5 * z + 0.6).cos()).without(&[0, 1])?;
    Ok([cosine_link()?, fast])
}

fn lambdas() -> Vec<f64> {
    (-4..=6).map(|half| 10.0_f64.powf(f64::from(half) / 2.0)).collect()
}

/// For both kinds of batches: (lambda, error over E y^2) after 0, 1, ... steps.
type Curves = [Vec<(f64, f64)>; 2];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let common = &arguments.common;
    let count = arguments.steps.unwrap_or(common.pick(3, 5));
    let width = arguments.width.unwrap_or(common.pick(200, 1000));
    let ridge_samples = 4 * width;
    let mut settings = Vec::new();
    for (l, link) in links()?.into_iter().enumerate() {
        for d in &arguments.dimension {
            for n in &arguments.samples {
                for size in &arguments.size {
                    let dimension = (d * width as f64).round() as usize;
                    let eta = StepSize::from(size * (width as f64).sqrt());
                    let setting = Setting {
                        width,
                        dimension,
                        samples: (n * dimension as f64).round() as usize,
                        activation: sine().shared(),
                        target: Target::single_index(link.clone()).noise(0.1),
                        steps: vec![eta; count],
                        batches: BatchPolicy::Reused,
                    };
                    settings.push(([l as f64, *d, *n, *size], setting));
                }
            }
        }
    }
    settings.truncate(common.pick(2, settings.len()));
    let predicted = in_parallel("predicted", &settings, |(_, setting)| {
        let of = |(policy, _)| {
            predicted_errors(&setting.with_batches(policy), ridge_samples, &lambdas())
        };
        let [independent, reused] = POLICIES.map(of);
        Ok([independent?, reused?])
    })?;

    let mut data = Data::with_columns([
        "link",
        "d_over_n",
        "samples_over_d",
        "eta_over_sqrt_n",
        "reused",
        "step",
        "lambda",
        "predicted_error",
    ]);
    for ((of, _), curves) in settings.iter().zip(&predicted) {
        for (reused, curve) in [0.0, 1.0].into_iter().zip(curves) {
            for (t, (lambda, error)) in curve.iter().enumerate() {
                data.row([of[0], of[1], of[2], of[3], reused, t as f64, *lambda, *error]);
            }
        }
    }
    let least = |curves: &Curves| curves[1].iter().map(|e| e.1).fold(f64::INFINITY, f64::min);
    let mut order: Vec<usize> = (0..settings.len()).collect();
    order.sort_by(|a, b| least(&predicted[*a]).total_cmp(&least(&predicted[*b])));
    println!("least predicted test errors over E y^2 after steps on a reused batch:");
    for i in order.iter().take(5) {
        println!("  {}: {:.4}", describe(&settings[*i].1), least(&predicted[*i]));
    }
    let best = order[0];

    let seeds = common.seeds(common.pick(2, 4));
    let tasks: Vec<(usize, u64)> =
        [0, 1].into_iter().flat_map(|k| seeds.iter().map(move |s| (k, *s))).collect();
    let runs = in_parallel("best setting simulated", &tasks, |(k, seed)| {
        let lambdas: Vec<f64> = predicted[best][*k].iter().map(|point| point.0).collect();
        let setting = settings[best].1.with_batches(POLICIES[*k].0);
        measured_errors(&setting, *seed, ridge_samples, &lambdas)
    })?;

    let steps: Vec<f64> = (0..=count).map(|t| t as f64).collect();
    let mut panels = Vec::new();
    let kinds = POLICIES.into_iter().zip(["independent batches", "reused batch"]);
    for ((k, ((_, colour), name)), runs) in kinds.enumerate().zip(runs.chunks(seeds.len())) {
        let curve = |i: usize| -> Vec<(f64, f64)> {
            steps.iter().copied().zip(predicted[i][k].iter().map(|e| e.1)).collect()
        };
        let mut series: Vec<Series> =
            order.iter().skip(1).map(|i| line(&curve(*i), REFERENCE).sized(1)).collect();
        series
            .push(line(&curve(order[order.len() - 1]), REFERENCE).sized(1).named("other settings"));
        let chosen = "setting of the smallest error with a reused batch";
        series.push(line(&curve(best), colour).named(chosen));
        series.push(measured(&steps, runs, colour, Shape::Circle).named(chosen));
        let ranges = [(-0.3, count as f64 + 0.3), (0.0, 1.1)];
        panels.push(Panel::new(series, ranges, name, ["steps t", "test error / E y²"]));
        for (run, seed) in runs.iter().zip(&seeds) {
            println!("{name}, seed {seed}: measured {run:.3?}, predicted {:.3?}", curve(best));
        }
    }
    let figure = figure(panels, 2, (520, 380)).with_note(NOTE);
    report([save(&figure, &common.output, "where_reuse_pays")?]);
    report(data.save(&common.output, "where_reuse_pays")?);
    Ok(())
}

fn describe(setting: &Setting) -> String {
    format!(
        "link {}, N = {}, d = {}, n = {}, eta/sqrt N = {:.2}",
        setting.target.name(),
        setting.width,
        setting.dimension,
        setting.samples,
        setting.steps[0].eta(setting.width) / (setting.width as f64).sqrt()
    )
}
