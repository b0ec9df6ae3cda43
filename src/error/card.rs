//! What can go wrong with a card.

use thiserror::Error;

use super::{InvalidSetting, debug_is_display, in_words};
use crate::number::short;

/// A computation on a card that could not be done.
#[derive(Clone, Error, PartialEq)]
#[non_exhaustive]
pub enum CudaError {
    /// The driver's library is not on this machine.
    #[error(
        "the library of the NVIDIA driver (libcuda.so.1) was not found: this machine has no NVIDIA \
         driver, or the loader does not look where it is (LD_LIBRARY_PATH)"
    )]
    NoDriver,
    /// The driver is there and sees no card.
    #[error("the NVIDIA driver sees no card on this machine")]
    NoCard,
    /// There are fewer cards.
    #[error("card {ordinal} was asked for; this machine has {count}, numbered from 0")]
    NoSuchCard {
        /// The card asked for, from 0.
        ordinal: usize,
        /// How many there are.
        count: usize,
    },
    /// One of the toolkit's libraries was not found.
    #[error(
        "the library {library} was not found: install version 12 or 13 of the CUDA toolkit, or its \
         Python package {package}, and let LD_LIBRARY_PATH name the folder"
    )]
    NoLibrary {
        /// `libcublas.so`, `libcusolver.so` or `libnvrtc.so`.
        library: &'static str,
        /// The package that brings it.
        package: &'static str,
    },
    /// The card has not enough free memory.
    #[error(
        "{} of the card's memory are needed ({needed} bytes) and {} are free; take smaller sizes",
        in_words(*.needed), in_words(*.free)
    )]
    Memory {
        /// The bytes needed.
        needed: u128,
        /// The bytes that are free.
        free: u128,
    },
    /// A call of one of the libraries failed.
    #[error("{call} failed with {name} (code {code})")]
    Call {
        /// What was called.
        call: &'static str,
        /// The library's name of the error.
        name: String,
        /// Its number.
        code: i64,
    },
    /// The kernels do not compile with this version of NVRTC.
    #[error("the kernels do not compile: {log}")]
    Kernels {
        /// What the compiler says.
        log: String,
    },
    /// The activation is no piecewise polynomial to the stated accuracy.
    #[error(
        "the activation {name} cannot be tabulated for the card between -{} and {}: beside {} the \
         error stays above {}; run it on the CPU",
        short(.range), short(.range), short(.place), short(.bound)
    )]
    Activation {
        /// Name of the activation.
        name: String,
        /// The largest pre-activation that the table must cover.
        range: f64,
        /// Where the error is.
        place: f64,
        /// The error that is allowed, relative to the local size of the activation.
        bound: f64,
    },
    /// A matrix of another shape was expected, or there is not enough memory on the host.
    #[error(transparent)]
    Invalid(#[from] InvalidSetting),
}

debug_is_display!(CudaError);

pub(crate) type OnCard<T> = Result<T, CudaError>;
