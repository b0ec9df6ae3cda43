//! The simulation that the page starts: one at a time, of a small network, within a minute.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use linear_width::experiment::{Progress, RunError, RunOptions, Stage};
use linear_width::{Experiment, Report};
use linear_width_runs::config::ExperimentConfig;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::http::Response;
use super::predict::{self, Answer};
use super::settings::{self, Problem};

/// A simulation that takes longer is stopped.
const LONGEST: Duration = Duration::from_secs(60);
/// Most neurons; a larger network is simulated at this width or a smaller one, in proportion.
pub const MOST_WIDTH: usize = 1000;
const MOST_DIMENSION: usize = 2000;
const MOST_SAMPLES: usize = 20_000;
/// Most of N d n, of each step.
const MOST_WORK: f64 = 5e9;

/// What the page asks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    setting: Value,
    /// The width at which it is simulated, when the setting's is larger.
    width: usize,
}

/// The simulation that runs or was the last one.
#[derive(Default)]
pub struct Simulations {
    last: Mutex<Last>,
}

#[derive(Default)]
struct Last {
    state: State,
    stop: Arc<AtomicBool>,
}

#[derive(Default)]
enum State {
    #[default]
    None,
    Running {
        doing: String,
        fraction: f64,
    },
    Done(Box<Outcome>),
    /// Why there is no result.
    Ended(String),
}

/// The status of a simulation that has its result.
#[derive(Serialize)]
struct Done<'a> {
    state: &'static str,
    outcome: &'a Outcome,
}

/// What was measured, with the prediction for the size that was simulated.
#[derive(Serialize)]
struct Outcome {
    width: usize,
    dimension: usize,
    samples: usize,
    seed: u64,
    seconds: f64,
    /// Overlaps that chance gives.
    chance_overlaps: (f64, f64),
    stages: Vec<Measured>,
    prediction: Option<Answer>,
}

#[derive(Serialize)]
struct Measured {
    step: usize,
    /// All of them, largest first.
    singular_values: Vec<f64>,
    outliers: usize,
    threshold: f64,
    triplets: Vec<Triplet>,
    readouts: Vec<Readout>,
}

#[derive(Serialize)]
struct Triplet {
    singular_value: f64,
    target_overlap: f64,
    left_overlaps: Vec<f64>,
    /// The number of its predicted partner, from 0.
    predicted: Option<usize>,
}

#[derive(Serialize)]
struct Readout {
    samples: usize,
    lambda: f64,
    test_error: f64,
    standard_error: f64,
}

impl Simulations {
    /// Starts the simulation on a thread of its own, unless one is running.
    pub fn start(self: &Arc<Self>, question: &Question) -> Result<Response, Vec<Problem>> {
        let config = small(settings::read(&question.setting)?, question.width)?;
        let experiment = settings::experiment(&config)?;
        let mut last = self.lock();
        if let State::Running { .. } = last.state {
            let sentence = "a simulation is running; stop it or wait for its end";
            return Ok(Response::sentence(409, sentence));
        }
        let stop = Arc::new(AtomicBool::new(false));
        let here = self.clone();
        let flag = stop.clone();
        let work = move || {
            let run = AssertUnwindSafe(|| here.run(&experiment, &flag));
            let ended = catch_unwind(run).unwrap_or_else(|_| {
                State::Ended("this setting made the simulation fail; the page goes on".into())
            });
            here.lock().state = ended;
        };
        if let Err(error) = thread::Builder::new().name("simulation".into()).spawn(work) {
            return Ok(Response::sentence(503, format!("no thread for the simulation: {error}")));
        }
        *last = Last { state: State::Running { doing: "starting".into(), fraction: 0.0 }, stop };
        Ok(Response::json(202, &json!({ "state": "running" })))
    }

    /// Stops the simulation, if one is running; at most one decomposition is finished first.
    pub fn stop(&self) {
        self.lock().stop.store(true, Relaxed);
    }

    /// How far it is, or what it found.
    pub fn status(&self) -> Response {
        match &self.lock().state {
            State::None => Response::json(200, &json!({ "state": "none" })),
            State::Running { doing, fraction } => Response::json(
                200,
                &json!({ "state": "running", "doing": doing, "fraction": fraction }),
            ),
            State::Done(outcome) => Response::json(200, &Done { state: "done", outcome }),
            State::Ended(sentence) => {
                Response::json(200, &json!({ "state": "ended", "sentence": sentence }))
            }
        }
    }

    fn run(&self, experiment: &Experiment, stop: &AtomicBool) -> State {
        let start = Instant::now();
        let observe = |progress: &Progress| {
            let doing = match progress.in_spectrum {
                true => format!("spectrum of W_{}", progress.step),
                false => format!("gradient step {}", progress.step),
            };
            self.lock().state = State::Running { doing, fraction: progress.fraction };
            match stop.load(Relaxed) || start.elapsed() > LONGEST {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        };
        // predictions asked for in the meantime find the other threads free
        let threads = rayon::ThreadPoolBuilder::new().build();
        let outcome = threads.map_err(|error| error.to_string()).and_then(|threads| {
            threads.install(|| {
                let report = experiment.run_with(RunOptions::new().observe(observe));
                let report = report.map_err(|error| match error {
                    RunError::Cancelled { .. } if !stop.load(Relaxed) => {
                        let seconds = LONGEST.as_secs();
                        format!("stopped after {seconds} seconds; take a smaller network")
                    }
                    RunError::Cancelled { .. } => "stopped".into(),
                    error => error.to_string(),
                })?;
                let prediction = predict::whole(experiment);
                Ok(Outcome::new(&report, prediction, start.elapsed().as_secs_f64()))
            })
        });
        match outcome {
            Ok(outcome) => State::Done(Box::new(outcome)),
            Err(sentence) => State::Ended(sentence),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outcome {
    fn new(report: &Report, prediction: Option<Answer>, seconds: f64) -> Self {
        let settings = &report.settings;
        Self {
            width: settings.width,
            dimension: settings.dimension,
            samples: settings.samples,
            seed: settings.seed,
            seconds,
            chance_overlaps: report.chance_overlaps(),
            stages: report.stages.iter().map(Measured::of).collect(),
            prediction,
        }
    }
}

impl Measured {
    fn of(stage: &Stage) -> Self {
        let pairs = stage.pairing();
        let triplets = stage.triplets.iter().zip(pairs).map(|(triplet, predicted)| Triplet {
            singular_value: triplet.singular_value,
            target_overlap: triplet.target_overlap,
            left_overlaps: triplet.left_overlaps.clone(),
            predicted,
        });
        let readouts = stage.readouts.iter().map(|readout| Readout {
            samples: readout.samples,
            lambda: readout.lambda,
            test_error: readout.measured.test_error.mean_square,
            standard_error: readout.measured.test_error.standard_error,
        });
        Self {
            step: stage.step,
            singular_values: stage.singular_values.to_vec(),
            outliers: stage.outliers.count,
            threshold: stage.outliers.threshold,
            triplets: triplets.collect(),
            readouts: readouts.collect(),
        }
    }
}

/// The same at a width of at most `width`, all sizes in proportion, with what the page shows alone.
fn small(mut config: ExperimentConfig, width: usize) -> Result<ExperimentConfig, Vec<Problem>> {
    if !(2..=MOST_WIDTH).contains(&width) {
        let sentence = format!(
            "{width} is not between 2 and {MOST_WIDTH}, the widths that are simulated here"
        );
        return Err(vec![Problem::new("simulated width", sentence)]);
    }
    let settings = &mut config.settings;
    if settings.width > width {
        let factor = width as f64 / settings.width as f64;
        let scaled = |size: usize| ((factor * size as f64).round() as usize).max(2);
        settings.width = width;
        settings.dimension = scaled(settings.dimension);
        settings.samples = scaled(settings.samples);
        settings.readout_samples.iter_mut().for_each(|samples| *samples = scaled(*samples));
    }
    let training = settings.readout_samples.iter().copied().max().unwrap_or(0);
    let tested = settings.readout_test_samples;
    let sizes = [
        ("dimension", "d", settings.dimension, MOST_DIMENSION),
        ("samples", "n", settings.samples, MOST_SAMPLES),
        ("readout_samples", "m", training, MOST_SAMPLES),
        ("readout_test_samples", "the number of test samples", tested, MOST_SAMPLES),
    ];
    for (key, name, size, most) in sizes {
        if size > most {
            let sentence = format!(
                "at N = {} {name} is {size}; at most {most} are simulated here",
                settings.width
            );
            return Err(vec![Problem::new(key, sentence)]);
        }
    }
    let work = settings.width as f64 * settings.dimension as f64 * settings.samples as f64;
    if work > MOST_WORK {
        let sentence = format!(
            "N d n is {work:.1e}; at most {MOST_WORK:.0e} is simulated here: take a smaller N"
        );
        return Err(vec![Problem::new("simulated width", sentence)]);
    }
    settings.keep_weights = false;
    settings.vectors = 0;
    settings.triplets = None;
    settings.feature_samples = None;
    settings.memory_limit = None;
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(width: usize, dimension: usize, samples: usize) -> ExperimentConfig {
        let text = format!(
            "width = {width}\ndimension = {dimension}\nsamples = {samples}\nactivation = \"erf\"\n\
             steps = [{{ constant = 1.0, alpha = 0.2 }}]\ntarget = {{ link = \"erf\" }}\n\
             readout_samples = [{width}]\n"
        );
        ExperimentConfig::from_toml(&text).unwrap()
    }

    #[test]
    fn large_networks_are_made_smaller_in_proportion() {
        let settings = small(config(100_000, 50_000, 120_000), 600).unwrap().settings;
        assert_eq!((settings.width, settings.dimension, settings.samples), (600, 300, 720));
        assert_eq!(settings.readout_samples, [600]);
        let settings = small(config(500, 200, 700), 600).unwrap().settings;
        assert_eq!((settings.width, settings.dimension, settings.samples), (500, 200, 700));
    }

    #[test]
    fn what_takes_too_long_is_refused() {
        let refused = |config, width| {
            let problems = small(config, width).unwrap_err();
            problems.into_iter().map(|p| format!("{}: {}", p.key, p.sentence)).next().unwrap()
        };
        assert!(refused(config(600, 300, 900), 0).starts_with("simulated width: 0 is not between"));
        assert!(refused(config(600, 300, 900), 1001).contains("1000"));
        assert!(
            refused(config(100, 5000, 900), 600).starts_with("dimension: at N = 100 d is 5000")
        );
        assert!(refused(config(100, 50, 900_000), 600).starts_with("samples: at N = 100 n is"));
        assert!(refused(config(1000, 1000, 10_000), 1000).starts_with("simulated width: N d n is"));
    }
}
