//! The progress bar, and a parallel loop that moves it.

use std::error::Error;

use indicatif::{ParallelProgressIterator, ProgressBar, ProgressStyle};
use rayon::prelude::*;

/// A bar of `length` steps with `message` before it.
pub fn bar(length: usize, message: impl Into<String>) -> Result<ProgressBar, Box<dyn Error>> {
    let bar = ProgressBar::new(length as u64);
    bar.set_style(ProgressStyle::with_template(
        "{msg:32} {bar:40} {percent:>3} %  {elapsed}, {eta} to go",
    )?);
    bar.set_message(message.into());
    Ok(bar)
}

/// `work` on each item in parallel under a progress bar; results in the order of the items. The
/// first error ends it.
pub fn in_parallel<I: Sync, T: Send>(
    message: &str,
    items: &[I],
    work: impl Fn(&I) -> Result<T, Box<dyn Error>> + Sync,
) -> Result<Vec<T>, Box<dyn Error>> {
    let bar = bar(items.len(), message)?;
    let results: Result<Vec<T>, String> = items
        .par_iter()
        // one item at a time: their costs differ
        .with_max_len(1)
        .progress_with(bar.clone())
        .map(|item| work(item).map_err(|error| error.to_string()))
        .collect();
    bar.finish_and_clear();
    Ok(results?)
}
