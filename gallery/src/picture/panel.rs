//! One panel: axes with series and texts.

use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::draw::{Area, Failure, draw_mark, font, px, rgb, short, stroke};
use super::palette::CHANCE;
use super::series::{Kind, Series, Stroke, area};

/// A panel: series, axes, and texts at points of the plane.
pub struct Panel {
    pub(super) series: Vec<Series>,
    ranges: [(f64, f64); 2],
    logarithmic: [bool; 2],
    title: String,
    labels: [String; 2],
    texts: Vec<Label>,
}

/// A text at a point.
struct Label {
    at: (f64, f64),
    text: String,
    colour: &'static str,
    /// Which part of the text is at the point.
    anchor: HPos,
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
    pub fn with_text(
        mut self,
        at: (f64, f64),
        text: impl Into<String>,
        colour: &'static str,
    ) -> Self {
        self.texts.push(Label { at, text: text.into(), colour, anchor: HPos::Center });
        self
    }

    /// Writes a text that begins at a point.
    pub fn with_label(
        mut self,
        at: (f64, f64),
        text: impl Into<String>,
        colour: &'static str,
    ) -> Self {
        self.texts.push(Label { at, text: text.into(), colour, anchor: HPos::Left });
        self
    }

    /// Shades overlaps up to `level`, which chance gives, below all else.
    pub fn with_chance(mut self, level: f64, name: &str) -> Self {
        let (left, right) = self.ranges[0];
        self.series.insert(0, area(&[(left, level), (right, level)], CHANCE).named(name));
        self
    }

    pub(super) fn draw<DB: DrawingBackend>(&self, area: &Area<DB>) -> Result<(), Failure<DB>> {
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
            .margin(px(8))
            .margin_right(px(18))
            .caption(&self.title, font(16))
            .x_label_area_size(px(46))
            .y_label_area_size(px(56))
            .build_cartesian_2d(x, y)?;
        chart
            .configure_mesh()
            .x_desc(&self.labels[0])
            .y_desc(&self.labels[1])
            .x_labels(8)
            .y_labels(7)
            .x_label_formatter(&|value| short(*value))
            .y_label_formatter(&|value| short(*value))
            .label_style(font(13))
            .axis_desc_style(font(15))
            .axis_style(stroke(BLACK, 1))
            .set_all_tick_mark_size(px(5))
            .light_line_style(TRANSPARENT)
            .bold_line_style(stroke(rgb("#e8e8e8"), 1))
            .draw()?;
        for series in &self.series {
            let colour = rgb(series.colour);
            // points outside are left out, not moved to the border
            let inside = series.points.iter().copied().filter(|(x, y)| self.holds(*x, *y));
            let points = || inside.clone().map(|(x, y)| self.clamped(x, y));
            match &series.kind {
                Kind::Area => {
                    let bottom = self.ranges[1].0.max(0.0);
                    chart.draw_series(AreaSeries::new(points(), bottom, colour.mix(0.6)))?;
                }
                Kind::Line { width, stroke: kind } => {
                    let style = stroke(colour, *width);
                    let dashes = |chart: &mut ChartContext<'_, DB, _>, on, off| {
                        let dashed = DashedLineSeries::new(points(), px(on), px(off), style);
                        chart.draw_series(dashed).map(|_| ())
                    };
                    match kind {
                        Stroke::Solid => {
                            chart.draw_series(LineSeries::new(points(), style)).map(|_| ())?
                        }
                        Stroke::Dashed => dashes(&mut chart, 7, 5)?,
                        Stroke::Dotted => dashes(&mut chart, 2, 4)?,
                    }
                }
                Kind::Marks { shape, size, errors } => {
                    let all = series.points.iter().zip(errors);
                    let shown = all.filter(|((x, y), _)| self.holds(*x, *y));
                    let bars = shown.map(|(&(x, y), error)| {
                        let ends = [y - error, y + error].map(|y| self.clamped(x, y));
                        PathElement::new(ends, stroke(colour, 1))
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
        for Label { at, text, colour, anchor } in &self.texts {
            let colour = rgb(colour);
            let style =
                TextStyle::from(font(14)).color(&colour).pos(Pos::new(*anchor, VPos::Center));
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
