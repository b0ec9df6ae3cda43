//! On a card: `cargo test --release --features cuda -- --ignored on_a_card`.

use std::sync::Arc;

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

use super::card::Card;
use super::leading_triplets::leading_triplets;
use super::matrix::CardMatrix;
use super::spectrum::singular_values;
use crate::Scalar;
use crate::linalg::{SpectralError, Workplace};
use crate::spectral::SpectrumMethod;

fn card() -> Arc<Card> {
    Card::open(0).unwrap()
}

/// Noise with two spikes, from a generator of its own.
fn matrix<T: Scalar>(rows: usize, columns: usize, unit: f64) -> Array2<T> {
    let mut state = 12_345_u64;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
    };
    let noise = Array2::from_shape_simple_fn((rows, columns), &mut next);
    Array2::from_shape_fn((rows, columns), |(i, j)| {
        let spikes = 3.0 * ((i as f64).sin() * (j as f64).cos()) + ((i * j) as f64 * 0.1).sin();
        T::of(unit * (noise[[i, j]] + spikes * 0.3))
    })
}

fn close<T: Scalar>(w: ArrayView2<'_, T>, method: SpectrumMethod, allowed: f64) {
    let expected = method.singular_values(w).unwrap();
    let found = singular_values(&CardMatrix::upload(&card(), w).unwrap(), method).unwrap();
    assert_eq!(found.len(), expected.len());
    let largest = expected[0].as_f64();
    for (found, expected) in found.iter().zip(&expected) {
        let error = (found.as_f64() - expected.as_f64()).abs() / largest;
        assert!(error <= allowed, "{:?} {method:?}: {error:e}", w.dim());
    }
}

fn spectra<T: Scalar>(allowed: f64) {
    for (rows, columns) in [(70, 30), (30, 70), (50, 50), (1, 9), (9, 1), (4500, 8), (8, 4500)] {
        for unit in [1.0, T::min_positive_value().as_f64() * 1e4, T::max_value().as_f64() * 1e-9] {
            let w = matrix::<T>(rows, columns, unit);
            for method in [SpectrumMethod::Automatic, SpectrumMethod::Gram, SpectrumMethod::Direct]
            {
                close(w.view(), method, allowed);
            }
        }
    }
    // of low rank: the squares are too rough, and the matrix itself is decomposed
    let thin = matrix::<T>(40, 3, 1.0);
    close(thin.dot(&thin.t()).view(), SpectrumMethod::Automatic, allowed);
    let zero = CardMatrix::upload(&card(), Array2::<T>::zeros((5, 4)).view()).unwrap();
    let values = singular_values(&zero, SpectrumMethod::Automatic).unwrap();
    assert!(values.iter().all(|s| *s == T::zero()) && values.len() == 4);
    let mut wrong = matrix::<T>(6, 6, 1.0);
    wrong[[3, 2]] = T::nan();
    let wrong = CardMatrix::upload(&card(), wrong.view()).unwrap();
    let refused = singular_values(&wrong, SpectrumMethod::Automatic);
    assert_eq!(refused.unwrap_err(), SpectralError::NonFinite);
    assert_eq!(leading_triplets(&wrong, 1).unwrap_err(), SpectralError::NonFinite);
}

fn triplets<T: Scalar>(allowed: f64) {
    let tiny = T::min_positive_value().as_f64() * 1e4;
    for (rows, columns, unit) in [(120, 60, 1.0), (60, 120, 1.0), (90, 90, tiny), (7, 30, 1.0)] {
        let w = matrix::<T>(rows, columns, unit);
        let expected = crate::spectral::leading_triplets(w.view(), 3).unwrap();
        let found = leading_triplets(&CardMatrix::upload(&card(), w.view()).unwrap(), 3).unwrap();
        let largest = expected.singular_values[0].as_f64();
        for k in 0..3 {
            let value = found.singular_values[k].as_f64();
            assert!((value - expected.singular_values[k].as_f64()).abs() < allowed * largest);
            let dot = |a: ArrayView1<'_, T>, b: ArrayView1<'_, T>| -> f64 {
                let sum: T = a.dot(&b);
                sum.as_f64().abs()
            };
            if k < 2 {
                assert!(dot(found.left_vector(k), expected.left_vector(k)) > 1.0 - allowed);
                assert!(dot(found.right_vector(k), expected.right_vector(k)) > 1.0 - allowed);
            }
        }
    }
}

#[test]
#[ignore = "needs a card"]
fn spectra_on_a_card_are_those_of_the_processor() {
    spectra::<f64>(1e-13);
    spectra::<f32>(2e-6);
}

#[test]
#[ignore = "needs a card"]
fn triplets_on_a_card_are_those_of_the_processor() {
    triplets::<f64>(1e-9);
    triplets::<f32>(1e-4);
}

#[test]
#[ignore = "needs a card"]
fn gram_matrices_on_a_card_are_those_of_the_processor() {
    let card = card();
    let (one, two) = (matrix::<f64>(40, 13, 1.0), matrix::<f64>(13, 50, 1.0));
    let mut sum = card.gram_sum(13).unwrap();
    sum.add(one.view()).unwrap();
    let factors = Array1::from_shape_fn(13, |i| if i % 3 == 0 { 2.0 } else { 0.5 });
    sum.scale(&factors).unwrap();
    sum.add(two.t()).unwrap();
    let gram = sum.finish().unwrap();
    let scaled = &one * &factors;
    let expected = scaled.t().dot(&scaled) + two.dot(&two.t());
    for i in 0..13 {
        for j in 0..=i {
            assert!((gram[[i, j]] - expected[[i, j]]).abs() < 1e-13 * expected[[0, 0]]);
        }
    }
    // only the lower triangle counts
    let mut lower = expected.clone();
    for i in 0..13 {
        for j in i + 1..13 {
            lower[[i, j]] = f64::NAN;
        }
    }
    let (values, vectors) = card.symmetric_eigen(lower).unwrap();
    assert!(values.windows(2).into_iter().all(|pair| pair[0] <= pair[1]));
    let rebuilt = (&vectors * &values).dot(&vectors.t());
    let error =
        (&rebuilt - &expected).mapv(f64::abs).fold_axis(Axis(0), 0.0, |a: &f64, b| a.max(*b));
    assert!(error.iter().all(|error| *error < 1e-12 * values[12]), "{error}");
}
