//! Activation and links that several pictures share.

use linear_width::activation::Sine;
use linear_width::data::Link;
use linear_width::quadrature::QuadratureError;

/// e^(1/2) sin(z + 0.7), whose Hermite coefficients all differ from zero; bounded, so that large
/// steps do not leave the range of the theory.
pub fn sine() -> Sine {
    Sine { amplitude: 0.5_f64.exp(), phase: 0.7 }
}

/// tanh(1.5 z + 0.5), centred: information exponent 1.
pub fn tanh_link() -> Result<Link, QuadratureError> {
    Link::new("tanh(1.5z+0.5)", |z| (1.5 * z + 0.5).tanh()).without(&[0])
}

/// cos(1.5 z + 0.6) without constant and linear part: information exponent 2, reuse exponent 1.
pub fn cosine_link() -> Result<Link, QuadratureError> {
    Link::new("cos(1.5z+0.6)", |z| (1.5 * z + 0.6).cos()).without(&[0, 1])
}

/// Mean and standard error of the mean (NaN for fewer than two values).
pub fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let square = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    (mean, (square / (count - 1.0) / count).sqrt())
}
