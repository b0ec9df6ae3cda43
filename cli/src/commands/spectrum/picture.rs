//! The picture of reports: a histogram per matrix with the fitted Marchenko-Pastur law.

use std::path::Path;

use gallery::picture::{
    BARS, LAW, MEASURED, Panel, REFERENCE, Series, Shape, area, figure, line, marks, outline,
};
use linear_width::rmt::MarchenkoPastur;
use linear_width::spectral::{Histogram, SpectrumReport};

use super::Found;
use crate::output;

/// A largest value beyond this many edges makes the axis logarithmic.
const FAR: f64 = 6.0;

/// Draws one panel per report into the SVG file `path`.
pub fn draw(found: &[Found], path: &Path) -> Result<(), String> {
    let at = |problem: String| format!("{}: {problem}", path.display());
    let panels = found.iter().map(panel).collect::<Result<Vec<_>, _>>().map_err(at)?;
    let columns = if panels.len() == 1 { 1 } else { 2 };
    output::save_picture(&figure(panels, columns, (560, 380)), path)
}

fn panel(found: &Found) -> Result<Panel, String> {
    let report = &found.report;
    let s = &report.singular_values;
    let bulk = &s[report.outliers.count.min(s.len() - 1)..];
    let edge = report.bulk.map_or(bulk[0], |fit| fit.edge).max(bulk[0]);
    let logarithmic = s[0] > FAR * edge;
    // on a logarithmic axis heights are densities of ln s, so that areas are shares of the values
    let place = |s: f64| if logarithmic { s.ln() } else { s };
    let back = |x: f64| if logarithmic { x.exp() } else { x };
    let lowest = if logarithmic { bulk[bulk.len() - 1].max(1e-3 * edge) } else { 0.0 };
    let bins = (2 * (s.len() as f64).sqrt() as usize).clamp(10, 60);
    let (from, to) = (place(0.98 * lowest), place(1.02 * edge));
    let values = s.iter().map(|s| place(*s)).filter(|x| x.is_finite());
    let histogram = Histogram::new(values, bins, from, to).map_err(|error| error.to_string())?;
    let bars: Vec<_> = outline(&histogram).into_iter().map(|(x, y)| (back(x), y)).collect();
    let mut top = histogram.density.iter().fold(0.0_f64, |top, bar| top.max(*bar));

    let mut series = vec![area(&bars, BARS).named("singular values")];
    let law = law(report, |s| if logarithmic { s } else { 1.0 }).map_err(|e| e.to_string())?;
    if let (Some(law), Some(fit)) = (law, &report.bulk) {
        top = law.iter().fold(top, |top, (_, height)| top.max(*height));
        series.push(line(&law, LAW).named("fitted Marchenko–Pastur law"));
        let edge = line(&[(fit.edge, 0.0), (fit.edge, 1.2 * top)], REFERENCE).dashed();
        series.push(edge.named("its edge"));
    }
    series.extend(outliers(report, top));
    let left = if logarithmic { 0.8 * lowest } else { 0.0 };
    let right = if logarithmic { 1.5 * s[0] } else { 1.08 * s[0].max(edge) };
    let label = if logarithmic { "density of its logarithm" } else { "density" };
    let ranges = [(left, right), (0.0, 1.2 * top)];
    let panel = Panel::new(series, ranges, heading(found), ["singular value", label]);
    Ok(if logarithmic { panel.with_log_x() } else { panel })
}

/// The tensor, or the file without its folder; the size; the number of outliers.
fn heading(found: &Found) -> String {
    let file = found.file.file_name().and_then(|name| name.to_str()).unwrap_or("");
    let name = if found.tensor.is_empty() { file } else { &found.tensor };
    let (rows, columns, count) =
        (found.report.rows, found.report.columns, found.report.outliers.count);
    let plural = if count == 1 { "" } else { "s" };
    format!("{name}, {rows} × {columns}: {count} outlier{plural}")
}

/// Lines up from the axis with a mark on top.
fn outliers(report: &SpectrumReport, top: f64) -> Vec<Series> {
    let outliers = &report.singular_values[..report.outliers.count];
    if outliers.is_empty() {
        return Vec::new();
    }
    let height = 0.12 * top;
    let stems = outliers.iter().map(|s| line(&[(*s, 0.0), (*s, height)], MEASURED).sized(1));
    let tops: Vec<_> = outliers.iter().map(|s| (*s, height)).collect();
    stems.chain([marks(&tops, MEASURED, Shape::Circle).sized(3).named("outliers")]).collect()
}

type Points = Vec<(f64, f64)>;

/// The density of the fitted law at 240 points, in the share that the bulk has of all values; `unit`
/// is the derivative of s by the coordinate of the axis.
fn law(
    report: &SpectrumReport,
    unit: impl Fn(f64) -> f64,
) -> Result<Option<Points>, linear_width::InvalidSetting> {
    let Some(fit) = report.bulk else { return Ok(None) };
    let k = report.outliers.count;
    let law = MarchenkoPastur::for_shape(report.rows - k, report.columns - k)?;
    let scale = fit.scale * ((report.columns - k) as f64).sqrt();
    let share = 1.0 - k as f64 / report.singular_values.len() as f64;
    let point = |i: u32| {
        // points gather at the edges, where the density is steep
        let angle = std::f64::consts::PI * f64::from(i) / 240.0;
        let middle = 0.5 * (fit.lower_edge + fit.edge);
        let s = middle - 0.5 * (fit.edge - fit.lower_edge) * angle.cos();
        (s, unit(s) * share * law.singular_value_density(s / scale) / scale)
    };
    Ok(Some((0..=240).map(point).collect()))
}
