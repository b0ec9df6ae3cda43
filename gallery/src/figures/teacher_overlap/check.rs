//! The claim this picture is about, checked in numbers.

use std::error::Error;
use std::f64::consts::PI;

use linear_width::data::Link;
use linear_width::quadrature::{QuadratureError, gaussian_expectation};
use linear_width::training::BatchPolicy;

use super::Arguments;
use super::cases::{CHECKED, NOISE, POLICIES, Point, Size, evaluate, links};
use crate::settings::mean_and_error;

/// Overlap with the teacher, root mean square, that chance gives the second spike with independent
/// batches and a link without linear part: spike one is v = X^T (y o s) / n with s = <beta_1, x>, of
/// square phi^2 E[y^2]^2 where phi = d/n (docs/theory.md, (2.7) and (3.1)). Its component along the
/// teacher has mean 0 and two parts: the sum of y s z over the samples, of variance
/// E[y^2 z^2] phi E[y^2] / n, and E[y z^2] times the chance overlap of beta_1 with the teacher, of
/// variance E[y^2 z^2] / n.
pub fn chance(link: &Link, ratio: f64, dimension: usize) -> Result<f64, QuadratureError> {
    let mean_of = |f: &dyn Fn(f64) -> f64| gaussian_expectation(f, link.kinks(), 1e-10);
    let square = mean_of(&|z| link.value(z).powi(2))? + NOISE * NOISE;
    let along = mean_of(&|z| (link.value(z) * z).powi(2))? + NOISE * NOISE;
    let second = mean_of(&|z| link.value(z) * z * z)?;
    let spread = square / ratio;
    let enhanced = 1.0 + second * second / spread;
    Ok((along / square * enhanced / dimension as f64).sqrt())
}

/// At the link of information exponent 2, at d = N = 1000 in either mode:
/// with the reused batch the second singular value is an outlier for every seed, and the overlap of
/// its right vector with the teacher has a mean above 0.3; with independent batches the mean is that
/// of |z| for a Gaussian z of the chance level, up to three standard errors upwards, and the
/// prediction is below the chance level.
pub fn second_outlier(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let seeds = arguments.common.pick(3, 6);
    let size = Size { dimension: 1000, width: 1000, seeds: arguments.common.seeds(seeds) };
    let (link, _) = links()?[CHECKED].clone();
    let chance = chance(&link, arguments.ratio, size.dimension)?;
    let folded = (2.0 / PI).sqrt();
    let limit = chance * (folded + 3.0 * ((1.0 - 2.0 / PI) / size.seeds.len() as f64).sqrt());

    let points = POLICIES.map(|policy| Point {
        link: CHECKED,
        policy,
        step: arguments.step,
        ratio: arguments.ratio,
    });
    let results = evaluate(arguments, &size, &points, "check, d = 1000")?;
    println!(
        "information exponent 2, N = d = {}, n/d = {}, eta_1 = {} sqrt(N), eta_2 = {} eta_1; \
         1/sqrt(d) = {:.3}, chance level {chance:.3}, of which the mean over seeds may be up to \
         {limit:.3}; overlap of the second outlier with the teacher:",
        size.dimension,
        arguments.ratio,
        arguments.step,
        arguments.second,
        1.0 / (size.dimension as f64).sqrt()
    );
    for (point, result) in points.iter().zip(&results) {
        let overlaps: Vec<f64> = result.measured.iter().map(|m| m[1]).collect();
        let (mean, error) = mean_and_error(&overlaps);
        let predicted = result.predicted[1];
        println!(
            "  {:11}: {mean:.3} +- {error:.3}, predicted {predicted:.3}; {overlaps:.3?}",
            point.policy.to_string()
        );
        if point.policy == BatchPolicy::Reused {
            if !result.second_is_outlier.iter().all(|out| *out) {
                return Err("reused: the second singular value is no outlier for some seed".into());
            }
            if mean <= 0.3 {
                return Err(format!("reused: overlap {mean:.3} is not above 0.3").into());
            }
        } else if mean > limit || predicted > chance {
            return Err(format!("independent: overlap {mean:.3}, chance at most {limit:.3}").into());
        }
    }
    Ok(())
}
