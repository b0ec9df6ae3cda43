//! The bulk: equations for (alpha, beta, chi) at given a0 = G_00, and z as an explicit function of
//! them (docs/theory.md, sections 10.4 and 10.8).
//!
//! Equations: docs/theory.md, (10.14) to (10.22), with several terms (10.39) to (10.47);
//! sums over groups of samples (12.10).

use super::input::{Model, NeuronTable, SampleTable};
use super::shape::Shape;
use super::weights::Group;
use crate::numerics::small_matrix::{Field, Matrix, Vector, apply, dot, inverse, product, solve};
use crate::theory::error::PredictionError;

/// Everything the bulk depends on.
#[derive(Clone, Debug)]
pub(crate) struct Bulk<const A: usize> {
    pub phi: f64,
    pub gamma: f64,
    pub b: Vec<f64>,
    pub b_weight: Vec<f64>,
    /// lam(b).
    pub lam: Vec<f64>,
    /// Isotropic part of the row variance: what the weights of the samples, averaged over b, lack.
    pub rest: Vec<f64>,
    /// b q_a(b).
    pub terms: Vec<Vector<f64, A>>,
    pub groups: Vec<Group<A>>,
    pub weight: Vec<f64>,
}

/// F = gamma E_b[e e^T/(1 + m)] with e = (lam, b q_0, b q_1, ...), and f = gamma E_b[b^2/(1 + m)].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moments<T, const A: usize> {
    pub f_00: T,
    pub f_0: Vector<T, A>,
    pub f_m: Matrix<T, A>,
    pub f: T,
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
            sum = sum + self.linear[i] * l[i];
            for j in 0..A {
                sum = sum + self.square[i][j] * (l[i] * l[j]);
            }
        }
        sum
    }
}

/// sum over groups of their share times E[(l, l l^T, q)/Delta].
struct Sums<T, const A: usize> {
    l: Vector<T, A>,
    l2: Matrix<T, A>,
    q: T,
}

impl<const A: usize> Bulk<A> {
    /// Collects what is needed and centres lam(b).
    pub fn new(
        model: &Model,
        samples: &SampleTable,
        neurons: &NeuronTable,
        groups: Vec<Group<A>>,
    ) -> Self {
        let mut mean = [0.0; A];
        for group in &groups {
            for (w, l) in samples.weight.iter().zip(&group.l) {
                mean.iter_mut().zip(l).for_each(|(mean, l)| *mean += group.share * w * l);
            }
        }
        let root = model.width.sqrt();
        let rho_1 = model.curvature * model.label_mean;
        let terms: Vec<Vector<f64, A>> = (0..neurons.b.len())
            .map(|j| std::array::from_fn(|a| neurons.b[j] * neurons.polynomials[[j, a]]))
            .collect();
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
        let shape = self.start();
        let parts = variance.iter().enumerate().map(|(j, variance)| {
            let stretch = self.lam[j] + dot(&self.terms[j], &shape.alpha);
            let found = self.row(j, &shape) - stretch * stretch;
            // a covariance stays positive
            (variance - found).max(-0.9 * self.lam[j].powi(2))
        });
        parts.collect()
    }

    /// The limit a0 -> 0.
    pub fn start(&self) -> Shape<f64, A> {
        let delta = Delta { linear: [0.0; A], square: [[0.0; A]; A], noise: 0.0 };
        let sums = self.sums(&delta);
        let beta = sums.l2.map(|row| row.map(|x| x * self.phi));
        Shape { alpha: sums.l, beta, chi: sums.q * self.phi }
    }

    /// Largest effective row variance at a0 -> 0.
    pub fn scale(&self) -> f64 {
        let shape = self.start();
        (0..self.b.len()).map(|j| self.row(j, &shape)).fold(1e-300, f64::max)
    }

    /// Effective D(b) at node j: m(b) = a0 D.
    pub fn row<T: Field>(&self, j: usize, shape: &Shape<T, A>) -> T {
        let (e, b) = (self.terms[j], self.b[j]);
        let mut stretch = T::real(self.lam[j]);
        let mut rest = shape.chi * (b * b);
        for i in 0..A {
            stretch = stretch + shape.alpha[i] * e[i];
            for k in 0..A {
                rest = rest + shape.beta[i][k] * (e[i] * e[k]);
            }
        }
        stretch * stretch + rest + T::real(self.rest[j])
    }

    /// F and f.
    pub fn moments<T: Field>(&self, a0: T, shape: &Shape<T, A>) -> Moments<T, A> {
        let zero = T::real(0.0);
        let mut f = Moments { f_00: zero, f_0: [zero; A], f_m: [[zero; A]; A], f: zero };
        for j in 0..self.b.len() {
            let g =
                T::real(self.gamma * self.b_weight[j]) / (T::real(1.0) + a0 * self.row(j, shape));
            let (lam, b, e) = (self.lam[j], self.b[j], self.terms[j]);
            f.f_00 = f.f_00 + g * (lam * lam + self.rest[j]);
            f.f = f.f + g * (b * b);
            for i in 0..A {
                f.f_0[i] = f.f_0[i] + g * (lam * e[i]);
                for k in 0..A {
                    f.f_m[i][k] = f.f_m[i][k] + g * (e[i] * e[k]);
                }
            }
        }
        f
    }

    /// Coefficients of Delta.
    pub fn delta<T: Field>(&self, a0: T, shape: &Shape<T, A>, f: &Moments<T, A>) -> Delta<T, A> {
        let phi = self.phi;
        let stretched = apply(&f.f_m, &shape.alpha);
        let inner = product(&product(&f.f_m, &shape.beta), &f.f_m);
        let square = a0 * (phi * phi);
        Delta {
            linear: std::array::from_fn(|i| a0 * (f.f_0[i] + stretched[i]) * (2.0 * phi)),
            square: std::array::from_fn(|i| {
                std::array::from_fn(|k| square * (f.f_m[i][k] - a0 * inner[i][k]))
            }),
            noise: square * f.f,
        }
    }

    fn sums<T: Field>(&self, delta: &Delta<T, A>) -> Sums<T, A> {
        let zero = T::real(0.0);
        let mut sums = Sums { l: [zero; A], l2: [[zero; A]; A], q: zero };
        for group in &self.groups {
            for ((&w, l), &q) in self.weight.iter().zip(&group.l).zip(&group.q) {
                let share = T::real(group.share * w) / (T::real(1.0) + delta.excess(l, q));
                sums.q = sums.q + share * q;
                for i in 0..A {
                    sums.l[i] = sums.l[i] + share * l[i];
                    for k in 0..=i {
                        sums.l2[i][k] = sums.l2[i][k] + share * (l[i] * l[k]);
                    }
                }
            }
        }
        for i in 0..A {
            for k in 0..i {
                sums.l2[k][i] = sums.l2[i][k];
            }
        }
        sums
    }

    /// I + phi a0 E[l l^T/Delta] F'.
    fn theta<T: Field>(&self, a0: T, l2f: &Matrix<T, A>) -> Matrix<T, A> {
        std::array::from_fn(|i| {
            std::array::from_fn(|k| a0 * l2f[i][k] * self.phi + T::real(f64::from(i == k)))
        })
    }

    /// Right-hand sides of the equations.
    pub fn map<T: Field>(&self, a0: T, shape: &Shape<T, A>) -> Shape<T, A> {
        let f = self.moments(a0, shape);
        let sums = self.sums(&self.delta(a0, shape, &f));
        let l2f = product(&sums.l2, &f.f_m);
        let resolvent = inverse(&self.theta(a0, &l2f));
        let turned = apply(&l2f, &shape.alpha);
        let source = std::array::from_fn(|i| sums.l[i] + a0 * turned[i] * self.phi);
        let beta = product(&resolvent, &sums.l2).map(|row| row.map(|x| x * self.phi));
        Shape { alpha: apply(&resolvent, &source), beta, chi: sums.q * self.phi }
    }

    /// z(a0).
    pub fn z<T: Field>(&self, a0: T, shape: &Shape<T, A>) -> T {
        let f = self.moments(a0, shape);
        let sums = self.sums(&self.delta(a0, shape, &f));
        let phi = self.phi;
        let l2f = product(&sums.l2, &f.f_m);
        let second = std::array::from_fn(|i| {
            std::array::from_fn(|k| shape.beta[i][k] + shape.alpha[i] * shape.alpha[k])
        });
        let fourth = product(&product(&f.f_m, &second), &product(&f.f_m, &sums.l2));
        let theta = self.theta(a0, &l2f);
        let stretched = apply(&f.f_m, &apply(&theta, &shape.alpha));
        let trace = |m: &Matrix<T, A>| (0..A).fold(T::real(0.0), |sum, i| sum + m[i][i]);
        f.f_00
            + dot(&f.f_0, &sums.l) * 2.0
            + (f.f * sums.q + trace(&l2f) - a0 * trace(&fourth)) * phi
            + dot(&shape.alpha, &stretched)
            - T::real(1.0) / a0
    }

    /// Newton's method from `guess`.
    pub fn solve<T: Field>(
        &self,
        a0: T,
        guess: Shape<T, A>,
    ) -> Result<Shape<T, A>, PredictionError> {
        let failed = || PredictionError::NotConverged { near: a0.modulus() };
        let residual = |u: &[T]| -> Vec<T> {
            let image = self.map(a0, &Shape::unpack(u)).pack();
            image.into_iter().zip(u).map(|(image, &u)| image - u).collect()
        };
        let mut u = guess.pack();
        let n = u.len();
        let mut before = f64::INFINITY;
        let mut jacobian = Vec::new();
        for _ in 0..60 {
            let here = residual(&u);
            let size = u.iter().fold(1e-3, |size: f64, x| size.max(x.modulus()));
            if jacobian.is_empty() {
                jacobian = vec![vec![T::real(0.0); n]; n];
                for j in 0..n {
                    let h = 1e-7 * u[j].modulus().max(1e-3 * size);
                    let mut moved = u.clone();
                    moved[j] = moved[j] + T::real(h);
                    for (i, there) in residual(&moved).into_iter().enumerate() {
                        jacobian[i][j] = (there - here[i]) * (1.0 / h);
                    }
                }
            }
            let rhs = here.iter().map(|&x| vec![-x]).collect();
            let step = solve(jacobian.clone(), rhs).ok_or_else(failed)?;
            let length = step.iter().fold(0.0, |length: f64, x| length.max(x[0].modulus())) / size;
            if !length.is_finite() {
                return Err(failed());
            }
            u.iter_mut().zip(&step).for_each(|(x, dx)| *x = *x + dx[0]);
            if length < 1e-13 || (length < 1e-9 && length >= before) {
                return Ok(Shape::unpack(&u));
            }
            // The Jacobian serves as long as every step is at most a hundredth of the one before.
            if length > 0.01 * before || before.is_infinite() && length > 1e-3 {
                jacobian.clear();
            }
            before = length;
        }
        Err(failed())
    }

    /// True on the physical branch of the real axis: 1 + m(b) > 0 and Delta > 0 at every node.
    pub fn admissible(&self, a0: f64, shape: &Shape<f64, A>) -> bool {
        let positive = (0..self.b.len()).all(|j| 1.0 + a0 * self.row(j, shape) > 0.0);
        let delta = self.delta(a0, shape, &self.moments(a0, shape));
        let inside = |group: &Group<A>| {
            group.l.iter().zip(&group.q).all(|(l, &q)| 1.0 + delta.excess(l, q) > 0.0)
        };
        positive && self.groups.iter().all(inside)
    }
}

#[cfg(test)]
#[path = "bulk_tests.rs"]
mod tests;
