//! The unit of the input is free: numbers times a power of two give the same answer times its
//! power, to the last bit with the default backend and to the last digits with LAPACK.

use linear_width::Scalar;
use linear_width::backend_name;
use linear_width::data::Dataset;
use linear_width::readout::{LinearFeatures, Ridge};
use linear_width::spectral::{
    Histogram, OutlierRule, SingularTriplets, SpectrumMethod, leading_triplets, overlap,
    principal_overlaps,
};
use ndarray::{Array1, Array2, Axis};
use proptest::prelude::*;

/// x 2^power, also where the power is no number.
fn scaled<T: Scalar>(x: T, power: i32) -> T {
    let half = power / 2;
    T::of(x.as_f64() * 2.0_f64.powi(half) * 2.0_f64.powi(power - half))
}

fn in_unit<T: Scalar>(a: &Array2<T>, power: i32) -> Array2<T> {
    a.mapv(|x| scaled(x, power))
}

/// Entries in [-1, 1] that are multiples of 2^-14: none loses a digit in a small unit.
fn entry(i: usize, j: usize, salt: u64) -> f64 {
    let x = (i as f64 * 12.9898 + j as f64 * 78.233 + salt as f64 * 0.618).sin() * 43758.5453;
    ((x - x.floor() - 0.5) * 16384.0).round() / 8192.0
}

fn matrix<T: Scalar>(rows: usize, columns: usize, salt: u64) -> Array2<T> {
    Array2::from_shape_fn((rows, columns), |(i, j)| T::of(entry(i, j, salt)))
}

/// Equal bits; with LAPACK, whose sums may depend on where a matrix lies in memory, equal digits.
fn same<'a, T: Scalar>(
    found: impl IntoIterator<Item = &'a T>,
    expected: impl IntoIterator<Item = &'a T>,
    power: i32,
) -> bool {
    let expected: Vec<f64> = expected.into_iter().map(|x| x.as_f64()).collect();
    let found: Vec<f64> = found.into_iter().map(|x| scaled(x.as_f64(), -power)).collect();
    let size = expected.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
    let allowed = if backend_name() == "faer" { 0.0 } else { 1e3 * T::epsilon().as_f64() * size };
    found.len() == expected.len()
        && found.iter().zip(&expected).all(|(x, y)| (x - y).abs() <= allowed)
}

fn spectra<T: Scalar>(w: &Array2<T>, power: i32) {
    let other = in_unit(w, power);
    let name = format!("{:?} times 2^{power}", w.dim());
    for method in [SpectrumMethod::Automatic, SpectrumMethod::Gram, SpectrumMethod::Direct] {
        let expected = method.singular_values(w.view()).unwrap();
        let found = method.singular_values(other.view()).unwrap();
        assert!(same(&found, &expected, power), "{name}, {method:?}");
    }
    let (expected, found) =
        (SingularTriplets::all(w.view()).unwrap(), SingularTriplets::all(other.view()).unwrap());
    assert!(same(&found.singular_values, &expected.singular_values, power), "{name}");
    assert!(same(&found.left, &expected.left, 0), "{name}");
    assert!(same(&found.right, &expected.right, 0), "{name}");

    let count = (w.nrows().min(w.ncols()) / 8).clamp(1, 4);
    let expected = leading_triplets(w.view(), count).unwrap();
    let found = leading_triplets(other.view(), count).unwrap();
    assert!(same(&found.singular_values, &expected.singular_values, power), "{name}");
    if backend_name() == "faer" {
        assert_eq!((found.left, found.right), (expected.left, expected.right), "{name}");
    }
}

/// Ridge regression of labels times 2^`label` on features times 2^`power`.
fn readouts<T: Scalar>(x: &Array2<T>, y: &Array1<T>, power: i32, label: i32) {
    let map = LinearFeatures::new(x.ncols()).unwrap();
    let (x, y) = (&x.mapv(T::as_f64), &y.mapv(T::as_f64));
    let batch = Dataset::new(x.clone(), y.clone()).unwrap();
    let other = Dataset::new(in_unit(x, power), y.mapv(|y| scaled(y, label))).unwrap();
    for dual in [false, true] {
        for intercept in [false, true] {
            let ridge = Ridge::new().intercept(intercept);
            let ridge = if dual { ridge.dual() } else { ridge.primal() };
            let expected = ridge.fit(&map, &batch).unwrap();
            let found = ridge.fit(&map, &other).unwrap();
            let mut pairs = Vec::new();
            if (-500..=500).contains(&power) {
                let lambda = 0.01 * x.ncols() as f64;
                let in_unit = scaled(lambda, 2 * power);
                pairs.push((expected.readout(lambda).unwrap(), found.readout(in_unit).unwrap()));
            }
            if !dual && x.nrows() > x.ncols() {
                pairs.push((expected.least_squares().unwrap(), found.least_squares().unwrap()));
            }
            for (expected, found) in pairs {
                let name = format!("dual {dual}, {intercept}, 2^{power}, labels 2^{label}");
                assert!(same(found.weights(), expected.weights(), label - power), "{name}");
                let intercepts = ([found.intercept()], [expected.intercept()]);
                assert!(same(&intercepts.0, &intercepts.1, label), "{name}");
                let predicted = found.predict(in_unit(x, power).view()).unwrap();
                let before = expected.predict(x.view()).unwrap();
                assert!(same(&predicted, &before, label), "{name}");
                // a fit of nearly as many weights as labels has a tiny error, whose square must be a number
                if (-400..=400).contains(&label) {
                    let (found, expected) =
                        (found.test_error(&other).unwrap(), expected.test_error(&batch).unwrap());
                    let numbers =
                        |e: linear_width::readout::TestError| [e.mean_square, e.standard_error];
                    assert!(same(&numbers(found), &numbers(expected), 2 * label), "{name}");
                }
            }
        }
    }
}

fn lists(s: &[f64], power: i32) {
    let other: Vec<f64> = s.iter().map(|s| scaled(*s, power)).collect();
    let edge = s[s.len() / 2];
    let gap = OutlierRule::LargestGap { max_outliers: (s.len() - 1) / 3, factor: 8.0 };
    let rules = [
        (OutlierRule::default_for(s.len()), OutlierRule::default_for(s.len())),
        (gap, gap),
        (
            OutlierRule::AboveEdge { edge, margin: 0.1 },
            OutlierRule::AboveEdge { edge: scaled(edge, power), margin: 0.1 },
        ),
    ];
    for (rule, in_unit) in rules {
        let expected = rule.apply(s, 300, s.len()).unwrap();
        let found = in_unit.apply(&other, 300, s.len()).unwrap();
        assert_eq!(found.count, expected.count, "2^{power}");
        assert_eq!(found.p_values, expected.p_values, "2^{power}");
        assert_eq!(found.threshold, scaled(expected.threshold, power), "2^{power}");
    }
    let expected = Histogram::new(s.iter().copied(), 9, 0.1, 3.0).unwrap();
    let (from, to) = (scaled(0.1, power), scaled(3.0, power));
    let found = Histogram::new(other.iter().copied(), 9, from, to).unwrap();
    assert_eq!(found.density, expected.density.mapv(|d| scaled(d, -power)), "2^{power}");
}

fn vectors<T: Scalar>(x: &Array2<T>, power: i32) {
    let other = in_unit(x, power);
    let (u, v) = (x.column(0), x.column(1));
    assert_eq!(overlap(other.column(0), v).unwrap(), overlap(u, v).unwrap());
    let rows = Array2::eye(x.nrows());
    let left =
        SingularTriplets { left: x.clone(), singular_values: u.to_owned(), right: x.clone() };
    let first = rows.slice_axis(Axis(0), ndarray::Slice::from(..2));
    assert_eq!(
        principal_overlaps(other.t(), first).unwrap(),
        principal_overlaps(x.t(), first).unwrap()
    );
    assert_eq!(
        left.left_overlaps_with_powers(0, other.column(1), 4).unwrap(),
        left.left_overlaps_with_powers(0, v, 4).unwrap()
    );
}

fn standardising(x: &Array2<f64>, y: &Array1<f64>, power: i32) {
    let data = |power: i32| {
        let data = Dataset::new(in_unit(x, power), y.mapv(|y| scaled(y, power))).unwrap();
        data.standardised().unwrap().with_standardised_labels().unwrap()
    };
    let (expected, found) = (data(0), data(power));
    assert_eq!(found.inputs(), expected.inputs(), "2^{power}");
    assert_eq!(found.labels(), expected.labels(), "2^{power}");
}

fn everything(rows: usize, columns: usize, salt: u64, power: i32, single: i32) {
    let (w, w32) = (matrix::<f64>(rows, columns, salt), matrix::<f32>(rows, columns, salt));
    spectra(&w, power);
    spectra(&w32, single);
    let y = Array1::from_shape_fn(rows, |i| entry(i, columns + 1, salt));
    readouts(&w, &y, power, power / 2);
    readouts(&w32, &y.mapv(|y| y as f32), single, -single / 3);
    if rows > 2 {
        standardising(&w, &y, power);
    }
    if rows > 1 && columns > 1 {
        vectors(&w, power);
        vectors(&w32, single);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn unit_of_small_matrices_is_free(
        rows in 2_usize..40, columns in 1_usize..40, salt in 0_u64..1000,
        power in -1000..=1000_i32, single in -100..=100_i32,
    ) {
        everything(rows, columns, salt, power, single);
    }

    #[test]
    fn unit_of_lists_of_singular_values_is_free(
        s in proptest::collection::vec(0.01..5.0, 4..60), power in -1000..=1000_i32,
    ) {
        let mut s: Vec<f64> = s;
        s.sort_by(|a, b| b.total_cmp(a));
        lists(&s, power);
    }
}

/// Beyond 128 rows the eigenvalue decomposition of `faer` works recursively.
#[test]
fn unit_of_large_matrices_is_free() {
    let powers = [(-1000, -100), (-67, -40), (-9, 7), (34, 20), (299, 60), (990, 100)];
    for ((rows, columns), (power, single)) in
        [(300, 200), (160, 310), (400, 150), (260, 260), (1100, 140), (200, 500)]
            .into_iter()
            .zip(powers)
    {
        everything(rows, columns, 3, power, single);
    }
}

/// What the ridge readouts of a user find when one column is in another unit.
#[test]
fn unit_of_a_single_column_is_free() {
    let (n, p) = (200, 20);
    let x = matrix::<f64>(n, p, 5);
    let theta = Array1::from_shape_fn(p, |j| (j as f64 + 0.5).cos());
    let y = x.dot(&theta) + 0.25;
    let map = LinearFeatures::new(p).unwrap();
    for powers in [[-23, 0], [-40, 13], [-300, 60], [200, -200], [900, -90]] {
        let mut other = x.clone();
        for (j, power) in powers.into_iter().enumerate() {
            other.column_mut(3 + 5 * j).mapv_inplace(|x| scaled(x, power));
        }
        let batch = Dataset::new(other.clone(), y.clone()).unwrap();
        let path = Ridge::new().intercept(true).primal().fit(&map, &batch).unwrap();
        let readout = path.least_squares().unwrap();
        let predicted = readout.predict(other.view()).unwrap();
        let worst = (&predicted - &y).iter().fold(0.0_f64, |m, x| m.max(x.abs()));
        assert!(worst < 1e-12, "{powers:?}: {worst:e}");
        assert!((readout.intercept() - 0.25).abs() < 1e-12);
        for (j, theta) in theta.iter().enumerate() {
            let power = if j == 3 {
                powers[0]
            } else if j == 8 {
                powers[1]
            } else {
                0
            };
            let found = scaled(readout.weights()[j], power) / (p as f64).sqrt();
            assert!((found - theta).abs() < 1e-12, "{powers:?}, {j}: {found} {theta}");
        }
        // the penalty stays on the weights in the units given: the optimality condition
        let lambda = 1e-3 * p as f64;
        let readout = path.readout(lambda).unwrap();
        let phi = &other / (p as f64).sqrt();
        let residual = readout.predict(other.view()).unwrap() - &y;
        let largest = readout.weights().iter().fold(0.0_f64, |m, w| m.max(w.abs()));
        for j in 0..p {
            let gradient = phi.column(j).dot(&residual) / n as f64;
            let penalty = lambda / p as f64 * readout.weights()[j];
            let size = phi.column(j).mapv(f64::abs).sum() / n as f64 + lambda / p as f64 * largest;
            assert!((gradient + penalty).abs() < 1e-12 * size, "{powers:?}, {j}");
        }
    }
}

#[test]
fn ridge_is_right_in_units_where_faer_alone_is_wrong() {
    let (n, p) = (600, 150);
    let x = matrix::<f64>(n, p, 1);
    let theta = Array1::from_shape_fn(p, |j| (j as f64).cos());
    let map = LinearFeatures::new(p).unwrap();
    for power in [-500, -66, -33, -20, -10, 0, 10, 20, 27, 40, 500] {
        let batch = Dataset::new(in_unit(&x, power), x.dot(&theta)).unwrap();
        let path = Ridge::new().fit(&map, &batch).unwrap();
        let readout = path.least_squares().unwrap();
        let found = readout.weights().mapv(|w| scaled(w, power)) / (p as f64).sqrt();
        let worst = (&found - &theta).iter().fold(0.0_f64, |m, x| m.max(x.abs()));
        assert!(worst < 1e-12, "2^{power}: {worst:e}");
    }
}

#[test]
fn leading_triplets_in_units_where_squares_of_squares_overflow() {
    let w = matrix::<f64>(700, 500, 2);
    let exact = SingularTriplets::all(w.view()).unwrap().singular_values;
    for power in [-1000, -330, -272, 0, 34, 259, 299, 329, 990] {
        let w = in_unit(&w, power);
        let found = SingularTriplets::leading_within(w.view(), 4, 1e-10, Some(220)).unwrap();
        for (s, exact) in found.singular_values.iter().zip(&exact) {
            assert!((scaled(*s, -power) - exact).abs() < 1e-10, "2^{power}: {s} {exact}");
        }
    }
}

#[test]
fn ridge_fits_lines_through_points_of_any_size() {
    let map = LinearFeatures::new(1).unwrap();
    for size in [1e-300, 1e-170, 1e-162, 1e-161, 1e-160, 1e-158, 1e-100, 1.0, 1e160, 1e300] {
        let x = Array1::from(vec![0.3 * size, 0.7 * size, 1.1 * size]).insert_axis(Axis(1));
        for label in [1e-250, 1e-3, 1.0, 1e250] {
            let y = Array1::from(vec![0.6 * label, 1.4 * label, 2.2 * label]);
            let batch = Dataset::new(x.clone(), y.clone()).unwrap();
            for ridge in [Ridge::new(), Ridge::new().intercept(true)] {
                let found = ridge.fit(&map, &batch).unwrap().least_squares();
                // 2 label / size, which may be no number
                let slope = 2.0 * (label / size);
                match found {
                    Ok(line) => {
                        assert!((line.weights()[0] / slope - 1.0).abs() < 1e-12);
                        let found = line.predict(x.view()).unwrap();
                        let worst = (&found / label - &y / label).mapv(f64::abs).sum();
                        assert!(worst < 1e-9, "{size:e} {label:e}: {worst:e}");
                    }
                    Err(error) => assert!(!slope.is_normal(), "{size:e} {label:e}: {error}"),
                }
            }
        }
    }
}

#[test]
fn test_errors_of_small_labels_are_right_or_refused() {
    let map = LinearFeatures::new(1).unwrap();
    let x = Array2::from_shape_fn((5, 1), |(i, _)| i as f64 + 1.0);
    let y = Array1::from(vec![1.0, -2.0, 0.5, 3.0, 1.0]);
    let path = |y: &Array1<f64>| Dataset::new(x.clone(), y.clone()).unwrap();
    let plain = path(&y);
    let fitted = Ridge::new().fit(&map, &plain).unwrap();
    let expected = fitted.least_squares().unwrap().test_error(&plain).unwrap();
    for size in [1e-200, 1e-100, 1e-80, 1e80, 1e200] {
        let batch = path(&(&y * size));
        let fitted = Ridge::new().fit(&map, &batch).unwrap();
        match fitted.least_squares().unwrap().test_error(&batch) {
            Ok(found) => {
                let ratio = found.mean_square / size / size / expected.mean_square;
                assert!((ratio - 1.0).abs() < 1e-12, "{size:e}");
                let ratio = found.standard_error / size / size / expected.standard_error;
                assert!((ratio - 1.0).abs() < 1e-12, "{size:e}");
            }
            Err(error) => assert!(size * size == 0.0 || !(size * size).is_finite(), "{error}"),
        }
    }
}
