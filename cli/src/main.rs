//! The command `linear-width`: what the library does, on files.
//!
//! A file per subcommand in `commands`, with its options and its work; `main` only hands over.

mod commands;
mod input;
mod output;
mod picture;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use commands::{completions, explore, figure, predict, run, spectrum, sweep};

/// Large gradient steps in linear-width two-layer networks: simulation, spectra, theory.
///
/// Exit status: 0 all done; 1 something was not, and standard error says what; 2 wrong options.
#[derive(Parser)]
#[command(name = "linear-width", version)]
struct Command {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    Run(run::Options),
    Predict(predict::Options),
    Sweep(sweep::Options),
    Spectrum(spectrum::Options),
    Figure(figure::Options),
    Explore(explore::Options),
    Completions(completions::Options),
}

/// 0: all done; 1: something was not, and standard error says what; 2: wrong options.
fn main() -> ExitCode {
    let result = match Command::parse().task {
        Task::Run(options) => run::run(&options),
        Task::Predict(options) => predict::run(&options),
        Task::Sweep(options) => sweep::run(&options),
        Task::Spectrum(options) => spectrum::run(&options),
        Task::Figure(options) => figure::run(&options),
        Task::Explore(options) => explore::run(&options),
        Task::Completions(options) => completions::run(&options, Command::command()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::FAILURE
        }
    }
}
