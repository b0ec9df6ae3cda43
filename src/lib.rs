#![deny(missing_docs)]
#![cfg_attr(not(feature = "cuda"), forbid(unsafe_code))]
// calls of CUDA's libraries, in one module
#![cfg_attr(feature = "cuda", deny(unsafe_code))]

//! Feature learning in linear-width two-layer networks: one against two large gradient steps.
//!
//! Width N, input dimension d and sample size n grow together. A network
//!
//! ```text
//! f(x) = N^(-1/2) Σⱼ aⱼ σ(⟨wⱼ, x⟩),    a = b/√N,
//! ```
//!
//! sees labels y = g(⟨β*, x⟩) + ε and takes gradient steps of size ηₜ = Cₜ N^αₜ on its first layer:
//!
//! ```text
//! Wₜ = Wₜ₋₁ + ηₜ G(Wₜ₋₁; Xₜ, yₜ),    G = (1/n) [(a rᵀ) ∘ σ'(W Xᵀ)] X,    r = y - f(X).
//! ```
//!
//! After one step W₁ has one outlying singular value. A second step makes l = ⌊α₂ / (1/2 - α₁)⌋ new
//! ones (Moniri & Hassani, [arXiv:2605.17767](https://arxiv.org/abs/2605.17767)), so that W₂ shows
//! l + 1 in total for large N; and a second step that reuses the batch can find the direction β*
//! when the information exponent of g is above one, which independent batches cannot.
//!
//! This crate simulates the steps, measures the spectrum and the learned directions, and puts
//! beside them a prediction of the whole finite-size spectrum that has no free parameter
//! ([`theory::prediction`]).
//!
//! # A first program
//!
//! ```
//! use linear_width::{Experiment, activation::Sine, data::{Link, Target}};
//! use linear_width::training::{BatchPolicy, StepSize};
//!
//! let link = Link::new("cos(1.5 z + 0.6)", |z| (1.5 * z + 0.6).cos()).without(&[0, 1])?;
//! let report = Experiment::builder()
//!     .width(200).dimension(100).samples(240)
//!     .activation(Sine { amplitude: 1.65, phase: 0.7 })
//!     .target(Target::single_index(link).noise(0.1))
//!     .steps([StepSize::scaled(2.0, 0.37), StepSize::scaled(2.0, 0.42)])
//!     .batches(BatchPolicy::Reused)
//!     .build()?.run()?;
//! println!("{report}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! An activation of your own is one formula: [`activation::FnActivation`]. Links, laws, schedules,
//! observers, batches and loops of your own: the guide [`extending`].
//!
//! # Modules
//!
//! [`activation`] and [`data`] say what is learned by what; [`network`] and [`training`] take the
//! steps; [`spectral`] measures; [`readout`] trains the second layer by ridge regression and tests
//! it; [`theory`] predicts and never reads a simulation; [`experiment`] is the builder on top.
//! [`quadrature`] serves them all. The crate `linear-width-runs` beside this one reads experiments
//! written as TOML and runs sweeps of many points into one results file.
//!
//! # Backends and threads
//!
//! Dense linear algebra is `faer`'s (pure Rust) by default. One of the features `openblas-system`,
//! `openblas-static`, `netlib-system`, `netlib-static`, `intel-mkl-system`, `intel-mkl-static`
//! hands it to LAPACK through `ndarray-linalg`; only `openblas-system` is tested here, and
//! `openblas-static` and `intel-mkl-static` download sources when they build.
//!
//! The computation runs on the current `rayon` pool (`RAYON_NUM_THREADS`, or
//! `ThreadPool::install`). With `faer` the same seed gives the same bits for any number of threads;
//! on x86-64 the bits should be the same on all machines with the same versions of this crate and its
//! dependencies, the same [`instruction_set`], and the same functions exp, ln, sin and their like in
//! the C library. That was derived from the code and not yet seen on a second machine;
//! the tests compare with stored checksums. A LAPACK library has threads of its own and promises no
//! bits; the README says what was measured with OpenBLAS.
//!
//! # Features
//!
//! `faer` (default), the six LAPACK sources above, `serde` (reports and settings serialise),
//! `checkpoint` (with `serde`: `RunOptions::checkpoint`, which resumes an interrupted run), and
//! `cuda` (runs on an NVIDIA card, [`experiment::Device`]; docs/cuda.md says what it needs).

pub mod activation;
#[cfg(feature = "cuda")]
pub mod cuda;
pub mod data;
mod distribution;
mod error;
pub mod experiment;
#[doc = include_str!("../docs/extending.md")]
pub mod extending {}
#[cfg(test)]
mod golden;
mod guard;
mod linalg;
mod memory;
pub mod network;
mod number;
mod numerics;
mod random;
pub mod readout;
pub mod rmt;
mod scalar;
pub mod spectral;
pub mod theory;
pub mod training;

pub use error::InvalidSetting;
pub use experiment::{Experiment, Report};
pub use linalg::backend_name;
pub use linalg::simd::instruction_set;
pub use numerics::quadrature;
pub use scalar::Scalar;

/// The programs of the README, compiled and run by `cargo test --doc`.
#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../README.md")]
    struct Readme;
}
