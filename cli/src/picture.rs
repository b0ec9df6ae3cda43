//! The picture of a run or of a prediction: the spectrum of every stage.

use std::path::Path;

use gallery::picture::{Panel, figure};
use gallery::spectrum::{Spectrum, note};
use linear_width::Report;
use linear_width::experiment::Stage;
use linear_width_runs::predicted::{Density, PredictedReport, PredictedStage};

use crate::output;

/// Draws the spectra of W_0, W_1, ...: histograms and outliers where they are measured, with predicted
/// densities, edges and outliers.
pub fn draw(
    measured: Option<&Report>,
    predicted: &PredictedReport,
    path: &Path,
) -> Result<(), String> {
    let wrong = |problem: String| format!("{}: {problem}", path.display());
    let chance = measured.map_or(0.0, |report| report.chance_overlaps().0);
    let stages: Vec<(&PredictedStage, Option<&Stage>)> = predicted
        .stages
        .iter()
        .enumerate()
        .map(|(t, stage)| (stage, measured.and_then(|report| report.stages.get(t))))
        // there is something to draw
        .filter(|(stage, measured)| stage.density.is_some() || measured.is_some())
        .collect();
    // one axis for all
    let largest = stages.iter().flat_map(|(predicted, measured)| {
        let measured = measured.and_then(|stage| stage.singular_values.first());
        let outlier = predicted.spectrum.iter().flat_map(|s| &s.outliers);
        let edge = predicted.density.iter().filter_map(|density| density.singular_values.last());
        measured.into_iter().chain(edge).copied().chain(outlier.map(|o| o.singular_value))
    });
    let right = largest.fold(0.0, f64::max);
    let mut panels: Vec<Panel> = Vec::new();
    for (predicted, measured) in stages {
        panels.push(panel(predicted, measured, chance, right).map_err(wrong)?);
    }
    let columns = panels.len().min(3);
    let figure = figure(panels, columns, (460, 310));
    let taught = measured.is_some_and(|report| report.teacher.nrows() > 0);
    let figure = if taught { figure.with_note(note("the teacher", chance)) } else { figure };
    output::save_picture(&figure, path)
}

fn panel(
    predicted: &PredictedStage,
    measured: Option<&Stage>,
    chance: f64,
    right: f64,
) -> Result<Panel, String> {
    let values = measured.map_or_else(Vec::new, |stage| stage.singular_values.to_vec());
    let points = |density: &Density| {
        density.singular_values.iter().copied().zip(density.density.iter().copied()).collect()
    };
    let taught = measured.iter().flat_map(|stage| &stage.triplets);
    let taught = taught.filter(|triplet| !triplet.direction_overlaps.is_empty());
    let law = predicted.spectrum.as_ref();
    let s = predicted.density.as_ref().map_or(&[][..], |density| &density.singular_values);
    let ends = s.first().into_iter().chain(s.last()).copied();
    let spectrum = Spectrum {
        values: &values,
        outliers: measured.map_or(0, |stage| stage.outliers.count),
        overlaps: taught.map(|triplet| triplet.target_overlap).collect(),
        chance,
        bulk: predicted.density.as_ref().map_or_else(Vec::new, points),
        reference: Vec::new(),
        predicted: law
            .map_or_else(Vec::new, |s| s.outliers.iter().map(|o| o.singular_value).collect()),
        // an edge at 0 has no place on a logarithmic axis
        edges: ends.filter(|s| *s > 0.0).collect(),
        right,
    };
    let count = |count: usize| format!("{count} outlier{}", if count == 1 { "" } else { "s" });
    let mut title = format!("W{}", subscript(predicted.step));
    if let Some(stage) = measured {
        title += &format!(": {}", count(stage.outliers.count));
    }
    match (law, measured) {
        (Some(law), Some(_)) => title += &format!(", predicted {}", law.outliers.len()),
        (Some(law), None) => title += &format!(": {}", count(law.outliers.len())),
        (None, _) if predicted.step > 0 => title += ", no prediction",
        (None, _) => {}
    }
    spectrum.panel(&title, "singular value").map_err(|error| error.to_string())
}

/// A number below the line.
fn subscript(number: usize) -> String {
    let digit = |digit: char| match digit.to_digit(10) {
        Some(value) => char::from_u32(0x2080 + value).unwrap_or(digit),
        None => digit,
    };
    number.to_string().chars().map(digit).collect()
}
