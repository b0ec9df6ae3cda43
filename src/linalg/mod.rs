//! Dense linear algebra for `f32` and `f64`: the only place that knows a backend.
//!
//! `faer` (pure Rust) is the backend unless a LAPACK feature is on. Matrices are `ndarray` arrays in
//! any memory order; row-major is the fastest.

/// The operations, each with the function that computes it, handed to the macro `$make`.
///
/// They are methods of [`Element`], compiled in this crate for both types, so that a program that
/// uses the crate does not compile them again.
macro_rules! table_of_operations {
    ($make:ident) => {
        $make! {
            /// `c <- alpha a b + beta c`, in parallel, with bits that do not depend on the number of
            /// threads of the current pool.
            fn product(
                alpha: Self,
                a: ArrayView2<'_, Self>,
                b: ArrayView2<'_, Self>,
                beta: Self,
                c: ArrayViewMut2<'_, Self>,
            ) -> () = backend::product;
            /// V^T V in `f64` (columns x columns) for V = 2^power W. Only the lower triangle is
            /// computed; the entries above the diagonal are unspecified.
            fn gram(w: ArrayView2<'_, Self>, power: i32) -> Array2<f64> = decompositions::gram;
            /// The largest absolute value of an entry.
            fn largest_entry(a: ArrayView2<'_, Self>) -> Fallible<f64> = scale::largest_entry;
            /// The thin singular value decomposition; without `vectors`, the singular values only.
            fn svd(a: ArrayView2<'_, Self>, vectors: bool) -> Fallible<SingularTriplets<Self>> =
                decompositions::svd;
            /// The `count` largest singular triplets.
            fn leading_triplets(
                a: ArrayView2<'_, Self>,
                count: usize,
                tolerance: Option<f64>,
                max_basis: Option<usize>,
            ) -> Fallible<SingularTriplets<Self>> = leading_triplets::leading_triplets;
            /// Eigenvalues (increasing) and, if wanted, eigenvectors (columns) of a symmetric
            /// matrix; only the lower triangle is read. The same bits in any unit of the matrix.
            fn symmetric_eigen(
                a: Array2<Self>,
                vectors: bool,
            ) -> Fallible<(Array1<Self>, Array2<Self>)> = decompositions::symmetric_eigen;
        }
    };
}

mod backend;
#[cfg(all(feature = "faer", any(test, not(feature = "lapack"))))]
mod block_product;
mod decompositions;
mod element;
mod error;
// LAPACK serves when both backends are compiled in; a test then compares faer with it
#[cfg(all(feature = "faer", any(test, not(feature = "lapack"))))]
mod faer;
#[cfg(feature = "lapack")]
mod lapack;
mod leading_triplets;
mod normal_product;
mod scale;
pub(crate) mod simd;
#[cfg(feature = "lapack")]
mod slow_kernels;
mod triplets;
mod workplace;

use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2};

pub use element::Element;
pub(crate) use element::multiply;
pub(crate) use error::Fallible;
pub use error::SpectralError;
#[cfg(feature = "cuda")]
pub(crate) use error::{failed, nonempty};
#[cfg(feature = "cuda")]
pub(crate) use leading_triplets::{Operator, leading_triplets_of};
#[cfg(feature = "cuda")]
pub(crate) use scale::unsafe_exponent;
pub(crate) use scale::{is_double, scaled_back};
pub use triplets::SingularTriplets;
pub(crate) use workplace::{GramSum, Processor, Workplace, scale_both_sides};

macro_rules! implement {
    ($($(#[$doc:meta])* fn $name:ident($($argument:ident: $type:ty),* $(,)?) -> $result:ty
        = $function:path;)*) => {
        impl Element for f32 {
            $(fn $name($($argument: $type),*) -> $result { $function($($argument),*) })*
        }
        impl Element for f64 {
            $(fn $name($($argument: $type),*) -> $result { $function($($argument),*) })*
        }
    };
}
table_of_operations!(implement);

/// The name of the backend that is in use, for reports and benchmarks: `"faer"` or `"LAPACK"`.
///
/// OpenBLAS chooses its kernels when the program starts. A version that does not know the processor
/// takes its oldest ones without a word and is several times slower: OpenBLAS 0.3.21, for instance, on
/// Intel's Sapphire Rapids. `OPENBLAS_CORETYPE=SkylakeX` in the environment mends it on processors with
/// AVX-512, `OPENBLAS_CORETYPE=Haswell` on those with AVX2. Every report of a run says when it is so
/// ([`Report::notes`](crate::Report::notes)). On AMD's Zen 5 OpenBLAS up to 0.3.31 takes its kernels
/// for AVX2; with `SkylakeX` its products take 0.5 to 0.6 of the time.
pub fn backend_name() -> &'static str {
    backend::NAME
}

/// What a user should know about the backend that is in use: that it runs on the wrong kernels.
pub(crate) fn backend_note() -> Option<&'static str> {
    #[cfg(feature = "lapack")]
    return slow_kernels::note();
    #[cfg(not(feature = "lapack"))]
    None
}

#[cfg(test)]
mod tests;
