//! The panel of one spectrum, measured and predicted.

use std::error::Error;

use linear_width::experiment::Stage;
use linear_width::rmt::MarchenkoPastur;
use linear_width::spectral::Histogram;
use linear_width::theory::prediction::Prediction;

use super::picture::{BARS, LAW, OUTLIER, Panel, Shape, line, marks, outline};

/// One spectrum on a logarithmic axis that ends at twice `right`: histogram, law of the bulk
/// (`law` when there is no prediction), outliers with their overlaps, of which chance gives `chance`,
/// predicted outliers.
pub fn spectrum_panel(
    stage: &Stage,
    prediction: Option<&Prediction>,
    law: &MarchenkoPastur,
    chance: f64,
    right: f64,
    title: &str,
) -> Result<Panel, Box<dyn Error>> {
    let outliers = stage.outliers.count;
    let values: Vec<f64> = stage.singular_values.to_vec();
    let edge = values.get(outliers).copied().unwrap_or(1.0) * 1.001;
    let floor = (0.7 * law.singular_value_edges().0).max(0.05);
    let histogram = Histogram::new(values.iter().copied(), 40, floor, edge.max(1.01 * floor))?;
    let outline = outline(&histogram);
    let top = histogram.density.iter().fold(0.0_f64, |m, h| m.max(*h));

    let from = law.singular_value_edges().0.max(floor);
    let to = prediction.map_or(law.singular_value_edges().1, |p| p.edge);
    let grid: Vec<f64> =
        (0..=120).map(|i| 0.8 * from + (to - 0.8 * from) * f64::from(i) / 120.0).collect();
    let density = match prediction {
        Some(prediction) => prediction.density(&grid)?.to_vec(),
        None => grid.iter().map(|s| law.singular_value_density(*s)).collect(),
    };
    let curve: Vec<(f64, f64)> = grid.into_iter().zip(density).collect();

    let mut series = vec![
        line(&outline, BARS).filled().named("singular values, density"),
        line(&curve, LAW).named("predicted law of the bulk (W₀: Marchenko–Pastur)"),
    ];
    let height = 0.12 * top;
    let measured: Vec<(f64, f64)> = values.iter().take(outliers).map(|s| (*s, height)).collect();
    let mut texts = Vec::new();
    let mut raised = false;
    for (k, mark) in measured.iter().enumerate() {
        series.push(line(&[(mark.0, 0.0), *mark], OUTLIER));
        // labels of neighbours would run into each other
        raised = k > 0 && measured[k - 1].0 < 2.2 * mark.0 && !raised;
        if let Some(triplet) = stage.triplets.get(k) {
            let above = if raised { 0.2 } else { 0.09 };
            texts.push(((mark.0, height + above * top), format!("{:.2}", triplet.target_overlap)));
        }
    }
    let predicted: Vec<(f64, f64)> = prediction
        .map(|p| p.outliers.iter().map(|o| (o.singular_value, 0.04 * top)).collect())
        .unwrap_or_default();
    series.push(marks(&predicted, LAW, Shape::Diamond).named("predicted outlier"));
    let name = format!("measured outlier, with its overlap with the teacher (chance: {chance:.2})");
    series.push(marks(&measured, OUTLIER, Shape::Triangle).named(name));
    let ranges = [(0.8 * floor, 2.0 * right), (0.0, 1.35 * top)];
    let panel = Panel::new(series, ranges, title, ["singular value", "density"]).with_log_x();
    Ok(texts.into_iter().fold(panel, |panel, (at, text)| panel.with_text(at, text, OUTLIER)))
}
