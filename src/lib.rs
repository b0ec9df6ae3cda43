#![deny(missing_docs)]
#![forbid(unsafe_code)]

//! Feature learning in linear-width two-layer networks: one against two large gradient steps.
//!
//! Width $N$, input dimension $d$ and sample size $n$ grow together. A network
//! $f(x) = N^{-1/2} \sum_j a_j \sigma(\langle w_j, x \rangle)$ with $a = b/\sqrt{N}$ sees labels
//! $y = g(\langle \beta_*, x \rangle) + \varepsilon$ and takes gradient steps of size
//! $\eta_t = C_t N^{\alpha_t}$ on its first layer:
//!
//! $$ W_t = W_{t-1} + \eta_t G(W_{t-1}; X_t, y_t), \qquad
//!    G = \tfrac1n \bigl[(a r^\top) \circ \sigma^{\prime}(W X^\top)\bigr] X, \quad r = y - f(X). $$
//!
//! After one step $W_1$ has one outlying singular value. A second step makes
//! $l = \lfloor \alpha_2 / (\tfrac12 - \alpha_1) \rfloor$ new ones (Moniri & Hassani,
//! [arXiv:2605.17767](https://arxiv.org/abs/2605.17767)), so that $W_2$ shows $l + 1$ in total for
//! large $N$; and a second step that reuses the batch can find the direction $\beta_*$ when the
//! information exponent of $g$ is above one, which fresh batches cannot.
//!
//! This crate simulates the steps, measures the spectrum and the learned directions, and puts
//! beside them a prediction of the whole finite-size spectrum that has no free parameter
//! ([`theory::prediction`]).
//!
//! # A first program
//!
//! ```
//! use linear_width::activation::Tanh;
//! use linear_width::data::{Link, Target};
//! use linear_width::training::{BatchPolicy, StepSize};
//! use linear_width::Experiment;
//!
//! let report = Experiment::builder()
//!     .width(200).dimension(100).samples(300)
//!     .activation(Tanh { scale: 2.0, shift: 0.5 })
//!     .target(Target::single_index(Link::hermite([0.0, 0.0, 0.5, 0.5])).noise(0.1))
//!     .steps([StepSize::scaled(2.0, 0.35), StepSize::scaled(2.0, 0.4)])
//!     .batches(BatchPolicy::Reused)
//!     .build()?.run()?;
//! println!("{report}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Your own activation
//!
//! One formula; the derivative comes from dual numbers:
//!
//! ```
//! use linear_width::{Experiment, activation::DualFn, data::{Link, Target}};
//!
//! let activation = DualFn::new("z^2 tanh(z)", |z| z * z * z.tanh());
//! let target = Target::single_index(Link::hermite([0.0, 1.0]));
//! let settings = Experiment::builder().width(80).dimension(40).samples(120).activation(activation);
//! let report = settings.target(target).steps([2.0, 3.0]).build()?.run()?;
//! # assert!(report.last().unwrap().outliers.count >= 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! With parameters, or with the derivative by hand: [`activation`]. Links, laws, schedules,
//! observers, batches and loops of your own: the guide `docs/extending.md`.
//!
//! # Modules
//!
//! [`activation`] and [`data`] say what is learned by what; [`network`] and [`training`] take the
//! steps; [`spectral`] measures; [`theory`] predicts and never reads a simulation; [`experiment`]
//! is the builder on top. [`quadrature`] serves them all.
//!
//! # Backends and threads
//!
//! Dense linear algebra is `faer`'s (pure Rust) by default. One of the features `openblas-system`,
//! `openblas-static`, `netlib-system`, `netlib-static`, `intel-mkl-system`, `intel-mkl-static`
//! hands it to LAPACK through `ndarray-linalg`; only `openblas-system` is tested here, and
//! `openblas-static` and `intel-mkl-static` download sources when they build.
//!
//! Threads are those of the current `rayon` pool (`RAYON_NUM_THREADS`, or
//! `ThreadPool::install`). With `faer` the same seed gives the same bits for any number of them. A
//! LAPACK library has threads of its own, and its bits are its own affair; see the README for what
//! was measured with OpenBLAS.
//!
//! From machine to machine the bits should be the same with `faer` on x86-64 when these are: the
//! version of this crate and of its dependencies, [`instruction_set`], and the functions exp, ln, sin
//! and their like in the C library, from which the standard library takes them. That was derived
//! from the code and not yet seen on a second machine. The tests compare with stored checksums of
//! the release, and say so where there are none. Constants of a version that enter
//! the order of sums, as [`training::TILE_SAMPLES`], change the last digits with it.
//!
//! # Features
//!
//! `faer` (default), the six LAPACK sources above, `serde` (reports and settings serialise),
//! `checkpoint` (with `serde`: `Experiment::run_checkpointed`, whose runs go on after an
//! interruption), and `config` (with `checkpoint`: experiments and sweeps written as TOML in
//! `config`, sweeps that survive being killed in `sweep`).

pub mod activation;
#[cfg(feature = "config")]
pub mod config;
pub mod data;
mod error;
pub mod experiment;
#[cfg(test)]
mod golden;
mod linalg;
mod memory;
pub mod network;
mod number;
pub mod quadrature;
mod random;
pub mod readout;
mod scalar;
mod simd;
pub mod spectral;
#[cfg(feature = "config")]
pub mod sweep;
pub mod theory;
pub mod training;

pub use error::InvalidSetting;
pub use experiment::{Experiment, Report};
pub use linalg::{LinalgError, backend_name};
pub use scalar::Scalar;
pub use simd::instruction_set;

/// The programs of the guide and of the README, compiled and run by `cargo test --doc`.
#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../docs/extending.md")]
    struct ExtensionGuide;
    #[doc = include_str!("../README.md")]
    struct Readme;
}
