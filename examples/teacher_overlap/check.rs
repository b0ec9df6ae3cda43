//! The claim this picture is about, checked in numbers.

use std::error::Error;

use linear_width::training::BatchPolicy;

use crate::Arguments;
use crate::cases::{CHECKED, Point, Result2};
use crate::common::settings::mean_and_error;

/// At the link of information exponent 2: with the reused batch the second singular value is an
/// outlier for every seed, and its right vector has a mean overlap above 0.3 by two standard errors;
/// with independent batches the overlap is below 3 / sqrt(d) for every seed, as that of a random
/// direction is in 997 of 1000.
pub fn second_outlier(
    results: &[(Point, Result2)],
    arguments: &Arguments,
) -> Result<(), Box<dyn Error>> {
    let second = |policy: BatchPolicy| {
        let point =
            Point { link: CHECKED, policy, step: arguments.step, ratio: arguments.ratio };
        let found = results.iter().find(|(p, _)| *p == point);
        let (_, result) = found.ok_or("the point to check is not among the results")?;
        let overlaps: Vec<f64> = result.measured.iter().map(|m| m[1]).collect();
        Ok::<_, Box<dyn Error>>((overlaps, result))
    };
    let noise = 1.0 / (arguments.dimension() as f64).sqrt();
    let (independent, predicted_independent) = second(BatchPolicy::Independent)?;
    let (reused, predicted_reused) = second(BatchPolicy::Reused)?;
    let (mean, error) = mean_and_error(&reused);
    println!(
        "information exponent 2, eta_1 = {} sqrt(N), n/d = {}, d = {} (1/sqrt(d) = {noise:.3}); \
         overlap of the second outlier with the teacher:",
        arguments.step,
        arguments.ratio,
        arguments.dimension()
    );
    println!("  reused:      {mean:.3} +- {error:.3} (predicted {:.3})  {reused:.3?}", predicted_reused.predicted[1]);
    let (mean_independent, error_independent) = mean_and_error(&independent);
    println!(
        "  independent: {mean_independent:.3} +- {error_independent:.3} (predicted {:.3})  {independent:.3?}",
        predicted_independent.predicted[1]
    );
    if !predicted_reused.second_is_outlier.iter().all(|out| *out) {
        return Err("the second singular value is not an outlier for every seed".into());
    }
    if mean - 2.0 * error <= 0.3 {
        return Err(format!("reused: overlap {mean:.3} +- {error:.3}, not above 0.3").into());
    }
    if independent.iter().any(|overlap| *overlap > 3.0 * noise) {
        return Err("independent: an overlap above 3/sqrt(d)".into());
    }
    Ok(())
}
