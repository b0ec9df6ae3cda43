//! What the gallery's examples share: command line, progress bar, colours, and saving of pictures
//! (SVG, PNG) and data (CSV, .npz).

// each example uses a part of this module
#![allow(dead_code)]

pub mod data;
pub mod npy;
pub mod options;
pub mod picture;
pub mod progress;
pub mod settings;
pub mod spectrum;
