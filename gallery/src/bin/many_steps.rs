//! Many steps: number of outliers of W_t, overlap of their span with the teacher, and test error of
//! ridge regression on the features against t, with independent batches and with a reused one, for
//! links of information exponent 1 and 2.
//!
//! `cargo run --release -p gallery --bin many_steps` (`-- --help` for the options); two minutes on two
//! cores, `-- --quick` seconds.

use std::error::Error;

use clap::Parser;
use linear_width::activation::{Activation, Tanh};
use linear_width::data::Target;
use linear_width::readout::Ridge;
use linear_width::training::{BatchPolicy, StepSize};

use gallery::data::Data;
use gallery::measured::{means, measured};
use gallery::options::CommonOptions;
use gallery::picture::{Panel, REFERENCE, Series, Shape, figure, line, report, save};
use gallery::progress::in_parallel;
use gallery::settings::{POLICIES, Setting, cosine_link, sine, tanh_link};

/// Outliers, overlap and test error after 0, 1, ..., 10 steps.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    common: CommonOptions,
    /// Width N; d is N/2 and n is 3 N/2 [default: 600, quick 200]
    #[arg(long)]
    width: Option<usize>,
    /// How many steps
    #[arg(long, default_value_t = 10)]
    steps: usize,
    /// Exponent of all steps, in [0, 0.5)
    #[arg(long, default_value_t = 0.35)]
    alpha: f64,
    /// Constant C of all step sizes C N^alpha
    #[arg(long, default_value_t = 1.0)]
    constant: f64,
    /// Ridge parameter lambda, on 4 N samples
    #[arg(long, default_value_t = 1.0)]
    lambda: f64,
}

/// What is measured, in the order of the panels: title, label, largest value.
const MEASURED: [(&str, &str, f64); 3] = [
    ("outliers", "outliers of W_t", 5.0),
    ("overlap", "overlap of the outliers' span", 1.0),
    ("test error", "test error / E y²", 1.3),
];

/// For W_0, W_1, ... the three measurements.
type Run = [Vec<f64>; 3];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let common = &arguments.common;
    let width = arguments.width.unwrap_or(common.pick(200, 600));
    let cases = [
        (tanh_link()?, Tanh { scale: 2.0, shift: 0.5 }.shared(), "information exponent 1"),
        (cosine_link()?, sine().shared(), "information exponent 2"),
    ];
    let setting = |case: usize, batches| {
        let (link, activation, _) = &cases[case];
        let step = StepSize::scaled(arguments.constant, arguments.alpha);
        Setting {
            width,
            dimension: width / 2,
            samples: 3 * width / 2,
            activation: activation.clone(),
            target: Target::single_index(link.clone()).noise(0.1),
            steps: vec![step; arguments.steps],
            batches,
        }
    };
    let seeds = common.seeds(common.pick(2, 3));
    let tasks: Vec<(usize, BatchPolicy, u64)> = (0..cases.len())
        .flat_map(|case| POLICIES.iter().map(move |(policy, _)| (case, *policy)))
        .flat_map(|(case, policy)| seeds.iter().map(move |seed| (case, policy, *seed)))
        .collect();
    let runs = in_parallel(&format!("simulated, N = {width}"), &tasks, |(case, policy, seed)| {
        measure(&setting(*case, *policy), *seed, arguments.lambda)
    })?;

    let steps: Vec<f64> = (0..=arguments.steps).map(|t| t as f64).collect();
    let mut data =
        Data::with_columns(["link", "reused", "quantity", "step", "mean", "standard_error"]);
    let mut groups = runs.chunks(seeds.len());
    let mut panels = Vec::new();
    for (case, (_, _, name)) in cases.iter().enumerate() {
        let mut series: [Vec<Series>; 3] = Default::default();
        let target = setting(case, POLICIES[0].0).target;
        if let (Some(linear), Some(constant)) =
            (target.best_linear_error(false)?, target.best_constant_error(false)?)
        {
            let level = linear / constant;
            let ends = [(-0.5, level), (arguments.steps as f64 + 0.5, level)];
            series[2].push(line(&ends, REFERENCE).dashed().named("best linear predictor"));
        }
        for ((policy, colour), runs) in POLICIES.into_iter().zip(&mut groups) {
            for (quantity, series) in series.iter_mut().enumerate() {
                let values: Vec<Vec<f64>> = runs.iter().map(|run| run[quantity].clone()).collect();
                let reused = f64::from(u8::from(policy == BatchPolicy::Reused));
                let (points, errors) = means(&steps, &values);
                for ((step, mean), error) in points.iter().zip(&errors) {
                    data.row([case as f64, reused, quantity as f64, *step, *mean, *error]);
                }
                let marks = measured(&steps, &values, colour, Shape::Circle);
                series.push(marks.named(NAMES[usize::from(policy == BatchPolicy::Reused)]));
            }
        }
        for (series, (title, label, top)) in series.into_iter().zip(MEASURED) {
            let ranges = [(-0.5, arguments.steps as f64 + 0.5), (0.0, top)];
            let panel = Panel::new(series, ranges, format!("{title}, {name}"), ["steps t", label]);
            panels.push(match title {
                "overlap" => {
                    let chance = (width as f64 / 2.0).sqrt().recip();
                    panel.with_chance(chance, "chance, 1/√d")
                }
                _ => panel,
            });
        }
    }
    report([save(&figure(panels, 3, (430, 310)), &common.output, "many_steps")?]);
    report(data.save(&common.output, "many_steps")?);
    Ok(())
}

const NAMES: [&str; 2] = ["independent batches", "reused batch"];

fn measure(setting: &Setting, seed: u64, lambda: f64) -> Result<Run, Box<dyn Error>> {
    let experiment = setting.builder(seed).triplets(8).build()?;
    let (train, test) =
        (experiment.test_batch(0, 4 * setting.width)?, experiment.test_batch(1, 4000)?);
    let report = experiment.run()?;
    let constant = setting.target.best_constant_error(false)?.ok_or("E y^2 is known")?;
    let mut run = Run::default();
    for (stage, network) in report.stages.iter().zip(experiment.networks::<f64>()) {
        let network = network?;
        let readout = Ridge::new().fit(&network, &train)?.readout(lambda)?;
        run[0].push(stage.outliers.count as f64);
        run[1].push(stage.span_overlap());
        run[2].push(readout.test_error(&test)?.mean_square / constant);
    }
    Ok(run)
}
