//! What two steps cannot learn and more can: on a link of information exponent 2 and independent
//! batches no outlier of W_1 or W_2 knows the teacher, but one that noise made turns towards it from
//! the third step on.
//!
//! `linear-width figure third_step` (`--help` for the options); two minutes on two
//! cores, `--quick` seconds.

use std::error::Error;

use clap::Parser;
use linear_width::activation::Activation;
use linear_width::data::Target;
use linear_width::training::{BatchPolicy, StepSize};

use crate::data::Data;
use crate::measured::{means, measured};
use crate::options::CommonOptions;
use crate::picture::{INDEPENDENT, NOTE, Panel, REFERENCE, Shape, figure, line, report, save};
use crate::progress::in_parallel;
use crate::settings::{Setting, cosine_link, sine};

/// Singular values and overlaps of W_1, W_2, ... for a link of information exponent 2.
#[derive(Parser)]
pub struct Arguments {
    #[command(flatten)]
    common: CommonOptions,
    /// Width N; d is N/2 and n is 3 N/2 [default: 1600, quick 400]
    #[arg(long)]
    width: Option<usize>,
    /// How many steps
    #[arg(long, default_value_t = 6)]
    steps: usize,
    /// Exponent of all steps, in [0, 0.5)
    #[arg(long, default_value_t = 0.35)]
    alpha: f64,
    /// Constant C of all step sizes C N^alpha
    #[arg(long, default_value_t = 2.0)]
    constant: f64,
}

/// For W_0, W_1, ...: the first singular vector, and the one nearest to the teacher of the three that
/// follow it; the largest value that is no outlier.
#[derive(Default)]
struct Run {
    values: [Vec<f64>; 3],
    overlaps: [Vec<f64>; 2],
}

/// Marks and names in that order.
const ORDER: [(Shape, &str, &str); 3] = [
    (Shape::Cross, "first", INDEPENDENT),
    (Shape::Circle, "nearest to the teacher of the next three", INDEPENDENT),
    (Shape::Square, "edge of the bulk", REFERENCE),
];

/// Simulates, predicts, and writes picture and data.
pub fn draw(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let common = &arguments.common;
    let width = arguments.width.unwrap_or(common.pick(400, 1600));
    let step = StepSize::scaled(arguments.constant, arguments.alpha);
    let setting = Setting {
        width,
        dimension: width / 2,
        samples: 3 * width / 2,
        activation: sine().shared(),
        target: Target::single_index(cosine_link()?).noise(0.1),
        steps: vec![step; arguments.steps],
        batches: BatchPolicy::Independent,
    };
    let seeds = common.seeds(common.pick(2, 4));
    let runs = in_parallel(&format!("simulated, N = {width}"), &seeds, |seed| {
        let report = setting.builder(*seed).triplets(4).build()?.run()?;
        let mut run = Run::default();
        for stage in &report.stages {
            let triplets = &stage.triplets;
            let nearest = triplets.iter().skip(1);
            let nearest = nearest.max_by(|a, b| a.target_overlap.total_cmp(&b.target_overlap));
            for (k, triplet) in triplets.iter().take(1).chain(nearest).enumerate() {
                run.values[k].push(triplet.singular_value);
                run.overlaps[k].push(triplet.target_overlap);
            }
            run.values[2].push(stage.singular_values[stage.outliers.count]);
        }
        Ok(run)
    })?;

    // points (t, value) and (t, overlap) of the same three
    let mut lines: [[Vec<(f64, f64)>; 2]; 3] = Default::default();
    for (prediction, step) in setting.predicted_spectra()?.iter().zip(1..) {
        let step = f64::from(step);
        let outliers = &prediction.outliers;
        let nearest = outliers.iter().skip(1);
        let nearest = nearest.max_by(|a, b| a.target_overlap.total_cmp(&b.target_overlap));
        for (lines, outlier) in lines.iter_mut().zip(outliers.iter().take(1).chain(nearest)) {
            lines[0].push((step, outlier.singular_value));
            lines[1].push((step, outlier.target_overlap));
        }
        lines[2][0].push((step, prediction.edge));
    }

    let steps: Vec<f64> = (0..=arguments.steps).map(|t| t as f64).collect();
    let collected = |pick: &dyn Fn(&Run) -> &Vec<f64>| -> Vec<Vec<f64>> {
        runs.iter().map(|run| pick(run).clone()).collect()
    };
    let mut data = Data::with_columns([
        "step",
        "k",
        "value",
        "value_error",
        "overlap",
        "overlap_error",
        "predicted_value",
        "predicted_overlap",
    ]);
    let (mut values, mut overlaps) = (Vec::new(), Vec::new());
    for k in 0..3 {
        let of_value = collected(&|run| &run.values[k]);
        let (points, errors) = means(&steps, &of_value);
        let (shape, name, colour) = ORDER[k];
        let stroke = |points: &[(f64, f64)]| match k {
            0 => line(points, colour).dashed().named(name),
            _ => line(points, colour).named(name),
        };
        values.push(stroke(&lines[k][0]));
        values.push(measured(&steps, &of_value, colour, shape).named(name));
        let of_overlap = (k < 2).then(|| collected(&|run| &run.overlaps[k]));
        let known = of_overlap.map(|all| {
            overlaps.push(stroke(&lines[k][1]));
            overlaps.push(measured(&steps, &all, colour, shape).named(name));
            means(&steps, &all)
        });
        for (t, step) in steps.iter().enumerate() {
            let (overlap, error) =
                known.as_ref().map_or((f64::NAN, f64::NAN), |(p, e)| (p[t].1, e[t]));
            let (value, value_error) = (points[t].1, errors[t]);
            // NaN where nothing is predicted
            let [of_value, of_overlap] = [0, 1].map(|i| {
                let point = lines[k][i].iter().find(|point| point.0 == *step);
                point.map_or(f64::NAN, |point| point.1)
            });
            let k = k as f64;
            data.row([*step, k, value, value_error, overlap, error, of_value, of_overlap]);
            println!(
                "W_{step}, k = {k}: value {value:.3} +- {value_error:.3} (predicted {of_value:.3}), \
                 overlap {overlap:.3} +- {error:.3} (predicted {of_overlap:.3})"
            );
        }
    }
    let right = arguments.steps as f64 + 0.5;
    let top = runs.iter().flat_map(|run| &run.values[0]).fold(1.0_f64, |m, v| m.max(*v));
    let labels = ["steps t", "singular values of Wₜ"];
    let first = Panel::new(values, [(-0.5, right), (0.0, 1.1 * top)], "singular values", labels);
    let labels = ["steps t", "overlap with the teacher"];
    let second = Panel::new(overlaps, [(-0.5, right), (0.0, 1.0)], "overlaps", labels)
        .with_chance((setting.dimension as f64).sqrt().recip(), "chance, 1/√d");
    let figure = figure(vec![first, second], 2, (560, 360)).with_note(NOTE);
    report([save(&figure, &common.output, "third_step")?]);
    report(data.save(&common.output, "third_step")?);
    Ok(())
}
