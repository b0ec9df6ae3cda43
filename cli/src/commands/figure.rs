//! `linear-width figure NAME`: a picture of the gallery.

use clap::{Args, Subcommand};
use gallery::figures::Picture;

use crate::output;

/// Draw a picture of the gallery; without a name, list them
#[derive(Args)]
#[command(subcommand_value_name = "NAME", subcommand_help_heading = "Pictures")]
pub struct Options {
    #[command(subcommand)]
    picture: Option<Picture>,
}

pub fn run(options: &Options) -> Result<(), String> {
    match &options.picture {
        Some(picture) => picture.draw().map_err(|error| error.to_string()),
        None => output::print(&list()),
    }
}

/// The names, each with what the picture shows.
fn list() -> String {
    let command = Picture::augment_subcommands(clap::Command::new("figure"));
    let lines = command.get_subcommands().map(|picture| {
        let about = picture.get_about().map(ToString::to_string).unwrap_or_default();
        format!("{:<18}{about}\n", picture.get_name())
    });
    lines.collect()
}
