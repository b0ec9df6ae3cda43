//! Noise functions and right vectors of two directions against sums over the nodes, with the
//! averages in closed form (`test_quadratic`).

use super::RightVectors;
use crate::data::Target;
use crate::theory::dynamics::nodes::Nodes;
use crate::theory::dynamics::test_quadratic::{C, Reduced, problem};
use crate::theory::problem::Problem;

fn nodes() -> Nodes {
    Nodes { target: [20, 12, 6], noise: 2, label_width: 0.0, ..Nodes::new(1.0) }
}

/// Calls `f` with share, first, weight, z*, y, zeta, s of every node that a second step sees.
fn sum(reduced: &Reduced, f: impl Fn(bool, [f64; 3], f64, f64, f64) -> f64) -> f64 {
    let setup = &reduced.setup;
    let mut sum = 0.0;
    for node in &setup.labels.nodes {
        for (e, noise_weight) in setup.labels.noise.iter() {
            for (zeta, w) in setup.orthogonal.iter() {
                let weight = node.weight * noise_weight * w;
                let (y, s) = (node.link + e, setup.s(node, zeta));
                for (share, reused) in [(0.4, true), (0.6, false)] {
                    sum += share * weight * f(reused, node.z, y, zeta, s);
                }
            }
        }
    }
    sum
}

fn close(found: f64, exact: f64, name: &str) {
    assert!((found - exact).abs() < 1e-7 * exact.abs().max(1.0), "{name}: {found} {exact}");
}

/// rho_2, tau_2^2 and kappa (5.13) to (5.15), and with weights z*_i z*_j (8.6).
fn noise_by_pairs(problem: &Problem, p: usize) {
    let reduced = Reduced::new(problem, nodes());
    let vectors = RightVectors::new(&reduced.setup, &reduced.law, &reduced.groups(), true);
    let step = reduced.setup.step;
    let phi = step.phi;
    assert_eq!(vectors.noise.len(), 1 + p * p);
    let pairs = (0..p).flat_map(|i| (0..p).map(move |j| Some((i, j))));
    for (found, pair) in vectors.noise.iter().zip(std::iter::once(None).chain(pairs)) {
        for (i, &b) in reduced.law.coarse.iter().enumerate() {
            let [rho_2, tau_2, kappa, echo] = [0, 1, 2, 3].map(|which| {
                sum(&reduced, |reused, z, y, _, s| {
                    let at = reduced.averages(b, y, s, reused);
                    let r = reduced.residual(y, s, reused);
                    let value = match which {
                        0 => r * at.linear,
                        1 => phi * r * r * at.variance,
                        2 => phi * r * y * at.covariance,
                        // sigma'' = 2 C
                        _ => r * 2.0 * C * (step.unit * b * step.tau).powi(2),
                    };
                    value * pair.map_or(1.0, |(i, j)| z[i] * z[j])
                })
            });
            close(found.rho_2[i], rho_2, "rho_2");
            close(found.tau_2_squared[i], tau_2, "tau_2^2");
            close(found.kappa[i], kappa, "kappa");
            close(found.echo[i], echo, "echo");
        }
    }
}

#[test]
fn noise_weighted_by_pairs() {
    noise_by_pairs(&problem(), 2);
    let signs = |z: &[f64]| z[0].signum() + 0.5 * z[1].signum() - 0.25 * z[2].signum() + 0.3;
    let target = Target::multi_index("signs", 3, signs);
    noise_by_pairs(&Problem { target, ..problem() }, 3);
}

/// <v_k, beta*_i> and the Gram matrix (12.7), here with v_k = eta_2 E[r S_k x] and what step one
/// adds to v_0.
#[test]
fn right_vectors_of_two_directions() {
    let problem = problem();
    let reduced = Reduced::new(&problem, nodes());
    let vectors = RightVectors::new(&reduced.setup, &reduced.law, &reduced.groups(), false);
    let [eta_1, eta_2] = problem.first_two();
    let (law, labels) = (&reduced.law, &reduced.setup.labels);
    let step = reduced.setup.step;
    let phi = step.phi;
    let s_k = |k: usize, y: f64, s: f64, reused: bool| {
        let q = |b: f64| law.polynomials[[law.fine.nodes.iter().position(|x| *x == b).unwrap(), k]];
        reduced.mean(2, |b| q(b) * reduced.averages(b, y, s, reused).slope)
    };
    let r_s = |k: usize, y: f64, s: f64, reused: bool| {
        reduced.residual(y, s, reused) * s_k(k, y, s, reused)
    };
    let spread = (phi * labels.second_moment).sqrt();
    let first = |k: usize, c: f64| if k == 0 { eta_1 * step.c_1 * law.scale * c } else { 0.0 };
    // along z*_0, z*_1 and the rest of beta_1, where samples of the first batch have phi y / spread
    // on top
    let mut along = [[0.0; 3]; 2];
    for (k, along) in along.iter_mut().enumerate() {
        for i in 0..2 {
            let mean = sum(&reduced, |reused, z, y, _, s| r_s(k, y, s, reused) * z[i]);
            along[i] = eta_2 * mean + first(k, labels.linear[i]);
            close(vectors.coordinates[[k, i]], along[i], "target");
        }
        let mean = sum(&reduced, |reused, _, y, zeta, s| {
            let lift = if reused { phi * y / spread } else { 0.0 };
            r_s(k, y, s, reused) * (zeta + lift)
        });
        along[2] = eta_2 * mean + first(k, spread);
    }
    let gram = vectors.coordinates.dot(&vectors.coordinates.t());
    let with_label = [0, 1].map(|k| {
        sum(&reduced, |reused, _, y, _, s| if reused { r_s(k, y, s, true) * y } else { 0.0 })
    });
    for (k, l) in [(0, 0), (0, 1), (1, 1)] {
        let square =
            sum(&reduced, |reused, _, y, _, s| r_s(k, y, s, reused) * r_s(l, y, s, reused));
        let outside = square - with_label[k] * with_label[l] / labels.second_moment;
        let inside: f64 = (0..3).map(|d| along[k][d] * along[l][d]).sum();
        close(gram[[k, l]], inside + phi * eta_2 * eta_2 * outside, "gram");
    }
}
