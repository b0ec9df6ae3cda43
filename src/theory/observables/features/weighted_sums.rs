//! Sums over nodes of products of real functions with real or complex values.

use super::square_matrix::Square;
use crate::numerics::small_matrix::Field;
use ndarray::{Array1, Array2, Axis};

/// sum_k weights_k values_k functions_k: one number for each column of `functions`.
pub(crate) fn sums<T: Field>(functions: &Array2<f64>, weights: &[f64], values: &[T]) -> Vec<T> {
    let weighted = |part: fn(T) -> f64| -> Array1<f64> {
        values.iter().zip(weights).map(|(&x, w)| w * part(x)).collect()
    };
    of_parts(values, |part| weighted(part).dot(functions).to_vec())
}

/// The combination of the columns of `functions` with these coefficients, at every node.
pub(crate) fn times<T: Field>(functions: &Array2<f64>, coefficients: &[T]) -> Vec<T> {
    of_parts(coefficients, |part| {
        let part: Array1<f64> = coefficients.iter().map(|&x| part(x)).collect();
        functions.dot(&part).to_vec()
    })
}

/// sum_k weights_k values_k functions_k functions_k^T.
pub(crate) fn gram<T: Field>(functions: &Array2<f64>, weights: &[f64], values: &[T]) -> Square<T> {
    let n = functions.ncols();
    let flat = of_parts(values, |part| {
        let scale: Array1<f64> = values.iter().zip(weights).map(|(&x, w)| w * part(x)).collect();
        let scaled = functions * &scale.insert_axis(Axis(1));
        scaled.t().dot(functions).into_iter().collect()
    });
    (0..n).map(|i| flat[n * i..n * (i + 1)].to_vec()).collect()
}

/// The linear map `map` of the real and, where there are any, the imaginary parts of `values`.
fn of_parts<T: Field>(values: &[T], map: impl Fn(fn(T) -> f64) -> Vec<f64>) -> Vec<T> {
    let real = map(|x| x.re());
    if values.iter().all(|x| x.im() == 0.0) {
        return real.into_iter().map(T::real).collect();
    }
    // 0 - 1 has the imaginary part +0, so that its root is i and not -i
    let imaginary_unit = (T::zero() - T::one()).sqrt();
    let each = real.into_iter().zip(map(|x| x.im()));
    each.map(|(re, im)| T::real(re) + imaginary_unit * im).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use num_complex::Complex64;

    #[test]
    fn real_and_complex_by_hand() {
        let functions = array![[1.0, 2.0], [3.0, -1.0]];
        let weights = [0.5, 2.0];
        assert_eq!(sums(&functions, &weights, &[2.0, 1.0]), [7.0, 0.0]);
        let values = [Complex64::new(2.0, 1.0), Complex64::new(1.0, -1.0)];
        let found = sums(&functions, &weights, &values);
        assert_eq!(found, [Complex64::new(7.0, -5.5), Complex64::new(0.0, 3.0)]);
        assert_eq!(times(&functions, &values)[1], Complex64::new(5.0, 4.0));
        let square = gram(&functions, &weights, &values);
        assert_eq!(square[0][1], Complex64::new(2.0 - 6.0, 1.0 + 6.0));
        assert_eq!(square[1][0], square[0][1]);
    }
}
