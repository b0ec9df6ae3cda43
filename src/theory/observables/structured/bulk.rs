//! The bulk: equations for the order parameters at given a0 = G_00, and z as a function of them
//! (docs/theory.md, (10.14) to (10.22), several terms (10.39) to (10.47), groups (12.10)).

use super::inputs::Inputs;
use super::order_parameters::OrderParameters;
use super::sample_weights::SampleWeights;
use crate::numerics::small_matrix::{Field, Matrix, Vector, apply, dot, inverse, product};
use std::array::from_fn;

/// Everything the bulk depends on.
#[derive(Clone, Debug)]
pub(crate) struct Bulk<const A: usize> {
    pub phi: f64,
    pub gamma: f64,
    /// Root of the factor that the variance q of a sample has in the row: b itself in section 10.
    pub b: Vec<f64>,
    pub b_weight: Vec<f64>,
    /// lam(b).
    pub lam: Vec<f64>,
    /// Isotropic part of the row variance, which the averages over b leave out.
    pub rest: Vec<f64>,
    /// b q_a(b).
    pub terms: Vec<Vector<f64, A>>,
    pub groups: Vec<SampleWeights<A>>,
    /// Probability of each node of a sample.
    pub weight: Vec<f64>,
}

/// F = gamma E_b[e e^T/(1 + m)] with e = (lam, b q_0, b q_1, ...), and f = gamma E_b[b^2/(1 + m)].
#[derive(Clone, Copy, Debug)]
pub(crate) struct NeuronAverages<T, const A: usize> {
    pub f_00: T,
    pub f_0: Vector<T, A>,
    pub f_m: Matrix<T, A>,
    pub f: T,
}

/// The sums over groups of their share times E[l/Delta], E[l l^T/Delta] and E[q/Delta].
#[derive(Clone, Copy, Debug)]
pub(crate) struct SampleAverages<T, const A: usize> {
    pub l: Vector<T, A>,
    pub l_squared: Matrix<T, A>,
    pub q: T,
}

/// Coefficients of Delta = 1 + linear . l + l^T square l + noise q.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delta<T, const A: usize> {
    pub linear: Vector<T, A>,
    pub square: Matrix<T, A>,
    pub noise: T,
}

impl<T: Field, const A: usize> Delta<T, A> {
    /// Delta - 1.
    pub fn excess(&self, l: &Vector<f64, A>, q: f64) -> T {
        let mut sum = self.noise * q;
        for i in 0..A {
            sum += self.linear[i] * l[i];
            for j in 0..A {
                sum += self.square[i][j] * (l[i] * l[j]);
            }
        }
        sum
    }
}

impl<const A: usize> Bulk<A> {
    /// Collects what is needed and centres lam(b).
    pub fn new(inputs: &Inputs, groups: Vec<SampleWeights<A>>) -> Self {
        let Inputs { model, samples, neurons } = inputs;
        let mut mean = [0.0; A];
        for group in &groups {
            for (w, l) in samples.weight.iter().zip(&group.l) {
                mean.iter_mut().zip(l).for_each(|(mean, l)| *mean += group.share * w * l);
            }
        }
        let root = model.width.sqrt();
        let rho_1 = model.curvature * model.label_mean;
        let rows = neurons.b.iter().zip(neurons.polynomials.rows());
        let terms: Vec<Vector<f64, A>> = rows.map(|(b, q)| from_fn(|a| b * q[a])).collect();
        let shift = neurons.b.iter().zip(&neurons.rho_2);
        let shift = shift.map(|(b, rho_2)| b * (model.eta_1 * rho_1 + model.eta_2 * rho_2) / root);
        let lam = shift.zip(&terms).map(|(shift, e)| 1.0 + shift - dot(e, &mean)).collect();
        Self {
            phi: model.phi,
            rest: vec![0.0; neurons.b.len()],
            gamma: model.gamma,
            b: neurons.b.clone(),
            b_weight: neurons.weight.clone(),
            lam,
            terms,
            groups,
            weight: samples.weight.clone(),
        }
    }

    /// The isotropic part that gives the rows the variance `variance` besides their part along w.
    pub fn missing(&self, variance: &[f64]) -> Vec<f64> {
        let start = self.start();
        let missing = |(j, variance)| {
            let stretch = self.lam[j] + dot(&self.terms[j], &start.alpha);
            let found = self.row_variance(j, &start) - stretch * stretch;
            // a covariance stays positive
            f64::max(variance - found, -0.9 * self.lam[j].powi(2))
        };
        variance.iter().enumerate().map(missing).collect()
    }

    /// The limit a0 -> 0.
    pub fn start(&self) -> OrderParameters<f64, A> {
        let delta = Delta { linear: [0.0; A], square: [[0.0; A]; A], noise: 0.0 };
        let SampleAverages { l: alpha, l_squared, q } = self.sample_averages(&delta);
        let beta = l_squared.map(|row| row.map(|x| x * self.phi));
        OrderParameters { alpha, beta, chi: q * self.phi }
    }

    /// D(b) at node j: m(b) = a0 D.
    pub fn row_variance<T: Field>(&self, j: usize, order: &OrderParameters<T, A>) -> T {
        let (e, b) = (self.terms[j], self.b[j]);
        let mut stretch = T::real(self.lam[j]);
        let mut rest = order.chi * (b * b);
        for i in 0..A {
            stretch += order.alpha[i] * e[i];
            for k in 0..A {
                rest += order.beta[i][k] * (e[i] * e[k]);
            }
        }
        stretch * stretch + rest + T::real(self.rest[j])
    }

    /// D(b) at every node.
    pub fn row_variances(&self, order: &OrderParameters<f64, A>) -> Vec<f64> {
        (0..self.b.len()).map(|j| self.row_variance(j, order)).collect()
    }

    /// F and f.
    pub fn neuron_averages<T: Field>(
        &self,
        a0: T,
        order: &OrderParameters<T, A>,
    ) -> NeuronAverages<T, A> {
        let zero = T::zero();
        let mut f = NeuronAverages { f_00: zero, f_0: [zero; A], f_m: [[zero; A]; A], f: zero };
        for j in 0..self.b.len() {
            let m = a0 * self.row_variance(j, order);
            let g = T::real(self.gamma * self.b_weight[j]) / (T::one() + m);
            let (lam, b, e) = (self.lam[j], self.b[j], self.terms[j]);
            f.f_00 += g * (lam * lam + self.rest[j]);
            f.f += g * (b * b);
            for i in 0..A {
                f.f_0[i] += g * (lam * e[i]);
                for k in 0..A {
                    f.f_m[i][k] += g * (e[i] * e[k]);
                }
            }
        }
        f
    }

    /// Coefficients of Delta.
    pub fn delta<T: Field>(
        &self,
        a0: T,
        order: &OrderParameters<T, A>,
        f: &NeuronAverages<T, A>,
    ) -> Delta<T, A> {
        let phi = self.phi;
        let stretched = apply(&f.f_m, &order.alpha);
        let inner = product(&product(&f.f_m, &order.beta), &f.f_m);
        let square = a0 * (phi * phi);
        Delta {
            linear: from_fn(|i| a0 * (f.f_0[i] + stretched[i]) * (2.0 * phi)),
            square: from_fn(|i| from_fn(|k| square * (f.f_m[i][k] - a0 * inner[i][k]))),
            noise: square * f.f,
        }
    }

    fn sample_averages<T: Field>(&self, delta: &Delta<T, A>) -> SampleAverages<T, A> {
        let zero = T::zero();
        let (mut l_sum, mut l_squared, mut q_sum) = ([zero; A], [[zero; A]; A], zero);
        for group in &self.groups {
            for ((&w, l), &q) in self.weight.iter().zip(&group.l).zip(&group.q) {
                let share = T::real(group.share * w) / (T::one() + delta.excess(l, q));
                q_sum += share * q;
                for i in 0..A {
                    l_sum[i] += share * l[i];
                    for k in 0..=i {
                        l_squared[i][k] += share * (l[i] * l[k]);
                    }
                }
            }
        }
        let l_squared = from_fn(|i| from_fn(|k| l_squared[i.max(k)][i.min(k)]));
        SampleAverages { l: l_sum, l_squared, q: q_sum }
    }

    /// The right-hand sides of the equations for the order parameters, and z(a0).
    pub fn equations<T: Field>(
        &self,
        a0: T,
        order: &OrderParameters<T, A>,
    ) -> (OrderParameters<T, A>, T) {
        let f = self.neuron_averages(a0, order);
        self.assemble(a0, order, &f, &self.sample_averages(&self.delta(a0, order, &f)))
    }

    /// The same from the averages over neurons and samples.
    pub(super) fn assemble<T: Field>(
        &self,
        a0: T,
        order: &OrderParameters<T, A>,
        f: &NeuronAverages<T, A>,
        samples: &SampleAverages<T, A>,
    ) -> (OrderParameters<T, A>, T) {
        let phi = self.phi;
        let SampleAverages { l, l_squared, q } = *samples;
        let l2f = product(&l_squared, &f.f_m);
        // I + phi a0 E[l l^T/Delta] F'
        let theta: Matrix<T, A> =
            from_fn(|i| from_fn(|k| a0 * l2f[i][k] * phi + T::real(f64::from(i == k))));
        let resolvent = inverse(&theta);
        let turned = apply(&l2f, &order.alpha);
        let source = from_fn(|i| l[i] + a0 * turned[i] * phi);
        let beta = product(&resolvent, &l_squared).map(|row| row.map(|x| x * phi));
        let image = OrderParameters { alpha: apply(&resolvent, &source), beta, chi: q * phi };

        let f_moment = product(&f.f_m, &order.second_moment());
        let fourth = product(&f_moment, &product(&f.f_m, &l_squared));
        let stretched = apply(&f.f_m, &apply(&theta, &order.alpha));
        let trace = |m: &Matrix<T, A>| (0..A).fold(T::zero(), |sum, i| sum + m[i][i]);
        let z = f.f_00
            + dot(&f.f_0, &l) * 2.0
            + (f.f * q + trace(&l2f) - a0 * trace(&fourth)) * phi
            + dot(&order.alpha, &stretched)
            - T::one() / a0;
        (image, z)
    }

    /// By how much packed order parameters `u` miss the equations, and z(a0).
    pub fn residual<T: Field>(&self, a0: T, u: &[T]) -> (Vec<T>, T) {
        let (image, z) = self.equations(a0, &OrderParameters::unpack(u));
        (image.pack().into_iter().zip(u).map(|(image, &u)| image - u).collect(), z)
    }

    /// The order parameters at a0 on the real axis, by Newton's method from `guess`.
    #[cfg(test)]
    pub fn solve(
        &self,
        a0: f64,
        guess: OrderParameters<f64, A>,
    ) -> crate::theory::error::Fallible<OrderParameters<f64, A>> {
        let solution = self.solve_with_slopes(a0, &guess.pack())?;
        Ok(OrderParameters::unpack(&solution.order))
    }

    /// True on the physical branch of the real axis: 1 + m(b) > 0 and Delta > 0 at every node.
    pub fn admissible(&self, a0: f64, order: &OrderParameters<f64, A>) -> bool {
        self.row_variances(order).iter().all(|d| 1.0 + a0 * d > 0.0)
            && self.smallest_delta(a0, order) > 0.0
    }

    /// The least Delta of all samples, at most 1.
    pub(super) fn smallest_delta(&self, a0: f64, order: &OrderParameters<f64, A>) -> f64 {
        let delta = self.delta(a0, order, &self.neuron_averages(a0, order));
        let samples = self.groups.iter().flat_map(|group| group.l.iter().zip(&group.q));
        samples.map(|(l, &q)| 1.0 + delta.excess(l, q)).fold(1.0, f64::min)
    }
}

#[cfg(test)]
mod tests;
