//! The gap rule (looking for 8 outliers, with a factor of 8) on spectra without a spacing of their own: low rank, flat, repeated values.

use linear_width::spectral::{OutlierRule, SingularTriplets, SpectrumMethod};
use linear_width::{InvalidSetting, Scalar};
use ndarray::{Array1, Array2};

fn entry(i: usize, j: usize, salt: usize) -> f64 {
    let x = ((i * 1009 + j * 31 + salt * 7) as f64 * 12.9898).sin() * 43758.5453;
    x - x.floor() - 0.5
}

/// For this many singular values.
fn gap_rule(available: usize) -> OutlierRule {
    OutlierRule::LargestGap { max_outliers: ((available - 1) / 3).min(8), factor: 8.0 }
}

/// An orthogonal matrix: a product of three reflections.
fn orthogonal(size: usize, salt: usize) -> Array2<f64> {
    let mut q = Array2::eye(size);
    for k in 0..3 {
        let v = Array1::from_shape_fn(size, |i| entry(i, k, salt));
        let v = &v / v.dot(&v).sqrt();
        let image = v.dot(&q);
        for ((i, j), x) in q.indexed_iter_mut() {
            *x -= 2.0 * v[i] * image[j];
        }
    }
    q
}

/// rows x columns with these singular values, to rounding.
fn with_values(rows: usize, columns: usize, values: &[f64]) -> Array2<f64> {
    let (u, v) = (orthogonal(rows, 1), orthogonal(columns, 2));
    let mut scaled = Array2::zeros((rows, columns));
    for (k, s) in values.iter().enumerate() {
        scaled.column_mut(k).assign(&(&u.column(k) * *s));
    }
    scaled.dot(&v)
}

/// All singular values by every method there is.
fn lists<T: Scalar>(w: &Array2<T>) -> Vec<(String, Vec<f64>)> {
    let methods = [SpectrumMethod::Automatic, SpectrumMethod::Gram, SpectrumMethod::Direct];
    let by = |m: SpectrumMethod| (format!("{m:?}"), m.singular_values(w.view()).unwrap());
    let thin = ("thin".to_string(), SingularTriplets::all(w.view()).unwrap().singular_values);
    let all = methods.map(by).into_iter().chain([thin]);
    all.map(|(name, s)| (name, s.mapv(|s| s.as_f64()).to_vec())).collect()
}

fn check_as<T: Scalar>(name: &str, w: &Array2<f64>, count: usize) {
    let (width, dimension) = w.dim();
    let w = w.mapv(T::of);
    for (method, s) in lists(&w) {
        let found = gap_rule(s.len()).apply(&s, width, dimension).unwrap();
        let precision = std::any::type_name::<T>();
        let first = &s[..12.min(s.len())];
        assert_eq!(
            found.count, count,
            "{name} {width} x {dimension}, {precision}, {method}: {first:?}"
        );
    }
}

/// In both precisions; a spectrum that has its exact values in `f64` has them to rounding in `f32`.
fn check(name: &str, w: &Array2<f64>, count: usize) {
    check_as::<f64>(name, w, count);
    check_as::<f32>(name, w, count);
}

const SHAPES: [(usize, usize); 6] =
    [(30, 30), (100, 100), (120, 60), (60, 150), (200, 200), (400, 250)];

#[test]
fn gap_rule_finds_the_rank_of_a_low_rank_matrix() {
    for (rows, columns) in SHAPES {
        check("ones", &Array2::ones((rows, columns)), 1);
        check("zero", &Array2::zeros((rows, columns)), 0);
        for rank in 1..=8 {
            // integers: the rank is the same in f32
            let factor = |n: usize, salt| {
                Array2::from_shape_fn((n, rank), |(i, k)| (40.0 * entry(i, k, salt)).round())
            };
            let w = factor(rows, 1).dot(&factor(columns, 2).t());
            check(&format!("rank {rank}"), &w, rank);
        }
        for values in [vec![1.0], vec![1.0; 5], vec![1e3, 1.0, 0.9], vec![3.0, 2.9, 2.8, 2.7]] {
            check("values", &with_values(rows, columns, &values), values.len());
        }
    }
}

#[test]
fn gap_rule_finds_nothing_in_a_flat_spectrum() {
    for size in [25, 30, 64, 100, 129, 200, 300] {
        check("unit matrix", &Array2::eye(size), 0);
        check("orthogonal", &orthogonal(size, 3), 0);
        check("orthogonal", &(1e-3 * orthogonal(size, 4)), 0);
        let v = Array1::from_shape_fn(size, |i| entry(i, 0, 9));
        let square = v.dot(&v);
        let reflection = Array2::from_shape_fn((size, size), |(i, j)| {
            f64::from(u8::from(i == j)) - 2.0 * v[i] * v[j] / square
        });
        check("reflection", &reflection, 0);
    }
    for (rows, columns) in SHAPES {
        check("flat", &with_values(rows, columns, &vec![1.0; rows.min(columns)]), 0);
    }
}

#[test]
fn gap_rule_counts_outliers_above_a_flat_spectrum() {
    for (rows, columns) in SHAPES {
        let size = rows.min(columns);
        for outliers in [&[3.0][..], &[1.1], &[9.0, 9.0, 9.0], &[50.0, 20.0, 4.0, 2.0, 1.5]] {
            let mut values = vec![1.0; size];
            values[..outliers.len()].copy_from_slice(outliers);
            check("flat with outliers", &with_values(rows, columns, &values), outliers.len());
        }
        let mut values = vec![1.0; size];
        values[..2].copy_from_slice(&[1000.0, 30.0]);
        check("flat with large outliers", &with_values(rows, columns, &values), 2);
    }
}

#[test]
fn gap_rule_ignores_repeated_values_in_the_bulk() {
    for (rows, columns) in [(100, 100), (150, 100), (300, 200)] {
        for group in [2, 3, 4, 5, 8, 10, 16, 20] {
            for first in 1..=group {
                for outliers in [&[][..], &[4.0], &[9.0, 9.0, 5.0]] {
                    // groups of equal values 0.02 apart, the first of them smaller
                    let bulk = (0..100 - outliers.len())
                        .map(|i| 2.0 - 0.02 * ((i + group - first) / group) as f64);
                    let mut values = outliers.to_vec();
                    values.extend(bulk);
                    let rule = gap_rule(100);
                    let found = rule.apply(&values, rows, columns).unwrap();
                    let name = format!("groups of {group}, the first of {first}");
                    assert_eq!(found.count, outliers.len(), "{name}");
                    if columns == 100 && first == 1 {
                        check(&name, &with_values(rows, columns, &values), outliers.len());
                    }
                }
            }
        }
    }
}

/// The spectrum of noise beside itself several times: as rarely wrong as that of noise.
#[test]
fn gap_rule_finds_nothing_in_copies_of_noise() {
    let (mut wrong, mut missed) = (0, 0);
    for salt in 0..60 {
        let noise = Array2::from_shape_fn((80, 60), |(i, j)| entry(i, j, 1000 * salt));
        let s = SpectrumMethod::Direct.singular_values(noise.view()).unwrap();
        for copies in [2, 3, 5, 8, 10] {
            let bulk = s.iter().flat_map(|s| std::iter::repeat_n(*s, copies));
            let count = |outliers: &[f64]| {
                let all: Vec<f64> = outliers.iter().copied().chain(bulk.clone()).collect();
                let rule = gap_rule(all.len());
                rule.apply(&all, 80 * copies, 60 * copies).unwrap().count
            };
            wrong += usize::from(count(&[]) > 0);
            missed += usize::from(count(&[3.0 * s[0], 2.0 * s[0]]) != 2);
        }
    }
    assert!(wrong <= 6 && missed <= 6, "of 300: {wrong} false, {missed} missed");
}

#[test]
fn gap_rule_leaves_zeros_out_of_the_bulk() {
    let noise = |rank: usize| (0..rank).map(move |i| 2.0 - 1.5 * i as f64 / rank as f64);
    for rank in [20, 30, 50] {
        for outliers in [&[9.0, 5.0][..], &[9.0, 5.0, 4.0], &[]] {
            let mut values = outliers.to_vec();
            values.extend(noise(rank));
            check(
                &format!("noise of rank {rank}"),
                &with_values(100, 100, &values),
                outliers.len(),
            );
        }
    }
    // neither a bulk nor none: a rank that is above 8 and not above 16
    for rank in 9..=16 {
        for (_, s) in lists(&with_values(100, 100, &vec![1.0; rank])) {
            let error = gap_rule(100).apply(&s, 100, 100).unwrap_err();
            assert!(matches!(error, InvalidSetting::Shape { .. }), "{error}");
            let found = format!("{rank} above rounding error");
            assert!(error.to_string().contains(&found), "{error}");
            let wider = OutlierRule::LargestGap { max_outliers: rank, factor: 8.0 };
            assert_eq!(wider.apply(&s, 100, 100).unwrap().count, rank);
        }
    }
}

#[test]
fn gap_rule_sees_small_outliers_beside_a_huge_one() {
    let bulk = || (0..100).map(|i| 2.0 - 0.0101 * f64::from(i));
    // two values only
    let mut s = vec![0.5; 100];
    s[..50].fill(1.0);
    s[0] = 3.0;
    assert_eq!(gap_rule(100).apply(&s, 200, 100).unwrap().count, 1);
    for largest in [1e2, 1e4, 1e6, 7e6, 1e8, 1e10] {
        let s: Vec<f64> = [largest, 3.0].into_iter().chain(bulk()).collect();
        let found = gap_rule(102).apply(&s, 200, 102).unwrap();
        assert_eq!(found.count, 2, "{largest:e}");
    }
}

#[test]
fn outlier_rules_refuse_lists_that_are_no_singular_values() {
    let fine: Vec<f64> = (0..100).map(|i| 2.0 - 0.01 * f64::from(i)).collect();
    let rules = [
        OutlierRule::default_for(100),
        gap_rule(100),
        OutlierRule::AboveEdge { edge: 1.0, margin: 0.1 },
        OutlierRule::MarchenkoPastur { margin: 0.1 },
    ];
    for rule in rules {
        assert!(rule.apply(&fine, 200, 100).is_ok());
        for place in [0, 1, 8, 50, 99] {
            for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                let mut s = fine.clone();
                s[place] = wrong;
                let error = rule.apply(&s, 200, 100).unwrap_err();
                assert!(matches!(error, InvalidSetting::NonFinite { .. }), "{error}");
            }
            let mut s = fine.clone();
            s[place] = if place == 0 { 0.5 } else { 5.0 };
            let error = rule.apply(&s, 200, 100).unwrap_err();
            assert!(matches!(error, InvalidSetting::OutOfRange { .. }), "{error}");
        }
        let mut s = fine.clone();
        s[99] = -0.1;
        assert!(rule.apply(&s, 200, 100).unwrap_err().to_string().contains("0 or more"));
        s = fine.iter().rev().copied().collect();
        assert!(rule.apply(&s, 200, 100).unwrap_err().to_string().contains("largest first"));
    }
}
