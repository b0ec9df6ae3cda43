//! Sweeps: one computation at many points, in parallel within a memory budget, into a results file
//! that survives being killed (feature `config`).
//!
//! [`Sweep`] takes any points that serialise and any closure; [`ConfigSweep`] reads points and
//! settings of experiments from TOML. Either way:
//!
//! - The results file has a header and one line of JSON a point, `{"index":..,"key":..,"result":..}`
//!   or, when the closure returned an error, `{"index":..,"key":..,"error":".."}`. Lines come in
//!   the order in which points end. They hold no times, so sorted files of the same sweep are equal
//!   byte for byte, however often it was interrupted and on however many threads it ran.
//! - A line is on the disk before its point counts as done. Running again with the same file
//!   computes what is missing: after a kill at most the points that were being computed are lost.
//!   A line that was torn off in the middle is cut off; a file of another sweep is refused.
//! - A point starts when its need fits into what the running ones leave of the budget, and a thread
//!   is free. What a point computes does not depend on how many run at once.
//! - [`Shard`]s split a sweep over the jobs of a cluster, each with a file of its own; [`merge`]
//!   puts them together and checks that no point is missing.
//!
//! ```
//! use linear_width::{Experiment, activation::Tanh, data::{Link, Target}};
//! use linear_width_runs::sweep::{Sweep, read_results};
//!
//! let points: Vec<(usize, u64)> = vec![(40, 0), (40, 1), (80, 0), (80, 1)]; // (N, seed)
//! let largest = |(width, seed): &(usize, u64)| -> Result<f64, Box<dyn std::error::Error>> {
//!     let report = Experiment::builder()
//!         .width(*width).dimension(30).samples(100).seed(*seed)
//!         .activation(Tanh::default())
//!         .target(Target::single_index(Link::new("cos", f64::cos).without(&[0])?))
//!         .steps([4.0])
//!         .build()?.run()?;
//!     Ok(report.stages[1].singular_values[0])
//! };
//! # let folder = std::env::temp_dir().join(format!("linear-width-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! let file = folder.join("largest.jsonl");
//! let sweep = Sweep::new(points)?.settings(&"largest singular value of W_1")?;
//! let summary = sweep.run(&file, largest)?;
//! assert_eq!((summary.computed, summary.resumed), (4, 0));
//! assert_eq!(sweep.run(&file, largest)?.computed, 0); // all there
//!
//! let results = read_results::<(usize, u64), f64>(&file)?;
//! assert_eq!(results.len(), 4);
//! assert_eq!(results[3].key, (80, 1));
//! assert!(results[3].outcome.as_ref().is_ok_and(|s| *s > 1.0));
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod experiments;
mod file;
mod format;
mod results;
mod schedule;
mod shard;
mod spelling;

pub use error::SweepError;
pub use experiments::{ConfigPoint, ConfigSweep, PointReport, StageReport};
pub use results::{PointResult, merge, read_results};
pub use shard::Shard;

use std::collections::HashMap;
use std::fmt::Display;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use file::ResultsFile;
use format::{Entry, Header};
use schedule::{Event, Job, process};
use spelling::spelled_one_way;

/// Points, and how they are to be run; see the [module](self).
#[derive(Clone, Debug)]
pub struct Sweep<P> {
    points: Vec<P>,
    keys: Vec<Box<RawValue>>,
    settings: Box<RawValue>,
    bytes: Vec<u128>,
    budget: u128,
    shard: Shard,
}

/// Where a sweep is. Points are counted in this shard.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepProgress<'a> {
    /// Points with a line in the file.
    pub done: usize,
    /// Those of them whose line is an error.
    pub failed: usize,
    /// All points of this shard.
    pub total: usize,
    /// The points (numbers from 0) that are being computed.
    pub in_flight: &'a [usize],
}

/// What a run of a sweep has done. Points are counted in this shard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// All points of this shard.
    pub total: usize,
    /// Points that were in the file before.
    pub resumed: usize,
    /// Points that were computed now.
    pub computed: usize,
    /// Points, of before and of now, whose line is an error.
    pub failed: usize,
}

impl<P: Serialize + Sync> Sweep<P> {
    /// A sweep over these points. The JSON form of a point is its key in the results file and must
    /// say all that tells it from the others: the settings that vary, and the seed. Numbers are told
    /// apart by their values, not by their spelling: 0, 0.0 and -0.0 are the same.
    ///
    /// # Errors
    /// [`SweepError::Key`] when a point cannot be written as JSON, [`SweepError::SameKey`].
    pub fn new(points: Vec<P>) -> Result<Self, SweepError> {
        let mut keys: Vec<Box<RawValue>> = Vec::with_capacity(points.len());
        let mut numbers = HashMap::new();
        for (index, point) in points.iter().enumerate() {
            let key = to_raw_value(point)
                .map_err(|error| SweepError::Key { index, why: error.to_string() })?;
            if let Some(first) = numbers.insert(spelled_one_way(key.get()), index) {
                let key = key.get().to_owned();
                return Err(SweepError::SameKey { first, second: index, key });
            }
            keys.push(key);
        }
        Ok(Self {
            bytes: vec![0; points.len()],
            points,
            keys,
            settings: RawValue::NULL.to_owned(),
            budget: u128::MAX,
            shard: Shard::WHOLE,
        })
    }

    /// What else the results depend on: it is written into the header, and a file with other
    /// settings is refused. Default: nothing.
    ///
    /// # Errors
    /// [`SweepError::Key`] when the settings cannot be written as JSON.
    pub fn settings(mut self, settings: &impl Serialize) -> Result<Self, SweepError> {
        self.settings = to_raw_value(settings)
            .map_err(|error| SweepError::Key { index: 0, why: error.to_string() })?;
        Ok(self)
    }

    /// The bytes that the points running at once may need together, and what each one needs.
    /// Default: no limit but the number of threads.
    pub fn memory(mut self, budget: u64, need: impl Fn(&P) -> u128) -> Self {
        self.budget = budget.into();
        self.bytes = self.points.iter().map(need).collect();
        self
    }

    /// Runs one shard only. Default: everything.
    pub fn shard(mut self, shard: Shard) -> Self {
        self.shard = shard;
        self
    }

    /// The points, those of other shards included.
    pub fn points(&self) -> &[P] {
        &self.points
    }

    /// Computes every point that the file at `path` does not hold, and appends its line. Points run
    /// on the current rayon pool. An error or a panic of `compute` becomes the line of its point,
    /// which then counts as done.
    ///
    /// Numbers that are not finite have no JSON form: `serde_json` writes them as `null`. Let
    /// `compute` return an error for them.
    ///
    /// # Errors
    /// [`SweepError::Memory`] when a single point exceeds the budget (before anything runs);
    /// [`SweepError::Locked`], [`SweepError::NotResults`], [`SweepError::OtherSweep`],
    /// [`SweepError::Corrupt`] about the file; [`SweepError::Io`] when a line could not be written.
    pub fn run<R: Serialize, E: Display>(
        &self,
        path: impl AsRef<Path>,
        compute: impl Fn(&P) -> Result<R, E> + Sync,
    ) -> Result<Summary, SweepError> {
        self.run_observed(path, compute, |_| ControlFlow::Continue(()))
    }

    /// As [`run`](Self::run), telling `observer` whenever a point starts or ends. When it breaks, no
    /// further point starts.
    ///
    /// # Errors
    /// As [`run`](Self::run), and [`SweepError::Cancelled`] when the observer breaks before the
    /// last point was done.
    pub fn run_observed<R: Serialize, E: Display>(
        &self,
        path: impl AsRef<Path>,
        compute: impl Fn(&P) -> Result<R, E> + Sync,
        mut observer: impl FnMut(&SweepProgress<'_>) -> ControlFlow<()>,
    ) -> Result<Summary, SweepError> {
        let held: Vec<usize> = (0..self.points.len()).filter(|i| self.shard.holds(*i)).collect();
        for index in held.iter().copied() {
            if self.bytes[index] > self.budget {
                let (needed, budget) = (self.bytes[index], self.budget);
                let key = self.keys[index].get().to_owned();
                return Err(SweepError::Memory { key, needed, budget });
            }
        }
        let header = Header::new(&self.settings, self.keys.iter().map(|k| k.get()), self.shard);
        let (mut file, before) = ResultsFile::open(path.as_ref(), &header, &self.keys)?;
        let mut done = vec![false; self.points.len()];
        before.iter().for_each(|line| done[line.index] = true);
        let mut summary = Summary {
            total: held.len(),
            resumed: before.len(),
            computed: 0,
            failed: before.iter().filter(|line| line.failed).count(),
        };
        let jobs = held.into_iter().filter(|index| !done[*index]);
        let jobs = jobs.map(|index| Job { index, bytes: self.bytes[index] }).collect();
        let entry = |index: usize| self.entry(index, &compute);
        let mut stopped = Ok(());
        process(jobs, self.budget, entry, |event| match event {
            Event::Started(in_flight) => {
                let Summary { total, failed, .. } = summary;
                let done = summary.resumed + summary.computed;
                observer(&SweepProgress { done, failed, total, in_flight })
            }
            Event::Finished(_) if stopped.is_err() => ControlFlow::Break(()),
            Event::Finished(entry) => {
                stopped = file.append(&entry.line());
                if stopped.is_err() {
                    return ControlFlow::Break(());
                }
                summary.computed += 1;
                summary.failed += usize::from(entry.error.is_some());
                ControlFlow::Continue(())
            }
        });
        stopped?;
        let (done, total) = (summary.resumed + summary.computed, summary.total);
        if done < total {
            return Err(SweepError::Cancelled { done, total });
        }
        let Summary { failed, .. } = summary;
        // the last word; there is nothing left to stop
        let _ = observer(&SweepProgress { done, failed, total, in_flight: &[] });
        Ok(summary)
    }

    /// Computes one point.
    fn entry<R: Serialize, E: Display>(
        &self,
        index: usize,
        compute: &(impl Fn(&P) -> Result<R, E> + Sync),
    ) -> Entry {
        let point = &self.points[index];
        let outcome = catch_unwind(AssertUnwindSafe(|| match compute(point) {
            Ok(result) => to_raw_value(&result).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        }));
        let outcome = outcome.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            Err(format!("panicked: {}", text.unwrap_or_default()))
        });
        let key = self.keys[index].clone();
        match outcome {
            Ok(result) => Entry { index, key, result: Some(result), error: None },
            Err(error) => Entry { index, key, result: None, error: Some(error) },
        }
    }
}
