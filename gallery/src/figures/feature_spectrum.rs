//! The spectrum of the features: eigenvalues of F^T F / m for F = sigma(X W^T) of W_0, W_1 and W_2
//! with both kinds of batches, for two links; outliers with the overlaps of their left vectors with
//! the labels.
//!
//! `linear-width figure feature_spectrum` (`--help` for the options); a minute on two
//! cores, `--quick` seconds.

use std::error::Error;

use clap::Parser;
use linear_width::activation::{Activation, Tanh};
use linear_width::data::{Batch, Link, Target};
use linear_width::network::Network;
use linear_width::spectral::feature_spectrum;
use linear_width::theory::features::FeaturePrediction;
use linear_width::training::StepSize;
use ndarray::Axis;

use crate::data::Data;
use crate::options::CommonOptions;
use crate::picture::{Panel, figure, report, save};
use crate::progress::in_parallel;
use crate::settings::{POLICIES, Setting, cosine_link, sine, tanh_link};
use crate::spectrum::{Spectrum, note};

/// Spectrum of the features of W_0, W_1 and W_2.
#[derive(Parser)]
pub struct Arguments {
    #[command(flatten)]
    common: CommonOptions,
    /// Width N; d is N/2, n is 3 N/2, and the features are those of 2 N samples [default: 1200,
    /// quick 300]
    #[arg(long)]
    width: Option<usize>,
    /// Exponents of the two steps
    #[arg(long, num_args = 2, default_values_t = [0.35, 0.4])]
    alpha: Vec<f64>,
    /// Constant C of both step sizes C N^alpha
    #[arg(long, default_value_t = 2.0)]
    constant: f64,
}

/// What is measured of one network: eigenvalues, largest first; overlaps of the outliers' left vectors
/// with the labels.
struct Measured {
    eigenvalues: Vec<f64>,
    overlaps: Vec<f64>,
}

/// What is predicted: points (eigenvalue, density) of the bulk; outliers, and their label overlaps.
struct Predicted {
    bulk: Vec<(f64, f64)>,
    outliers: Vec<f64>,
    overlaps: Vec<f64>,
}

/// The most outliers looked for.
const VECTORS: usize = 8;

/// Simulates, predicts, and writes picture and data.
pub fn draw(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let common = &arguments.common;
    let width = arguments.width.unwrap_or(common.pick(300, 1200));
    let cases: [(Link, _, &str); 2] = [
        (tanh_link()?, Tanh { scale: 2.0, shift: 0.5 }.shared(), "exponent 1"),
        (cosine_link()?, sine().shared(), "exponent 2"),
    ];
    let settings = cases.map(|(link, activation, name)| {
        let steps = arguments.alpha.iter();
        let setting = Setting {
            width,
            dimension: width / 2,
            samples: 3 * width / 2,
            activation,
            target: Target::single_index(link).noise(0.1),
            steps: steps.map(|alpha| StepSize::scaled(arguments.constant, *alpha)).collect(),
            batches: POLICIES[0].0,
        };
        (setting, name)
    });
    let rows = in_parallel(&format!("simulated, N = {width}"), &settings, |(setting, _)| {
        Ok((measure(setting, common.seed)?, predict(setting)?))
    })?;

    let mut data = Data::with_columns([
        "link",
        "features",
        "k",
        "eigenvalue",
        "label_overlap",
        "predicted_eigenvalue",
        "predicted_label_overlap",
    ]);
    let chance = (2.0 * width as f64).sqrt().recip();
    let mut panels: Vec<Panel> = Vec::new();
    for (l, ((row, predicted), (_, name))) in rows.iter().zip(&settings).enumerate() {
        let first = |measured: &Measured| measured.eigenvalues[0];
        let right = row.iter().map(first).fold(0.0, f64::max);
        for (i, (Measured { eigenvalues, overlaps }, predicted)) in
            row.iter().zip(predicted).enumerate()
        {
            let known = |list: &[f64], k: usize| list.get(k).copied().unwrap_or(f64::NAN);
            let count = overlaps.len().max(predicted.outliers.len());
            for (k, eigenvalue) in eigenvalues.iter().take(count).enumerate() {
                let (theory, along) =
                    (known(&predicted.outliers, k), known(&predicted.overlaps, k));
                let overlap = known(overlaps, k);
                data.row([l as f64, i as f64, k as f64, *eigenvalue, overlap, theory, along]);
            }
            data.array(format!("eigenvalues_{l}_{i}"), ndarray::ArrayView1::from(eigenvalues));
            let picture = Spectrum {
                values: eigenvalues,
                outliers: overlaps.len(),
                overlaps: overlaps.clone(),
                chance,
                bulk: predicted.bulk.clone(),
                reference: Vec::new(),
                predicted: predicted.outliers.clone(),
                edges: Vec::new(),
                right,
            };
            let title = format!("{}, {name}", TITLES[i]);
            panels.push(picture.panel(&title, "eigenvalue of FᵀF/m")?);
        }
    }
    let figure = figure(panels, TITLES.len(), (400, 310)).with_note(note("the labels", chance));
    report([save(&figure, &common.output, "feature_spectrum")?]);
    report(data.save(&common.output, "feature_spectrum")?);
    Ok(())
}

const TITLES: [&str; 4] = ["W₀", "W₁", "W₂, independent", "W₂, reused"];

/// The features of W_0, W_1, W_2 on independent batches and W_2 on a reused one.
fn measure(setting: &Setting, seed: u64) -> Result<Vec<Measured>, Box<dyn Error>> {
    let batch = setting.builder(seed).build()?.test_batch(0, 2 * setting.width)?;
    let (_, labels) = batch.to_arrays()?;
    let mut networks = setting.networks(seed)?;
    networks.extend(setting.with_batches(POLICIES[1].0).networks(seed)?.pop());
    let one = |network: &Network<f64>| -> Result<Measured, Box<dyn Error>> {
        let spectrum = feature_spectrum(network, &batch, VECTORS)?;
        let outliers = spectrum.outliers(None)?.count;
        let overlaps = spectrum.left_overlaps(labels.view().insert_axis(Axis(0)))?;
        let overlaps = overlaps.column(0).iter().take(outliers).copied().collect();
        Ok(Measured { eigenvalues: spectrum.eigenvalues().to_vec(), overlaps })
    };
    networks.iter().map(one).collect()
}

/// The same four, predicted.
fn predict(setting: &Setting) -> Result<Vec<Predicted>, Box<dyn Error>> {
    let mut features = setting.predicted_features()?;
    features.extend(setting.with_batches(POLICIES[1].0).predicted_features()?.pop());
    let one = |features: &FeaturePrediction| -> Result<Predicted, Box<dyn Error>> {
        let spectrum = features.spectrum(2 * setting.width)?;
        // from far below the bulk to just below its right edge
        let at = |i: i32| spectrum.edge * 1e-3_f64.powf((f64::from(i) + 0.5) / 120.0);
        let grid: Vec<f64> = (0..120).rev().map(at).collect();
        let density = spectrum.density(&grid)?;
        let outliers = &spectrum.outliers;
        Ok(Predicted {
            bulk: grid.into_iter().zip(density).collect(),
            outliers: outliers.iter().map(|outlier| outlier.eigenvalue).collect(),
            overlaps: outliers.iter().map(|outlier| outlier.label_overlap).collect(),
        })
    };
    features.iter().map(one).collect()
}
