//! Left singular vectors as functions of b: the predicted one, and a least-squares polynomial.

use faer::Mat;
use faer::linalg::solvers::SolveLstsq;
use linear_width::theory::prediction::{Prediction, PredictionError};

/// Degrees kept of the predicted function.
const DEGREES: usize = 10;

/// The function f of a predicted left vector, sqrt(N) u_j = f(b_j) + noise, for b uniform on
/// [-sqrt 3, sqrt 3]; its sign is arbitrary.
pub struct Profile {
    coefficients: [f64; DEGREES],
}

impl Profile {
    /// The function of outlier `index` (from 0), from its overlaps with Legendre polynomials;
    /// `None` if there is no such outlier.
    pub fn predicted(
        prediction: &Prediction,
        index: usize,
    ) -> Result<Option<Self>, PredictionError> {
        let overlap = |f: &dyn Fn(f64) -> f64| prediction.left_overlap(index, f);
        let mut sizes = [0.0; DEGREES];
        for (m, size) in sizes.iter_mut().enumerate() {
            match overlap(&|b| legendre(m, b))? {
                Some(value) => *size = value,
                None => return Ok(None),
            }
        }
        // Overlaps are absolute values. The overlap with a sum of two orthonormal functions,
        // |c_m + c_n| / sqrt 2, tells whether two coefficients have the same sign.
        let largest = (0..DEGREES).fold(0, |n, m| if sizes[m] > sizes[n] { m } else { n });
        let mut coefficients = sizes;
        for m in (0..DEGREES).filter(|m| *m != largest) {
            let both = overlap(&|b| legendre(m, b) + legendre(largest, b))?.unwrap_or(0.0);
            let product = 2.0 * both * both - sizes[m].powi(2) - sizes[largest].powi(2);
            coefficients[m] = sizes[m].copysign(product);
        }
        Ok(Some(Self { coefficients }))
    }

    /// f(b).
    pub fn value(&self, b: f64) -> f64 {
        self.coefficients.iter().enumerate().map(|(m, c)| c * legendre(m, b)).sum()
    }
}

/// The Legendre polynomial of degree m, orthonormal for b uniform on [-sqrt 3, sqrt 3].
fn legendre(m: usize, b: f64) -> f64 {
    let x = b / 3.0_f64.sqrt();
    let (mut last, mut this) = (1.0, x);
    if m == 0 {
        return last;
    }
    for k in 1..m {
        let k = k as f64;
        (last, this) = (this, ((2.0 * k + 1.0) * x * this - k * last) / (k + 1.0));
    }
    this * (2.0 * m as f64 + 1.0).sqrt()
}

/// The least-squares polynomial c_1 b + ... + c_k b^k through the points (b_j, y_j), and the share
/// of the sum of squares it explains: the squared overlap of y with the span of b, ..., b^{ok}.
pub fn fit(b: &[f64], y: &[f64], degree: usize) -> (Vec<f64>, f64) {
    if degree == 0 {
        return (Vec::new(), 0.0);
    }
    let powers = Mat::from_fn(b.len(), degree, |j, k| b[j].powi(k as i32 + 1));
    let right = Mat::from_fn(y.len(), 1, |j, _| y[j]);
    let solution = powers.qr().solve_lstsq(&right);
    let coefficients: Vec<f64> = (0..degree).map(|k| solution[(k, 0)]).collect();
    let square = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>();
    let left = square(&mut b.iter().zip(y).map(|(b, y)| y - polynomial(&coefficients, *b)));
    let whole = square(&mut y.iter().copied());
    (coefficients, 1.0 - left / whole)
}

/// c_1 b + ... + c_k b^k.
pub fn polynomial(coefficients: &[f64], b: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| (sum + c) * b)
}
