//! The command `linear-width`: what the library does, on files.
//!
//! A file per subcommand, with its options and its work; `main` only hands over.

mod matrices;
mod spectrum;
mod spectrum_picture;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Spectra of weight matrices, and what they mean.
#[derive(Parser)]
#[command(name = "linear-width", version)]
struct Command {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    Spectrum(spectrum::Options),
}

/// 0: all done; 1: something was not, and standard error says what; 2: wrong options.
fn main() -> ExitCode {
    let result = match Command::parse().task {
        Task::Spectrum(options) => spectrum::run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::FAILURE
        }
    }
}
