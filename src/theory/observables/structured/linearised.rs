//! The equations of the bulk linearised at a point, from one pass over neurons and samples, and Newton's
//! method with it (docs/theory.md, section 10.9).

use super::bulk::{Bulk, Delta, NeuronAverages, SampleAverages};
use super::order_parameters::OrderParameters;
use super::rational_sums::RationalSums;
use crate::numerics::small_matrix::{Field, Matrix, solve};
use crate::theory::error::{Fallible, PredictionError};
use std::array::from_fn;

/// Step of the differences of the maps between the sums, relative to the unknown.
const DIFFERENCE: f64 = 1e-5;
/// A shorter step of Newton's method, relative to the unknowns, is the last one: its square is beyond
/// rounding.
const LAST_STEP: f64 = 1e-8;
const MOST_STEPS: usize = 60;

/// A solution at a0, and how it moves with ln(-a0).
#[derive(Clone, Debug)]
pub(super) struct Solution {
    /// Packed order parameters.
    pub order: Vec<f64>,
    pub z: f64,
    pub order_slope: Vec<f64>,
    pub z_slope: f64,
}

/// By how much the order parameters miss the equations, and z; each with its derivatives in the
/// order parameters and in ln(-a0), one column each.
struct Linearised<T> {
    residual: Vec<T>,
    z: T,
    residual_by: Vec<Vec<T>>,
    z_by: Vec<T>,
}

/// Coefficients of a quadratic form at the products x_i x_k, i >= k.
fn quadratic<T: Field, const A: usize>(m: &Matrix<T, A>) -> impl Iterator<Item = T> {
    (0..A).flat_map(move |i| (0..=i).map(move |k| if i == k { m[i][i] } else { m[i][k] + m[k][i] }))
}

/// The symmetric matrix of a lower triangle.
fn symmetric<T: Copy, const A: usize>(triangle: &[T]) -> Matrix<T, A> {
    from_fn(|i| from_fn(|k| triangle[i.max(k) * (i.max(k) + 1) / 2 + i.min(k)]))
}

/// (first, x, x x^T, last), as far as there is room.
fn features<const A: usize, const K: usize>(first: &[f64], x: [f64; A], last: f64) -> [f64; K] {
    let mut features = [last; K];
    features[..first.len()].copy_from_slice(first);
    let mut at = first.len() + A;
    features[first.len()..at].copy_from_slice(&x);
    for i in 0..A {
        for k in 0..=i {
            features[at] = x[i] * x[k];
            at += 1;
        }
    }
    features
}

impl<const A: usize> Bulk<A> {
    /// a0 D(b) = k.(lam^2 + rest, e, e e^T, b^2) with e in units of 1 next to lam.
    fn neuron_coefficients<T: Field>(a0: T, order: &OrderParameters<T, A>) -> Vec<T> {
        let second = order.second_moment();
        let rest = quadratic(&second).chain([order.chi]);
        let list = order.alpha.iter().map(|x| *x * 2.0).chain(rest);
        [T::one()].into_iter().chain(list).map(|k| a0 * k).collect()
    }

    fn neuron_sums<T: Field, const K: usize>(&self, k: &[T]) -> RationalSums<T> {
        let nodes = (0..self.b.len()).map(|j| {
            let (lam, e) = (self.lam[j], &self.terms[j]);
            let mut x: [f64; K] = features(&[lam * lam + self.rest[j]], *e, self.b[j].powi(2));
            x[1..=A].iter_mut().for_each(|x| *x *= lam);
            (self.gamma * self.b_weight[j], x)
        });
        RationalSums::new::<K>(k, nodes)
    }

    fn sample_coefficients<T: Field>(delta: &Delta<T, A>) -> Vec<T> {
        let rest = quadratic(&delta.square).chain([delta.noise]);
        delta.linear.iter().copied().chain(rest).collect()
    }

    fn sample_sums<T: Field, const K: usize>(&self, k: &[T]) -> RationalSums<T> {
        let nodes = self.groups.iter().flat_map(|group| {
            let points = self.weight.iter().zip(&group.l).zip(&group.q);
            points.map(|((w, l), q)| (group.share * w, features::<A, K>(&[], *l, *q)))
        });
        RationalSums::new::<K>(k, nodes)
    }

    /// With `N` = 1 + `S` features of a neuron and `S` of a sample.
    fn linearised<T: Field, const N: usize, const S: usize>(
        &self,
        a0: T,
        order: &OrderParameters<T, A>,
    ) -> Linearised<T> {
        let k_neurons = Self::neuron_coefficients(a0, order);
        let neurons = self.neuron_sums::<T, N>(&k_neurons);
        let averages = |sums: &[T]| NeuronAverages::<T, A> {
            f_00: sums[0],
            f_0: from_fn(|i| sums[1 + i]),
            f_m: symmetric(&sums[1 + A..]),
            f: sums[N - 1],
        };
        let f = averages(&neurons.value);
        let k_samples = Self::sample_coefficients(&self.delta(a0, order, &f));
        let samples = self.sample_sums::<T, S>(&k_samples);
        // everything at another point, with the sums to first order
        let at = |a0: T, order: &OrderParameters<T, A>| {
            let change = |k: Vec<T>, from: &[T]| -> Vec<T> {
                k.into_iter().zip(from).map(|(k, from)| k - *from).collect()
            };
            let k = change(Self::neuron_coefficients(a0, order), &k_neurons);
            let f = averages(&neurons.after(&k));
            let k = Self::sample_coefficients(&self.delta(a0, order, &f));
            let sums = samples.after(&change(k, &k_samples));
            let sums = SampleAverages {
                l: from_fn(|i| sums[i]),
                l_squared: symmetric(&sums[A..]),
                q: sums[S - 1],
            };
            self.assemble(a0, order, &f, &sums)
        };
        let u = order.pack();
        let size = u.iter().fold(1e-3, |size: f64, x| size.max(x.abs()));
        let residual = |image: OrderParameters<T, A>, u: &[T]| -> Vec<T> {
            image.pack().into_iter().zip(u).map(|(image, &u)| image - u).collect()
        };
        let (mut residual_by, mut z_by) = (Vec::new(), Vec::new());
        for j in 0..=u.len() {
            let h = u.get(j).map_or(DIFFERENCE, |x| DIFFERENCE * x.abs().max(1e-3 * size));
            let [before, after] = [-h, h].map(|h| {
                let (mut a0, mut u) = (a0, u.clone());
                match u.get_mut(j) {
                    Some(x) => *x += T::real(h),
                    None => a0 = a0 * h.exp(),
                }
                let (image, z) = at(a0, &OrderParameters::unpack(&u));
                (residual(image, &u), z)
            });
            let quotient = |(a, b): (&T, &T)| (*b - *a) * (0.5 / h);
            residual_by.push(before.0.iter().zip(&after.0).map(quotient).collect());
            z_by.push(quotient((&before.1, &after.1)));
        }
        let (image, z) = at(a0, order);
        Linearised { residual: residual(image, &u), z, residual_by, z_by }
    }

    /// The order parameters at a0 on the real axis, by Newton's method from the packed `guess`, with z and
    /// the slopes in ln(-a0).
    pub(super) fn solve_with_slopes(&self, a0: f64, guess: &[f64]) -> Fallible<Solution> {
        let failed = PredictionError::NotConverged { near: a0.abs() };
        let mut u = guess.to_vec();
        let n = u.len();
        for _ in 0..MOST_STEPS {
            let order = OrderParameters::unpack(&u);
            let here = match A {
                1 => self.linearised::<f64, 4, 3>(a0, &order),
                2 => self.linearised::<f64, 7, 6>(a0, &order),
                _ => self.linearised::<f64, 11, 10>(a0, &order),
            };
            // the step to the root, and the slope of the root in ln(-a0)
            let jacobian = (0..n).map(|i| (0..n).map(|j| here.residual_by[j][i]).collect());
            let right = (0..n).map(|i| vec![-here.residual[i], -here.residual_by[n][i]]);
            let found = solve(jacobian.collect(), right.collect()).ok_or(failed.clone())?;
            let size = u.iter().fold(1e-3, |size: f64, x| size.max(x.abs()));
            let length = found.iter().fold(0.0, |max: f64, x| max.max(x[0].abs())) / size;
            if !length.is_finite() {
                return Err(failed);
            }
            u.iter_mut().zip(&found).for_each(|(u, x)| *u += x[0]);
            if length < LAST_STEP {
                let along = |k: usize| (0..n).map(|j| here.z_by[j] * found[j][k]).sum::<f64>();
                return Ok(Solution {
                    order: u,
                    z: here.z + along(0),
                    order_slope: found.iter().map(|x| x[1]).collect(),
                    z_slope: here.z_by[n] + along(1),
                });
            }
        }
        Err(failed)
    }
}
