//! Whether the LAPACK library runs on kernels that were made for this processor.

use std::hint::black_box;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use ndarray::{Array2, ArrayView2};

use super::backend;
use super::simd::{Loop, fma, vectorised};

/// Rows and columns of the matrices that are multiplied: large enough for any kernel, small enough
/// that the libraries use one thread, as the plain loop does.
const SIZE: usize = 64;
/// Each product is timed so often, and the shortest time counts: the others were disturbed.
const TIMES: usize = 20;
/// A library that is slower than the plain loop by more than this has the wrong kernels: OpenBLAS was
/// seen at 0.5 with kernels for AVX-512, 1.1 for AVX2, 1.3 for AVX, 2.6 for older processors.
const FACTOR: f64 = 1.8;

/// What to do about a LAPACK library whose product is slower than a plain loop; `None` when it is
/// not, or when this crate was compiled without optimisation. Measured once, in about a millisecond.
pub(super) fn note() -> Option<&'static str> {
    static SLOW: OnceLock<bool> = OnceLock::new();
    SLOW.get_or_init(|| {
        let (library, plain) = times();
        library.as_secs_f64() > FACTOR * plain.as_secs_f64()
    })
    .then_some(
        "the LAPACK library takes far longer than a plain loop for a matrix product: it \
         runs on kernels for another processor; with OpenBLAS set OPENBLAS_CORETYPE=SkylakeX (with \
         AVX-512) or OPENBLAS_CORETYPE=Haswell (with AVX2) before the program starts, or take a newer \
         library, or this crate's default backend",
    )
}

/// The shortest times of a product by the library and by the plain loop.
fn times() -> (Duration, Duration) {
    let entry = |(i, j): (usize, usize)| ((i * 7 + j * 3) % 11) as f64 - 5.0;
    let (a, b) =
        (Array2::from_shape_fn((SIZE, SIZE), entry), Array2::from_shape_fn((SIZE, SIZE), entry));
    let mut c = Array2::zeros((SIZE, SIZE));
    let library = shortest(|| {
        backend::product(1.0, black_box(a.view()), black_box(b.view()), 0.0, c.view_mut());
    });
    let plain = shortest(|| plain_product(black_box(a.view()), black_box(b.view()), &mut c));
    black_box(&c);
    (library, plain)
}

fn shortest(mut work: impl FnMut()) -> Duration {
    let timed = |_| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..TIMES).map(timed).min().unwrap_or_default()
}

/// c = a b for matrices of [`SIZE`] rows and columns, row-major.
fn plain_product(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>, c: &mut Array2<f64>) {
    if let (Some(a), Some(b), Some(c)) = (a.to_slice(), b.to_slice(), c.as_slice_mut()) {
        vectorised(PlainProduct { a, b, c });
    }
}

struct PlainProduct<'a> {
    a: &'a [f64],
    b: &'a [f64],
    c: &'a mut [f64],
}

/// Rows and columns of c whose sums stay in registers.
const ROWS: usize = 4;
const COLUMNS: usize = 8;

impl Loop for PlainProduct<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        for i in (0..SIZE).step_by(ROWS) {
            let rows = &self.a[i * SIZE..][..ROWS * SIZE];
            for j in (0..SIZE).step_by(COLUMNS) {
                let mut sums = [[0.0; COLUMNS]; ROWS];
                for k in 0..SIZE {
                    let columns = &self.b[k * SIZE + j..][..COLUMNS];
                    for r in 0..ROWS {
                        for c in 0..COLUMNS {
                            sums[r][c] =
                                fma::<f64, FMA>(rows[r * SIZE + k], columns[c], sums[r][c]);
                        }
                    }
                }
                for (r, sums) in sums.iter().enumerate() {
                    self.c[(i + r) * SIZE + j..][..COLUMNS].copy_from_slice(sums);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plain_product_is_right() {
        let a = Array2::from_shape_fn((SIZE, SIZE), |(i, j)| ((i * 5 + j * 13) % 17) as f64);
        let b = Array2::from_shape_fn((SIZE, SIZE), |(i, j)| ((i * 3 + j * 29) % 19) as f64);
        let mut c = Array2::zeros((SIZE, SIZE));
        plain_product(a.view(), b.view(), &mut c);
        for ((i, j), c) in c.indexed_iter() {
            // whole numbers: exact in any order
            assert_eq!(*c, (0..SIZE).map(|k| a[[i, k]] * b[[k, j]]).sum::<f64>(), "({i}, {j})");
        }
    }

    /// OpenBLAS chooses its kernels when a program starts, so each choice is a program of its own.
    /// Without optimisation the plain loop is slower than any library.
    #[cfg(all(
        target_arch = "x86_64",
        not(debug_assertions),
        any(feature = "openblas-system", feature = "openblas-static")
    ))]
    mod openblas {
        use super::super::*;
        use std::process::Command;

        const CHILD: &str = "linalg::slow_kernels::tests::openblas::prints_what_it_measures";

        #[test]
        #[ignore = "a part of `wrong_kernels_are_noted`"]
        fn prints_what_it_measures() {
            let (library, plain) = times();
            println!("ratio {:.2}, {:?}", library.as_secs_f64() / plain.as_secs_f64(), note());
        }

        #[test]
        fn wrong_kernels_are_noted() {
            if !matches!(crate::instruction_set(), "AVX-512" | "AVX2 and FMA") {
                return;
            }
            for (kernels, wrong) in [("Prescott", true), ("Haswell", false)] {
                let mut program = Command::new(std::env::current_exe().unwrap());
                program.args([CHILD, "--exact", "--ignored", "--nocapture"]);
                let output = program.env("OPENBLAS_CORETYPE", kernels).output().unwrap();
                let output = String::from_utf8(output.stdout).unwrap();
                assert!(output.contains("ratio"), "{output}");
                assert_eq!(
                    output.contains("OPENBLAS_CORETYPE=SkylakeX"),
                    wrong,
                    "{kernels}: {output}"
                );
            }
        }
    }
}
