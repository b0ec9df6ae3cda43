use super::normal_product::normal_product;
use super::*;
use ndarray::{Axis, Slice, array};

fn filled<T: Element>(rows: usize, columns: usize, salt: f64) -> Array2<T> {
    Array2::from_shape_fn((rows, columns), |(i, j)| {
        T::of(((i * 7919 + j * 104_729) as f64 * 0.618_033_988_75 + salt).sin())
    })
}

/// Every law below is checked in both precisions; `eps` scales the tolerance.
fn laws<T: Element>() {
    let eps = T::epsilon().as_f64();
    let (a, b) = (filled::<T>(23, 17, 0.1), filled::<T>(17, 9, 0.7));
    let plain = a.dot(&b);
    let close = |x: &Array2<T>, y: &Array2<T>, tol: f64| {
        x.iter().zip(y).all(|(x, y)| (x.as_f64() - y.as_f64()).abs() <= tol)
    };

    // product: row-major, transposed and strided operands; accumulation with any beta
    assert!(close(&multiply(a.view(), b.view()), &plain, 100.0 * eps));
    let at = a.t().as_standard_layout().to_owned();
    assert!(close(&multiply(at.t(), b.view()), &plain, 100.0 * eps));
    let every_second = Slice::new(0, None, 2);
    let strided = multiply(a.slice_axis(Axis(0), every_second), b.view());
    assert!(close(&strided, &plain.slice_axis(Axis(0), every_second).to_owned(), 100.0 * eps));
    let mut c = plain.clone();
    T::product(T::of(2.0), a.view(), b.view(), T::of(0.5), c.view_mut());
    assert!(close(&c, &plain.mapv(|x| T::of(2.5) * x), 200.0 * eps));
    let mut wide = Array2::<T>::zeros((23, 18));
    T::product(T::one(), a.view(), b.view(), T::one(), wide.slice_axis_mut(Axis(1), every_second));
    assert!(close(&wide.slice_axis(Axis(1), every_second).to_owned(), &plain, 100.0 * eps));

    // thin SVD, tall and wide, rebuilds the matrix; values agree with the values-only path
    for m in [a.clone(), at] {
        let svd = T::svd(m.view(), true).unwrap();
        let s = &svd.singular_values;
        let rebuilt = (&svd.left * s).dot(&svd.right);
        assert!(close(&rebuilt, &m, 200.0 * eps));
        let values = T::svd(m.view(), false).unwrap().singular_values;
        assert_eq!(values.len(), 17);
        for (x, y) in values.iter().zip(s) {
            assert!((x.as_f64() - y.as_f64()).abs() < 50.0 * eps * s[0].as_f64());
        }
        assert!(s.windows(2).into_iter().all(|w| w[0] >= w[1]));
    }
}

#[test]
fn decompositions_obey_their_laws_in_f64() {
    laws::<f64>();
}

#[test]
fn decompositions_obey_their_laws_in_f32() {
    laws::<f32>();
}

fn squares<T: Element>(eps: f64) {
    // rows and columns that fill no vector, no block of rows and no group of vectors
    for (rows, columns, vectors) in [(1, 1, 1), (23, 17, 3), (70, 1031, 5), (1300, 9, 11)] {
        let w = filled::<T>(rows, columns, 0.3);
        let v = filled::<T>(vectors, columns, 0.7);
        let image = v.dot(&w.t());
        let plain = image.dot(&w);
        let close = |x: &Array2<T>, y: &Array2<T>| {
            let scale = y.iter().fold(1.0, |m: f64, y| m.max(y.as_f64().abs()));
            assert_eq!(x.dim(), y.dim());
            x.iter().zip(y).all(|(x, y)| (x.as_f64() - y.as_f64()).abs() <= 100.0 * eps * scale)
        };
        let strided = w.t().as_standard_layout().into_owned();
        for w in [w.view(), strided.t()] {
            let (found, product) = normal_product(w, &v);
            assert!(close(&found, &image) && close(&product, &plain));
        }
        let gram = T::gram(w.view(), -1);
        let wide = w.mapv(|x| x.as_f64() / 2.0);
        let plain = wide.t().dot(&wide);
        for ((i, j), x) in gram.indexed_iter() {
            assert!(i < j || (x - plain[[i, j]]).abs() <= 1e-13 * plain[[i, i]].max(1.0));
        }
    }
    let a = filled::<T>(30, 30, 0.2);
    let a = &a + &a.t();
    // only the lower triangle is read
    let lower =
        Array2::from_shape_fn((30, 30), |(i, j)| if i < j { T::of(7.0) } else { a[[i, j]] });
    let (values, vectors) = T::symmetric_eigen(lower.clone(), true).unwrap();
    let rebuilt = (&vectors * &values).dot(&vectors.t());
    for (x, y) in rebuilt.iter().zip(&a) {
        assert!((x.as_f64() - y.as_f64()).abs() <= 200.0 * eps);
    }
    assert!(values.windows(2).into_iter().all(|w| w[0] <= w[1]));
    for (x, y) in T::symmetric_eigen(lower, false).unwrap().0.iter().zip(&values) {
        assert!((x.as_f64() - y.as_f64()).abs() <= 200.0 * eps);
    }
}

#[test]
fn squares_and_symmetric_matrices() {
    squares::<f64>(f64::EPSILON);
    squares::<f32>(f64::from(f32::EPSILON));
}

#[test]
fn known_singular_values() {
    let s = f64::svd(array![[3.0_f64, 0.0], [4.0, 5.0]].view(), false).unwrap().singular_values;
    assert!((s[0] - 45.0_f64.sqrt()).abs() < 1e-14 && (s[1] - 5.0_f64.sqrt()).abs() < 1e-14);
}

#[test]
fn bad_matrices_are_typed_errors() {
    let empty = Array2::<f64>::zeros((0, 3));
    assert_eq!(f64::svd(empty.view(), false), Err(SpectralError::Empty { rows: 0, columns: 3 }));
    let nan = array![[1.0, f64::NAN]];
    assert_eq!(f64::svd(nan.view(), false), Err(SpectralError::NonFinite));
    assert_eq!(f64::svd(nan.view(), true), Err(SpectralError::NonFinite));
}

/// The two backends, side by side, at the size the project promises 1e-10 for.
#[cfg(all(feature = "faer", feature = "lapack"))]
#[test]
fn faer_and_lapack_agree() {
    use rand::SeedableRng;
    use rand_distr::{Distribution, StandardNormal};
    assert_ne!(super::faer::NAME, super::lapack::NAME);
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let a = Array2::<f64>::from_shape_simple_fn((400, 200), || StandardNormal.sample(&mut rng));
    let x = super::faer::svd(a.view(), false).unwrap().singular_values;
    let y = super::lapack::svd(a.view(), false).unwrap().singular_values;
    for (x, y) in x.iter().zip(&y) {
        assert!((x - y).abs() <= 1e-10 * y, "{x} against {y}");
    }
    let svd = super::faer::svd(a.view(), true).unwrap();
    let lapack_svd = super::lapack::svd(a.view(), true).unwrap();
    for k in 0..5 {
        assert!((svd.left_vector(k).dot(&lapack_svd.left_vector(k)).abs() - 1.0).abs() < 1e-8);
        assert!((svd.right_vector(k).dot(&lapack_svd.right_vector(k)).abs() - 1.0).abs() < 1e-8);
    }
    let (mut gram, mut lapack_gram) = (Array2::zeros((200, 200)), Array2::zeros((200, 200)));
    super::faer::add_gram(a.view(), &mut gram);
    super::lapack::add_gram(a.view(), &mut lapack_gram);
    let (squares, _) = super::faer::symmetric_eigen(gram, true).unwrap();
    let (lapack_squares, _) = super::lapack::symmetric_eigen(lapack_gram, true).unwrap();
    for (x, y) in squares.iter().zip(&lapack_squares) {
        assert!((x - y).abs() <= 1e-10 * y, "{x} against {y}");
    }
    let scaled = &svd.left * &svd.singular_values;
    let (mut one, mut other) = (Array2::zeros((400, 200)), Array2::zeros((400, 200)));
    super::faer::product(1.0, scaled.view(), svd.right.view(), 0.0, one.view_mut());
    super::lapack::product(1.0, scaled.view(), svd.right.view(), 0.0, other.view_mut());
    for ((x, y), a) in one.iter().zip(&other).zip(&a) {
        assert!((x - y).abs() < 1e-12 && (x - a).abs() < 1e-12);
    }
}
