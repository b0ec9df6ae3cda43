//! Spectra of W_0, W_1 and W_2 for l = 0, 1, 2, 3 new directions of the second step: histogram and
//! predicted density of the bulk, measured and predicted outliers.
//!
//! `linear-width figure spectra` (`--help` for the options); minutes on two cores,
//! `--quick` seconds.

use std::error::Error;

use clap::Parser;
use linear_width::rmt::MarchenkoPastur;
use linear_width::theory::OutlierCount;
use linear_width::theory::prediction::{BulkModel, Options};
use linear_width::training::{BatchPolicy, StepSize};

use crate::data::Data;
use crate::options::CommonOptions;
use crate::picture::{figure, report, save};
use crate::progress::in_parallel;
use crate::settings::two_steps;
use crate::spectrum::{note, spectrum_panel};

/// Spectra of W_0, W_1, W_2 for l = 0, 1, 2, 3 with predicted density and outliers.
#[derive(Parser)]
pub struct Arguments {
    #[command(flatten)]
    common: CommonOptions,
    /// Width N [default: 3000, quick 1000]
    #[arg(long)]
    width: Option<usize>,
    /// Exponent alpha_1 of the first step, in [0, 0.5)
    #[arg(long, default_value_t = 0.4)]
    alpha1: f64,
    /// Exponents alpha_2 of the second step, one panel each
    #[arg(long, value_delimiter = ',', default_values_t = [0.05, 0.15, 0.25, 0.35])]
    alpha2: Vec<f64>,
    /// Constant C_1 of the first step C_1 N^alpha_1
    #[arg(long, default_value_t = 3.0)]
    c1: f64,
    /// Constants C_2 of the second step, one per panel
    #[arg(long, value_delimiter = ',', default_values_t = [1.0, 8.0, 8.0, 8.0])]
    c2: Vec<f64>,
}

/// Simulates, predicts, and writes picture and data.
pub fn draw(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let common = &arguments.common;
    let width = arguments.width.unwrap_or(common.pick(1000, 3000));
    let law = MarchenkoPastur::for_shape(width, width / 2)?;

    if arguments.alpha2.len() != arguments.c2.len() {
        return Err("--alpha2 and --c2 need equally many values".into());
    }
    let settings: Vec<(f64, f64)> =
        arguments.alpha2.iter().copied().zip(arguments.c2.iter().copied()).collect();
    let rows = in_parallel("simulated and predicted", &settings, |(alpha_2, c2)| {
        let steps =
            [StepSize::scaled(arguments.c1, arguments.alpha1), StepSize::scaled(*c2, *alpha_2)];
        let batches = BatchPolicy::Independent;
        let setting = two_steps(width, 2 * width, steps, batches)?;
        let experiment = setting.builder(common.seed).build()?;
        // the fast model: densities from data take minutes for the larger steps
        let options = Options { bulk_model: BulkModel::Isotropic, ..Options::default() };
        let predict = |step| experiment.predict(step, &options);
        Ok((experiment.run()?, [predict(1)?, predict(2)?]))
    })?;

    let mut data = Data::with_columns([
        "l",
        "step",
        "k",
        "measured",
        "overlap",
        "predicted",
        "predicted_overlap",
    ]);
    let mut panels = Vec::new();
    let right = rows.iter().flat_map(|(run, _)| &run.stages).map(|s| s.singular_values[0]);
    let right = right.fold(0.0, f64::max);
    let chance = rows.first().map_or(0.0, |(run, _)| run.chance_overlaps().0);
    for (row, ((alpha_2, c2), (run, predictions))) in settings.iter().zip(&rows).enumerate() {
        let count = OutlierCount::new(arguments.alpha1, *alpha_2)?;
        let l = count.new_directions;
        for stage in &run.stages {
            let prediction = stage.step.checked_sub(1).map(|i| &predictions[i]);
            let title = match stage.step {
                0 => "W₀".to_owned(),
                1 => format!("W₁, C₁ = {}, α₁ = {}", arguments.c1, arguments.alpha1),
                _ => format!("W₂, l = {l}: C₂ = {c2}, α₂ = {alpha_2}"),
            };
            // W_0 and W_1 are the same in all rows
            if row == 0 || stage.step == 2 {
                panels.push(spectrum_panel(stage, prediction, &law, chance, right, &title)?);
            }
            data.array(
                format!("singular_values_l{l}_w{}", stage.step),
                stage.singular_values.view(),
            );
            let outliers = prediction.map_or(&[][..], |p| &p.outliers);
            for k in 0..stage.outliers.count.max(outliers.len()) {
                let measured = stage.triplets.get(k).filter(|_| k < stage.outliers.count);
                let predicted = outliers.get(k);
                data.row([
                    l as f64,
                    stage.step as f64,
                    k as f64,
                    measured.map_or(f64::NAN, |t| t.singular_value),
                    measured.map_or(f64::NAN, |t| t.target_overlap),
                    predicted.map_or(f64::NAN, |o| o.singular_value),
                    predicted.map_or(f64::NAN, |o| o.target_overlap),
                ]);
            }
        }
        println!(
            "alpha_2 = {alpha_2}: l = {l}; outliers of W_2: measured {}, predicted {}, formula {}",
            run.stages[2].outliers.count,
            predictions[1].outliers.len(),
            count.total
        );
    }
    let figure = figure(panels, 3, (430, 300)).with_note(note("the teacher", chance));
    report([save(&figure, &common.output, "spectra")?]);
    report(data.save(&common.output, "spectra")?);
    Ok(())
}
