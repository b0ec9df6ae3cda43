//! Decompositions, leading triplets, overlaps, outlier rules and histograms of random matrices.

use crate::strategies::{cases, largest, matrix, size, vector, wild};
use linear_width::spectral::{
    Histogram, OutlierRule, SingularTriplets, SpectralError, SpectrumMethod, leading_triplets,
    overlap, principal_overlaps, singular_values,
};
use linear_width::{InvalidSetting, Scalar};
use ndarray::{Array1, Array2, ArrayView2, Axis};
use proptest::prelude::*;
use proptest::sample::select;

/// Matrices of every rank, of sizes from 1e-150 to 1e150, graded or not.
fn weights(largest: usize) -> impl Strategy<Value = Array2<f64>> {
    let shape = (size(largest), size(largest), 0_usize..5);
    shape.prop_flat_map(|(rows, columns, rank)| {
        let entries = || prop_oneof![6 => -1.0..1.0, 1 => Just(0.0), 1 => Just(1.0)];
        let full = matrix((rows, columns), entries());
        let low = (matrix((rows, rank), entries()), matrix((rank, columns), entries()))
            .prop_map(|(a, b)| a.dot(&b));
        let graded = matrix((rows, columns), entries()).prop_map(|mut a| {
            a.columns_mut().into_iter().enumerate().for_each(|(j, mut c)| {
                c *= 10_f64.powi(-3 * (j as i32 % 8));
            });
            a
        });
        (prop_oneof![full, low, graded], select(vec![0, 0, 0, -30, 30, -150, 150]))
            .prop_map(|(a, power)| a * 10_f64.powi(power))
    })
}

fn cast<T: Scalar>(a: &Array2<f64>) -> Array2<T> {
    a.mapv(|x| T::of(x))
}

/// The norm of a matrix, without overflow.
fn norm<T: Scalar>(a: ArrayView2<'_, T>) -> f64 {
    let largest = a.iter().fold(0.0_f64, |m, x| m.max(x.as_f64().abs()));
    if largest == 0.0 {
        return 0.0;
    }
    largest * a.iter().map(|x| (x.as_f64() / largest).powi(2)).sum::<f64>().sqrt()
}

/// Sorted, not negative, of the norm of the matrix.
fn check_values<T: Scalar>(
    w: ArrayView2<'_, T>,
    s: &Array1<T>,
    accuracy: f64,
) -> Result<(), TestCaseError> {
    prop_assert_eq!(s.len(), w.nrows().min(w.ncols()));
    prop_assert!(s.iter().all(|s| s.is_finite() && *s >= T::zero()), "{s}");
    prop_assert!(s.windows(2).into_iter().all(|pair| pair[0] >= pair[1]), "{s}");
    let all = Array1::from_iter(s.iter().copied());
    let found = norm(all.view().insert_axis(ndarray::Axis(0)));
    let expected = norm(w);
    prop_assert!((found - expected).abs() <= accuracy * expected, "{found} {expected}");
    Ok(())
}

/// W v = s u with orthonormal vectors.
fn check_triplets<T: Scalar>(
    w: ArrayView2<'_, T>,
    svd: &SingularTriplets<T>,
    accuracy: f64,
) -> Result<(), TestCaseError> {
    prop_assert!(svd.singular_values.windows(2).into_iter().all(|pair| pair[0] >= pair[1]));
    prop_assert!(svd.left.dim() == (w.nrows(), svd.len()));
    prop_assert!(svd.right.dim() == (svd.len(), w.ncols()));
    let wide = |a: &Array2<T>| a.mapv(|x| x.as_f64());
    let (left, right) = (wide(&svd.left), wide(&svd.right));
    let eye = Array2::<f64>::eye(svd.len());
    for gram in [left.t().dot(&left), right.dot(&right.t())] {
        let worst = largest(&(&gram - &eye));
        prop_assert!(worst <= accuracy, "not orthonormal: {worst}");
    }
    let size = norm(w);
    if size == 0.0 {
        return Ok(());
    }
    let unit = w.mapv(|x| x.as_f64() / size);
    let s = svd.singular_values.mapv(|x| x.as_f64() / size);
    let residual = largest(&(unit.dot(&right.t()) - &left * &s));
    prop_assert!(residual <= accuracy, "residual {residual}");
    Ok(())
}

/// The overlaps of u, as a left singular vector, with a and its powers.
fn overlaps_with_powers(
    u: &Array1<f64>,
    a: &Array1<f64>,
    max_power: usize,
) -> Result<Vec<f64>, InvalidSetting> {
    let left = u.clone().insert_axis(Axis(1));
    let triplet =
        SingularTriplets { left, singular_values: Array1::ones(1), right: Array2::ones((1, 1)) };
    triplet.left_overlaps_with_powers(0, a.view(), max_power)
}

fn decompositions<T: Scalar>(w: &Array2<f64>) -> Result<(), TestCaseError> {
    let w: Array2<T> = cast(w);
    let w = w.view();
    let tight = if T::epsilon().as_f64() < 1e-10 { 1e-12 } else { 2e-5 };
    if !w.iter().all(|x| x.is_finite()) {
        let refused = SpectralError::NonFinite;
        prop_assert_eq!(singular_values(w).unwrap_err(), refused.clone());
        prop_assert_eq!(SingularTriplets::all(w).unwrap_err(), refused.clone());
        prop_assert_eq!(leading_triplets(w, 1).unwrap_err(), refused);
        return Ok(());
    }
    let svd = SingularTriplets::all(w).unwrap();
    check_values(w, &svd.singular_values, tight)?;
    check_triplets(w, &svd, tight)?;
    for method in [SpectrumMethod::Automatic, SpectrumMethod::Gram, SpectrumMethod::Direct] {
        let s = method.singular_values(w).unwrap();
        check_values(w, &s, tight)?;
        let allowed = if method == SpectrumMethod::Gram { 1e-6_f64 } else { 1e-9 }.max(tight);
        for (a, b) in s.iter().zip(&svd.singular_values) {
            let apart = (a.as_f64() - b.as_f64()).abs();
            prop_assert!(apart <= allowed * svd.singular_values[0].as_f64(), "{method:?}: {a} {b}");
        }
    }
    for count in 1..=svd.len().min(4) {
        let top = leading_triplets(w, count).unwrap();
        prop_assert_eq!(top.len(), count);
        let accuracy = if T::epsilon().as_f64() < 1e-10 { 1e-9 } else { 2e-4 };
        check_triplets(w, &top, accuracy)?;
        for (a, b) in top.singular_values.iter().zip(&svd.singular_values) {
            let apart = (a.as_f64() - b.as_f64()).abs();
            prop_assert!(apart <= accuracy * svd.singular_values[0].as_f64(), "{a} {b}");
        }
    }
    for count in [0, svd.len() + 1] {
        let refused = leading_triplets(w, count);
        prop_assert!(matches!(refused, Err(SpectralError::Invalid(_))));
    }
    // the transpose has the same values
    let transposed = singular_values(w.t()).unwrap();
    for (a, b) in transposed.iter().zip(&svd.singular_values) {
        let apart = (a.as_f64() - b.as_f64()).abs();
        prop_assert!(apart <= 1e-9_f64.max(tight) * svd.singular_values[0].as_f64(), "{a} {b}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn decompositions_f64(w in weights(40)) {
        decompositions::<f64>(&w)?;
    }

    #[test]
    fn decompositions_f32(w in weights(40)) {
        decompositions::<f32>(&w)?;
    }

    #[test]
    fn decompositions_refuse_one_bad_entry(
        w in weights(12), at in 0_usize..144, bad in 0_usize..3,
    ) {
        let mut w = w;
        let length = w.len();
        let bad = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY][bad];
        *w.iter_mut().nth(at % length).unwrap() = bad;
        decompositions::<f64>(&w)?;
        decompositions::<f32>(&w)?;
    }

    #[test]
    fn leading_triplets_under_any_options(
        w in weights(60), tolerance in wild(), basis in 0_usize..80,
    ) {
        match SingularTriplets::leading_within(w.view(), 1, tolerance, Some(basis)) {
            Ok(top) => {
                prop_assert!(tolerance.is_finite() && tolerance > 0.0);
                prop_assert!(top.singular_values[0].is_finite() && top.singular_values[0] >= 0.0);
                check_triplets(w.view(), &top, (10.0 * tolerance).max(1e-9))?;
            }
            Err(SpectralError::Invalid(_)) => {
                prop_assert!(!(tolerance.is_finite() && tolerance > 0.0));
            }
            Err(SpectralError::NotConverged { residual, .. }) => {
                prop_assert!(residual > tolerance);
            }
            Err(other) => prop_assert!(false, "{other}"),
        }
    }
}

proptest! {
    #![proptest_config(cases(1000))]

    #[test]
    fn overlaps(
        (u, v) in size(20).prop_flat_map(|n| (vector(n, wild()), vector(n, wild()))),
        extra in 0_usize..2,
    ) {
        let usable =
            |x: &Array1<f64>| x.iter().all(|x| x.is_finite()) && x.iter().any(|x| *x != 0.0);
        let (fine_u, fine_v) = (usable(&u), usable(&v));
        match overlap(u.view(), v.view()) {
            Ok(o) => {
                prop_assert!(fine_u && fine_v && (0.0..=1.0).contains(&o));
                let back = overlap(v.view(), u.view()).unwrap();
                prop_assert!((o - back).abs() < 1e-14);
                let itself = overlap(u.view(), (-1.0 * &u).view()).unwrap();
                prop_assert!((itself - 1.0).abs() < 1e-14, "{itself}");
            }
            Err(_) => prop_assert!(!(fine_u && fine_v)),
        }
        if extra > 0 {
            let longer = Array1::<f64>::ones(u.len() + extra);
            prop_assert!(overlap(u.view(), longer.view()).is_err());
        }
        let powers = overlaps_with_powers(&u, &v, 5);
        if let Ok(powers) = powers {
            prop_assert_eq!(powers.len(), 5);
            prop_assert!(powers.iter().all(|o| (0.0..=1.0).contains(o)), "{powers:?}");
        } else {
            prop_assert!(!(fine_u && fine_v), "{}", powers.unwrap_err());
        }
        if fine_v {
            let axes = Array2::eye(v.len());
            let line = v.view().insert_axis(Axis(0));
            let whole = principal_overlaps(line, axes.view()).unwrap();
            prop_assert!(whole.len() == 1 && (whole[0] - 1.0).abs() < 1e-12);
            if fine_u && u.len() == v.len() {
                let angle = principal_overlaps(u.view().insert_axis(Axis(0)), line).unwrap();
                prop_assert!((angle[0] - overlap(u.view(), v.view()).unwrap()).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn outlier_rules(
        mut s in proptest::collection::vec(0.0..5.0, 0..60),
        kind in 0_usize..4, a in wild(), b in wild(), most in 0_usize..30,
        (width, dimension) in (0_usize..50, 0_usize..50),
    ) {
        s.sort_by(|a: &f64, b| b.total_cmp(a));
        let rule = [
            OutlierRule::AboveEdge { edge: a, margin: b },
            OutlierRule::MarchenkoPastur { margin: a },
            OutlierRule::LargestGap { max_outliers: most, factor: a },
            OutlierRule::TracyWidom { level: a },
        ][kind];
        match rule.apply(&s, width, dimension) {
            Ok(found) => {
                prop_assert!(rule.check_for(s.len()).is_ok() && !found.threshold.is_nan());
                prop_assert_eq!(found.count, s.iter().filter(|s| **s > found.threshold).count());
                if kind == 2 {
                    prop_assert!(found.count <= most);
                }
            }
            Err(error) => {
                let sizes = kind == 1 && (width == 0 || dimension == 0)
                    || kind == 3 && s.len() != width.min(dimension) || s.is_empty();
                prop_assert!(rule.check_for(s.len()).is_err() || sizes, "{error}");
            }
        }
        if !s.is_empty() {
            let default = OutlierRule::default_for(s.len()).apply(&s, s.len() + width, s.len());
            let default = default.unwrap();
            prop_assert!(default.count <= s.len());
            prop_assert!(default.p_values.iter().all(|p| (0.0..=1.0).contains(p)), "{default:?}");
            prop_assert!(default.p_values.len() <= default.count + 1);
        }
    }

    #[test]
    fn histograms(
        values in proptest::collection::vec(wild(), 0..50), bins in 0_usize..40,
        from in wild(), to in wild(),
    ) {
        let inside = values.iter().filter(|v| (from..=to).contains(v)).count();
        match Histogram::new(values.iter().copied(), bins, from, to) {
            Ok(h) => {
                prop_assert_eq!((h.edges.len(), h.density.len()), (bins + 1, bins));
                prop_assert!(h.edges.iter().chain(&h.density).all(|x| x.is_finite()), "{h:?}");
                prop_assert!(values.iter().all(|x| x.is_finite()));
                let widths = h.edges.windows(2).into_iter().map(|pair| pair[1] - pair[0]);
                prop_assert!(widths.clone().all(|width| width > 0.0));
                prop_assert!(h.density.iter().all(|x| *x >= 0.0));
                let mass: f64 = h.density.iter().zip(widths).map(|(x, width)| x * width).sum();
                let expected = inside as f64 / values.len() as f64;
                prop_assert!((mass - expected).abs() < 1e-9, "{mass} {expected}");
            }
            Err(_) => {
                let range = from.is_finite() && to.is_finite() && from < to;
                let width = (to - from) / bins as f64;
                let usable = width.is_normal() && (1.0 / width).is_finite();
                let finite = values.iter().all(|x| x.is_finite());
                // bins as narrow as the rounding of their edges
                let narrow = width < 2.0 * f64::EPSILON * from.abs().max(to.abs());
                let empty = values.is_empty() || bins == 0;
                prop_assert!(empty || !range || !usable || !finite || narrow);
            }
        }
    }
}

/// What the properties found once.
#[test]
fn decompositions_of_matrices_that_once_failed() {
    // squares of 1e-31 vanish in f32
    let w = ndarray::array![[0.0, 0.0], [-1.365_680_2e-31_f32, 1e-33]];
    let s = SpectrumMethod::Direct.singular_values(w.view()).unwrap();
    assert!((s[0] / 1.365_717e-31 - 1.0).abs() < 1e-5 && s[1] == 0.0, "{s}");
    check_triplets(w.view(), &SingularTriplets::all(w.view()).unwrap(), 1e-5).unwrap();
    // squares of 1e25 overflow in f32; 1e300 in f64, also where W^T W is used
    let large = Array2::from_shape_fn((60, 40), |(i, j)| 1e25 * ((3 * i + j * j) as f32).sin());
    let top = leading_triplets(large.view(), 2).unwrap();
    check_triplets(large.view(), &top, 2e-4).unwrap();
    let large = Array2::from_shape_fn((60, 40), |(i, j)| 1e300 * ((3 * i + j * j) as f64).sin());
    let top = leading_triplets(large.view(), 2).unwrap();
    check_triplets(
        (&large / 1e300).view(),
        &SingularTriplets { singular_values: top.singular_values / 1e300, ..top },
        1e-9,
    )
    .unwrap();
    // a norm that no number holds
    let full = Array2::from_elem((4, 4), f64::MAX);
    let overflow = SpectralError::Overflow;
    for method in [SpectrumMethod::Automatic, SpectrumMethod::Gram, SpectrumMethod::Direct] {
        assert_eq!(method.singular_values(full.view()).unwrap_err(), overflow);
    }
    assert_eq!(SingularTriplets::all(full.view()).unwrap_err(), overflow);
    assert_eq!(leading_triplets(full.view(), 1).unwrap_err(), overflow);
    // the last edge is the end of the range
    let wide = Histogram::new([0.0], 24, 0.0, f64::MAX).unwrap();
    assert_eq!(wide.edges[24], f64::MAX);
    // powers of 1e-160 vanish
    let (u, a) = (ndarray::array![1.0, 0.0], ndarray::array![1e-160, -1e-160]);
    let overlaps = overlaps_with_powers(&u, &a, 5).unwrap();
    assert!(overlaps_with_powers(&u, &a, usize::MAX).is_err());
    assert!(overlaps.iter().all(|o| (o - 0.5_f64.sqrt()).abs() < 1e-15));
}
