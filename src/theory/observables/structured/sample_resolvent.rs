//! The matrices Theta, Omega Psi and Psi of the samples (docs/theory.md, (10.16) to (10.18), several terms
//! section 10.8), as functions of sums over samples.

use super::bulk::{Bulk, Delta, NeuronAverages};
use super::real_branch::Point;
use super::sample_weights::SampleWeights;
use crate::numerics::small_matrix::{Matrix, Vector, apply, dot, inverse, product};
use ndarray::{Array1, Array2, ArrayView1};
use std::array::from_fn;

/// What all samples share at one point of the branch.
pub(crate) struct SampleResolvent<const A: usize> {
    pub phi: f64,
    pub a0: f64,
    pub f: NeuronAverages<f64, A>,
    delta: Delta<f64, A>,
    alpha: Vector<f64, A>,
    /// beta + alpha alpha^T.
    second: Matrix<f64, A>,
    /// G, (A + 1) x (A + 1).
    g: Array2<f64>,
}

impl<const A: usize> SampleResolvent<A> {
    pub fn new(bulk: &Bulk<A>, point: &Point<A>) -> Self {
        let a0 = point.a0();
        let order = &point.order;
        let f = bulk.neuron_averages(a0, order);
        let second = order.second_moment();
        let f_inverse = inverse(&f.f_m);
        let g = Array2::from_shape_fn((A + 1, A + 1), |(i, k)| match (i, k) {
            (0, 0) => a0,
            (0, a) | (a, 0) => a0 * order.alpha[a - 1],
            (i, k) => a0 * second[i - 1][k - 1] - f_inverse[i - 1][k - 1],
        });
        let delta = bulk.delta(a0, order, &f);
        Self { phi: bulk.phi, a0, f, delta, alpha: order.alpha, second, g }
    }

    /// 1/Delta times 1, l, the lower triangle of l l^T and q at every sample of a group, with its probability
    /// and the share of the group: one sample a row.
    pub fn features(&self, samples: &SampleWeights<A>, weight: &[f64]) -> Array2<f64> {
        let mut features = Array2::zeros((weight.len(), Moments::<A>::count()));
        let nodes = samples.l.iter().zip(&samples.q).zip(weight);
        for (mut row, ((l, &q), w)) in features.rows_mut().into_iter().zip(nodes) {
            let share = samples.share * w / (1.0 + self.delta.excess(l, q));
            let triangle = (0..A).flat_map(|i| (0..=i).map(move |k| l[i] * l[k]));
            let list = [1.0].into_iter().chain(*l).chain(triangle).chain([q]);
            row.iter_mut().zip(list).for_each(|(to, x)| *to = share * x);
        }
        features
    }

    /// F_m l.
    fn turned_once(&self, at: &Moments<A>) -> Vector<f64, A> {
        apply(&self.f.f_m, &at.l)
    }

    /// 1 + phi a0 alpha . F_m l.
    fn along(&self, at: &Moments<A>) -> f64 {
        at.one + self.phi * self.a0 * dot(&self.alpha, &self.turned_once(at))
    }

    /// Theta of (10.17).
    pub fn theta(&self, at: &Moments<A>) -> Array2<f64> {
        let (phi, a0) = (self.phi, self.a0);
        let v = self.turned_once(at);
        let vl = product(&self.f.f_m, &at.l_squared);
        // F_m is symmetric
        let vv = product(&vl, &self.f.f_m);
        let trace = |m: &Matrix<f64, A>| (0..A).map(|i| m[i][i]).sum::<f64>();
        let along = apply(&vv, &self.alpha);
        Array2::from_shape_fn((A + 1, A + 1), |(i, k)| match (i, k) {
            (0, 0) => {
                2.0 * dot(&self.f.f_0, &at.l) + self.f.f * phi * at.q
                    - phi * (a0 * trace(&product(&self.second, &vv)) - trace(&vl))
            }
            (0, c) | (c, 0) => v[c - 1] + phi * a0 * along[c - 1],
            _ => -phi * a0 * vv[i - 1][k - 1],
        })
    }

    /// Omega Psi = Theta phi G, the first column without cancellation (10.18).
    pub fn omega_psi(&self, at: &Moments<A>) -> Array2<f64> {
        let mut matrix = self.theta(at).dot(&self.g) * self.phi;
        let v = self.turned_once(at);
        matrix[[0, 0]] = self.excess(at) - (self.along(at) - at.one);
        (0..A).for_each(|a| matrix[[a + 1, 0]] = self.phi * self.a0 * v[a]);
        matrix
    }

    /// Delta - 1.
    fn excess(&self, at: &Moments<A>) -> f64 {
        let Delta { linear, square, noise } = &self.delta;
        let squares = (0..A).map(|i| dot(&square[i], &at.l_squared[i])).sum::<f64>();
        dot(linear, &at.l) + squares + noise * at.q
    }

    /// Psi e_0, without cancellation (10.16).
    pub fn psi_first(&self, at: &Moments<A>) -> Array1<f64> {
        let (phi, a0) = (self.phi, self.a0);
        let v = self.turned_once(at);
        let turned = |a: usize| a0 * dot(&self.second[a], &v) - at.l[a];
        let along = self.along(at);
        Array1::from_shape_fn(A + 1, |i| match i {
            0 => phi * a0 * at.one,
            c => phi * a0 * (self.alpha[c - 1] * along - phi * turned(c - 1)),
        })
    }

    /// Psi = phi G (I - Omega Psi).
    pub fn psi(&self, at: &Moments<A>) -> Array2<f64> {
        let whole = at.one + self.excess(at);
        let mut psi = (&self.g * whole - self.g.dot(&self.omega_psi(at))) * self.phi;
        for (i, x) in self.psi_first(at).into_iter().enumerate() {
            (psi[[0, i]], psi[[i, 0]]) = (x, x);
        }
        psi
    }

    /// (I - Omega Psi) e_0 (10.18).
    pub fn start(&self, at: &Moments<A>) -> Array1<f64> {
        let v = self.turned_once(at);
        Array1::from_shape_fn(A + 1, |i| match i {
            0 => self.along(at),
            a => -self.phi * self.a0 * v[a - 1],
        })
    }
}

/// Sums over samples of some factor over Delta, times 1, l, l l^T and q: the matrices of a sample times
/// Delta are linear in these.
pub(crate) struct Moments<const A: usize> {
    one: f64,
    l: Vector<f64, A>,
    l_squared: Matrix<f64, A>,
    q: f64,
}

impl<const A: usize> Moments<A> {
    pub fn count() -> usize {
        2 + A + A * (A + 1) / 2
    }

    /// From the columns of [`SampleResolvent::features`], or from the first 1 + A, which is enough for what
    /// reads 1 and l alone.
    pub fn new(sums: ArrayView1<f64>) -> Self {
        let at = |i: usize| sums.get(i).copied().unwrap_or(0.0);
        let triangle = |i: usize, k: usize| 1 + A + i.max(k) * (i.max(k) + 1) / 2 + i.min(k);
        Self {
            one: at(0),
            l: from_fn(|a| at(1 + a)),
            l_squared: from_fn(|i| from_fn(|k| at(triangle(i, k)))),
            q: at(Self::count() - 1),
        }
    }
}
