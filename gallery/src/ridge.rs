//! Test errors of ridge regression on the features, over E y^2.

use std::error::Error;

use linear_width::data::Target;
use linear_width::network::Network;
use linear_width::readout::Ridge;

use super::settings::Setting;

/// Samples on which an error is measured.
const TEST: usize = 5000;

/// E y^2, the error of the prediction 0.
pub fn label_square(target: &Target) -> Result<f64, Box<dyn Error>> {
    Ok(target.best_constant_error(false)?.ok_or("E y^2 is known for one direction")?)
}

/// Error of the best linear predictor over E y^2.
pub fn best_linear(target: &Target) -> Result<f64, Box<dyn Error>> {
    let error = target.best_linear_error(false)?.ok_or("E y z is known for one direction")?;
    Ok(error / label_square(target)?)
}

/// Measured errors of the features of W_0, W_1, ... of one network, fitted on `samples` samples with
/// the lambda of `lambdas` that is best on the test samples.
pub fn measured_errors(
    setting: &Setting,
    seed: u64,
    samples: usize,
    lambdas: &[f64],
) -> Result<Vec<f64>, Box<dyn Error>> {
    let experiment = setting.builder(seed).build()?;
    let (train, test) = (experiment.test_batch(0, samples)?, experiment.test_batch(1, TEST)?);
    let scale = label_square(&setting.target)?;
    let least = |network: Network<f64>| -> Result<f64, Box<dyn Error>> {
        let errors = Ridge::new().fit(&network, &train)?.test_errors(lambdas, &test)?;
        Ok(errors.iter().map(|e| e.mean_square / scale).fold(f64::INFINITY, f64::min))
    };
    setting.networks(seed)?.into_iter().map(least).collect()
}

/// Predicted (lambda, error) with the best of `lambdas`, for the features of W_0, W_1, ...
pub fn predicted_errors(
    setting: &Setting,
    samples: usize,
    lambdas: &[f64],
) -> Result<Vec<(f64, f64)>, Box<dyn Error>> {
    let scale = label_square(&setting.target)?;
    let mut best = Vec::new();
    for features in setting.predicted_features()? {
        let errors = features.ridge_curve(&[samples], lambdas)?;
        let points = lambdas.iter().zip(&errors).map(|(l, e)| (*l, e.test_error / scale));
        best.extend(points.min_by(|a, b| a.1.total_cmp(&b.1)));
    }
    Ok(best)
}
