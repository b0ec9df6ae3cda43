//! Pixels, colours, labels and marks.

use plotters::coord::{CoordTranslate, Shift};
use plotters::prelude::*;

use super::series::Shape;

pub(super) type Area<DB> = DrawingArea<DB, Shift>;
pub(super) type Failure<DB> = DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>;

/// Points of the drawing per pixel of the picture: the backend rounds to whole points, and a line
/// over whole pixels would be ragged.
pub(super) const POINTS: u32 = 4;

/// A length in pixels, in points of the drawing.
pub(super) fn px(pixels: u32) -> i32 {
    (POINTS * pixels) as i32
}

/// A colour written "#rrggbb".
pub(super) fn rgb(colour: &str) -> RGBColor {
    let part = |at: usize| colour.get(at..at + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
    RGBColor(part(1).unwrap_or(0), part(3).unwrap_or(0), part(5).unwrap_or(0))
}

/// A line of this colour and width in pixels.
pub(super) fn stroke(colour: RGBColor, width: u32) -> ShapeStyle {
    colour.stroke_width(POINTS * width)
}

/// Sans-serif letters of this size in pixels.
pub(super) fn font(pixels: u32) -> FontDesc<'static> {
    ("sans-serif", px(pixels)).into_font()
}

/// 10^k with the exponent raised.
pub fn power_of_ten(exponent: i32) -> String {
    let raised = |c: char| match c.to_digit(10) {
        Some(digit) => ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][digit as usize],
        None => '⁻',
    };
    format!("10{}", exponent.to_string().chars().map(raised).collect::<String>())
}

/// A label of an axis: without trailing zeros, large and small numbers with a power of ten.
pub(super) fn short(value: f64) -> String {
    if value.abs() >= 1e4 || (value != 0.0 && value.abs() < 1e-2) {
        let text = format!("{value:e}");
        let (factor, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let power = power_of_ten(exponent.parse().unwrap_or(0));
        return if factor == "1" { power } else { format!("{factor} · {power}") };
    }
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').replace('-', "−")
}

/// Draws a mark whose size, in pixels, does not depend on the axes.
pub(super) fn draw_mark<DB, C>(
    area: &DrawingArea<DB, C>,
    at: C::From,
    shape: Shape,
    size: u32,
    colour: RGBColor,
) -> Result<(), Failure<DB>>
where
    DB: DrawingBackend,
    C: CoordTranslate,
    C::From: Clone,
{
    let fill = colour.filled();
    let size = px(size);
    let centre = EmptyElement::at(at);
    let polygon = |corners: &[(i32, i32)]| {
        Polygon::new(
            corners.iter().map(|(x, y)| (x * size / 4, y * size / 4)).collect::<Vec<_>>(),
            fill,
        )
    };
    match shape {
        Shape::Circle => area.draw(&(centre + Circle::new((0, 0), size, fill))),
        Shape::Cross => area.draw(&(centre + Cross::new((0, 0), size, stroke(colour, 2)))),
        Shape::Square => area.draw(&(centre + polygon(&[(-4, -4), (4, -4), (4, 4), (-4, 4)]))),
        Shape::Diamond => area.draw(&(centre + polygon(&[(0, -6), (5, 0), (0, 6), (-5, 0)]))),
        Shape::Triangle => area.draw(&(centre + polygon(&[(0, -5), (5, 4), (-5, 4)]))),
    }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn labels_of_axes() {
        let cases = [(0.0, "0"), (0.25, "0.25"), (-1.5, "−1.5"), (1e6, "10⁶"), (3e-4, "3 · 10⁻⁴")];
        for (value, label) in cases {
            assert_eq!(short(value), label);
        }
    }
}
