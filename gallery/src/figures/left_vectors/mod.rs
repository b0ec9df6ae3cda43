//! Left singular vectors of W_2 against the second layer: the k-th outlier's entries u_j trace a
//! polynomial of degree k in a_j. Drawn as sqrt(N) u_j against b_j = sqrt(N) a_j, with the
//! prediction and the least-squares polynomial of degree k.
//!
//! `linear-width figure left_vectors` (`--help` for the options); a minute on two
//! cores, `--quick` seconds.

mod profile;

use std::error::Error;
use std::ops::ControlFlow;

use clap::Parser;
use linear_width::experiment::RunOptions;
use linear_width::spectral::leading_triplets;
use linear_width::theory::prediction::Options;
use linear_width::training::{BatchPolicy, StepSize};

use crate::data::Data;
use crate::options::CommonOptions;
use crate::picture::{BARS, LAW, MEASURED, Panel, Shape, figure, line, marks, report, save};
use crate::progress;
use crate::settings::two_steps;
use profile::{Profile, fit, polynomial};

/// Left singular vectors of W_2 against the second layer: polynomials of degree 1, 2, 3, ...
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
    /// Exponent alpha_2 of the second step, in [0, 0.5)
    #[arg(long, default_value_t = 0.45)]
    alpha2: f64,
    /// Constant C_1 of the first step C_1 N^alpha_1
    #[arg(long, default_value_t = 1.5)]
    c1: f64,
    /// Constant C_2 of the second step
    #[arg(long, default_value_t = 12.0)]
    c2: f64,
    /// How many vectors
    #[arg(long, default_value_t = 3)]
    vectors: usize,
}

/// Points drawn; more would only thicken the cloud.
const DRAWN: usize = 1500;

/// Simulates, predicts, and writes picture and data.
pub fn draw(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let common = &arguments.common;
    let width = arguments.width.unwrap_or(common.pick(1000, 3000));
    let steps = [
        StepSize::scaled(arguments.c1, arguments.alpha1),
        StepSize::scaled(arguments.c2, arguments.alpha2),
    ];
    let batches = BatchPolicy::Independent;
    let experiment = two_steps(width, 2 * width, steps, batches)?
        .builder(common.seed)
        .triplets(arguments.vectors)
        .keep_weights(true)
        .build()?;

    let bar = progress::bar(1000, format!("simulated, N = {width}"))?;
    let run = experiment.run_with(RunOptions::new().observe(|progress| {
        bar.set_position((1000.0 * progress.fraction) as u64);
        ControlFlow::Continue(())
    }))?;
    bar.finish_and_clear();
    let stage = &run.stages[2];
    let weights = stage.weights.as_ref().ok_or("the run was to keep its weights")?;
    let top = leading_triplets(weights.view(), arguments.vectors)?;
    // noise with the structure of the data: one prediction, so its cost does not matter
    let prediction = experiment.predict(2, &Options::default())?;

    let root = (width as f64).sqrt();
    let b: Vec<f64> = run.second_layer.iter().map(|a| root * a).collect();
    let mut data = Data::with_columns(["k", "degree", "share_explained"]);
    data.array("b", ndarray::ArrayView1::from(&b));
    let mut panels = Vec::new();
    for k in 1..=arguments.vectors {
        let y: Vec<f64> = top.left_vector(k - 1).iter().map(|u| root * u).collect();
        data.array(format!("sqrt_n_u_{k}"), ndarray::ArrayView1::from(&y));
        let fits: Vec<(Vec<f64>, f64)> = (0..=k + 1).map(|degree| fit(&b, &y, degree)).collect();
        for (degree, (_, share)) in fits.iter().enumerate() {
            data.row([k as f64, degree as f64, *share]);
        }
        let is_outlier = if k <= stage.outliers.count { "outlier" } else { "in the bulk" };
        println!(
            "u_{k} ({is_outlier}): share of the square explained by degree {}",
            fits.iter()
                .enumerate()
                .skip(1)
                .map(|(degree, (_, share))| format!("{degree}: {share:.3}"))
                .collect::<Vec<_>>()
                .join(", ")
        );
        panels.push(panel(k, &b, &y, &fits, Profile::predicted(&prediction, k - 1)?));
    }
    report([save(&figure(panels, 3, (430, 340)), &common.output, "left_vectors")?]);
    report(data.save(&common.output, "left_vectors")?);
    Ok(())
}

fn panel(
    k: usize,
    b: &[f64],
    y: &[f64],
    fits: &[(Vec<f64>, f64)],
    profile: Option<Profile>,
) -> Panel {
    let grid: Vec<f64> = (0..=100).map(|i| 1.75 * (f64::from(i) / 50.0 - 1.0)).collect();
    let curve =
        |f: &dyn Fn(f64) -> f64| -> Vec<(f64, f64)> { grid.iter().map(|b| (*b, f(*b))).collect() };
    let points: Vec<(f64, f64)> = b.iter().copied().zip(y.iter().copied()).take(DRAWN).collect();
    let mut series = vec![
        marks(&points, BARS, Shape::Circle)
            .sized(2)
            .named("entries of the left singular vector, √N u_j"),
    ];
    let (coefficients, share) = &fits[k];
    let fitted = line(&curve(&|b| polynomial(coefficients, b)), MEASURED).dashed();
    series.push(fitted.named("least-squares polynomial of degree k without constant"));
    if let Some(profile) = profile {
        // the sign of a singular vector is arbitrary
        let inner: f64 = b.iter().zip(y).map(|(b, y)| y * profile.value(*b)).sum();
        let predicted = line(&curve(&|b| profile.value(b) * inner.signum()), LAW);
        series.push(predicted.named("predicted"));
    }
    let title = match k {
        1 => format!("u₁: degree 1 explains {:.0} %", 100.0 * share),
        _ => format!(
            "u{}: degree {k} explains {:.0} %, {} only {:.0} %",
            ["₂", "₃", "₄", "₅"].get(k - 2).copied().unwrap_or("ₖ"),
            100.0 * share,
            k - 1,
            100.0 * fits[k - 1].1
        ),
    };
    let labels = ["√N a_j = b_j", "√N u_j"];
    Panel::new(series, [(-1.8, 1.8), (-4.0, 4.0)], title, labels)
}
