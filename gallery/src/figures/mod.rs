//! The pictures, each with its options and a function that draws it.

pub mod feature_spectrum;
pub mod feature_staircase;
pub mod left_vectors;
pub mod many_steps;
pub mod outlier_counts;
pub mod real_data;
pub mod ridge_readout;
pub mod scaling;
pub mod spectra;
pub mod staircase;
pub mod teacher_overlap;
pub mod third_step;
pub mod two_vs_one_step;
pub mod where_reuse_pays;

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// One of the pictures, by its name on a command line, with its options.
#[derive(Subcommand)]
#[command(rename_all = "snake_case")]
pub enum Picture {
    FeatureSpectrum(feature_spectrum::Arguments),
    FeatureStaircase(feature_staircase::Arguments),
    LeftVectors(left_vectors::Arguments),
    ManySteps(many_steps::Arguments),
    OutlierCounts(outlier_counts::Arguments),
    RealData(real_data::Options),
    RidgeReadout(ridge_readout::Options),
    Scaling(scaling::Arguments),
    Spectra(spectra::Arguments),
    Staircase(staircase::Arguments),
    TeacherOverlap(teacher_overlap::Arguments),
    ThirdStep(third_step::Arguments),
    TwoVsOneStep(two_vs_one_step::Options),
    WhereReusePays(where_reuse_pays::Arguments),
}

impl Picture {
    /// Draws it.
    ///
    /// # Errors
    /// A sentence.
    pub fn draw(&self) -> Result<(), Box<dyn Error>> {
        match self {
            Self::FeatureSpectrum(options) => feature_spectrum::draw(options),
            Self::FeatureStaircase(options) => feature_staircase::draw(options),
            Self::LeftVectors(options) => left_vectors::draw(options),
            Self::ManySteps(options) => many_steps::draw(options),
            Self::OutlierCounts(options) => outlier_counts::draw(options),
            Self::RealData(options) => real_data::draw(options),
            Self::RidgeReadout(options) => ridge_readout::draw(options),
            Self::Scaling(options) => scaling::draw(options),
            Self::Spectra(options) => spectra::draw(options),
            Self::Staircase(options) => staircase::draw(options),
            Self::TeacherOverlap(options) => teacher_overlap::draw(options),
            Self::ThirdStep(options) => third_step::draw(options),
            Self::TwoVsOneStep(options) => two_vs_one_step::draw(options),
            Self::WhereReusePays(options) => where_reuse_pays::draw(options),
        }
    }
}

/// A program that draws one picture with the options of its command line.
pub fn main<O: Parser>(draw: impl Fn(&O) -> Result<(), Box<dyn Error>>) -> ExitCode {
    match draw(&O::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::FAILURE
        }
    }
}
