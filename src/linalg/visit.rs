//! The kernel of W^T W: rows of W pass once, in explicit vectors.

use pulp::{Simd, WithSimd};

use crate::Scalar;

/// Numbers that come in vectors of the instruction set `S`.
pub trait Vectors: Copy {
    /// Some numbers side by side.
    type Vector<S: Simd>: Copy;
    /// The vectors of a slice, and the rest.
    fn split<S: Simd>(x: &[Self]) -> (&[Self::Vector<S>], &[Self]);
    /// The vectors of a slice, and the rest, to be changed.
    fn split_mut<S: Simd>(x: &mut [Self]) -> (&mut [Self::Vector<S>], &mut [Self]);
    /// The same number everywhere.
    fn splat<S: Simd>(simd: S, x: Self) -> Self::Vector<S>;
    /// `a b + c`, fused where that is one instruction.
    fn fma<S: Simd>(
        simd: S,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
        c: Self::Vector<S>,
    ) -> Self::Vector<S>;
    /// The sum of the numbers of a vector.
    fn total<S: Simd>(simd: S, x: Self::Vector<S>) -> Self;
}

macro_rules! vectors {
    ($t:ident, $vector:ident, $split:ident, $split_mut:ident, $splat:ident, $fma:ident, $sum:ident) => {
        impl Vectors for $t {
            type Vector<S: Simd> = S::$vector;
            #[inline(always)]
            fn split<S: Simd>(x: &[Self]) -> (&[S::$vector], &[Self]) {
                S::$split(x)
            }
            #[inline(always)]
            fn split_mut<S: Simd>(x: &mut [Self]) -> (&mut [S::$vector], &mut [Self]) {
                S::$split_mut(x)
            }
            #[inline(always)]
            fn splat<S: Simd>(simd: S, x: Self) -> S::$vector {
                simd.$splat(x)
            }
            #[inline(always)]
            fn fma<S: Simd>(simd: S, a: S::$vector, b: S::$vector, c: S::$vector) -> S::$vector {
                simd.$fma(a, b, c)
            }
            #[inline(always)]
            fn total<S: Simd>(simd: S, x: S::$vector) -> Self {
                simd.$sum(x)
            }
        }
    };
}
vectors!(f64, f64s, as_simd_f64s, as_mut_simd_f64s, splat_f64s, mul_add_e_f64s, reduce_sum_f64s);
vectors!(f32, f32s, as_simd_f32s, as_mut_simd_f32s, splat_f32s, mul_add_e_f32s, reduce_sum_f32s);

/// Vectors v that are taken at once.
pub(super) const VECTORS: usize = 4;
/// Rows of W that are taken at once.
const ROWS: usize = 4;
/// Columns that are taken at once: so many of a pair of rows and of all [`VECTORS`] stay in the
/// first-level cache.
const COLUMNS: usize = 512;

/// sum <- sum + (v w^T) w for rows w and vectors v, whose number is a multiple of [`VECTORS`].
pub(super) struct Visit<'a, T> {
    pub rows: &'a [T],
    pub v: &'a [T],
    pub sum: &'a mut [T],
    pub columns: usize,
}

impl<T: Scalar> WithSimd for Visit<'_, T> {
    type Output = ();

    // No closures here: they would be compiled without the vector instructions of their caller.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let columns = self.columns;
        let mut overlaps = vec![[T::zero(); ROWS]; self.v.len() / columns];
        // the last rows are filled up with zeros
        let whole = self.rows.len() / (ROWS * columns) * (ROWS * columns);
        let mut last = self.rows[whole..].to_vec();
        if !last.is_empty() {
            last.resize(ROWS * columns, T::zero());
        }
        for rows in
            self.rows[..whole].chunks_exact(ROWS * columns).chain(last.chunks_exact(ROWS * columns))
        {
            let row = |r: usize| &rows[r * columns..][..columns];
            let rows = [row(0), row(1), row(2), row(3)];
            overlaps.fill([T::zero(); ROWS]);
            let mut first = 0;
            while first < columns {
                let end = columns.min(first + COLUMNS);
                let pieces = rows.map(|row| &row[first..end]);
                let groups = overlaps.chunks_exact_mut(VECTORS);
                for (v, overlaps) in self.v.chunks_exact(VECTORS * columns).zip(groups) {
                    let v = [
                        &v[first..end],
                        &v[columns + first..columns + end],
                        &v[2 * columns + first..2 * columns + end],
                        &v[3 * columns + first..3 * columns + end],
                    ];
                    add_overlaps(simd, [pieces[0], pieces[1]], v, overlaps, 0);
                    add_overlaps(simd, [pieces[2], pieces[3]], v, overlaps, 2);
                }
                first = end;
            }
            first = 0;
            while first < columns {
                let end = columns.min(first + COLUMNS);
                let pieces = rows.map(|row| &row[first..end]);
                let pairs = self.sum.chunks_exact_mut(2 * columns);
                for (sum, overlaps) in pairs.zip(overlaps.chunks_exact(2)) {
                    let (one, two) = sum.split_at_mut(columns);
                    let sums = [&mut one[first..end], &mut two[first..end]];
                    add_rows(simd, pieces, [overlaps[0], overlaps[1]], sums);
                }
                first = end;
            }
        }
    }
}

/// overlaps\[k\]\[at + r\] <- overlaps\[k\]\[at + r\] + <w_r, v_k> for two rows and four vectors.
#[inline(always)]
fn add_overlaps<T: Scalar, S: Simd>(
    simd: S,
    w: [&[T]; 2],
    v: [&[T]; VECTORS],
    overlaps: &mut [[T; ROWS]],
    at: usize,
) {
    let ((w0, rest0), (w1, rest1)) = (T::split::<S>(w[0]), T::split::<S>(w[1]));
    let ((v0, end0), (v1, end1)) = (T::split::<S>(v[0]), T::split::<S>(v[1]));
    let ((v2, end2), (v3, end3)) = (T::split::<S>(v[2]), T::split::<S>(v[3]));
    let mut sums = [[T::splat(simd, T::zero()); 2]; VECTORS];
    for (((((w0, w1), v0), v1), v2), v3) in w0.iter().zip(w1).zip(v0).zip(v1).zip(v2).zip(v3) {
        sums[0] = [T::fma(simd, *w0, *v0, sums[0][0]), T::fma(simd, *w1, *v0, sums[0][1])];
        sums[1] = [T::fma(simd, *w0, *v1, sums[1][0]), T::fma(simd, *w1, *v1, sums[1][1])];
        sums[2] = [T::fma(simd, *w0, *v2, sums[2][0]), T::fma(simd, *w1, *v2, sums[2][1])];
        sums[3] = [T::fma(simd, *w0, *v3, sums[3][0]), T::fma(simd, *w1, *v3, sums[3][1])];
    }
    let ends = [end0, end1, end2, end3];
    for k in 0..VECTORS {
        for (r, rest) in [rest0, rest1].into_iter().enumerate() {
            let mut sum = T::total(simd, sums[k][r]);
            for (w, v) in rest.iter().zip(ends[k]) {
                sum += *w * *v;
            }
            overlaps[k][at + r] += sum;
        }
    }
}

/// sum_k <- sum_k + sum_r factor\[k\]\[r\] w_r for two sums and four rows.
#[inline(always)]
fn add_rows<T: Scalar, S: Simd>(
    simd: S,
    w: [&[T]; ROWS],
    factors: [[T; ROWS]; 2],
    sums: [&mut [T]; 2],
) {
    let [sum0, sum1] = sums;
    let ((w0, rest0), (w1, rest1)) = (T::split::<S>(w[0]), T::split::<S>(w[1]));
    let ((w2, rest2), (w3, rest3)) = (T::split::<S>(w[2]), T::split::<S>(w[3]));
    let ((sum0, end0), (sum1, end1)) = (T::split_mut::<S>(sum0), T::split_mut::<S>(sum1));
    let mut f = [[T::splat(simd, T::zero()); ROWS]; 2];
    for k in 0..2 {
        for r in 0..ROWS {
            f[k][r] = T::splat(simd, factors[k][r]);
        }
    }
    for (((((w0, w1), w2), w3), s0), s1) in w0.iter().zip(w1).zip(w2).zip(w3).zip(sum0).zip(sum1) {
        *s0 = T::fma(simd, f[0][0], *w0, *s0);
        *s1 = T::fma(simd, f[1][0], *w0, *s1);
        *s0 = T::fma(simd, f[0][1], *w1, *s0);
        *s1 = T::fma(simd, f[1][1], *w1, *s1);
        *s0 = T::fma(simd, f[0][2], *w2, *s0);
        *s1 = T::fma(simd, f[1][2], *w2, *s1);
        *s0 = T::fma(simd, f[0][3], *w3, *s0);
        *s1 = T::fma(simd, f[1][3], *w3, *s1);
    }
    let rests = [rest0, rest1, rest2, rest3];
    for (end, factors) in [end0, end1].into_iter().zip(factors) {
        for r in 0..ROWS {
            for (sum, w) in end.iter_mut().zip(rests[r]) {
                *sum += factors[r] * *w;
            }
        }
    }
}
