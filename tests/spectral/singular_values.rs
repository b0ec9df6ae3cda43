//! Spectra against laws and against each other.

use linear_width::InvalidSetting;
use linear_width::Scalar;
use linear_width::network::Initialisation;
use linear_width::rmt::MarchenkoPastur;
use linear_width::rmt::SpikedMatrix;
use linear_width::spectral::{
    OutlierRule, SingularTriplets, SpectralError, SpectrumMethod, leading_triplets, overlap,
    principal_overlaps, singular_values,
};
use ndarray::{Array1, Array2, Axis, array};

fn noise<T: Scalar>(width: usize, dimension: usize, seed: u64) -> Array2<T> {
    Initialisation::Gaussian.draw(width, dimension, seed).unwrap()
}

#[test]
fn bulk_of_w0_follows_marchenko_pastur() {
    for (width, dimension) in [(600, 300), (300, 600), (400, 400)] {
        let s = singular_values(noise::<f64>(width, dimension, 5).view()).unwrap();
        let law = MarchenkoPastur::for_shape(width, dimension).unwrap();
        // Kolmogorov distance; eigenvalues are rigid, so it is a few times 1/d, not 1/sqrt(d)
        let count = s.len() as f64;
        let distance = s
            .iter()
            .rev()
            .enumerate()
            .map(|(i, s)| (law.singular_value_distribution(*s) - (i as f64 + 0.5) / count).abs())
            .fold(0.0, f64::max);
        assert!(distance < 4.0 / count, "{width} x {dimension}: {distance}");
    }
}

/// Singular values through the Gram matrix against the direct ones: within the bound that is stated,
/// and far below it.
#[test]
fn gram_method_costs_the_accuracy_stated() {
    fn check<T: Scalar>(w: &Array2<T>, unit: f64) {
        let gram = SpectrumMethod::Gram.singular_values(w.view()).unwrap();
        let direct = SpectrumMethod::Direct.singular_values(w.view()).unwrap();
        let exact = SpectrumMethod::Direct.singular_values(w.mapv(|x| x.as_f64()).view());
        assert_eq!(gram.len(), direct.len());
        let largest = direct[0].as_f64();
        let delta = (w.nrows() + w.ncols()) as f64 * f64::EPSILON * largest.powi(2);
        for ((gram, direct), exact) in gram.iter().zip(&direct).zip(&exact.unwrap()) {
            // rounding to T comes on top
            let bound = (delta / exact).min(delta.sqrt()) + unit * largest;
            assert!((gram.as_f64() - exact).abs() <= bound, "{gram} {exact} {bound}");
            assert!((direct.as_f64() - exact).abs() <= 200.0 * unit * largest);
        }
    }
    for (rows, columns) in [(300, 200), (120, 310), (1100, 40), (1, 7)] {
        let mut w = noise::<f64>(rows, columns, 2);
        check(&w, f64::EPSILON);
        check(&w.mapv(|x| x as f32), f64::from(f32::EPSILON));
        w[[0, 0]] += 50.0;
        check(&w, f64::EPSILON);
        check(&w.mapv(|x| x as f32), f64::from(f32::EPSILON));
    }
}

#[test]
fn automatic_method_is_direct_where_squares_cost_too_much() {
    let methods = [SpectrumMethod::Automatic, SpectrumMethod::Gram, SpectrumMethod::Direct];
    let by = |w: &Array2<f64>| methods.map(|m| m.singular_values(w.view()).unwrap());
    // a matrix of small rank: 1e-9 in the place of a zero would be lost in the square
    let w = noise::<f64>(60, 3, 1).dot(&noise::<f64>(50, 3, 2).t());
    let [automatic, gram, direct] = by(&w);
    assert_eq!(automatic, direct);
    assert!(direct[10] < 1e-14 && gram[10] == 0.0, "{} {}", direct[10], gram[10]);
    // noise: squares are accurate enough
    let w = noise::<f64>(60, 30, 1);
    let [automatic, gram, _] = by(&w);
    assert_eq!(automatic, gram);
    // neither overflow nor underflow
    for scale in [1e-200, 1e200] {
        let scaled = singular_values(w.mapv(|x| scale * x).view()).unwrap();
        for (s, t) in scaled.iter().zip(&gram) {
            assert!((s / scale - t).abs() < 1e-13);
        }
    }
    let zero = singular_values(Array2::<f64>::zeros((4, 3)).view()).unwrap();
    assert_eq!(zero, array![0.0, 0.0, 0.0]);
}

fn assert_same_triplets<T: Scalar>(weights: &Array2<T>, count: usize, tolerance: f64) {
    let top = leading_triplets(weights.view(), count).unwrap();
    let full = SingularTriplets::all(weights.view()).unwrap();
    assert_eq!(top.left.dim(), (weights.nrows(), count));
    assert_eq!(top.right.dim(), (count, weights.ncols()));
    for k in 0..count {
        let (value, exact) = (top.singular_values[k].as_f64(), full.singular_values[k].as_f64());
        assert!(
            (value - exact).abs() <= tolerance * full.singular_values[0].as_f64(),
            "{k}: {value} {exact}"
        );
        let left = overlap(top.left_vector(k), full.left_vector(k)).unwrap();
        let right = overlap(top.right_vector(k), full.right_vector(k)).unwrap();
        let slack = if tolerance < 1e-8 { 1e-6 } else { 1e-2 };
        assert!(1.0 - left < slack && 1.0 - right < slack, "{k}: {left}, {right}");
    }
}

#[test]
fn leading_triplets_agree_with_the_full_decomposition() {
    for (rows, columns) in [(300, 200), (200, 300)] {
        let mut w = noise::<f64>(rows, columns, 8);
        assert_same_triplets(&w, 6, 1e-11); // all in the bulk
        w[[0, 0]] += 30.0;
        w[[1, 1]] += 4.0;
        assert_same_triplets(&w, 6, 1e-11);
        assert_same_triplets(&w.mapv(|x| x as f32), 2, 1e-5);
        assert_same_triplets(&w, 150, 1e-12); // more than an eighth: the thin SVD itself
    }
}

#[test]
fn leading_triplets_of_a_matrix_of_low_rank() {
    let u = noise::<f64>(200, 3, 1);
    let v = noise::<f64>(120, 3, 2);
    let w = u.dot(&v.t());
    let top = leading_triplets(w.view(), 5).unwrap();
    let exact = singular_values(w.view()).unwrap();
    for k in 0..3 {
        assert!((top.singular_values[k] - exact[k]).abs() < 1e-12 * exact[0]);
    }
    assert!(top.singular_values[3] < 1e-12 * exact[0] && top.singular_values[4] < 1e-12 * exact[0]);
    let gram = top.right.dot(&top.right.t());
    assert!((gram - Array2::<f64>::eye(5)).iter().all(|x| x.abs() < 1e-10));
    let zero = leading_triplets(Array2::<f64>::zeros((40, 30)).view(), 2).unwrap();
    assert_eq!(zero.singular_values, array![0.0, 0.0]);
}

/// A Krylov space has no more copies of a value than its block has vectors, until rounding errors
/// have grown to the others.
#[test]
fn leading_triplets_find_every_copy_of_a_value() {
    let frame = SingularTriplets::all(noise::<f64>(400, 300, 4).view()).unwrap();
    for copies in [1, 4, 5, 6, 11] {
        let exact = |i: usize| match i {
            i if i < copies => 10.0,
            i if i == copies => 9.0,
            i => 7.5 - i as f64 / 50.0,
        };
        let mut left = frame.left.clone();
        for (i, mut column) in left.columns_mut().into_iter().enumerate() {
            column *= exact(i);
        }
        let w = left.dot(&frame.right);
        for tolerance in [1e-3, 1e-10] {
            for count in [5, 10] {
                let top =
                    SingularTriplets::leading_within(w.view(), count, tolerance, None).unwrap();
                for (i, value) in top.singular_values.iter().enumerate() {
                    let error = (value / exact(i) - 1.0).abs();
                    assert!(error < tolerance, "{copies} copies, {count}, {i}: {value}");
                }
            }
        }
    }
}

#[test]
fn leading_triplets_refuse_bad_arguments() {
    let w = noise::<f64>(100, 80, 3);
    for asked in [0, 81] {
        assert_eq!(
            leading_triplets(w.view(), asked).unwrap_err(),
            SpectralError::Invalid(InvalidSetting::TripletCount { asked, available: 80 })
        );
    }
    let empty = SpectralError::Empty { rows: 0, columns: 3 };
    let nothing = Array2::<f64>::zeros((0, 3));
    assert_eq!(leading_triplets(nothing.view(), 1).unwrap_err(), empty);
    assert!(matches!(
        SingularTriplets::leading_within(w.view(), 4, 1e-10, Some(12)),
        Err(SpectralError::NotConverged { basis: 12, .. })
    ));
    let nothing_is_exact = SingularTriplets::leading_within(w.view(), 4, 0.0, None);
    assert!(matches!(nothing_is_exact, Err(SpectralError::Invalid(_))));
    let mut nan = w.clone();
    nan[[3, 3]] = f64::NAN;
    let error = SpectralError::NonFinite;
    assert_eq!(leading_triplets(nan.view(), 4).unwrap_err(), error);
    assert_eq!(singular_values(nan.view()).unwrap_err(), error);
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    let w = noise::<f64>(301, 203, 3);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let top = leading_triplets(w.view(), 4).unwrap();
            (singular_values(w.view()).unwrap(), top, SingularTriplets::all(w.view()).unwrap())
        })
    };
    let one = run(1);
    for threads in [2, 3, 7] {
        assert!(one == run(threads), "{threads} threads");
    }
}

/// Benaych-Georges & Nadakuditi's formulas against a spike put into noise; mean of 8 seeds, whose
/// standard error is below the tolerance.
#[test]
fn outlier_of_a_planted_spike_is_where_theory_says() {
    let (width, dimension, seeds) = (500, 250, 8);
    for theta in [1.8, 4.0] {
        let mut mean = [0.0; 3];
        for seed in 0..seeds {
            let mut w = noise::<f64>(width, dimension, 100 + seed);
            let u = Array1::from_elem(width, 1.0 / (width as f64).sqrt());
            let v = Array1::from_elem(dimension, 1.0 / (dimension as f64).sqrt());
            let column = u.view().insert_axis(Axis(1));
            w.scaled_add(theta, &column.dot(&v.view().insert_axis(Axis(0))));
            let top = leading_triplets(w.view(), 1).unwrap();
            mean[0] += top.singular_values[0] / seeds as f64;
            mean[1] += overlap(top.left_vector(0), u.view()).unwrap() / seeds as f64;
            mean[2] += overlap(top.right_vector(0), v.view()).unwrap() / seeds as f64;
        }
        let spike = SpikedMatrix::new(2.0).unwrap().spike(theta).unwrap().unwrap();
        assert!((mean[0] / spike.singular_value - 1.0).abs() < 0.02, "{theta}: {mean:?} {spike:?}");
        assert!((mean[1] - spike.left_overlap).abs() < 0.03, "{theta}: {mean:?} {spike:?}");
        assert!((mean[2] - spike.right_overlap).abs() < 0.03, "{theta}: {mean:?} {spike:?}");
    }
}

#[test]
fn outlier_rules_count_what_they_say() {
    let s = [5.0, 3.0, 2.5, 2.0, 1.0, 0.5, 0.4];
    let count = |rule: OutlierRule| rule.apply(&s, 400, 400).unwrap();
    assert_eq!(count(OutlierRule::AboveEdge { edge: 2.0, margin: 0.3 }).count, 2);
    assert_eq!(count(OutlierRule::MarchenkoPastur { margin: 0.2 }).count, 3);
    let gap = count(OutlierRule::LargestGap { max_outliers: 2, factor: 3.0 });
    assert_eq!((gap.count, gap.threshold), (1, 4.0)); // mean bulk gap (2.5 - 0.4)/4
    assert_eq!(gap.rule.name(), "largest gap");
    assert!(gap.p_values.is_empty());
}

/// Two planes with known principal angles, also given by rows that are neither orthogonal nor
/// normalised nor independent.
#[test]
fn principal_overlaps_of_two_planes() {
    let cosines = [0.3_f64.cos(), 1.1_f64.cos()];
    let sines = [0.3_f64.sin(), 1.1_f64.sin()];
    let a = array![[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]];
    let b = array![[cosines[0], 0.0, sines[0], 0.0], [0.0, cosines[1], 0.0, sines[1]]];
    let mix = array![[2.0, 1.0], [-1e-150, 3e-150], [1.0, 1.0]];
    for (a, b) in [(a.clone(), b.clone()), (mix.dot(&a), mix.dot(&b)), (mix.dot(&b), a.clone())] {
        let found = principal_overlaps(a.view(), b.view()).unwrap();
        assert_eq!(found.len(), 2);
        for (found, exact) in found.iter().zip(cosines) {
            assert!((found - exact).abs() < 1e-14, "{found} {exact}");
        }
    }
    let single = |x: &Array2<f64>| x.mapv(|x| x as f32);
    let found = principal_overlaps(single(&a).view(), single(&b).view()).unwrap();
    assert!(found.iter().zip(cosines).all(|(found, exact)| (found - exact).abs() < 1e-6));
    let itself = principal_overlaps(b.view(), b.view()).unwrap();
    assert!(itself.iter().all(|o| (1.0 - 1e-15..=1.0).contains(o)), "{itself}");
    let nothing = Array2::zeros((0, 4));
    let empty = principal_overlaps(a.view(), nothing.view()).unwrap_err();
    assert_eq!(empty, SpectralError::Empty { rows: 0, columns: 4 });
}

/// The Marchenko-Pastur edge is what the largest singular value of W_0 tends to.
#[test]
fn bulk_edge_of_sphere_rows_is_that_of_gaussian_rows() {
    let weights = Initialisation::Sphere.draw::<f64>(800, 400, 2).unwrap();
    let s = singular_values(weights.view()).unwrap();
    let (left, right) = MarchenkoPastur::new(2.0).unwrap().singular_value_edges();
    assert!((s[0] / right - 1.0).abs() < 0.02 && (s[399] / left - 1.0).abs() < 0.05);
}

/// Triplets far below the largest one: W^T W has rounding errors that are larger than their squares.
#[test]
fn leading_triplets_far_below_the_largest_are_found() {
    let plain = noise::<f64>(500, 400, 3);
    for largest in [1e3, 1e5, 1e6, 1e8, 1e10] {
        let mut w = plain.clone();
        for (k, s) in [largest, 0.7 * largest, 0.01 * largest, 50.0].into_iter().enumerate() {
            let u = noise::<f64>(500, 1, 20 + k as u64).remove_axis(Axis(1));
            let v = noise::<f64>(400, 1, 40 + k as u64).remove_axis(Axis(1));
            let size = s / (u.dot(&u) * v.dot(&v)).sqrt();
            for (mut row, u) in w.rows_mut().into_iter().zip(&u) {
                row.scaled_add(size * u, &v);
            }
        }
        let full = SingularTriplets::all(w.view()).unwrap();
        // an error, and not the thin SVD, when the basis does not suffice
        let top = SingularTriplets::leading_within(w.view(), 6, 1e-10, Some(190)).unwrap();
        for k in 0..6 {
            let rounding = 1e-14 * largest;
            assert!(
                (top.singular_values[k] - full.singular_values[k]).abs() < 1e-10 + rounding,
                "{largest:e}, {k}"
            );
            let back =
                top.left_vector(k).dot(&w) - &(&top.right_vector(k) * top.singular_values[k]);
            let residual = back.dot(&back).sqrt() / full.singular_values[0];
            assert!(residual < 2e-10, "{largest:e}, {k}: {residual:e}");
        }
        let gram = top.right.dot(&top.right.t()) - Array2::<f64>::eye(6);
        assert!(gram.iter().all(|x| x.abs() < 1e-13), "{largest:e}");
    }
}
