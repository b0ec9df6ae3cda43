//! The directions orthogonal to the teacher in which the right vectors have moved.
//!
//! A kick nu^(t) of the right vectors is a Gaussian vector with <nu_k, nu_l> = phi E[pi_k pi_l], so
//! sqrt(phi) pi_k as a function on the samples stands for it, and inner products are averages
//! (docs/theory.md, (14.19)).

use ndarray::{Array2, Axis};

use super::sample::Sample;
use crate::numerics::graded::symmetric_eigen;

/// New directions that a step may bring; more would be too weak to move a preactivation.
pub(super) const NEW_DIRECTIONS: usize = 3;

/// Orthonormal directions, each as a function on the samples that every step sees.
#[derive(Clone, Debug, Default)]
pub(super) struct Axes {
    functions: Vec<Vec<f64>>,
}

impl Axes {
    /// The coordinates (R x directions) of the kick of the last step, on the directions so far and new
    /// ones. `kept` are the samples that every step sees, `share` of the batch; `new` those of this step
    /// alone.
    pub fn add_kick(
        &mut self,
        phi: f64,
        (kept, share): (&[Sample], f64),
        new: &[Sample],
    ) -> Array2<f64> {
        let pi = |sample: &Sample| sample.pi.last().cloned().unwrap_or_default();
        let r = kept.iter().chain(new).next().map_or(0, |sample| pi(sample).len());
        let known = self.functions.len();
        let mut coordinates = Array2::<f64>::zeros((r, known));
        let mut rest = Array2::<f64>::zeros((r, r));
        for (samples, share) in [(kept, share), (new, 1.0 - share)] {
            for sample in samples {
                let pi = pi(sample);
                for k in 0..r {
                    for l in 0..r {
                        rest[[k, l]] += phi * share * sample.weight * pi[k] * pi[l];
                    }
                }
            }
        }
        for (i, sample) in kept.iter().enumerate() {
            let pi = pi(sample);
            for (a, function) in self.functions.iter().enumerate() {
                let weight = phi.sqrt() * share * sample.weight * function[i];
                coordinates.column_mut(a).iter_mut().zip(&pi).for_each(|(to, pi)| *to += weight * pi);
            }
        }
        let total = rest.diag().sum();
        rest = rest - coordinates.dot(&coordinates.t());
        let (sizes, vectors) = symmetric_eigen(&rest);
        let strongest = (0..r).rev().take(NEW_DIRECTIONS);
        for j in strongest.filter(|&j| sizes[j] > 1e-10 * total) {
            let (norm, vector) = (sizes[j].sqrt(), vectors.column(j));
            let column = vector.mapv(|x| norm * x);
            let along: Vec<f64> =
                (0..known).map(|a| vector.dot(&coordinates.column(a))).collect();
            let function = |(i, sample): (usize, &Sample)| {
                let pi: f64 = pi(sample).iter().zip(vector).map(|(pi, v)| pi * v).sum();
                let old: f64 = along.iter().zip(&self.functions).map(|(x, f)| x * f[i]).sum();
                (phi.sqrt() * pi - old) / norm
            };
            let function = kept.iter().enumerate().map(function).collect();
            self.functions.push(function);
            let column = column.insert_axis(Axis(1));
            coordinates.append(Axis(1), column.view()).unwrap_or_default();
        }
        coordinates
    }
}
