//! Averages over the local Gaussians with their derivatives by Stein's lemma, for activations with
//! kinks.
//!
//! Equations: docs/theory.md, (14.15), (14.16).

use super::neuron::{Local, LocalNodes, LocalSums, Paths, dot, sum};
use crate::linalg::simd::Loop;

/// The averages at step `t` from sigma and sigma' on the paths.
pub(super) struct BySteinsLemma<'a> {
    pub local: &'a Local,
    pub nodes: &'a LocalNodes,
    pub paths: &'a mut Paths,
    pub t: usize,
}

impl Loop for BySteinsLemma<'_> {
    type Output = LocalSums;

    /// The weight of a shift of lambda^(s) is a combination of the normal variables.
    #[inline(always)]
    fn run<const FMA: bool>(self) -> LocalSums {
        let Self { local, nodes, paths, t } = self;
        let Paths { z: last, values, spare, slopes, .. } = paths;
        let weights = &nodes.weights;
        let weighted = last.iter_mut().zip(values.iter_mut()).zip(&slopes[t]).zip(weights);
        for (((last, value), slope), weight) in weighted {
            *last = slope * weight;
            *value *= weight;
        }
        let mut sums = LocalSums { value: sum(values), slope: sum(last), ..LocalSums::default() };
        for slopes in &slopes[..=t] {
            let covariance = dot::<FMA>(last, slopes) - sums.slope * dot::<FMA>(weights, slopes);
            sums.covariances.push(covariance);
        }
        for (f, by_mean, by_residual) in [
            (&*last, &mut sums.slope_by_mean, &mut sums.slope_by_residual),
            (&*values, &mut sums.value_by_mean, &mut sums.value_by_residual),
        ] {
            let mut with = Vec::with_capacity(t + 1);
            for j in 0..=t {
                with.push(dot::<FMA>(f, nodes.epsilon(j)));
            }
            for s in 0..=t {
                by_mean.push((s..=t).map(|j| local.inverse[j][s] * with[j]).sum());
            }
            for (s, slopes) in slopes[..t].iter().enumerate() {
                spare.iter_mut().zip(f).zip(slopes).for_each(|((to, f), slope)| *to = f * slope);
                let mut total = 0.0;
                for j in s + 1..=t {
                    let shift = (s + 1..=j).map(|at| local.trace[at][s] * local.inverse[j][at]);
                    total += shift.sum::<f64>() * dot::<FMA>(spare, nodes.epsilon(j));
                }
                by_residual.push(total);
            }
        }
        sums.value_by_mean.pop();
        sums
    }
}
