//! Panels in rows with one legend below, saved as SVG.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::draw::{Area, Failure, POINTS, draw_mark, font, px, rgb, stroke};
use super::panel::Panel;
use super::series::{Kind, Series, Stroke};

/// Panels in rows, with one legend below.
pub struct Figure {
    panels: Vec<Panel>,
    columns: usize,
    size: (u32, u32),
    further: Vec<Series>,
    note: Option<String>,
}

/// Panels in rows of `columns`, each `size` = (width, height) pixels, with one legend below.
pub fn figure(panels: Vec<Panel>, columns: usize, size: (u32, u32)) -> Figure {
    Figure { panels, columns, size, further: Vec::new(), note: None }
}

/// Pixels of a line of the legend.
const LEGEND_LINE: u32 = 24;
/// Pixels between the left edge of an entry of the legend and its text.
const LEGEND_TEXT: u32 = 42;

/// An entry of the legend: what is drawn over each other there, its name, left edge and line.
struct Entry<'a> {
    samples: Vec<&'a Series>,
    name: &'a str,
    x: u32,
    line: u32,
}

impl Figure {
    /// Adds entries to the legend that no panel has.
    pub fn with_legend(mut self, entries: Vec<Series>) -> Self {
        self.further = entries;
        self
    }

    /// Ends the legend with a sentence.
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    fn width(&self) -> u32 {
        self.columns as u32 * self.size.0
    }

    fn rows(&self) -> usize {
        self.panels.len().div_ceil(self.columns)
    }

    fn legend(&self) -> Vec<Entry<'_>> {
        let mut entries: Vec<Entry<'_>> = Vec::new();
        let all = self.panels.iter().flat_map(|panel| &panel.series).chain(&self.further);
        for series in all {
            let Some(name) = &series.legend else { continue };
            match entries.iter_mut().find(|entry| entry.name == name) {
                Some(entry) if entry.samples.iter().any(|known| known.looks_like(series)) => {}
                Some(entry) => entry.samples.push(series),
                None => entries.push(Entry { samples: vec![series], name, x: 0, line: 0 }),
            }
        }
        entries.extend(self.note.iter().map(|name| Entry { samples: vec![], name, x: 0, line: 0 }));
        let (mut x, mut line) = (10, 0);
        for entry in &mut entries {
            // eight pixels a letter, which is wide
            let width = LEGEND_TEXT + 8 * entry.name.chars().count() as u32 + 10;
            if x + width > self.width() && x > 10 {
                (x, line) = (10, line + 1);
            }
            (entry.x, entry.line) = (x, line);
            x += width;
        }
        entries
    }

    fn draw<DB: DrawingBackend>(&self, root: &Area<DB>) -> Result<(), Failure<DB>> {
        root.fill(&WHITE)?;
        let (above, below) = root.split_vertically(px(self.size.1) * self.rows() as i32);
        for (panel, area) in
            self.panels.iter().zip(&above.split_evenly((self.rows(), self.columns)))
        {
            panel.draw(area)?;
        }
        for Entry { samples, name, x, line } in self.legend() {
            let (x, y) = (px(x), px(14 + LEGEND_LINE * line));
            for sample in &samples {
                draw_sample(&below, sample, x, y)?;
            }
            let style = TextStyle::from(font(14)).pos(Pos::new(HPos::Left, VPos::Center));
            let indent = if samples.is_empty() { 4 } else { LEGEND_TEXT };
            below.draw(&Text::new(name.to_owned(), (x + px(indent), y), style))?;
        }
        Ok(())
    }
}

/// What the legend shows of a series, 32 pixels wide at (x, y).
fn draw_sample<DB: DrawingBackend>(
    area: &Area<DB>,
    series: &Series,
    x: i32,
    y: i32,
) -> Result<(), Failure<DB>> {
    let colour = rgb(series.colour);
    match &series.kind {
        Kind::Area | Kind::Cells(_) => {
            let corners = [(x + px(6), y - px(7)), (x + px(34), y + px(7))];
            // as they are drawn in the panel
            let opacity = if matches!(series.kind, Kind::Area) { 0.6 } else { 1.0 };
            area.draw(&Rectangle::new(corners, colour.mix(opacity).filled()))
        }
        Kind::Line { width, stroke: kind } => {
            let (step, length) = match kind {
                Stroke::Solid => (32, 32),
                Stroke::Dashed => (12, 8),
                Stroke::Dotted => (6, 2),
            };
            (4..36).step_by(step).try_for_each(|from| {
                let ends = [from, from + length].map(|at| (x + px(at), y));
                area.draw(&PathElement::new(ends, stroke(colour, *width)))
            })
        }
        Kind::Marks { shape, size, .. } => draw_mark(area, (x + px(20), y), *shape, *size, colour),
    }
}

/// Writes `folder/name.svg`; the path written.
pub fn save(figure: &Figure, folder: &Path, name: &str) -> Result<PathBuf, Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    let lines = figure.legend().last().map_or(0, |entry| entry.line + 1);
    let (width, height) =
        (figure.width(), figure.rows() as u32 * figure.size.1 + LEGEND_LINE * lines + 12);
    let points = (POINTS * width, POINTS * height);
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, points).into_drawing_area();
        figure.draw(&root).map_err(|error| error.to_string())?;
        root.present().map_err(|error| error.to_string())?;
    }
    // shown at its size in pixels; the drawing keeps its points
    let in_points = format!("width=\"{}\" height=\"{}\"", points.0, points.1);
    let in_pixels = format!("width=\"{width}\" height=\"{height}\"");
    let path = folder.join(format!("{name}.svg"));
    fs::write(&path, text.replacen(&in_points, &in_pixels, 1))?;
    Ok(path)
}

/// Says what was written.
pub fn report(paths: impl IntoIterator<Item = PathBuf>) {
    for path in paths {
        println!("wrote {}", path.display());
    }
}
