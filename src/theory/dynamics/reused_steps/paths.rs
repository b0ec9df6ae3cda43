//! Averages over the local Gaussians with their derivatives along the paths of single neurons, for
//! activations without kinks.
//!
//! Equations: docs/theory.md, (14.23), (14.24), backwards in time.

use super::neuron::{LANES, Local, LocalSums, Paths, add_product, dot, lanes, product, sum};
use crate::linalg::simd::Loop;

/// The averages at step `t` from sigma, sigma' and sigma'' on the paths.
pub(super) struct AlongPaths<'a> {
    pub local: &'a Local,
    pub weights: &'a [f64],
    pub residual: &'a [f64],
    pub paths: &'a mut Paths,
    pub t: usize,
}

impl Loop for AlongPaths<'_> {
    type Output = LocalSums;

    /// An answer of the last preactivation to a shift of step s is r^(s) sigma''^(s) times the sum over
    /// later steps of phi xi times theirs (14.25).
    #[inline(always)]
    fn run<const FMA: bool>(self) -> LocalSums {
        let Self { local, weights, residual, paths, t } = self;
        let Paths { z: by_value, values, spare: by_slope, slopes, curvatures, answers } = paths;
        let groups = weights.len() / LANES;
        let mut sums = LocalSums {
            value: dot::<FMA>(values, weights),
            slope_by_mean: vec![0.0; t + 1],
            value_by_mean: vec![0.0; t],
            slope_by_residual: vec![0.0; t],
            value_by_residual: vec![0.0; t],
            ..LocalSums::default()
        };
        for i in 0..groups {
            let weights = lanes(weights, i);
            let at = LANES * i..LANES * (i + 1);
            by_value[at.clone()].copy_from_slice(&product(lanes(&slopes[t], i), weights));
            by_slope[at].copy_from_slice(&product(lanes(&curvatures[t], i), weights));
        }
        sums.slope = sum(by_value);
        for slopes in &slopes[..=t] {
            let covariance =
                dot::<FMA>(by_value, slopes) - sums.slope * dot::<FMA>(weights, slopes);
            sums.covariances.push(covariance);
        }
        sums.slope_by_mean[t] = sum(by_slope);
        answers[t].fill(1.0);
        for s in (0..t).rev() {
            let (answers, later) = answers.split_at_mut(s + 1);
            let answers = &mut answers[s];
            let mut total = [[0.0; LANES]; 4];
            for i in 0..groups {
                let mut returned = [0.0; LANES];
                for (back, answers) in local.trace[s + 1..=t].iter().zip(&*later) {
                    add_product::<FMA>(&mut returned, [back[s]; LANES], lanes(answers, i));
                }
                let by_residual = product(returned, lanes(&slopes[s], i));
                let by_mean = product(returned, lanes(&curvatures[s], i));
                let by_mean = product(by_mean, [residual[s]; LANES]);
                answers[LANES * i..LANES * (i + 1)].copy_from_slice(&by_mean);
                let (by_slope, by_value) = (lanes(by_slope, i), lanes(by_value, i));
                add_product::<FMA>(&mut total[0], by_slope, by_mean);
                add_product::<FMA>(&mut total[1], by_value, by_mean);
                add_product::<FMA>(&mut total[2], by_slope, by_residual);
                add_product::<FMA>(&mut total[3], by_value, by_residual);
            }
            sums.slope_by_mean[s] = total[0].iter().sum();
            sums.value_by_mean[s] = total[1].iter().sum();
            sums.slope_by_residual[s] = total[2].iter().sum();
            sums.value_by_residual[s] = total[3].iter().sum();
        }
        sums
    }
}
