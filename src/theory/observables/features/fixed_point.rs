//! The self-consistent equations of the resolvent, on the real axis or off it, and their tangents
//! (docs/theory.md, (15.7) to (15.12)).
//!
//! Unknowns are the symmetric matrix h (its pairs) and the coefficients l of
//! E_kappa[rho mu_*^2(kappa, b)] = sum_s l_s q_s(b). Everything else follows explicitly.

use super::square_matrix::{Square, difference, dot, product, transposed, unit};
use super::system::FeatureSystem;
use super::weighted_sums::{gram, sums, times};
use crate::numerics::small_matrix::{Field, solve};

/// The equations for some number of samples.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Equations<'a> {
    pub system: &'a FeatureSystem,
    /// m.
    pub samples: f64,
}

/// All quantities of section 15.2 at some (h, l), which need not solve the equations.
#[derive(Clone, Debug)]
pub(crate) struct Point<T> {
    pub lambda: T,
    /// Pairs of h, then l.
    pub unknowns: Vec<T>,
    /// h (15.9).
    pub h: Square<T>,
    /// Q(b) at the types (15.8).
    pub q: Vec<T>,
    /// T (15.9).
    pub t: Square<T>,
    /// delta(kappa) at the sample nodes (15.11).
    pub delta: Vec<T>,
    /// rho(kappa) = 1 / (1 + delta(kappa)).
    pub rho: Vec<T>,
    /// What the equations make of `unknowns`: equal to them at a solution.
    pub image: Vec<T>,
    /// (1 + Gamma T)^{-1}.
    inverse: Square<T>,
}

/// The derivative of the equations at a point.
pub(crate) struct Tangents<T> {
    /// 1 - dF/du, where F is the map of the unknowns.
    matrix: Square<T>,
    /// E_b[Q^2 v v^T] over the type functions v.
    of_types: Square<T>,
    /// E_kappa[rho^2 s s^T] over the sample functions s.
    of_samples: Square<T>,
    /// E_b[Q^2 v].
    squares: Vec<T>,
    /// E_kappa[s].
    means: Vec<T>,
}

/// How a solution moves.
pub(crate) struct Motion<T> {
    /// dQ(b).
    pub q: Vec<T>,
    /// d rho(kappa), without the change of rho that was asked for.
    pub rho: Vec<T>,
    /// dT.
    pub t: Square<T>,
    /// Change of the unknowns.
    pub unknowns: Vec<T>,
}

impl<'a> Equations<'a> {
    /// All quantities at `unknowns`.
    pub fn point<T: Field>(&self, lambda: T, unknowns: Vec<T>) -> Option<Point<T>> {
        let system = self.system;
        let h = self.square(&unknowns);
        let q: Vec<T> = times(&system.type_functions, &self.doubled(&unknowns))
            .into_iter()
            .map(|noise| T::one() / (lambda + noise))
            .collect();
        let moments = sums(&system.type_functions, &system.types.weights, &q);
        let t = self.scaled(&self.square(&moments), system.width / system.dimension);
        let y = {
            let tht = product(&product(&t, &h), &t);
            self.delta_coefficients(&difference(&t, &tht), &moments)
        };
        let delta = times(&system.sample_functions, &y);
        let rho: Vec<T> = delta.iter().map(|&delta| T::one() / (T::one() + delta)).collect();
        let averages = sums(&system.sample_functions, &system.samples.weights, &rho);
        let gamma = self.square(&averages);
        let mut matrix = product(&gamma, &t);
        matrix.iter_mut().enumerate().for_each(|(i, row)| row[i] += T::one());
        let inverse = solve(matrix, unit(gamma.len()))?;
        let mut image = averages;
        self.write_pairs(&product(&inverse, &gamma), &mut image);
        let finite = image.iter().chain(&rho).all(|x| x.abs().is_finite());
        finite.then_some(Point { lambda, unknowns, h, q, t, delta, rho, image, inverse })
    }

    /// The unknowns where Q = `q` for every neuron and rho = 1: a start for large |lambda|.
    pub fn start<T: Field>(&self, q: T) -> Vec<T> {
        let system = self.system;
        let ones = vec![T::one(); system.samples.len()];
        let mut unknowns = sums(&system.sample_functions, &system.samples.weights, &ones);
        let gamma = self.square(&unknowns);
        let of_types =
            sums(&system.type_functions, &system.types.weights, &vec![q; system.types.len()]);
        let t = self.scaled(&self.square(&of_types), system.width / system.dimension);
        let mut matrix = product(&gamma, &t);
        matrix.iter_mut().enumerate().for_each(|(i, row)| row[i] += T::one());
        if let Some(inverse) = solve(matrix, unit(gamma.len())) {
            self.write_pairs(&product(&inverse, &gamma), &mut unknowns);
        }
        unknowns
    }

    /// `rounds` of the iteration, half a step each.
    pub fn damped<T: Field>(
        &self,
        lambda: T,
        mut unknowns: Vec<T>,
        rounds: usize,
    ) -> Option<Vec<T>> {
        for _ in 0..rounds {
            let point = self.point(lambda, unknowns)?;
            let halves = point.unknowns.iter().zip(&point.image);
            unknowns = halves.map(|(&x, &y)| (x + y) * 0.5).collect();
        }
        Some(unknowns)
    }

    /// The solution near `start`, by Newton's method; `None` when the steps do not become short. A
    /// derivative is used again as long as every step is a small part of the one before.
    pub fn newton<T: Field>(&self, lambda: T, start: Vec<T>) -> Option<Point<T>> {
        let mut point = self.point(lambda, start)?;
        let mut matrix = None;
        let mut before = f64::INFINITY;
        for _ in 0..24 {
            let fresh = matrix.is_none();
            let slope = matrix.take().unwrap_or_else(|| self.tangents(&point).matrix);
            let residual = point.image.iter().zip(&point.unknowns).map(|(&f, &u)| vec![f - u]);
            let step = solve(slope.clone(), residual.collect())?;
            let next: Vec<T> = point.unknowns.iter().zip(&step).map(|(&u, s)| u + s[0]).collect();
            let length = self.relative_length(&step, &next);
            if length.is_nan() || length > 1e3 {
                return None;
            }
            point = self.point(lambda, next)?;
            // what is left is of the order of length^2, or of length times the last ratio
            let ratio = if fresh { length } else { length / before };
            if length * ratio.min(1.0) < 1e-10 {
                return Some(point);
            }
            if ratio < 0.1 {
                matrix = Some(slope);
            }
            before = length;
        }
        None
    }

    /// Size of a step over that of the unknowns, within h and within l, which are of different size.
    fn relative_length<T: Field>(&self, step: &[Vec<T>], unknowns: &[T]) -> f64 {
        let pairs = self.system.pairs.len();
        let size = |list: &mut dyn Iterator<Item = T>| list.fold(0.0, |m: f64, x| m.max(x.abs()));
        let relative = |range: std::ops::Range<usize>| {
            let long = size(&mut step[range.clone()].iter().map(|s| s[0]));
            let whole = size(&mut unknowns[range].iter().copied());
            if long == 0.0 { 0.0 } else { long / whole }
        };
        relative(0..pairs).max(relative(pairs..unknowns.len()))
    }

    /// The derivative of the equations at `point`.
    pub fn tangents<T: Field>(&self, point: &Point<T>) -> Tangents<T> {
        let system = self.system;
        let (q, rho) = (&point.q, &point.rho);
        let squared = |list: &[T]| list.iter().map(|&x| x * x).collect::<Vec<T>>();
        let ones = vec![T::one(); rho.len()];
        let mut tangents = Tangents {
            matrix: Vec::new(),
            of_types: gram(&system.type_functions, &system.types.weights, &squared(q)),
            of_samples: gram(&system.sample_functions, &system.samples.weights, &squared(rho)),
            squares: sums(&system.type_functions, &system.types.weights, &squared(q)),
            means: sums(&system.sample_functions, &system.samples.weights, &ones),
        };
        let n = system.unknowns();
        let mut matrix = unit(n);
        for k in 0..n {
            let mut step = vec![T::zero(); n];
            step[k] = T::one();
            let (image, _, _) = self.linear(point, &tangents, &step, T::zero(), T::zero());
            matrix.iter_mut().zip(image).for_each(|(row, x)| row[k] = row[k] - x);
        }
        tangents.matrix = matrix;
        tangents
    }

    /// The motion of the solution `point` when lambda moves by `lambda`, and every rho by `rho`
    /// (15.18).
    pub fn motion<T: Field>(
        &self,
        point: &Point<T>,
        tangents: &Tangents<T>,
        lambda: T,
        rho: T,
    ) -> Option<Motion<T>> {
        let system = self.system;
        let still = vec![T::zero(); system.unknowns()];
        let (forced, _, _) = self.linear(point, tangents, &still, lambda, rho);
        let step = solve(tangents.matrix.clone(), forced.into_iter().map(|x| vec![x]).collect())?;
        let unknowns: Vec<T> = step.into_iter().map(|x| x[0]).collect();
        let (_, y, t) = self.linear(point, tangents, &unknowns, lambda, rho);
        let noise = times(&system.type_functions, &self.doubled(&unknowns));
        let q = point.q.iter().zip(noise).map(|(&q, noise)| -(q * q * (noise + lambda)));
        let delta = times(&system.sample_functions, &y);
        let rho = point.rho.iter().zip(delta).map(|(&rho, delta)| -(rho * rho * delta));
        Some(Motion { q: q.collect(), rho: rho.collect(), t, unknowns })
    }

    /// The change of the image, of the coefficients of delta, and of T, for a change of the unknowns,
    /// of lambda and of every rho.
    fn linear<T: Field>(
        &self,
        point: &Point<T>,
        tangents: &Tangents<T>,
        step: &[T],
        lambda: T,
        rho: T,
    ) -> (Vec<T>, Vec<T>, Square<T>) {
        let system = self.system;
        let doubled = self.doubled(step);
        let moments: Vec<T> = (tangents.of_types.iter().zip(&tangents.squares))
            .map(|(row, &square)| -(dot(row, &doubled) + square * lambda))
            .collect();
        let d_t = self.scaled(&self.square(&moments), system.width / system.dimension);
        let (t, h) = (&point.t, &point.h);
        // d(T - T h T)
        let ht = product(h, t);
        let left = product(&d_t, &ht);
        let middle = product(&product(t, &self.square(step)), t);
        let n = d_t.len();
        let d_y: Square<T> = (0..n)
            .map(|i| (0..n).map(|j| d_t[i][j] - left[i][j] - middle[i][j] - left[j][i]).collect())
            .collect();
        let y = self.delta_coefficients(&d_y, &moments);
        let mut image: Vec<T> = (tangents.of_samples.iter().zip(&tangents.means))
            .map(|(row, &mean)| mean * rho - dot(row, &y))
            .collect();
        // d(Gamma^{-1} + T)^{-1} = P dGamma P^T - h' dT h', with P = (1 + Gamma T)^{-1}, h' = P Gamma
        let p = &point.inverse;
        let by_gamma = product(&product(p, &self.square(&image)), &transposed(p));
        let new_h = self.square(&point.image);
        let by_t = product(&product(&new_h, &d_t), &new_h);
        self.write_pairs(&difference(&by_gamma, &by_t), &mut image);
        (image, y, d_t)
    }

    /// Coefficients of delta on the sample functions, from T - T h T and the averages E_b[q Q] (15.11).
    fn delta_coefficients<T: Field>(&self, y: &Square<T>, moments: &[T]) -> Vec<T> {
        let system = self.system;
        let linear = system.pairs.iter().zip(&system.multiplicity);
        let linear = linear.map(|(&(a, c), m)| (y[a][c] + y[c][a]) * (0.5 * m * system.dimension));
        let rest = moments[system.pairs.len()..].iter().map(|&x| x * system.width);
        linear.chain(rest).map(|x| x * (1.0 / self.samples)).collect()
    }

    /// A symmetric matrix from its pairs, the first entries of `list`.
    fn square<T: Field>(&self, list: &[T]) -> Square<T> {
        let n = self.system.slope.len();
        let mut square = vec![vec![T::zero(); n]; n];
        for (&(a, c), &x) in self.system.pairs.iter().zip(list) {
            square[a][c] = x;
            square[c][a] = x;
        }
        square
    }

    /// Writes the pairs of a symmetric matrix to the head of `list`.
    fn write_pairs<T: Field>(&self, square: &Square<T>, list: &mut [T]) {
        for (&(a, c), x) in self.system.pairs.iter().zip(list) {
            *x = (square[a][c] + square[c][a]) * 0.5;
        }
    }

    /// The unknowns with pairs counted as often as they occur.
    fn doubled<T: Field>(&self, list: &[T]) -> Vec<T> {
        let often = self.system.multiplicity.iter().copied().chain(std::iter::repeat(1.0));
        list.iter().zip(often).map(|(&x, m)| x * m).collect()
    }

    fn scaled<T: Field>(&self, square: &Square<T>, by: f64) -> Square<T> {
        square.iter().map(|row| row.iter().map(|&x| x * by).collect()).collect()
    }
}
