//! The progress bar, and a parallel loop that moves it.

use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use indicatif::{ProgressBar, ProgressStyle};
use rayon::current_num_threads;

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
///
/// Threads of our own take one item after the other, while each item's inner loops share the
/// thread pool. A parallel iterator over the items would not do: a thread of the pool that waits
/// within one item may begin another on the same stack, and so on until the stack is full.
pub fn in_parallel<I: Sync, T: Send>(
    message: &str,
    items: &[I],
    work: impl Fn(&I) -> Result<T, Box<dyn Error>> + Sync,
) -> Result<Vec<T>, Box<dyn Error>> {
    let bar = bar(items.len(), message)?;
    let next = AtomicUsize::new(0);
    let (sender, results) = channel();
    let take_items = |sender: Sender<(usize, Result<T, String>)>| {
        while let Some((i, item)) = items.iter().enumerate().nth(next.fetch_add(1, Relaxed)) {
            let result = work(item).map_err(|error| error.to_string());
            if result.is_err() {
                next.store(items.len(), Relaxed);
            }
            bar.inc(1);
            if sender.send((i, result)).is_err() {
                return;
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..current_num_threads().min(items.len()) {
            let sender = sender.clone();
            scope.spawn(|| take_items(sender));
        }
    });
    drop(sender);
    bar.finish_and_clear();
    let mut results: Vec<_> = results.into_iter().collect();
    results.sort_by_key(|(i, _)| *i);
    Ok(results.into_iter().map(|(_, result)| result).collect::<Result<_, _>>()?)
}
