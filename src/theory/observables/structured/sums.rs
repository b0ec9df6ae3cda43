//! Sums over the samples that make up T(z) (docs/theory.md, sections 10.5 and 10.8).
//!
//! Equations: docs/theory.md, (10.25) to (10.28), with groups of samples (12.10) to (12.14).

use super::bulk::{Bulk, Delta, Moments};
use super::curve::Point;
use super::spikes::{Members, Spikes};
use super::weights::Group;
use crate::numerics::graded::positive_inverse;
use crate::numerics::small_matrix::{Matrix, Vector, apply, dot, inverse};
use ndarray::Array2;

/// What all samples share at one point of the curve.
pub(crate) struct Local<const A: usize> {
    pub a0: f64,
    pub f: Moments<f64, A>,
    delta: Delta<f64, A>,
    alpha: Vector<f64, A>,
    /// (beta + alpha alpha^T).
    second: Matrix<f64, A>,
    /// G, (A + 1) x (A + 1).
    g: Array2<f64>,
}

impl<const A: usize> Local<A> {
    pub fn new(bulk: &Bulk<A>, point: &Point<A>) -> Self {
        let a0 = -point.x.exp();
        let f = bulk.moments(a0, &point.shape);
        let delta = bulk.delta(a0, &point.shape, &f);
        let (alpha, beta) = (point.shape.alpha, point.shape.beta);
        let second: Matrix<f64, A> =
            std::array::from_fn(|i| std::array::from_fn(|k| beta[i][k] + alpha[i] * alpha[k]));
        let f_inverse = inverse(&f.f_m);
        let g = Array2::from_shape_fn((A + 1, A + 1), |(i, k)| match (i, k) {
            (0, 0) => a0,
            (0, a) | (a, 0) => a0 * alpha[a - 1],
            (i, k) => a0 * second[i - 1][k - 1] - f_inverse[i - 1][k - 1],
        });
        Self { a0, f, delta, alpha, second, g }
    }
}

/// The sums over the groups, each with its share.
pub(crate) struct Sums {
    /// E[Z Z^T (x) Theta].
    pub l: Array2<f64>,
    /// E[Z y (x) Omega Psi] over the first batch.
    pub v_y: Array2<f64>,
    /// E[y^2 Psi] over the first batch.
    pub y: Array2<f64>,
    /// E[Z u_k (x) (I - Omega Psi) e_0] over the second batch: R x parallel.
    pub u: Array2<f64>,
    /// E[y u_k Psi e_0] over samples in both: R x (A + 1).
    pub yu: Array2<f64>,
    /// E[u_k u_l Psi_00] over the second batch.
    pub perp: Array2<f64>,
}

impl Spikes {
    /// One pass over the nodes of every group.
    pub(crate) fn sums<const A: usize>(&self, bulk: &Bulk<A>, local: &Local<A>) -> Sums {
        let (directions, m, r) = (self.directions(), A + 1, self.count());
        let mut sums = Sums::zero(directions * m, m, r);
        for (group, members) in bulk.groups.iter().zip(&self.groups) {
            self.add(&mut sums, bulk, local, group, members);
        }
        sums.complete(directions, m);
        sums
    }

    fn add<const A: usize>(
        &self,
        sums: &mut Sums,
        bulk: &Bulk<A>,
        local: &Local<A>,
        group: &Group<A>,
        members: &Members,
    ) {
        let (phi, a0, m) = (bulk.phi, local.a0, A + 1);
        let (directions, r) = (self.directions(), self.count());
        let z_all = self.coordinates(members);
        let mut theta = Array2::zeros((m, m));
        let mut start = vec![0.0; m];
        let mut psi_0 = vec![0.0; m];
        for i in 0..self.weight.len() {
            let (l, q, y) = (&group.l[i], group.q[i], self.label[i]);
            let rest = local.delta.excess(l, q);
            let w = group.share * self.weight[i] / (1.0 + rest);
            let v = apply(&local.f.f_m, l);
            let bv = apply(&local.second, &v);
            let x = phi * a0 * dot(&local.alpha, &v);
            let p = 2.0 * dot(&local.f.f_0, l) + local.f.f * phi * q;
            // Theta, (I - Omega Psi) e_0 and Psi e_0, all times Delta.
            theta[[0, 0]] = p + phi * (dot(l, &v) - a0 * dot(&v, &bv));
            start[0] = 1.0 + x;
            psi_0[0] = phi * a0;
            for a in 0..A {
                theta[[0, a + 1]] = (1.0 + x) * v[a];
                theta[[a + 1, 0]] = (1.0 + x) * v[a];
                for b in 0..A {
                    theta[[a + 1, b + 1]] = -phi * a0 * v[a] * v[b];
                }
                start[a + 1] = -phi * a0 * v[a];
                psi_0[a + 1] = phi * a0 * (local.alpha[a] * (1.0 + x) - phi * (a0 * bv[a] - l[a]));
            }
            let z = z_all.row(i);
            for d in 0..directions {
                for e in 0..=d {
                    let share = w * z[d] * z[e];
                    for a in 0..m {
                        for b in 0..m {
                            sums.l[[d * m + a, e * m + b]] += share * theta[[a, b]];
                        }
                    }
                }
            }
            if members.first {
                // Omega Psi = Theta phi G; its first column without cancellation.
                let mut op = theta.dot(&local.g) * phi;
                op[[0, 0]] = rest - x;
                for a in 0..A {
                    op[[a + 1, 0]] = phi * a0 * v[a];
                }
                for d in 0..directions {
                    for a in 0..m {
                        for b in 0..m {
                            sums.v_y[[d * m + a, b]] += w * y * z[d] * op[[a, b]];
                        }
                    }
                }
                let square = w * y * y;
                for (a, psi) in psi_0.iter().enumerate() {
                    sums.y[[a, 0]] += square * psi;
                    for b in 1..m {
                        // Psi = phi G (I - Omega Psi).
                        let turned: f64 = (0..m).map(|c| local.g[[a, c]] * op[[c, b]]).sum();
                        sums.y[[a, b]] += square * phi * (local.g[[a, b]] * (1.0 + rest) - turned);
                    }
                }
            }
            if let Some(u) = &members.u {
                let u = u.row(i);
                for k in 0..r {
                    let share = w * u[k];
                    for d in 0..directions {
                        for (a, start) in start.iter().enumerate() {
                            sums.u[[k, d * m + a]] += share * z[d] * start;
                        }
                    }
                    for j in 0..=k {
                        sums.perp[[k, j]] += share * u[j] * psi_0[0];
                    }
                    if members.first {
                        for (a, psi) in psi_0.iter().enumerate() {
                            sums.yu[[k, a]] += share * y * psi;
                        }
                    }
                }
            }
        }
    }
}

impl Sums {
    fn zero(parallel: usize, m: usize, r: usize) -> Self {
        Self {
            l: Array2::zeros((parallel, parallel)),
            v_y: Array2::zeros((parallel, m)),
            y: Array2::zeros((m, m)),
            u: Array2::zeros((r, parallel)),
            yu: Array2::zeros((r, m)),
            perp: Array2::zeros((r, r)),
        }
    }

    /// Upper triangles from the lower ones.
    fn complete(&mut self, directions: usize, m: usize) {
        for d in 0..directions {
            for e in 0..d {
                for a in 0..m {
                    for b in 0..m {
                        self.l[[e * m + b, d * m + a]] = self.l[[d * m + a, e * m + b]];
                    }
                }
            }
        }
        let r = self.perp.nrows();
        for k in 0..r {
            for j in 0..k {
                self.perp[[j, k]] = self.perp[[k, j]];
            }
        }
        // Psi is symmetric; its first column is the accurate one.
        for b in 1..m {
            self.y[[0, b]] = self.y[[b, 0]];
        }
    }
}

/// Inverse of a negative definite matrix, equilibrated: its entries may differ by the size of z.
pub(crate) fn negative_inverse(matrix: &Array2<f64>) -> Option<Array2<f64>> {
    let n = matrix.nrows();
    let scale: Vec<f64> = (0..n).map(|i| 1.0 / (-matrix[[i, i]]).sqrt()).collect();
    let scaled = Array2::from_shape_fn((n, n), |(i, k)| {
        -0.5 * (matrix[[i, k]] + matrix[[k, i]]) * scale[i] * scale[k]
    });
    let inverse = positive_inverse(&scaled)?;
    Some(Array2::from_shape_fn((n, n), |(i, k)| -inverse[[i, k]] * scale[i] * scale[k]))
}
