//! What run.sh runs on a machine with a card: `device correctness|timings|table`.

mod correctness;
mod table;
mod timings;

use std::error::Error;
use std::process::ExitCode;

type Fallible<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let rest = words.get(1..).unwrap_or_default();
    let done = match words.first().map(String::as_str) {
        Some("correctness") => correctness::run(rest),
        Some("timings") => timings::run(rest).map(|()| true),
        Some("table") => table::run(rest),
        _ => Err("one of correctness [SETTINGS], timings N,d,n,REPEATS.., table FILE..".into()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
