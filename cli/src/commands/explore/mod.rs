//! `linear-width explore`: a page on which predictions move with their settings.
//!
//! [`server`] and [`http`] know nothing of networks; [`answers`] hands requests to what computes:
//! [`predict`], [`simulate`], [`export`], all from the one form of a setting in [`settings`].

mod answers;
mod browser;
mod export;
mod host_check;
mod http;
mod latest;
mod predict;
mod server;
mod settings;
mod simulate;

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use linear_width_runs::config::ExperimentConfig;

use crate::input::Input;
use crate::output;
use answers::Answers;
use predict::Predictions;
use server::Server;
use simulate::Simulations;

/// The setting of the README's program, whose labels two independent batches cannot learn.
const FIRST: &str = include_str!("first.toml");

/// Show a page on which predictions move with their settings, in the browser; it is served on this
/// machine alone, until Ctrl-C
#[derive(Args)]
pub struct Options {
    /// The setting to start with, as for run; - reads standard input
    #[arg(value_name = "FILE.toml")]
    file: Option<PathBuf>,
    /// The port on 127.0.0.1; 0 is any free one
    #[arg(long, default_value_t = 0, value_name = "P")]
    port: u16,
    /// Print the address, and do not open the browser
    #[arg(long)]
    no_browser: bool,
}

pub fn run(options: &Options) -> Result<(), String> {
    let first = match &options.file {
        Some(file) => first(&Input::read(file)?)?,
        None => {
            settings::essential(&ExperimentConfig::from_toml(FIRST).map_err(|e| e.to_string())?)
                .map_err(|error| error.to_string())?
        }
    };
    let server = Server::bind(options.port)
        .map_err(|error| format!("port {} of 127.0.0.1: {error}", options.port))?;
    let address = format!("http://{}/", server.address);
    output::print(&format!("{address}\n"))?;
    if !options.no_browser {
        if let Err(error) = browser::open(&address) {
            eprintln!("the browser does not open ({error}); open the address above");
        }
    }
    let port = server.address.port();
    let simulations = Arc::new(Simulations::default());
    let answers = Answers { port, first, predictions: Predictions::default(), simulations };
    server.serve(move |request| answers.answer(request)).map_err(|error| error.to_string())
}

/// The setting of a file, which must be one that the page can show.
fn first(input: &Input) -> Result<serde_json::Value, String> {
    let config = ExperimentConfig::from_toml(&input.text).map_err(|error| input.wrong(error))?;
    let first = settings::essential(&config).map_err(|error| input.wrong(error))?;
    match settings::read(&first) {
        Ok(_) => Ok(first),
        Err(problems) => {
            let lines: Vec<_> =
                problems.iter().map(|p| format!("{}: {}", p.key, p.sentence)).collect();
            Err(input.wrong(lines.join("\n")))
        }
    }
}
