//! What is learned: kernel ridge regression with the functions Psi of the sample (docs/theory.md,
//! section 15.3).

use super::fixed_point::{Equations, Motion, Point};
use super::square_matrix::{Square, dot, product};
use super::weighted_sums::{gram, sums, times};
use crate::numerics::small_matrix::{Field, solve};

impl Equations<'_> {
    /// Theta = E[rho Psi Psi^T] (15.14).
    pub fn theta<T: Field>(&self, rho: &[T]) -> Square<T> {
        gram(&self.system.psi, &self.system.samples.weights, rho)
    }

    /// G (15.14) from Q and T; linear in both, so that it gives its change from theirs as well.
    pub fn g<T: Field>(&self, q: &[T], t: &Square<T>) -> Square<T> {
        let system = self.system;
        let known = system.mean.len();
        let block = gram(&system.mean.right, &system.types.weights, q);
        let size = system.psi.ncols();
        let mut g = vec![vec![T::zero(); size]; size];
        for i in 0..known {
            for j in 0..known {
                g[i][j] = block[i][j] * system.width;
            }
        }
        let count = t.len();
        for first in (known..size).step_by(count.max(1)) {
            for i in 0..count {
                g[first + i][first..first + count].copy_from_slice(&t[i]);
            }
        }
        g
    }

    /// The regression on Psi at a solution.
    pub fn fit<T: Field>(&self, point: &Point<T>) -> Option<Fit<T>> {
        let system = self.system;
        let samples = &system.samples;
        let labelled: Vec<T> =
            point.rho.iter().zip(&samples.label).map(|(&rho, &y)| rho * y).collect();
        let c = sums(&system.psi, &samples.weights, &labelled);
        let g = self.g(&point.q, &point.t);
        let mut matrix = product(&self.theta(&point.rho), &g);
        matrix.iter_mut().enumerate().for_each(|(i, row)| row[i] += T::one());
        let dual = solve(matrix, c.iter().map(|&c| vec![c]).collect())?;
        let dual: Vec<T> = dual.into_iter().map(|x| x[0]).collect();
        let coefficients: Vec<T> = g.iter().map(|row| dot(row, &dual)).collect();
        let prediction = times(&system.psi, &coefficients);
        let misfit: Vec<T> = (prediction.iter().zip(&samples.label))
            .map(|(&f, &y)| (T::real(y) - f) * (T::real(y) - f) + T::real(samples.noise))
            .collect();
        // L = E[rho y^2] - c^T (G^{-1} + Theta)^{-1} c
        let square = |((&y, &w), &rho): ((&f64, &f64), &T)| rho * (w * (y * y + samples.noise));
        let each = samples.label.iter().zip(&samples.weights).zip(&point.rho).map(square);
        let objective = each.fold(T::zero(), |sum, x| sum + x) - dot(&c, &coefficients);
        Some(Fit { objective, misfit, dual })
    }
}

/// The regression on Psi.
pub(crate) struct Fit<T> {
    /// L (15.16), the minimum of the training objective.
    pub objective: T,
    /// E[(y - f)^2 | kappa] at the sample nodes.
    pub misfit: Vec<T>,
    /// G^{-1} (G^{-1} + Theta)^{-1} c.
    pub dual: Vec<T>,
}

impl<T: Field> Fit<T> {
    /// dL for a motion of the solution in which every rho moves by `rho` more (15.19).
    pub fn change(&self, equations: &Equations<'_>, motion: &Motion<T>, rho: T) -> T {
        let system = equations.system;
        let weights = system.samples.weights.iter().zip(&self.misfit).zip(&motion.rho);
        let samples = weights.fold(T::zero(), |sum, ((&w, &misfit), &d)| sum + misfit * (d + rho) * w);
        let d_g = equations.g(&motion.q, &motion.t);
        d_g.iter().zip(&self.dual).fold(samples, |sum, (row, &x)| sum - x * dot(row, &self.dual))
    }
}
