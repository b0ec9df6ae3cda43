//! Means over seeds, and what is measured of features.

use std::error::Error;

use linear_width::data::GeneratedBatch;
use linear_width::network::Network;
use linear_width::spectral::{OutlierRule, leading_triplets, overlap, singular_values};
use ndarray::{Array2, ArrayView1};

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

/// Spectrum of F^T F / m for the features F = sigma(X W^T), m x N.
pub struct FeatureSpectrum {
    /// Eigenvalues, largest first.
    pub eigenvalues: Vec<f64>,
    /// How many of them are outliers, by the default rule on their roots.
    pub outliers: usize,
    /// F / sqrt m.
    scaled: Array2<f64>,
}

impl FeatureSpectrum {
    /// That of a network on a batch that no step has seen.
    pub fn of(network: &Network<f64>, batch: &GeneratedBatch) -> Result<Self, Box<dyn Error>> {
        // the crate's features have 1 / sqrt N
        let features = network.features(batch)?;
        let (samples, width) = features.dim();
        let scaled = features * (width as f64 / samples as f64).sqrt();
        let roots = singular_values(scaled.view())?.to_vec();
        let rule = OutlierRule::default_for(roots.len());
        let outliers = rule.apply(&roots, samples, width)?.count;
        let eigenvalues = roots.iter().map(|root| root * root).collect();
        Ok(Self { eigenvalues, outliers, scaled })
    }

    /// Overlaps of the outliers' left vectors with a function of the sample.
    pub fn left_overlaps(&self, values: ArrayView1<'_, f64>) -> Result<Vec<f64>, Box<dyn Error>> {
        if self.outliers == 0 {
            return Ok(Vec::new());
        }
        let top = leading_triplets(self.scaled.view(), self.outliers)?;
        (0..self.outliers).map(|k| Ok(overlap(top.left.column(k), values)?)).collect()
    }
}
