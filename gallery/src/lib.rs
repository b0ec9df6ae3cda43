//! The pictures ([`figures`]), and what they share: command line, progress bar, colours, and saving
//! of pictures (SVG) and data (CSV, .npz).

pub mod data;
pub mod figures;
pub mod measured;
pub mod npy;
pub mod options;
pub mod picture;
pub mod progress;
pub mod ridge;
pub mod settings;
pub mod spectrum;
