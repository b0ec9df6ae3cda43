//! Many steps: number of outliers of W_t, overlap of their span with the teacher, and test error of
//! ridge regression on the features against t, with independent batches and with a reused one, for
//! links of information exponent 1 and 2.
//!
//! `linear-width figure many_steps` (`--help` for the options); two minutes on two
//! cores, `--quick` seconds.

use std::error::Error;

use clap::Parser;
use linear_width::activation::{Activation, Tanh};
use linear_width::data::Target;
use linear_width::training::{BatchPolicy, StepSize};

use crate::data::Data;
use crate::measured::{means, measured};
use crate::options::CommonOptions;
use crate::picture::{NOTE, Panel, REFERENCE, Series, Shape, figure, line, report, save};
use crate::progress::in_parallel;
use crate::ridge::{best_linear, measured_errors, predicted_errors};
use crate::settings::{POLICIES, Setting, cosine_link, sine, tanh_link};

/// Outliers, overlap and test error after 0, 1, ..., 10 steps.
#[derive(Parser)]
pub struct Arguments {
    #[command(flatten)]
    common: CommonOptions,
    /// Width N; d is N/2 and n is 3 N/2 [default: 600, quick 200]
    #[arg(long)]
    width: Option<usize>,
    /// How many steps [default: 10, quick 4]
    #[arg(long)]
    steps: Option<usize>,
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
    ("outliers", "outliers of Wₜ", 5.0),
    ("overlap", "overlap of the outliers' span", 1.0),
    ("test error", "test error / E y²", 1.3),
];

/// For W_0, W_1, ... the three measurements.
type Run = [Vec<f64>; 3];

/// Simulates, predicts, and writes picture and data.
pub fn draw(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let common = &arguments.common;
    let count = arguments.steps.unwrap_or(common.pick(4, 10));
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
            steps: vec![step; count],
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

    let groups: Vec<(usize, BatchPolicy)> =
        tasks.iter().step_by(seeds.len()).map(|(case, policy, _)| (*case, *policy)).collect();
    let predicted = in_parallel("predicted", &groups, |(case, policy)| {
        predict(&setting(*case, *policy), arguments.lambda)
    })?;

    let steps: Vec<f64> = (0..=count).map(|t| t as f64).collect();
    let mut data = Data::with_columns([
        "link",
        "reused",
        "quantity",
        "step",
        "mean",
        "standard_error",
        "predicted",
    ]);
    let mut groups = runs.chunks(seeds.len()).zip(&predicted);
    let mut panels = Vec::new();
    for (case, (_, _, name)) in cases.iter().enumerate() {
        let mut series: [Vec<Series>; 3] = Default::default();
        let level = best_linear(&setting(case, POLICIES[0].0).target)?;
        let ends = [(-0.5, level), (count as f64 + 0.5, level)];
        series[2].push(line(&ends, REFERENCE).dashed().named("best linear predictor"));
        for ((policy, colour), (runs, predicted)) in POLICIES.into_iter().zip(&mut groups) {
            for (quantity, series) in series.iter_mut().enumerate() {
                let values: Vec<Vec<f64>> = runs.iter().map(|run| run[quantity].clone()).collect();
                let reused = f64::from(u8::from(policy == BatchPolicy::Reused));
                let (points, errors) = means(&steps, &values);
                let curve = &predicted[quantity];
                for (((step, mean), error), predicted) in points.iter().zip(&errors).zip(curve) {
                    let of = [case as f64, reused, quantity as f64];
                    data.row([of[0], of[1], of[2], *step, *mean, *error, *predicted]);
                }
                let curve: Vec<(f64, f64)> =
                    steps.iter().copied().zip(curve.iter().copied()).collect();
                let name = NAMES[usize::from(policy == BatchPolicy::Reused)];
                series.push(line(&curve, colour).named(name));
                let marks = measured(&steps, &values, colour, Shape::Circle);
                series.push(marks.named(name));
            }
        }
        for (series, (title, label, top)) in series.into_iter().zip(MEASURED) {
            let ranges = [(-0.5, count as f64 + 0.5), (0.0, top)];
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
    report([save(&figure(panels, 3, (430, 310)).with_note(NOTE), &common.output, "many_steps")?]);
    report(data.save(&common.output, "many_steps")?);
    Ok(())
}

const NAMES: [&str; 2] = ["independent batches", "reused batch"];

fn predict(setting: &Setting, lambda: f64) -> Result<Run, Box<dyn Error>> {
    // W_0 has no outliers
    let mut run: Run = [vec![0.0], vec![0.0], Vec::new()];
    for prediction in setting.predicted_spectra()? {
        let overlaps = prediction.outliers.iter().map(|outlier| outlier.target_overlap);
        run[0].push(overlaps.len() as f64);
        run[1].push(overlaps.map(|o| o * o).sum::<f64>().sqrt().min(1.0));
    }
    let errors = predicted_errors(setting, 4 * setting.width, &[lambda])?;
    run[2] = errors.into_iter().map(|(_, error)| error).collect();
    Ok(run)
}

fn measure(setting: &Setting, seed: u64, lambda: f64) -> Result<Run, Box<dyn Error>> {
    let report = setting.builder(seed).triplets(8).build()?.run()?;
    let stages = &report.stages;
    Ok([
        stages.iter().map(|stage| stage.outliers.count as f64).collect(),
        stages.iter().map(|stage| stage.span_overlap()).collect(),
        measured_errors(setting, seed, 4 * setting.width, &[lambda])?,
    ])
}
