//! The picture: spectra of W_0, W_1 and W_2, one row per link.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use kuva::backend::raster::RasterBackend;
use kuva::backend::svg::SvgBackend;
use kuva::plot::annotations::TextAnnotation;
use kuva::plot::scatter::MarkerShape;
use kuva::plot::{LinePlot, ScatterPlot};
use kuva::render::figure::Figure;
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;
use linear_width::experiment::Stage;
use linear_width::spectral::Histogram;
use linear_width::theory::MarchenkoPastur;
use linear_width::theory::prediction::Prediction;

use crate::Comparison;

const BARS: &str = "#9db8d2";
const LAW: &str = "#1f3b57";
const OUTLIER: &str = "#c8102e";

/// Draws all comparisons into `folder` as SVG and PNG; the paths written.
pub fn write(comparisons: &[Comparison], folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut plots = Vec::new();
    let mut layouts = Vec::new();
    for comparison in comparisons {
        let Comparison { independent, reused } = comparison;
        let settings = &independent.report.settings;
        let law = MarchenkoPastur::of_first_layer(settings.width, settings.dimension)?;
        let link = &settings.link;
        let [first, second] = &independent.predictions;
        let panels = [
            (&independent.report.stages[0], None, format!("W₀ — link {link}")),
            (&independent.report.stages[1], Some(first), "W₁".to_owned()),
            (&independent.report.stages[2], Some(second), "W₂, independent batches".to_owned()),
            (&reused.report.stages[2], Some(&reused.predictions[1]), "W₂, reused batch".to_owned()),
        ];
        let right = panels.iter().map(|(s, _, _)| s.singular_values[0]).fold(0.0, f64::max);
        for (stage, prediction, title) in panels {
            let (panel, layout) = panel(stage, prediction, &law, right, &title)?;
            plots.push(panel);
            layouts.push(layout);
        }
    }
    let scene = Figure::new(comparisons.len(), 4)
        .with_plots(plots)
        .with_layouts(layouts)
        .with_cell_size(430.0, 330.0)
        .with_shared_legend_bottom()
        .render();
    fs::create_dir_all(folder)?;
    let svg = folder.join("two_vs_one_step.svg");
    let png = folder.join("two_vs_one_step.png");
    fs::write(&svg, SvgBackend::new().render_scene(&scene))?;
    fs::write(&png, RasterBackend::new().with_scale(1.5).render_scene(&scene)?)?;
    Ok(vec![svg, png])
}

/// One spectrum on a logarithmic axis: histogram, law of the bulk, outliers with their overlaps,
/// predicted outliers.
fn panel(
    stage: &Stage,
    prediction: Option<&Prediction>,
    law: &MarchenkoPastur,
    right: f64,
    title: &str,
) -> Result<(Vec<Plot>, Layout), Box<dyn Error>> {
    let outliers = stage.outliers.count;
    let values: Vec<f64> = stage.singular_values.to_vec();
    let edge = values.get(outliers).copied().unwrap_or(1.0) * 1.001;
    let floor = (0.7 * law.singular_value_edges().0).max(0.05);
    let histogram = Histogram::new(values.iter().copied(), 40, floor, edge.max(1.01 * floor))?;
    let outline: Vec<(f64, f64)> = histogram
        .density
        .iter()
        .zip(histogram.edges.windows(2))
        .flat_map(|(height, ends)| [(ends[0], *height), (ends[1], *height)])
        .collect();
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
    let mut layout = Layout::new((0.8 * floor, 2.0 * right), (0.0, 1.35 * top))
        .with_log_x()
        .with_clamp_axis()
        .with_title(title)
        .with_x_label("singular value")
        .with_y_label("density");
    let height = 0.12 * top;
    let marks: Vec<(f64, f64)> = values.iter().take(outliers).map(|s| (*s, height)).collect();
    for (k, mark) in marks.iter().enumerate() {
        plots.push(Plot::Line(
            LinePlot::new().with_data([(mark.0, 0.0), *mark]).with_color(OUTLIER),
        ));
        if let Some(triplet) = stage.triplets.get(k) {
            let text = format!("{:.2}", triplet.target_overlap);
            let label = TextAnnotation::new(text, mark.0, height + 0.09 * top)
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
            .with_legend("measured outlier, with its overlap with the teacher"),
    ));
    Ok((plots, layout))
}
