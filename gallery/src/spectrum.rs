//! The panel of one spectrum, measured and predicted.

use std::error::Error;

use linear_width::experiment::Stage;
use linear_width::rmt::MarchenkoPastur;
use linear_width::spectral::Histogram;
use linear_width::theory::prediction::Prediction;

use super::picture::{BARS, LAW, MEASURED, Panel, REFERENCE, Shape, area, line, marks, outline};

/// A spectrum on a logarithmic axis. The height is the density of ln s, so that areas are shares of
/// the values in spite of that axis.
pub struct Spectrum<'a> {
    /// All values, largest first.
    pub values: &'a [f64],
    /// How many of them are outliers.
    pub outliers: usize,
    /// Overlaps of the leading outliers' vectors with the teacher or the labels.
    pub overlaps: Vec<f64>,
    /// What chance gives for an overlap.
    pub chance: f64,
    /// Points (s, density of s) of the predicted bulk.
    pub bulk: Vec<(f64, f64)>,
    /// Points (s, density of s) of the bulk of W_0, to compare.
    pub reference: Vec<(f64, f64)>,
    /// Predicted outliers.
    pub predicted: Vec<f64>,
    /// Predicted edges of the bulk to draw.
    pub edges: Vec<f64>,
    /// The largest value of all spectra that are to have the same axis.
    pub right: f64,
}

/// Densities of ln s from those of s.
fn of_logarithm(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    points.iter().map(|(s, density)| (*s, s * density)).collect()
}

/// Chance gives an overlap below this many times its root mean square, nearly always.
const CLEAR: f64 = 3.0;

impl Spectrum<'_> {
    /// Histogram and law of the bulk; outliers with their overlaps, grey where chance gives as much;
    /// predicted outliers. Without values the prediction alone.
    pub fn panel(&self, title: &str, label: &str) -> Result<Panel, Box<dyn Error>> {
        let (outliers, bulk) = self.values.split_at(self.outliers.min(self.values.len()));
        let law = |point: Option<&(f64, f64)>| point.map(|(s, _)| *s);
        let edge = bulk.first().copied().or(law(self.bulk.last())).unwrap_or(1.0);
        let floor = bulk.last().copied().or(law(self.bulk.first())).unwrap_or(edge);
        let floor = floor.max(1e-3 * edge);
        let mut series = Vec::new();
        let heights = if self.values.is_empty() {
            of_logarithm(&self.bulk).into_iter().map(|(_, height)| height).collect()
        } else {
            let (from, to) = ((0.98 * floor).ln(), (1.01 * edge).ln());
            let logarithms = self.values.iter().map(|s| s.ln());
            let histogram = Histogram::new(logarithms.filter(|x| x.is_finite()), 40, from, to)?;
            let bars: Vec<(f64, f64)> =
                outline(&histogram).into_iter().map(|(x, density)| (x.exp(), density)).collect();
            series.push(area(&bars, BARS).named("measured"));
            histogram.density.to_vec()
        };
        let top = heights.iter().fold(0.0_f64, |m, h| m.max(*h));

        if !self.reference.is_empty() {
            let reference = line(&of_logarithm(&self.reference), REFERENCE).dotted();
            series.push(reference.named("W₀: Marchenko–Pastur law"));
        }
        series.push(line(&of_logarithm(&self.bulk), LAW).named("predicted"));
        for edge in &self.edges {
            let edge = line(&[(*edge, 0.0), (*edge, 1.2 * top)], REFERENCE).dashed().sized(1);
            series.push(edge.named("predicted edges"));
        }
        let mut tops = Vec::new();
        let mut texts = Vec::new();
        for (k, value) in outliers.iter().enumerate() {
            // texts of neighbours would run into each other: every other one higher
            let near = k > 0 && outliers[k - 1] < 2.5 * value;
            let raised = near && tops.last().is_some_and(|(_, height)| *height < 0.2 * top);
            let height = if raised { 0.3 * top } else { 0.15 * top };
            series.push(line(&[(*value, 0.0), (*value, height)], MEASURED));
            tops.push((*value, height));
            if let Some(overlap) = self.overlaps.get(k) {
                let colour = if *overlap > CLEAR * self.chance { MEASURED } else { REFERENCE };
                texts.push(((*value, height + 0.08 * top), format!("{overlap:.2}"), colour));
            }
        }
        if !self.values.is_empty() {
            series.push(marks(&tops, MEASURED, Shape::Circle).named("measured"));
        }
        let predicted: Vec<(f64, f64)> = self.predicted.iter().map(|s| (*s, 0.04 * top)).collect();
        series.push(marks(&predicted, LAW, Shape::Diamond).named("predicted"));
        let ranges = [(0.75 * floor, 2.0 * self.right), (0.0, 1.3 * top)];
        let panel = Panel::new(series, ranges, title, [label, "density of its logarithm"]);
        let panel = panel.with_log_x();
        Ok(texts
            .into_iter()
            .fold(panel, |panel, (at, text, colour)| panel.with_text(at, text, colour)))
    }
}

/// The sentence that explains the numbers at outliers: overlaps with `what`.
pub fn note(what: &str, chance: f64) -> String {
    format!("numbers: overlap with {what} (grey: at most {CLEAR} times chance, {chance:.3})")
}

/// The spectrum of a first layer, with its overlaps where there is a teacher. The law of W_0 is
/// Marchenko and Pastur's; the others have it to compare.
pub fn spectrum_panel(
    stage: &Stage,
    prediction: Option<&Prediction>,
    law: &MarchenkoPastur,
    chance: f64,
    right: f64,
    title: &str,
) -> Result<Panel, Box<dyn Error>> {
    let (from, to) = law.singular_value_edges();
    let grid = |from: f64, to: f64| -> Vec<f64> {
        (0..=120).map(|i| from + (to - from) * f64::from(i) / 120.0).collect()
    };
    let of_w_0: Vec<(f64, f64)> =
        grid(from, to).into_iter().map(|s| (s, law.singular_value_density(s))).collect();
    let (bulk, reference) = match prediction {
        Some(prediction) => {
            let grid = grid(prediction.lower_edge, prediction.edge);
            let density = prediction.density(&grid)?.to_vec();
            (grid.into_iter().zip(density).collect(), of_w_0)
        }
        None if stage.step == 0 => (of_w_0, Vec::new()),
        None => (Vec::new(), of_w_0),
    };
    let with_teacher = stage.triplets.iter().filter(|t| !t.direction_overlaps.is_empty());
    let spectrum = Spectrum {
        values: &stage.singular_values.to_vec(),
        outliers: stage.outliers.count,
        overlaps: with_teacher.map(|triplet| triplet.target_overlap).collect(),
        chance,
        bulk,
        reference,
        predicted: prediction
            .map_or(Vec::new(), |p| p.outliers.iter().map(|o| o.singular_value).collect()),
        edges: Vec::new(),
        right,
    };
    spectrum.panel(title, "singular value")
}
