//! Pictures: panels of lines, areas, marks and coloured cells with one legend, saved as SVG.
//!
//! Measurements are marks, predictions are lines (or diamonds, where the measurement is a mark on an
//! axis); colours have one meaning in all pictures (`palette`).

mod draw;
mod figure;
pub mod palette;
mod panel;
mod series;

pub use draw::power_of_ten;
pub use figure::{Figure, figure, report, save};
pub use palette::*;
pub use panel::Panel;
pub use series::{Series, Shape, area, cells, line, marks, marks_with_errors, outline};

/// The sentence that ends the legend of pictures of both.
pub const NOTE: &str = "marks: measured, lines: predicted";
