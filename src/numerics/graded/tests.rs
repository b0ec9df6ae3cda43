//! Against exact values, in any unit and for graded columns.

use super::*;
use ndarray::array;

#[test]
fn graded_singular_values() {
    // Columns of norm 1e8, 1, 1e-6 with an exactly known Gram determinant.
    let a = array![[1e8, 0.5, 1e-6], [1e8, -0.5, 1e-6], [0.0, 1.0, 1e-6], [0.0, 0.0, 1e-6]];
    let (values, vectors) = left_singular(a);
    // mpmath 1.3, 60 digits
    for (found, exact) in
        values.iter().zip([141421356.237_309_5, 1.224_744_871_391_861_2, 1.154_700_538_378_995e-6])
    {
        assert!((found / exact - 1.0).abs() < 1e-14, "{found} {exact}");
    }
    let (root, twelfth) = (0.5_f64.sqrt(), 0.288_675_134_594_812_9);
    let exact = [
        [root, root, 0.0, 0.0],
        [0.408_248_290_463_683, -0.408_248_290_463_683, 0.816_496_580_927_907_4, 5.4e-13],
        [twelfth, -twelfth, -twelfth, -3.0 * twelfth],
    ];
    for (vector, exact) in vectors.columns().into_iter().zip(exact) {
        let overlap = vector.iter().zip(exact).map(|(x, y)| x * y).sum::<f64>();
        assert!((overlap.abs() - 1.0).abs() < 1e-11, "{overlap}");
    }
    let gram = vectors.t().dot(&vectors);
    assert!((gram - Array2::<f64>::eye(3)).iter().all(|e| e.abs() < 1e-13));
}

#[test]
fn singular_vectors_diagonalise() {
    // the third column depends on the first two, the last one is zero
    let a = Array2::from_shape_fn((6, 5), |(i, j)| match j {
        2 => (i as f64).sin() - 2.0 * (0.3 * i as f64 + 1.0).cos(),
        4 => 0.0,
        3 => 1.0 / (1 + i) as f64,
        0 => (i as f64).sin(),
        _ => (0.3 * i as f64 + 1.0).cos(),
    });
    let (values, vectors) = left_singular(a.clone());
    assert!(values.iter().zip(values.iter().skip(1)).all(|(s, t)| s >= t), "{values}");
    assert!(values[2] > 0.1 && values[3] < 1e-14 && values[4] == 0.0, "{values}");
    assert!(vectors.column(4).iter().all(|x| *x == 0.0));
    let (kept, _) = vectors.view().split_at(ndarray::Axis(1), 3);
    // U^T A has orthogonal rows of length s, and U U^T A = A
    let rows = kept.t().dot(&a);
    let squares: Array1<f64> = values.iter().take(3).map(|s| s * s).collect();
    let expected = Array2::from_diag(&squares);
    assert!((rows.dot(&rows.t()) - expected).iter().all(|e| e.abs() < 1e-13));
    assert!((kept.dot(&rows) - a).iter().all(|e| e.abs() < 1e-13));
}

#[test]
fn rotations_of_any_scale_and_of_equal_columns() {
    let a = array![[2.0, 1.0], [1.0, 2.0]];
    for scale in [1e-300, 1e-170, 1e-100, 1e-20, 1.0, 1e20, 1e100, 1e170, 1e300] {
        let (values, _) = left_singular(&a * scale);
        let (eigenvalues, _) = symmetric_eigen(&(&a * scale));
        for (k, exact) in [3.0 * scale, scale].into_iter().enumerate() {
            assert!((values[k] / exact - 1.0).abs() < 1e-15, "{values}");
            assert!((eigenvalues[1 - k] / exact - 1.0).abs() < 1e-15, "{eigenvalues:?}");
        }
    }
    // a short column that is not orthogonal to a long one
    let far = array![[1.0, 1e-200], [1.0, 0.0]];
    let (values, vectors) = left_singular(far);
    let root = 0.5_f64.sqrt();
    assert!((values[1] / 1e-200 - root).abs() < 1e-15, "{values}");
    assert!((vectors[[0, 1]].abs() - root).abs() < 1e-15, "{vectors}");
    // columns without an angle: orthogonal of equal length, or zero
    assert_eq!(left_singular(Array2::eye(3)).0, array![1.0, 1.0, 1.0]);
    let (values, vectors) = left_singular(array![[0.0, 2.0, 0.0], [0.0, 0.0, 0.0]]);
    assert_eq!((values, vectors.column(0).to_vec()), (array![2.0, 0.0, 0.0], vec![1.0, 0.0]));
    let (values, _) = symmetric_eigen(&array![[0.0, 1.0], [1.0, 0.0]]);
    assert!((values[0] + 1.0).abs() < 1e-15 && (values[1] - 1.0).abs() < 1e-15, "{values:?}");
}

#[test]
fn rows_and_factor_agree() {
    let a = array![[1.0, 2.0], [3.0, -1.0], [0.5, 0.25]];
    let mut qr = RowQr::new(2);
    for row in a.rows() {
        qr.push(&mut row.to_vec());
    }
    assert!((qr.factor.t().dot(&qr.factor) - a.t().dot(&a)).iter().all(|e| e.abs() < 1e-14));
    assert_eq!(qr.factor[[1, 0]], 0.0);
}

#[test]
fn factors_of_tiny_and_huge_rows() {
    for scale in [1e-300, 1e-170, 1e170, 1e300] {
        let mut qr = RowQr::new(1);
        qr.push(&mut [3.0 * scale]);
        qr.push(&mut [4.0 * scale]);
        assert!((qr.factor[[0, 0]] / scale - 5.0).abs() < 1e-14, "{}", qr.factor);
    }
}

#[test]
fn factors_merge_and_respect_grading() {
    // columns of size 1e-12, 1, 1e12; sums of squares would lose the first
    let row = |i: usize| [1e-12 * (1 + i) as f64, (i * i) as f64 - 2.0, 1e12 * (i as f64).cos()];
    let (mut all, mut one, mut two) = (RowQr::new(3), RowQr::new(3), RowQr::new(3));
    for i in 0..6 {
        all.push(&mut row(i));
        if i < 2 { one.push(&mut row(i)) } else { two.push(&mut row(i)) }
    }
    one.merge(&two);
    for (j, size) in [1e-12, 1.0, 1e12].into_iter().enumerate() {
        for i in 0..3 {
            let (here, there) = (all.factor[[i, j]], one.factor[[i, j]]);
            assert!((here.abs() - there.abs()).abs() <= 1e-13 * size * 10.0, "{i} {j}");
        }
        let exact = (0..6).map(|i| (row(i)[j] / size).powi(2)).sum::<f64>().sqrt() * size;
        let found = all.factor.column(j).dot(&all.factor.column(j)).sqrt();
        assert!((found / exact - 1.0).abs() < 1e-14, "{found} {exact}");
    }
}

#[test]
fn eigen_reconstructs() {
    let a = array![[4.0, 1.0, -2.0], [1.0, -3.0, 0.5], [-2.0, 0.5, 1.0]];
    let (values, v) = symmetric_eigen(&a);
    let back = v.dot(&Array2::from_diag(&ndarray::Array1::from(values.clone()))).dot(&v.t());
    assert!((back - &a).iter().all(|e| e.abs() < 1e-13));
    assert!(values[0] < values[1] && values[1] < values[2]);
}

#[test]
fn eigenvalues_of_the_second_difference() {
    let n = 7;
    let a = Array2::from_shape_fn((n, n), |(i, j)| match i.abs_diff(j) {
        0 => 2.0,
        1 => -1.0,
        _ => 0.0,
    });
    let (values, v) = symmetric_eigen(&a);
    let step = std::f64::consts::PI / (n + 1) as f64;
    for (k, value) in values.iter().enumerate() {
        let exact = 2.0 - 2.0 * (step * (k + 1) as f64).cos();
        assert!((value - exact).abs() < 1e-14, "{value} {exact}");
        let mode = Array1::from_shape_fn(n, |i| (step * ((k + 1) * (i + 1)) as f64).sin());
        let overlap = v.column(k).dot(&mode) / mode.dot(&mode).sqrt();
        assert!((overlap.abs() - 1.0).abs() < 1e-14, "{overlap}");
    }
    let (values, v) = symmetric_eigen(&Array2::from_diag(&ndarray::array![3.0, -1.0]));
    assert_eq!((values, v), (vec![-1.0, 3.0], array![[0.0, 1.0], [1.0, 0.0]]));
}

#[test]
fn factor_and_inverse_of_integers() {
    let a = array![[4.0, 12.0, -16.0], [12.0, 37.0, -43.0], [-16.0, -43.0, 98.0]];
    let c = array![[2.0, 0.0, 0.0], [6.0, 1.0, 0.0], [-8.0, 5.0, 3.0]];
    assert_eq!(cholesky(&a, 0.0), Some(c));
    let ninths = array![[444.25, -122.0, 19.0], [-122.0, 34.0, -5.0], [19.0, -5.0, 1.0]];
    let inverse = positive_inverse(&a).expect("positive definite");
    assert!((inverse * 9.0 - ninths).iter().all(|e| e.abs() < 1e-11));
}

#[test]
fn the_smallest_pivot_is_relative() {
    // pivots 4 and 1e-6, the second from an entry 1
    let a = array![[4.0, 2.0], [2.0, 1.0 + 1e-6]];
    assert!(cholesky(&a, 0.9e-6).is_some() && cholesky(&a, 1.1e-6).is_none());
    let singular = array![[4.0, 2.0], [2.0, 1.0]];
    assert!(cholesky(&singular, 0.0).is_none());
    // of size 100, so that a bound on the pivot itself would let 1e-5 pass
    assert!(cholesky(&(a * 100.0), 1.1e-6).is_none());
}

#[test]
fn inverse_and_refusal() {
    let a = array![[4.0, 1.0], [1.0, 3.0]];
    let inverse = positive_inverse(&a).expect("positive definite");
    assert!((a.dot(&inverse) - Array2::<f64>::eye(2)).iter().all(|e| e.abs() < 1e-14));
    assert!(positive_inverse(&array![[1.0, 2.0], [2.0, 1.0]]).is_none());
    assert!(positive_inverse(&array![[f64::NAN]]).is_none());
}
