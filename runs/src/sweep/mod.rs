//! Sweeps: one computation at many points, in parallel within a memory budget, into a results file
//! that survives a kill.
//!
//! [`Sweep::new`] takes any points that serialise, and [`Sweep::run`] any closure;
//! [`Sweep::from_toml`] reads experiments and the settings that vary.
//!
//! - The results file has a header and one line of JSON per point, in the order in which points end:
//!   `{"index":..,"key":..,"result":..}`, or `{"index":..,"key":..,"error":".."}` when the closure
//!   returned an error or panicked. Sorted files of one sweep are equal byte for byte, whatever the
//!   number of interruptions and threads.
//! - A line is on the disk before its point counts as done. Running again with the same file
//!   computes the missing points. A torn last line is cut off; a file of another sweep is refused.
//! - [`Shard`]s split a sweep over the jobs of a cluster, each with its own file, for [`merge`].
//!
//! ```
//! use linear_width_runs::sweep::{Sweep, read_results};
//!
//! # let folder = std::env::temp_dir().join(format!("linear-width-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! let file = folder.join("roots.jsonl");
//! let root = |x: &i32| if *x < 0 { Err("negative") } else { Ok(f64::from(*x).sqrt()) };
//! let sweep = Sweep::new(vec![4, -1, 9], &"square roots")?;
//! let progress = sweep.run(&file, root)?;
//! assert_eq!((progress.computed, progress.failed), (3, 1));
//! assert_eq!(sweep.run(&file, root)?.computed, 0); // all points are in the file
//!
//! let results = read_results::<i32, f64>(&file)?;
//! assert_eq!((results[2].key, results[2].result), (9, Some(3.0)));
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod grid;
mod results;
mod shard;
mod toml;

pub use error::SweepError;
pub use results::{PointResult, merge, read_results};
pub use shard::Shard;
pub use toml::ConfigPoint;

use std::collections::HashMap;
use std::fmt::Display;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use results::{Entry, Header};

/// Points, and how they are run; see the [module](self).
#[derive(Clone, Debug)]
pub struct Sweep<P> {
    points: Vec<P>,
    keys: Vec<Box<RawValue>>,
    settings: Box<RawValue>,
    bytes: Vec<u128>,
    budget: u64,
    shard: Shard,
}

/// How far a sweep is, or was when it ended. Points are counted in this shard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// All points of this shard.
    pub total: usize,
    /// Points that were in the file before this run.
    pub resumed: usize,
    /// Points that this run has computed and written.
    pub computed: usize,
    /// Points, resumed or computed, whose line is an error.
    pub failed: usize,
    /// The points (numbers from 0) that are being computed.
    pub running: Vec<usize>,
}

impl Progress {
    /// Points with a line in the file.
    pub fn done(&self) -> usize {
        self.resumed + self.computed
    }
}

impl<P: Serialize + Sync> Sweep<P> {
    /// A sweep over these points. The JSON form of a point is its key in the results file and must
    /// distinguish it from all others: the settings that vary, and the seed. The `settings` are
    /// everything else that the results depend on, or a name of the sweep: they are written into
    /// the header, and a file with other settings is refused.
    ///
    /// # Errors
    /// [`SweepError::Json`] when a point or the settings cannot be written as JSON,
    /// [`SweepError::SameKey`].
    pub fn new(points: Vec<P>, settings: &impl Serialize) -> Result<Self, SweepError> {
        let keys: Vec<Box<RawValue>> = points.iter().map(to_raw_value).collect::<Result<_, _>>()?;
        all_differ(keys.iter().map(|key| key.get()), |number| keys[number].to_string())?;
        let (bytes, settings) = (vec![0; points.len()], to_raw_value(settings)?);
        Ok(Self { points, keys, settings, bytes, budget: u64::MAX, shard: Shard::WHOLE })
    }

    /// The bytes that the points running at once may need together, and the bytes that each one
    /// needs: a point starts when a thread is free and the budget has room. Default: no limit.
    pub fn memory(mut self, budget: u64, need: impl Fn(&P) -> u128) -> Self {
        self.budget = budget;
        self.bytes = self.points.iter().map(need).collect();
        self
    }

    /// Runs one shard only. Default: everything.
    pub fn shard(mut self, shard: Shard) -> Self {
        self.shard = shard;
        self
    }

    /// The points of all shards.
    pub fn points(&self) -> &[P] {
        &self.points
    }

    /// Computes every point that the file at `path` does not hold, and appends its line. Points run
    /// on the current rayon pool and start in order. An error or a panic of `compute` becomes the
    /// line of its point, which then counts as done.
    ///
    /// Numbers that are not finite have no JSON form: `serde_json` writes them as `null`. Let
    /// `compute` return an error for them.
    ///
    /// # Errors
    /// [`SweepError::Memory`] when a single point exceeds the budget (before anything runs);
    /// [`SweepError::Refused`] when the file is not one of this sweep and shard; [`SweepError::Io`] when
    /// another process is writing it, or a line could not be written.
    pub fn run<R: Serialize, E: Display>(
        &self,
        path: impl AsRef<Path>,
        compute: impl Fn(&P) -> Result<R, E> + Sync,
    ) -> Result<Progress, SweepError> {
        self.run_observed(path, compute, |_| ControlFlow::Continue(()))
    }

    /// As [`run`](Self::run), and calls `observer` whenever points start and after the last one.
    /// When it breaks, no further point starts; those that run are finished and written.
    ///
    /// # Errors
    /// As [`run`](Self::run), and [`SweepError::Cancelled`] when the observer breaks too early.
    pub fn run_observed<R: Serialize, E: Display>(
        &self,
        path: impl AsRef<Path>,
        compute: impl Fn(&P) -> Result<R, E> + Sync,
        mut observer: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Progress, SweepError> {
        let held: Vec<usize> = (0..self.points.len()).filter(|p| self.shard.holds(*p)).collect();
        if let Some(point) = held.iter().find(|p| self.bytes[**p] > self.budget.into()) {
            let (key, needed) = (self.keys[*point].to_string(), self.bytes[*point]);
            return Err(SweepError::Memory(key, needed, self.budget));
        }
        let header = Header::new(&self.settings, self.keys.iter(), self.shard);
        let (mut file, before) = results::open(path.as_ref(), &header, &self.keys)?;
        let mut progress = Progress {
            total: held.len(),
            resumed: before.len(),
            failed: before.values().filter(|entry| entry.error.is_some()).count(),
            ..Progress::default()
        };
        let mut waiting = held.into_iter().filter(|point| !before.contains_key(point)).peekable();
        let mut stopped = false;
        let mut written = Ok(());
        let compute = &compute;
        rayon::in_place_scope(|scope| {
            let (sender, receiver) = std::sync::mpsc::channel();
            loop {
                while !stopped && progress.running.len() < rayon::current_num_threads() {
                    let used: u128 = progress.running.iter().map(|point| self.bytes[*point]).sum();
                    let fits = |point: &usize| used + self.bytes[*point] <= self.budget.into();
                    let Some(point) = waiting.next_if(fits) else { break };
                    let sender = sender.clone();
                    // the receiver outlives every point
                    scope.spawn(move |_| drop(sender.send(self.entry(point, compute))));
                    progress.running.push(point);
                }
                if progress.running.is_empty() {
                    break;
                }
                stopped |= observer(&progress).is_break();
                let entry: Entry = loop {
                    match receiver.try_recv() {
                        Ok(entry) => break entry,
                        // a pool thread works meanwhile: it may be the only one
                        Err(_) if rayon::yield_now() == Some(rayon::Yield::Executed) => {}
                        Err(_) => std::thread::sleep(Duration::from_millis(1)),
                    }
                };
                progress.running.retain(|point| *point != entry.index);
                if written.is_ok() {
                    written = results::append(&mut file, &entry);
                    progress.computed += usize::from(written.is_ok());
                    progress.failed += usize::from(written.is_ok() && entry.error.is_some());
                    stopped |= written.is_err();
                }
            }
        });
        written.map_err(SweepError::io(path.as_ref()))?;
        if progress.done() < progress.total {
            return Err(SweepError::Cancelled(progress));
        }
        // nothing is left to stop
        let _ = observer(&progress);
        Ok(progress)
    }

    /// Computes one point.
    fn entry<R: Serialize, E: Display>(
        &self,
        index: usize,
        compute: &(impl Fn(&P) -> Result<R, E> + Sync),
    ) -> Entry {
        let outcome = catch_unwind(AssertUnwindSafe(|| match compute(&self.points[index]) {
            Ok(result) => to_raw_value(&result).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        }));
        let outcome = outcome.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<&str>().copied();
            let text = text.or(panic.downcast_ref::<String>().map(String::as_str));
            Err(format!("panicked: {}", text.unwrap_or_default()))
        });
        let error = outcome.as_ref().err().cloned();
        Entry { index, key: self.keys[index].clone(), result: outcome.ok(), error }
    }
}

/// Refuses two texts of equal values; the error names the key of the second.
fn all_differ<'a>(
    texts: impl Iterator<Item = &'a str>,
    key: impl Fn(usize) -> String,
) -> Result<(), SweepError> {
    let mut seen = HashMap::new();
    for (second, json) in texts.enumerate() {
        let mut text = format!("{json},");
        // 0, 0.0 and -0.0 are one value
        for end in [",", "]", "}"] {
            text = text
                .replace(&format!("-0.0{end}"), &format!("0{end}"))
                .replace(&format!(".0{end}"), end);
        }
        if let Some(first) = seen.insert(text, second) {
            return Err(SweepError::SameKey(first, second, key(second)));
        }
    }
    Ok(())
}
