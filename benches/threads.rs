//! Time against the number of threads: one gradient step in f64 and f32, all singular values and six
//! leading triplets in f64, at N = 4000, d = 2000, n = 6000.
//!
//! `cargo bench -p benches --bench threads`; with other numbers of threads and rounds
//! `cargo bench -p benches --bench threads -- 1,2,4,8,16 5`. Prints medians in seconds, in brackets the
//! speed-up over the first number of threads, as a Markdown table. The default is 1, 2, 4, ... up to
//! the cores of the machine, 3 rounds.

use std::hint::black_box;
use std::sync::Mutex;
use std::time::Instant;

use benches::Sizes;
use linear_width::Scalar;
use linear_width::spectral::{SingularTriplets, singular_values};
use rayon::{ThreadPool, ThreadPoolBuilder};

const SIZES: Sizes = Sizes::new(4000, 2000, 6000);

type Task = Box<dyn Fn() + Sync>;

fn step<T: Scalar>() -> Task {
    let (network, batch) = (benches::network::<T>(SIZES), benches::batch(SIZES, 0));
    // small steps, so that every round does the same work
    let network = Mutex::new(network);
    Box::new(move || {
        black_box(network.lock().unwrap().gradient_step(&batch, 1e-3).unwrap());
    })
}

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let powers = || (0..).map(|k| 1 << k).take_while(|threads| *threads <= cores).collect();
    let threads: Vec<usize> = arguments.first().map_or_else(powers, |list| {
        list.split(',').map(|word| word.parse().expect("a number of threads")).collect()
    });
    let rounds: usize = arguments.get(1).map_or(3, |word| word.parse().expect("rounds"));
    let pool = |threads: &usize| ThreadPoolBuilder::new().num_threads(*threads).build().unwrap();
    let pools: Vec<ThreadPool> = threads.iter().map(pool).collect();

    let mut trained = benches::network::<f64>(SIZES);
    trained.gradient_step(&benches::batch(SIZES, 0), 100.0).unwrap();
    let weights = trained.first_layer().clone();
    let same_weights = weights.clone();
    let tasks: [(&str, Task); 4] = [
        ("gradient step, f64", step::<f64>()),
        ("gradient step, f32", step::<f32>()),
        (
            "all singular values",
            Box::new(move || {
                black_box(singular_values(weights.view()).unwrap());
            }),
        ),
        (
            "six leading triplets",
            Box::new(move || {
                let top = SingularTriplets::leading_within(same_weights.view(), 6, 1e-8, None);
                black_box(top.unwrap());
            }),
        ),
    ];
    println!("{}, {}, {cores} cores, {rounds} rounds", SIZES, linear_width::backend_name());
    let head: Vec<String> = threads.iter().map(usize::to_string).collect();
    println!("| threads | {} |\n|---|{}", head.join(" | "), "---|".repeat(head.len()));
    for (name, task) in &tasks {
        let mut seconds = vec![Vec::new(); pools.len()];
        for round in 0..=rounds {
            for (pool, seconds) in pools.iter().zip(&mut seconds) {
                let start = Instant::now();
                pool.install(task);
                // the first round fills the caches of the allocator
                if round > 0 {
                    seconds.push(start.elapsed().as_secs_f64());
                }
            }
        }
        let medians = seconds.iter_mut().map(|seconds| {
            seconds.sort_by(f64::total_cmp);
            seconds[seconds.len() / 2]
        });
        let medians: Vec<f64> = medians.collect();
        let cells = medians.iter().map(|time| format!("{time:.3} ({:.1})", medians[0] / time));
        println!("| {name} | {} |", cells.collect::<Vec<_>>().join(" | "));
    }
}
