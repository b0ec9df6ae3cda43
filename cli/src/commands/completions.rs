//! `linear-width completions SHELL`: completion of the command line.

use clap::Args;
use clap_complete::{Shell, generate};

use crate::output;

/// Print the script that completes this command's options in a shell
#[derive(Args)]
pub struct Options {
    /// The shell; bash: source <(linear-width completions bash)
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub fn run(options: &Options, mut command: clap::Command) -> Result<(), String> {
    let mut script = Vec::new();
    generate(options.shell, &mut command, "linear-width", &mut script);
    output::print(&String::from_utf8_lossy(&script))
}
