//! Means over seeds.

use super::picture::{Series, Shape, marks_with_errors};
use super::settings::mean_and_error;

/// A mark with the standard error for each point of `x`: the mean over `runs`, each of which has a
/// value per point.
pub fn measured(x: &[f64], runs: &[Vec<f64>], colour: &'static str, shape: Shape) -> Series {
    let (points, errors) = means(x, runs);
    marks_with_errors(&points, &errors, colour, shape)
}

/// Points (x, mean over the runs), and the standard errors.
pub fn means(x: &[f64], runs: &[Vec<f64>]) -> (Vec<(f64, f64)>, Vec<f64>) {
    let of_point = |(i, x): (usize, &f64)| {
        let values: Vec<f64> = runs.iter().map(|run| run[i]).collect();
        let (mean, error) = mean_and_error(&values);
        ((*x, mean), error)
    };
    x.iter().enumerate().map(of_point).unzip()
}
