//! The picture: spectra of W_1 and W_2 beside the law of W_0, one row per link.

use std::error::Error;
use std::path::{Path, PathBuf};

use linear_width::rmt::MarchenkoPastur;

use super::Comparison;
use crate::picture::{figure, save};
use crate::spectrum::{note, spectrum_panel};

/// Draws all comparisons into `folder` as SVG; the path written.
pub fn write(comparisons: &[Comparison], folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let mut drawn = Vec::new();
    let mut chance = 0.0;
    for Comparison { independent, reused } in comparisons {
        let settings = &independent.report.settings;
        let law = MarchenkoPastur::for_shape(settings.width, settings.dimension)?;
        chance = independent.report.chance_overlaps().0;
        let link = &independent.report.link;
        let [first, second] = &independent.predictions;
        let panels = [
            (&independent.report.stages[1], first, format!("W₁, link {link}")),
            (&independent.report.stages[2], second, "W₂, independent batches".to_owned()),
            (&reused.report.stages[2], &reused.predictions[1], "W₂, reused batch".to_owned()),
        ];
        let right = panels.iter().map(|(s, _, _)| s.singular_values[0]).fold(0.0, f64::max);
        for (stage, prediction, title) in panels {
            drawn.push(spectrum_panel(stage, Some(prediction), &law, chance, right, &title)?);
        }
    }
    save(
        &figure(drawn, 3, (460, 310)).with_note(note("the teacher", chance)),
        folder,
        "two_vs_one_step",
    )
}
