//! Pictures: panels of lines, marks and coloured cells with one legend, saved as SVG.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use linear_width::spectral::Histogram;
use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::coord::{CoordTranslate, Shift};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

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

/// How a line is drawn.
#[derive(Clone, Copy, PartialEq)]
enum Stroke {
    Solid,
    Dashed,
    Dotted,
}

/// The shape of a mark.
#[derive(Clone, Copy, PartialEq)]
pub enum Shape {
    Circle,
    Cross,
    Square,
    Diamond,
    Triangle,
}

/// What is drawn into a panel.
#[derive(Clone)]
enum Kind {
    Line {
        width: u32,
        stroke: Stroke,
        filled: bool,
    },
    Marks {
        shape: Shape,
        size: i32,
        errors: Vec<f64>,
    },
    /// Rectangles [x_0, x_1] x [y_0, y_1] with a colour each.
    Cells(Vec<([(f64, f64); 2], &'static str)>),
}

/// A line, marks or cells, with its line in the legend.
#[derive(Clone)]
pub struct Series {
    points: Vec<(f64, f64)>,
    colour: &'static str,
    kind: Kind,
    legend: Option<String>,
}

/// A line.
pub fn line(points: &[(f64, f64)], colour: &'static str) -> Series {
    let kind = Kind::Line { width: 2, stroke: Stroke::Solid, filled: false };
    Series { points: points.to_vec(), colour, kind, legend: None }
}

/// Marks.
pub fn marks(points: &[(f64, f64)], colour: &'static str, shape: Shape) -> Series {
    let kind = Kind::Marks { shape, size: 4, errors: Vec::new() };
    Series { points: points.to_vec(), colour, kind, legend: None }
}

/// A mark per point with an error bar of `errors` up and down.
pub fn marks_with_errors(
    points: &[(f64, f64)],
    errors: &[f64],
    colour: &'static str,
    shape: Shape,
) -> Series {
    let kind = Kind::Marks { shape, size: 4, errors: errors.to_vec() };
    Series { kind, ..marks(points, colour, shape) }
}

/// Rectangles given by two opposite corners, with a colour each.
pub fn cells(rectangles: Vec<([(f64, f64); 2], &'static str)>) -> Series {
    Series { points: Vec::new(), colour: BARS, kind: Kind::Cells(rectangles), legend: None }
}

impl Series {
    /// Names the series in the legend of the figure; equal names appear there once.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.legend = Some(name.into());
        self
    }

    fn with_stroke(mut self, new: Stroke) -> Self {
        if let Kind::Line { stroke, .. } = &mut self.kind {
            *stroke = new;
        }
        self
    }

    /// Draws a line dashed.
    pub fn dashed(self) -> Self {
        self.with_stroke(Stroke::Dashed)
    }

    /// Draws a line dotted.
    pub fn dotted(self) -> Self {
        self.with_stroke(Stroke::Dotted)
    }

    /// Fills the area between a line and zero.
    pub fn filled(mut self) -> Self {
        if let Kind::Line { filled, .. } = &mut self.kind {
            *filled = true;
        }
        self
    }

    /// The width of a line or the radius of marks, in pixels.
    pub fn sized(mut self, pixels: u32) -> Self {
        match &mut self.kind {
            Kind::Line { width, .. } => *width = pixels,
            Kind::Marks { size, .. } => *size = pixels as i32,
            Kind::Cells(_) => {}
        }
        self
    }
}

/// A panel: series, axes, and texts at points of the plane.
pub struct Panel {
    series: Vec<Series>,
    ranges: [(f64, f64); 2],
    logarithmic: [bool; 2],
    title: String,
    labels: [String; 2],
    texts: Vec<((f64, f64), String, &'static str)>,
}

impl Panel {
    /// A panel over these ranges, with its title and the labels of its axes.
    pub fn new(
        series: Vec<Series>,
        ranges: [(f64, f64); 2],
        title: impl Into<String>,
        labels: [&str; 2],
    ) -> Self {
        let (title, labels) = (title.into(), labels.map(str::to_owned));
        Self { series, ranges, logarithmic: [false; 2], title, labels, texts: Vec::new() }
    }

    /// Makes the axis of abscissae logarithmic.
    pub fn with_log_x(mut self) -> Self {
        self.logarithmic[0] = true;
        self
    }

    /// Makes both axes logarithmic.
    pub fn with_log_scale(mut self) -> Self {
        self.logarithmic = [true; 2];
        self
    }

    /// Writes a text centred at a point.
    pub fn with_text(mut self, at: (f64, f64), text: String, colour: &'static str) -> Self {
        self.texts.push((at, text, colour));
        self
    }

    fn draw<DB: DrawingBackend>(&self, area: &Area<DB>) -> Result<(), Failure<DB>> {
        let [x, y] = self.ranges.map(|(from, to)| from..to);
        match self.logarithmic {
            [false, false] => self.draw_over(area, x, y),
            [true, false] => self.draw_over(area, x.log_scale(), y),
            [false, true] => self.draw_over(area, x, y.log_scale()),
            [true, true] => self.draw_over(area, x.log_scale(), y.log_scale()),
        }
    }

    fn draw_over<DB, X, Y>(&self, area: &Area<DB>, x: X, y: Y) -> Result<(), Failure<DB>>
    where
        DB: DrawingBackend,
        X: AsRangedCoord<Value = f64, CoordDescType: ValueFormatter<f64>>,
        Y: AsRangedCoord<Value = f64, CoordDescType: ValueFormatter<f64>>,
    {
        let mut chart = ChartBuilder::on(area)
            .margin(8)
            .margin_right(18)
            .caption(&self.title, ("sans-serif", 17))
            .x_label_area_size(46)
            .y_label_area_size(56)
            .build_cartesian_2d(x, y)?;
        chart
            .configure_mesh()
            .x_desc(&self.labels[0])
            .y_desc(&self.labels[1])
            .x_labels(8)
            .y_labels(7)
            .x_label_formatter(&|value| short(*value))
            .y_label_formatter(&|value| short(*value))
            .label_style(("sans-serif", 13))
            .axis_desc_style(("sans-serif", 15))
            .light_line_style(TRANSPARENT)
            .bold_line_style(rgb("#e8e8e8"))
            .draw()?;
        for series in &self.series {
            let colour = rgb(series.colour);
            // points outside are left out, not moved to the border
            let inside = series.points.iter().copied().filter(|(x, y)| self.holds(*x, *y));
            let points = || inside.clone().map(|(x, y)| self.clamped(x, y));
            match &series.kind {
                Kind::Line { width, stroke, filled } => {
                    if *filled {
                        chart.draw_series(AreaSeries::new(points(), 0.0, colour.mix(0.6)))?;
                    }
                    let style = colour.stroke_width(*width);
                    match stroke {
                        Stroke::Solid => chart.draw_series(LineSeries::new(points(), style))?,
                        Stroke::Dashed => {
                            chart.draw_series(DashedLineSeries::new(points(), 7, 5, style))?
                        }
                        Stroke::Dotted => {
                            chart.draw_series(DashedLineSeries::new(points(), 2, 4, style))?
                        }
                    };
                }
                Kind::Marks { shape, size, errors } => {
                    let all = series.points.iter().zip(errors);
                    let shown = all.filter(|((x, y), _)| self.holds(*x, *y));
                    let bars = shown.map(|(&(x, y), error)| {
                        let ends = [y - error, y + error].map(|y| self.clamped(x, y));
                        PathElement::new(ends, colour.stroke_width(1))
                    });
                    chart.draw_series(bars)?;
                    for at in points() {
                        draw_mark(chart.plotting_area(), at, *shape, *size, colour)?;
                    }
                }
                Kind::Cells(cells) => {
                    let one = |(corners, colour): &([(f64, f64); 2], &str)| {
                        Rectangle::new(*corners, rgb(colour).filled())
                    };
                    chart.draw_series(cells.iter().map(one))?;
                }
            }
        }
        for (at, text, colour) in &self.texts {
            let colour = rgb(colour);
            let style = TextStyle::from(("sans-serif", 14).into_font())
                .color(&colour)
                .pos(Pos::new(HPos::Center, VPos::Center));
            let at = self.clamped(at.0, at.1);
            chart.draw_series([Text::new(text.clone(), at, style)])?;
        }
        Ok(())
    }

    /// Whether a point lies inside the panel, up to rounding.
    fn holds(&self, x: f64, y: f64) -> bool {
        let within = |(from, to): (f64, f64), at: f64| {
            let slack = 1e-9 * (to - from);
            (from - slack..=to + slack).contains(&at)
        };
        within(self.ranges[0], x) && within(self.ranges[1], y)
    }

    /// The point itself inside the panel; nearest to it on the border otherwise.
    fn clamped(&self, x: f64, y: f64) -> (f64, f64) {
        let [(left, right), (bottom, top)] = self.ranges;
        (x.clamp(left, right), y.clamp(bottom, top))
    }
}

type Area<DB> = DrawingArea<DB, Shift>;
type Failure<DB> = DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>;

/// A colour written "#rrggbb".
fn rgb(colour: &str) -> RGBColor {
    let part = |at: usize| colour.get(at..at + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
    RGBColor(part(1).unwrap_or(0), part(3).unwrap_or(0), part(5).unwrap_or(0))
}

/// A label of an axis: without trailing zeros, large and small powers of ten as 10^k.
fn short(value: f64) -> String {
    if value.abs() >= 1e5 || (value != 0.0 && value.abs() < 1e-3) {
        return format!("{value:e}").replace('e', " · 10^").replace("1 · ", "");
    }
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').replace('-', "−")
}

/// Draws a mark whose size does not depend on the axes.
fn draw_mark<DB, C>(
    area: &DrawingArea<DB, C>,
    at: C::From,
    shape: Shape,
    size: i32,
    colour: RGBColor,
) -> Result<(), Failure<DB>>
where
    DB: DrawingBackend,
    C: CoordTranslate,
    C::From: Clone,
{
    let fill = colour.filled();
    let centre = EmptyElement::at(at);
    let polygon = |corners: &[(i32, i32)]| {
        Polygon::new(
            corners.iter().map(|(x, y)| (x * size / 4, y * size / 4)).collect::<Vec<_>>(),
            fill,
        )
    };
    match shape {
        Shape::Circle => area.draw(&(centre + Circle::new((0, 0), size, fill))),
        Shape::Cross => area.draw(&(centre + Cross::new((0, 0), size, colour.stroke_width(2)))),
        Shape::Square => area.draw(&(centre + polygon(&[(-4, -4), (4, -4), (4, 4), (-4, 4)]))),
        Shape::Diamond => area.draw(&(centre + polygon(&[(0, -6), (5, 0), (0, 6), (-5, 0)]))),
        Shape::Triangle => area.draw(&(centre + polygon(&[(0, -5), (5, 4), (-5, 4)]))),
    }
}

/// The upper outline of a histogram's bars.
pub fn outline(histogram: &Histogram) -> Vec<(f64, f64)> {
    let bars = histogram.density.iter().zip(histogram.edges.windows(2));
    bars.flat_map(|(height, ends)| [(ends[0], *height), (ends[1], *height)]).collect()
}

/// Panels in rows, with one legend below.
pub struct Figure {
    panels: Vec<Panel>,
    columns: usize,
    size: (u32, u32),
    further: Vec<Series>,
}

/// Panels in rows of `columns`, each `size` = (width, height) pixels, with one legend below.
pub fn figure(panels: Vec<Panel>, columns: usize, size: (u32, u32)) -> Figure {
    Figure { panels, columns, size, further: Vec::new() }
}

/// Pixels of a line of the legend.
const LEGEND_LINE: i32 = 24;
/// Pixels between the left edge of an entry of the legend and its text.
const LEGEND_TEXT: i32 = 42;

impl Figure {
    /// Adds entries to the legend that no panel has.
    pub fn with_legend(mut self, entries: Vec<Series>) -> Self {
        self.further = entries;
        self
    }

    fn width(&self) -> u32 {
        self.columns as u32 * self.size.0
    }

    /// Each name once, with where it goes: its column in pixels and its line.
    fn legend(&self) -> Vec<(&Series, &str, i32, i32)> {
        let all = self.panels.iter().flat_map(|panel| &panel.series).chain(&self.further);
        let mut entries: Vec<(&Series, &str, i32, i32)> = Vec::new();
        let (mut x, mut line) = (10, 0);
        for series in all {
            let Some(name) = &series.legend else { continue };
            if entries.iter().any(|entry| entry.1 == name) {
                continue;
            }
            // seven pixels a letter, which is wide
            let width = LEGEND_TEXT + 7 * name.chars().count() as i32 + 20;
            if x + width > self.width() as i32 && x > 10 {
                (x, line) = (10, line + 1);
            }
            entries.push((series, name, x, line));
            x += width;
        }
        entries
    }

    fn draw<DB: DrawingBackend>(&self, root: &Area<DB>) -> Result<(), Failure<DB>> {
        root.fill(&WHITE)?;
        let (above, below) =
            root.split_vertically(self.size.1 * self.panels.len().div_ceil(self.columns) as u32);
        let rows = self.panels.len().div_ceil(self.columns);
        let areas = above.split_evenly((rows, self.columns));
        for (panel, area) in self.panels.iter().zip(&areas) {
            panel.draw(area)?;
        }
        for (series, name, x, line) in self.legend() {
            let y = 14 + LEGEND_LINE * line;
            let colour = rgb(series.colour);
            let stroke = |from: i32, to: i32, width: u32| {
                PathElement::new([(x + from, y), (x + to, y)], colour.stroke_width(width))
            };
            match &series.kind {
                Kind::Line { filled: true, .. } | Kind::Cells(_) => {
                    let corners = [(x + 6, y - 7), (x + 34, y + 7)];
                    below.draw(&Rectangle::new(corners, colour.mix(0.8).filled()))?;
                }
                Kind::Line { width, stroke: Stroke::Solid, .. } => {
                    below.draw(&stroke(4, 36, *width))?;
                }
                Kind::Line { width, stroke: Stroke::Dashed, .. } => {
                    for from in [4, 16, 28] {
                        below.draw(&stroke(from, from + 8, *width))?;
                    }
                }
                Kind::Line { width, stroke: Stroke::Dotted, .. } => {
                    for from in (4..36).step_by(6) {
                        below.draw(&stroke(from, from + 2, *width))?;
                    }
                }
                Kind::Marks { shape, size, .. } => {
                    draw_mark(&below, (x + 20, y), *shape, *size, colour)?;
                }
            }
            let style = TextStyle::from(("sans-serif", 14).into_font())
                .pos(Pos::new(HPos::Left, VPos::Center));
            below.draw(&Text::new(name.to_owned(), (x + LEGEND_TEXT, y), style))?;
        }
        Ok(())
    }
}

/// Writes `folder/name.svg`; the path written.
pub fn save(figure: &Figure, folder: &Path, name: &str) -> Result<PathBuf, Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    let lines = figure.legend().last().map_or(0, |entry| entry.3 + 1);
    let rows = figure.panels.len().div_ceil(figure.columns) as u32;
    let size = (figure.width(), rows * figure.size.1 + (LEGEND_LINE * lines + 12) as u32);
    let path = folder.join(format!("{name}.svg"));
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, size).into_drawing_area();
        figure.draw(&root).map_err(|error| error.to_string())?;
        root.present().map_err(|error| error.to_string())?;
    }
    fs::write(&path, text)?;
    Ok(path)
}

/// Says what was written.
pub fn report(paths: impl IntoIterator<Item = PathBuf>) {
    for path in paths {
        println!("wrote {}", path.display());
    }
}
