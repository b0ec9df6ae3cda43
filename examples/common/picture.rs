//! Pictures: one look for the whole gallery, saved as SVG and PNG.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use kuva::backend::raster::RasterBackend;
use kuva::backend::svg::SvgBackend;
use kuva::plot::scatter::MarkerShape;
use kuva::plot::{LinePlot, ScatterPlot};
use kuva::render::figure::Figure;
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;
use linear_width::spectral::Histogram;

/// Histogram bars.
pub const BARS: &str = "#9db8d2";
/// Predictions without a further distinction.
pub const LAW: &str = "#1f3b57";
/// Measured outliers.
pub const OUTLIER: &str = "#c8102e";
/// Formulas and references.
pub const REFERENCE: &str = "#777777";
/// Distinct colours for series (Okabe & Ito without yellow and grey: told apart by colour-blind
/// eyes).
pub const SERIES: [&str; 6] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"];
/// One colour per number of outliers, from 0 on; the last for that many or more.
pub const COUNTS: [&str; 7] =
    ["#f2f2f2", "#c6dbef", "#6baed6", "#2171b5", "#fdae6b", "#e6550d", "#7f2704"];

/// A panel: what is drawn, and its axes.
pub type Panel = (Vec<Plot>, Layout);

/// Axes over the given ranges, labelled.
pub fn axes(x: (f64, f64), y: (f64, f64), title: &str, x_label: &str, y_label: &str) -> Layout {
    Layout::new(x, y)
        .with_clamp_axis()
        .with_title(title)
        .with_x_label(x_label)
        .with_y_label(y_label)
}

/// The upper outline of a histogram's bars.
pub fn outline(histogram: &Histogram) -> Vec<(f64, f64)> {
    let bars = histogram.density.iter().zip(histogram.edges.windows(2));
    bars.flat_map(|(height, ends)| [(ends[0], *height), (ends[1], *height)]).collect()
}

/// A line.
pub fn line(points: &[(f64, f64)], colour: &str) -> LinePlot {
    LinePlot::new().with_data(points.to_vec()).with_color(colour).with_stroke_width(2.0)
}

/// Marks.
pub fn marks(points: &[(f64, f64)], colour: &str, shape: MarkerShape) -> ScatterPlot {
    ScatterPlot::new()
        .with_data(points.to_vec())
        .with_color(colour)
        .with_marker(shape)
        .with_size(4.5)
}

/// A mark per point with an error bar of `errors` up and down.
pub fn marks_with_errors(
    points: &[(f64, f64)],
    errors: &[f64],
    colour: &str,
    shape: MarkerShape,
) -> ScatterPlot {
    marks(points, colour, shape).with_y_err(errors.to_vec())
}

/// Panels in rows of `columns`, each `size` = (width, height) pixels, with one legend below.
pub fn figure(panels: Vec<Panel>, columns: usize, size: (f64, f64)) -> Figure {
    let rows = panels.len().div_ceil(columns);
    let (plots, layouts) = panels.into_iter().unzip();
    Figure::new(rows, columns)
        .with_plots(plots)
        .with_layouts(layouts)
        .with_cell_size(size.0, size.1)
        .with_shared_legend_bottom()
}

/// Writes `folder/name.svg` and `folder/name.png`; the paths written.
pub fn save(figure: Figure, folder: &Path, name: &str) -> Result<[PathBuf; 2], Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    let scene = figure.render();
    let (svg, png) = (folder.join(format!("{name}.svg")), folder.join(format!("{name}.png")));
    fs::write(&svg, SvgBackend::new().render_scene(&scene))?;
    fs::write(&png, RasterBackend::new().with_scale(1.5).render_scene(&scene)?)?;
    Ok([svg, png])
}

/// Says what was written.
pub fn report(paths: impl IntoIterator<Item = PathBuf>) {
    for path in paths {
        println!("wrote {}", path.display());
    }
}
