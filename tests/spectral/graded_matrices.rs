//! Spectra of matrices whose singular values are known and lie many decades apart.
//!
//! What is promised: the error of every singular value is small beside s_1 (`Direct`), or within the
//! bound of the squares (`Gram`). What is not: relative accuracy of small values. The tests hold both.

use linear_width::Scalar;
use linear_width::spectral::{SingularTriplets, SpectrumMethod, leading_triplets, singular_values};
use ndarray::{Array1, Array2, Axis};

/// An orthogonal matrix that is known in closed form: the sines sqrt(2/(n+1)) sin(pi i j/(n+1)).
fn sines(n: usize) -> Array2<f64> {
    let unit = std::f64::consts::PI / (n + 1) as f64;
    let scale = (2.0 / (n + 1) as f64).sqrt();
    Array2::from_shape_fn((n, n), |(i, j)| {
        // reduced in integers, so that large products keep their digits
        scale * (unit * (((i + 1) * (j + 1)) % (2 * (n + 1))) as f64).sin()
    })
}

/// `rows` x `columns` with these singular values, decreasing: U diag(s) V^T.
fn with_values(rows: usize, columns: usize, s: &[f64]) -> Array2<f64> {
    let (u, v) = (sines(rows), sines(columns));
    let mut w = Array2::zeros((rows, columns));
    for (k, s) in s.iter().enumerate() {
        let (left, right) = (u.column(k).insert_axis(Axis(1)), v.column(k).insert_axis(Axis(0)));
        w.scaled_add(*s, &left.dot(&right));
    }
    w
}

/// From 1 down to 10^-decades, equal ratios.
fn graded(count: usize, decades: f64) -> Vec<f64> {
    (0..count).map(|k| 10_f64.powf(-decades * k as f64 / (count - 1) as f64)).collect()
}

/// Largest error relative to s_1.
fn error<T: Scalar>(found: &Array1<T>, exact: &[f64]) -> f64 {
    assert_eq!(found.len(), exact.len());
    assert!(found.windows(2).into_iter().all(|pair| pair[0] >= pair[1]));
    assert!(found.iter().all(|s| *s >= T::zero()));
    let errors = found.iter().zip(exact).map(|(s, e)| (s.as_f64() - e).abs());
    errors.fold(0.0, f64::max) / exact[0]
}

const SHAPES: [(usize, usize); 3] = [(160, 120), (90, 200), (64, 64)];

/// Every method and both precisions, condition numbers 1 to 1e30.
#[test]
fn singular_value_error_is_bounded_at_any_condition_number() {
    fn check<T: Scalar>(unit: f64) {
        for (rows, columns) in SHAPES {
            for decades in [0.0, 2.0, 6.0, 8.0, 12.0, 20.0, 30.0] {
                let count = rows.min(columns);
                let exact = graded(count, decades);
                let w = with_values(rows, columns, &exact).mapv(T::of);
                // the matrix itself is rounded to T: at most unit |W|_F
                let rounding = unit * (count as f64).sqrt();
                let by = |method: SpectrumMethod| method.singular_values(w.view()).unwrap();
                let direct = error(&by(SpectrumMethod::Direct), &exact);
                let gram = by(SpectrumMethod::Gram);
                let automatic = error(&by(SpectrumMethod::Automatic), &exact);
                let svd = error(&SingularTriplets::all(w.view()).unwrap().singular_values, &exact);
                println!(
                    "{rows} x {columns}, 1e{decades}: direct {direct:.1e}, gram {:.1e}, automatic \
                     {automatic:.1e}, thin SVD {svd:.1e}",
                    error(&gram, &exact)
                );
                let allowed = 200.0 * unit + rounding;
                assert!(direct <= allowed && svd <= allowed);
                let promised = if unit < 1e-10 { 1e-9 } else { 1e-6 };
                assert!(automatic <= allowed.max(promised));
                // Gram: min(delta / s_k, sqrt(delta)) each, and rounding to T
                let delta = (rows + columns) as f64 * f64::EPSILON;
                for (s, e) in gram.iter().zip(&exact) {
                    let bound = (delta / e).min(delta.sqrt()) + allowed;
                    assert!((s.as_f64() - e).abs() <= bound, "{s} {e} {bound}");
                }
            }
        }
    }
    check::<f64>(f64::EPSILON);
    check::<f32>(f64::from(f32::EPSILON));
}

/// Relative accuracy of small values ends where the absolute bound says: at s_k = epsilon s_1 for
/// `Direct`, at sqrt(epsilon) s_1 for `Gram`. Smaller values come out as noise of that size.
#[test]
fn singular_values_lose_relative_accuracy_where_stated() {
    let exact = graded(100, 20.0);
    let w = with_values(140, 100, &exact);
    for (method, reach) in [(SpectrumMethod::Direct, 1e-15), (SpectrumMethod::Gram, 1e-7)] {
        let found = method.singular_values(w.view()).unwrap();
        let digits = |low: f64, high: f64| {
            let inside = exact.iter().zip(&found).filter(|(e, _)| (low..high).contains(*e));
            inside.map(|(e, s)| (s / e - 1.0).abs()).fold(0.0, f64::max)
        };
        let half = 10_f64.powf(-7.5);
        println!(
            "{method:?}: relative error above 1e-4 {:.1e}, to 1e-7.5 {:.1e}, to 1e-12 {:.1e}, below \
             1e-17 {:.1e}",
            digits(1e-4, 2.0),
            digits(half, 1e-4),
            digits(1e-12, half),
            digits(0.0, 1e-17)
        );
        assert!(digits(1e-4, 2.0) < 1e-6);
        if method == SpectrumMethod::Direct {
            assert!(digits(1e-12, 2.0) < 1e-2);
        }
        // values below the reach are lost, but stay below it
        assert!(exact.iter().zip(&found).all(|(e, s)| *e > reach || *s <= 100.0 * reach));
        // as noise (Direct) or as zero (Gram)
        assert!(digits(0.0, 1e-17) > 0.5, "{method:?} is better than documented");
    }
}

/// The leading triplets of a graded matrix: values to 1e-10 s_1 and better, and the vectors that
/// were put in.
#[test]
fn leading_triplets_of_a_graded_matrix() {
    for (rows, columns) in [(300, 200), (200, 300)] {
        for decades in [4.0, 12.0, 30.0] {
            let exact = graded(200, decades);
            let w = with_values(rows, columns, &exact);
            let top = leading_triplets(w.view(), 5).unwrap();
            let (u, v) = (sines(rows), sines(columns));
            for (k, e) in exact.iter().enumerate().take(5) {
                let relative = (top.singular_values[k] / e - 1.0).abs();
                assert!(relative < 1e-12, "{decades}: value {k} is off by {relative:e}");
                let (left, right) = (top.left_vector(k), top.right_vector(k));
                // residual over gap
                let gap = e * (1.0 - exact[1]);
                let allowed = (2e-10 / gap).powi(2).max(1e-12);
                assert!(1.0 - left.dot(&u.column(k)).abs() < allowed);
                assert!(1.0 - right.dot(&v.column(k)).abs() < allowed);
            }
        }
    }
}

/// Rows of very different size, diag(graded) times orthogonal: no method knows their grading, so the
/// absolute bound is what holds, also when the smallest rows are subnormal.
#[test]
fn singular_values_of_rows_of_very_different_size() {
    let count = 60;
    for decades in [10.0, 100.0, 310.0] {
        let exact = graded(count, decades);
        let mut w = sines(count);
        for (mut row, s) in w.rows_mut().into_iter().zip(&exact) {
            row *= *s;
        }
        for method in [SpectrumMethod::Direct, SpectrumMethod::Automatic] {
            let found = method.singular_values(w.view()).unwrap();
            assert!(error(&found, &exact) < 1e-14, "{decades}, {method:?}");
            let transposed = method.singular_values(w.t()).unwrap();
            assert!(error(&transposed, &exact) < 1e-14, "{decades}, {method:?}");
        }
        let gram = SpectrumMethod::Gram.singular_values(w.view()).unwrap();
        assert!(error(&gram, &exact) < (2.0 * count as f64 * f64::EPSILON).sqrt());
    }
}

/// The size of the whole matrix does not matter, up to the ends of the number range.
#[test]
fn singular_values_of_huge_and_tiny_matrices() {
    let exact = graded(50, 6.0);
    let w = with_values(70, 50, &exact);
    for scale in [1e-290, 1e-150, 1e150, 1e290] {
        let scaled = w.mapv(|x| scale * x);
        let found = singular_values(scaled.view()).unwrap();
        assert!(error(&found.mapv(|s| s / scale), &exact) < 1e-9, "{scale:e}");
        let direct = SpectrumMethod::Direct.singular_values(scaled.view()).unwrap();
        assert!(error(&direct.mapv(|s| s / scale), &exact) < 1e-13, "{scale:e}");
        let top = leading_triplets(scaled.view(), 3).unwrap();
        for (s, e) in top.singular_values.iter().zip(&exact) {
            assert!((s / scale / e - 1.0).abs() < 1e-12, "{scale:e}: {s:e}");
        }
    }
}
