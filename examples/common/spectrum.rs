//! The panel of one spectrum, measured and predicted.

use std::error::Error;

use kuva::plot::annotations::TextAnnotation;
use kuva::plot::scatter::MarkerShape;
use kuva::plot::{LinePlot, ScatterPlot};
use kuva::render::plots::Plot;
use linear_width::experiment::Stage;
use linear_width::rmt::MarchenkoPastur;
use linear_width::spectral::Histogram;
use linear_width::theory::prediction::Prediction;

use super::picture::{BARS, LAW, OUTLIER, Panel, axes, outline};

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

    let mut plots = vec![
        Plot::Line(
            LinePlot::new()
                .with_data(outline)
                .with_color(BARS)
                .with_fill()
                .with_fill_opacity(0.6)
                .with_legend("singular values, density"),
        ),
        Plot::Line(
            LinePlot::new()
                .with_data(curve)
                .with_color(LAW)
                .with_stroke_width(2.0)
                .with_legend("predicted law of the bulk (W₀: Marchenko–Pastur)"),
        ),
    ];
    let ranges = ((0.8 * floor, 2.0 * right), (0.0, 1.35 * top));
    let mut layout = axes(ranges.0, ranges.1, title, "singular value", "density").with_log_x();
    let height = 0.12 * top;
    let marks: Vec<(f64, f64)> = values.iter().take(outliers).map(|s| (*s, height)).collect();
    let mut raised = false;
    for (k, mark) in marks.iter().enumerate() {
        // labels of neighbours would run into each other
        raised = k > 0 && marks[k - 1].0 < 2.2 * mark.0 && !raised;
        plots.push(Plot::Line(
            LinePlot::new().with_data([(mark.0, 0.0), *mark]).with_color(OUTLIER),
        ));
        if let Some(triplet) = stage.triplets.get(k) {
            let text = format!("{:.2}", triplet.target_overlap);
            let above = if raised { 0.2 } else { 0.09 };
            let label = TextAnnotation::new(text, mark.0, height + above * top)
                .with_color(OUTLIER)
                .with_font_size(12);
            layout = layout.with_annotation(label);
        }
    }
    let predicted: Vec<(f64, f64)> = prediction
        .map(|p| p.outliers.iter().map(|o| (o.singular_value, 0.04 * top)).collect())
        .unwrap_or_default();
    plots.push(Plot::Scatter(
        ScatterPlot::new()
            .with_data(predicted)
            .with_color(LAW)
            .with_marker(MarkerShape::Diamond)
            .with_size(5.0)
            .with_legend("predicted outlier"),
    ));
    plots.push(Plot::Scatter(
        ScatterPlot::new()
            .with_data(marks)
            .with_color(OUTLIER)
            .with_marker(MarkerShape::Triangle)
            .with_size(5.0)
            .with_legend(format!(
                "measured outlier, with its overlap with the teacher (chance: {chance:.2})"
            )),
    ));
    Ok((plots, layout))
}
