//! Averages over the local Gaussians of a neuron, for one sample and one type b.
//!
//! Equations: docs/theory.md, (14.5) to (14.7); derivatives along paths, (14.23) and (14.24), or by
//! Stein's lemma, (14.15) and (14.16), where the activation has kinks.

use super::neuron::{LANES, Local, LocalNodes, LocalSums, Paths, add_product, lanes};
use super::paths::AlongPaths;
use super::stein::BySteinsLemma;
use crate::linalg::simd::{Loop, vectorised};
use crate::theory::dynamics::activation_constants::ActivationConstants;

impl Local {
    /// The averages at the step after those with means `past` and residuals `residual`, at mean
    /// `mean`. `nodes` are those of the independent normal variables.
    pub fn sums(
        &self,
        nodes: &LocalNodes,
        past: &[f64],
        mean: f64,
        residual: &[f64],
        activation: &ActivationConstants,
        paths: &mut Paths,
    ) -> LocalSums {
        let t = past.len();
        let smooth = activation.kinks.is_empty();
        paths.resize(t + 1, nodes.weights.len());
        let known = usize::from(t > 0);
        if known > 0 {
            paths.slopes[0].copy_from_slice(&nodes.slope);
            paths.curvatures[0].copy_from_slice(&nodes.curvature);
        }
        for (step, mean) in past.iter().chain([&mean]).enumerate().skip(known) {
            let Paths { z, values, spare, slopes, curvatures, .. } = &mut *paths;
            let (before, slopes) = slopes.split_at_mut(step);
            let gaussians = self.factor[step].iter().enumerate();
            let gaussians = gaussians.map(|(j, factor)| (*factor, nodes.epsilon(j)));
            let traces = self.trace[step].iter().zip(residual).zip(&*before);
            let traces = traces.map(|((trace, r), slopes)| (trace * r, &slopes[..]));
            let terms = gaussians.chain(traces).collect();
            vectorised(Combination { start: *mean, terms, to: z });
            activation.evaluate(z, values, &mut slopes[0]);
            if smooth {
                activation.curvature(z, &slopes[0], spare, &mut curvatures[step]);
            }
        }
        if smooth {
            vectorised(AlongPaths { local: self, weights: &nodes.weights, residual, paths, t })
        } else {
            vectorised(BySteinsLemma { local: self, nodes, paths, t })
        }
    }
}

/// A linear combination of values at all nodes.
struct Combination<'a> {
    start: f64,
    terms: Vec<(f64, &'a [f64])>,
    to: &'a mut [f64],
}

impl Loop for Combination<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        for (i, to) in self.to.chunks_exact_mut(LANES).enumerate() {
            let mut total = [self.start; LANES];
            for (factor, values) in &self.terms {
                add_product::<FMA>(&mut total, [*factor; LANES], lanes(values, i));
            }
            to.copy_from_slice(&total);
        }
    }
}
