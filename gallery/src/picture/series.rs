//! What is drawn into a panel: lines, bands, marks, coloured cells.

use linear_width::spectral::Histogram;

use super::palette::BARS;

/// How a line is drawn.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Stroke {
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

/// Lengths in pixels.
#[derive(Clone)]
pub(super) enum Kind {
    Line {
        width: u32,
        stroke: Stroke,
    },
    /// The area between a line and zero.
    Area,
    Marks {
        shape: Shape,
        size: u32,
        errors: Vec<f64>,
    },
    /// Rectangles [x_0, x_1] x [y_0, y_1] with a colour each.
    Cells(Vec<([(f64, f64); 2], &'static str)>),
}

/// A line, an area, marks or cells, with its name in the legend.
#[derive(Clone)]
pub struct Series {
    pub(super) points: Vec<(f64, f64)>,
    pub(super) colour: &'static str,
    pub(super) kind: Kind,
    pub(super) legend: Option<String>,
}

/// A line.
pub fn line(points: &[(f64, f64)], colour: &'static str) -> Series {
    let kind = Kind::Line { width: 2, stroke: Stroke::Solid };
    Series { points: points.to_vec(), colour, kind, legend: None }
}

/// The area between a line and zero.
pub fn area(points: &[(f64, f64)], colour: &'static str) -> Series {
    Series { kind: Kind::Area, ..line(points, colour) }
}

/// Marks.
pub fn marks(points: &[(f64, f64)], colour: &'static str, shape: Shape) -> Series {
    marks_with_errors(points, &[], colour, shape)
}

/// A mark per point with an error bar of `errors` up and down.
pub fn marks_with_errors(
    points: &[(f64, f64)],
    errors: &[f64],
    colour: &'static str,
    shape: Shape,
) -> Series {
    Series { kind: Kind::Marks { shape, size: 4, errors: errors.to_vec() }, ..line(points, colour) }
}

/// Rectangles given by two opposite corners, with a colour each.
pub fn cells(rectangles: Vec<([(f64, f64); 2], &'static str)>) -> Series {
    Series { kind: Kind::Cells(rectangles), ..line(&[], BARS) }
}

/// The upper outline of a histogram's bars.
pub fn outline(histogram: &Histogram) -> Vec<(f64, f64)> {
    histogram.bars().flat_map(|(left, right, height)| [(left, height), (right, height)]).collect()
}

impl Series {
    /// Names the series in the legend of the figure, where series of the same name share one entry:
    /// a line and marks of one name are drawn over each other there.
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

    /// The width of a line or the radius of marks, in pixels.
    pub fn sized(mut self, pixels: u32) -> Self {
        match &mut self.kind {
            Kind::Line { width, .. } => *width = pixels,
            Kind::Marks { size, .. } => *size = pixels,
            Kind::Area | Kind::Cells(_) => {}
        }
        self
    }

    /// Whether both look the same in a legend.
    pub(super) fn looks_like(&self, other: &Self) -> bool {
        let alike = match (&self.kind, &other.kind) {
            (Kind::Line { stroke: a, .. }, Kind::Line { stroke: b, .. }) => a == b,
            (Kind::Marks { shape: a, .. }, Kind::Marks { shape: b, .. }) => a == b,
            (Kind::Area | Kind::Cells(_), Kind::Area | Kind::Cells(_)) => true,
            _ => false,
        };
        alike && self.colour == other.colour
    }
}
