//! mu_0, mu_1 and mu_*^2: what a neuron answers to a sample of given kappa, on average, linearly in
//! its noise row, and beyond (docs/theory.md, (15.3)).

use super::neuron_types::NeuronTypes;
use super::sample_nodes::SampleNodes;
use crate::activation::Activation;
use crate::quadrature::{Rule, SplitGaussian, gaussian_trapezoid};
use crate::theory::error::{Fallible, finite};
use ndarray::Array2;
use rayon::prelude::*;

/// Spacing of the tables, in deviations of the noise. The k-th derivative of a Gaussian average of
/// f(a + sqrt(D) z) is at most sqrt(k! E f^2 / D^k), so that six points leave a relative error of
/// 5e-7.
const SPACING: f64 = 0.125;

/// The three functions of (kappa, type): nodes x types.
pub(crate) struct ConditionalMoments {
    pub mean: Array2<f64>,
    pub slope: Array2<f64>,
    pub rest: Array2<f64>,
}

impl ConditionalMoments {
    pub fn new(
        activation: &dyn Activation,
        types: &NeuronTypes,
        samples: &SampleNodes,
        factor: f64,
    ) -> Fallible<Self> {
        let rules = Rules::new(activation, (40.0 * factor).ceil() as usize);
        let at_type = |i: usize| rules.of_type(&samples.kappa.dot(&types.omega.row(i)).to_vec(), types.noise[i]);
        let columns: Vec<Vec<[f64; 3]>> = (0..types.len()).into_par_iter().map(at_type).collect();
        for column in &columns {
            finite("an average of the activation", column.iter().flatten())?;
        }
        let table = |part: usize| {
            Array2::from_shape_fn((samples.len(), types.len()), |(k, i)| columns[i][k][part])
        };
        Ok(Self { mean: table(0), slope: table(1), rest: table(2) })
    }
}

/// Averages over z of functions of a + sqrt(D) z.
struct Rules<'a> {
    activation: &'a dyn Activation,
    kinks: Vec<f64>,
    plain: Rule,
    split: SplitGaussian,
}

impl<'a> Rules<'a> {
    fn new(activation: &'a dyn Activation, nodes: usize) -> Self {
        let kinks = activation.kinks().into_iter().filter(|x| x.is_finite()).collect();
        let (plain, split) = (gaussian_trapezoid(nodes), SplitGaussian::new(nodes));
        Self { activation, kinks, plain, split }
    }

    /// [mu_0, mu_1, mu_*^2] at each of the means `a`, from a table where that is shorter.
    fn of_type(&self, a: &[f64], d: f64) -> Vec<[f64; 3]> {
        let deviation = d.max(0.0).sqrt();
        let low = a.iter().copied().fold(f64::INFINITY, f64::min);
        let high = a.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let step = SPACING * deviation;
        let count = (high - low) / step + 8.0;
        if !(count < a.len() as f64) {
            return a.iter().map(|a| self.at(*a, deviation)).collect();
        }
        let start = low - 3.0 * step;
        let table: Vec<[f64; 3]> =
            (0..count as usize + 1).map(|i| self.at(start + step * i as f64, deviation)).collect();
        a.iter().map(|a| interpolated(&table, (a - start) / step)).collect()
    }

    /// The averages for one mean; mu_*^2 as an average of squares, so that it is not negative.
    fn at(&self, a: f64, deviation: f64) -> [f64; 3] {
        let kinked;
        let rule = if self.kinks.is_empty() || deviation == 0.0 {
            &self.plain
        } else {
            let breaks: Vec<f64> = self.kinks.iter().map(|x| (x - a) / deviation).collect();
            kinked = self.split.rule(&breaks);
            &kinked
        };
        let u: Vec<f64> = rule.nodes.iter().map(|z| a + deviation * z).collect();
        let (mut value, mut derivative) = (vec![0.0; u.len()], vec![0.0; u.len()]);
        self.activation.evaluate_f64(&u, &mut value, &mut derivative);
        let average = |f: &[f64]| f.iter().zip(&rule.weights).map(|(f, w)| f * w).sum::<f64>();
        let (mean, slope) = (average(&value), average(&derivative));
        let rest = |(value, z): (&f64, &f64)| (value - mean - slope * deviation * z).powi(2);
        let rest: Vec<f64> = value.iter().zip(&rule.nodes).map(rest).collect();
        [mean, slope, average(&rest)]
    }
}

/// Lagrange interpolation at `x`, in units of the spacing, between the six nearest entries.
fn interpolated(table: &[[f64; 3]], x: f64) -> [f64; 3] {
    let first = ((x as usize).max(2) - 2).min(table.len() - 6);
    let x = x - first as f64;
    let mut sum = [0.0; 3];
    for i in 0..6 {
        let mut basis = 1.0;
        for j in (0..6).filter(|&j| j != i) {
            basis *= (x - j as f64) / (i as f64 - j as f64);
        }
        sum.iter_mut().zip(&table[first + i]).for_each(|(sum, value)| *sum += basis * value);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::{Relu, Sine};
    use crate::quadrature::{normal_density, normal_distribution};

    fn means() -> Vec<f64> {
        (0..2000).map(|i| 0.003 * i as f64 - 2.5).collect()
    }

    #[test]
    fn sine_in_closed_form() {
        let d: f64 = 1.3;
        let found = Rules::new(&Sine { amplitude: 1.0, phase: 0.0 }, 40).of_type(&means(), d);
        for (a, found) in means().iter().zip(found) {
            let shrunk = (-0.5 * d).exp();
            let (mean, slope) = (shrunk * a.sin(), shrunk * a.cos());
            let square = 0.5 - 0.5 * (-2.0 * d).exp() * (2.0 * a).cos();
            let exact = [mean, slope, square - mean * mean - d * slope * slope];
            assert!(found.iter().zip(exact).all(|(x, e)| (x - e).abs() < 1e-6), "{a}");
        }
    }

    #[test]
    fn relu_in_closed_form() {
        let deviation = 0.8f64;
        let found = Rules::new(&Relu, 40).of_type(&means(), deviation * deviation);
        for (a, found) in means().iter().zip(found) {
            let t = a / deviation;
            let (above, density) = (normal_distribution(t), normal_density(t));
            let mean = a * above + deviation * density;
            let square = (a * a + deviation * deviation) * above + a * deviation * density;
            let rest = square - mean * mean - deviation * deviation * above * above;
            for (x, e) in found.iter().zip([mean, above, rest]) {
                assert!((x - e).abs() < 2e-6, "{a} {x} {e}");
            }
        }
    }

    /// No noise: the activation itself.
    #[test]
    fn neurons_without_noise() {
        let sine = Sine { amplitude: 1.0, phase: 0.4 };
        for (a, found) in means().iter().zip(Rules::new(&sine, 40).of_type(&means(), 0.0)) {
            assert_eq!(found[..2], [sine.value(*a), sine.derivative(*a)]);
            assert!(found[2] < 1e-25);
        }
    }
}
