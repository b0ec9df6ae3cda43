//! Refuses a wrong choice of linear algebra backend.
//!
//! The checks stand here, as compile errors of the build script, because it is compiled before any
//! dependency: two LAPACK sources would otherwise fail inside `lax`, with an error that says nothing.

#[cfg(not(any(feature = "faer", feature = "lapack")))]
compile_error!(
    "linear-width needs a linear algebra backend: keep the default feature `faer`, or choose one \
     LAPACK source, for example `openblas-system`"
);

#[cfg(all(
    feature = "lapack",
    not(any(
        feature = "openblas-system",
        feature = "openblas-static",
        feature = "netlib-system",
        feature = "netlib-static",
        feature = "intel-mkl-system",
        feature = "intel-mkl-static"
    ))
))]
compile_error!(
    "the feature `lapack` of linear-width is not for direct use: choose one LAPACK source instead, \
     for example `openblas-system`"
);

/// Refuses the first source together with any of the rest, then goes on with the rest.
macro_rules! at_most_one_source {
    ($first:literal $(, $rest:literal)*) => {
        #[cfg(all(feature = $first, any($(feature = $rest),*)))]
        compile_error!(concat!(
            "linear-width was given two LAPACK sources, `", $first, "` and another; choose one of \
             openblas-system, openblas-static, netlib-system, netlib-static, intel-mkl-system, \
             intel-mkl-static"
        ));
        at_most_one_source!($($rest),*);
    };
    () => {};
}
at_most_one_source!(
    "openblas-system",
    "openblas-static",
    "netlib-system",
    "netlib-static",
    "intel-mkl-system",
    "intel-mkl-static"
);

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}
