//! The tables against closed forms (`test_quadratic`), at every node.

use super::*;
use crate::data::{Link, Target};
use crate::theory::dynamics::nodes::Nodes;
use crate::theory::dynamics::setup::FirstStepConstants;
use crate::theory::dynamics::test_quadratic::{C, C_1, Reduced, problem};
use crate::theory::problem::Problem;

fn nodes() -> Nodes {
    Nodes { target: [20, 12, 4], noise: 2, label_width: 0.0, ..Nodes::new(1.0) }
}

fn close(found: f64, exact: f64, name: &str) {
    assert!((found - exact).abs() < 1e-6 * exact.abs().max(1.0), "{name}: {found} {exact}");
}

/// A partly reused batch: the tables of both groups that the second step sees, and none for the
/// third.
#[test]
fn averages_of_every_group() {
    let problem = problem();
    let reduced = Reduced::new(&problem, nodes());
    let table = SampleTable::new(&reduced.setup, &reduced.law, &reduced.groups());
    let kinds: Vec<_> =
        table.groups.iter().map(|g| (g.share, g.first, g.second.is_some())).collect();
    assert_eq!(kinds, [(0.4, true, true), (0.6, true, false), (0.6, false, true)]);
    assert!(
        (C_1, reduced.law.polynomial_count()) == (0.8, 4) && (reduced.law.scale - 1.0).abs() > 0.1
    );
    let q = |b: f64, k: usize| {
        let at = reduced.law.fine.nodes.iter().position(|x| *x == b).unwrap();
        reduced.law.polynomials[[at, k]]
    };
    let square = reduced.mean(2, |_| 1.0);
    for group in &table.groups {
        let Some(second) = &group.second else { continue };
        assert_eq!((second.spikes.ncols(), second.linear.ncols()), (4, 3));
        for (i, (&y, &s)) in table.label.iter().zip(&table.s).enumerate() {
            let at = |b: f64| reduced.averages(b, y, s, group.first);
            close(second.residual[i], reduced.residual(y, s, group.first), "r");
            for k in 0..4 {
                close(second.spikes[[i, k]], reduced.mean(2, |b| q(b, k) * at(b).slope), "S_k");
            }
            for k in 0..3 {
                let exact = reduced.mean(2, |b| q(b, k) * at(b).linear);
                close(second.linear[[i, k]], exact, "linear");
            }
            let over_b = |f: &dyn Fn(f64) -> f64| reduced.mean(2, f) / square;
            close(second.linear_square[i], over_b(&|b| at(b).linear.powi(2)), "linear_square");
            close(second.variance[i], over_b(&|b| at(b).variance), "variance");
            close(second.covariance[i], over_b(&|b| at(b).covariance), "covariance");
        }
    }
}

/// The nodes are those of (z*, noise, zeta): their moments, and s = <c*_1, z*> + sqrt(phi E y^2)
/// zeta.
#[test]
fn nodes_of_a_sample() {
    let problem = problem();
    let mut reduced = Reduced::new(&problem, nodes());
    // whatever the weights of the rule sum to
    reduced.setup.orthogonal.weights.iter_mut().for_each(|w| *w *= 2.0);
    let labels = &reduced.setup.labels;
    let table = SampleTable::new(&reduced.setup, &reduced.law, &reduced.groups());
    let mean = |f: &dyn Fn(usize) -> f64| -> f64 {
        table.weight.iter().enumerate().map(|(i, w)| w * f(i)).sum()
    };
    let (y, s, z) = (&table.label, &table.s, &table.projections);
    close(table.weight.iter().sum(), 1.0, "weight");
    close(mean(&|i| y[i]), labels.mean, "E y");
    close(mean(&|i| y[i] * y[i]), labels.second_moment, "E y^2");
    let c = &labels.linear;
    for k in 0..2 {
        close(mean(&|i| y[i] * z[[i, k]]), c[k], "E y z");
    }
    let along = |i: usize| c[0] * z[[i, 0]] + c[1] * z[[i, 1]];
    close(mean(&|i| (s[i] - along(i)) * y[i]), 0.0, "E y zeta");
    let zz = |i: usize, k: usize| table.projection_products[[i, k]];
    let square =
        |i: usize| c[0] * c[0] * zz(i, 0) + 2.0 * c[0] * c[1] * zz(i, 1) + c[1] * c[1] * zz(i, 3);
    let zeta = |i: usize| s[i] * s[i] - 2.0 * s[i] * along(i) + square(i);
    close(mean(&zeta), reduced.setup.step.phi * labels.second_moment, "E zeta^2");
    assert!((c[0] - c[1]).abs() > 0.1 && z.ncols() == 2);
}

/// One direction: s is c*_1 z* + sqrt(phi E y^2) zeta, and not y.
#[test]
fn nodes_of_one_direction() {
    let target = Target::single_index(Link::hermite([0.3, 1.0]));
    let problem = Problem { target, ..problem() };
    let reduced = Reduced::new(&problem, nodes());
    let table = SampleTable::new(&reduced.setup, &reduced.law, &reduced.groups());
    assert_eq!(table.projections.ncols(), 1);
    let square: f64 = table.weight.iter().zip(&table.s).map(|(w, s)| w * s * s).sum();
    close(square, 1.0 + 1.09 / 3.0, "E s^2");
}

/// No node lies beyond the range of s of the tables.
#[test]
fn range_of_s() {
    let problem = problem();
    let reduced = Reduced::new(&problem, Nodes { noise: 40, ..nodes() });
    let table = SampleTable::new(&reduced.setup, &reduced.law, &reduced.groups());
    let largest = reduced.setup.largest_s();
    assert!(table.s.iter().all(|s| s.abs() <= largest));
    assert!(table.weight.iter().all(|w| *w > 0.0));
}

/// Constants, and rho_2(b) from the coarse nodes.
#[test]
fn constants_and_neurons() {
    let problem = problem();
    let reduced = Reduced::new(&problem, nodes());
    let found = Model::new(&reduced.setup);
    assert_eq!((found.width, found.gamma, found.phi), (100.0, 2.0, 1.0 / 3.0));
    assert_eq!((found.eta_1, found.eta_2), (3.0, 2.0));
    close(found.c_1, C_1, "c_1");
    close(found.curvature, 2.0 * C, "curvature");
    close(found.derivative_variance, 4.0 * C * C, "variance of sigma'");
    let labels = &reduced.setup.labels;
    assert_eq!((found.label_mean, found.label_second_moment), (labels.mean, labels.second_moment));
    assert_eq!(found.label_linear, labels.linear);

    let law = crate::network::SecondLayerLaw::Uniform;
    let law = SecondLayerQuadrature::new(&law, 100, 6, 20, 4).unwrap();
    let cubic = |b: f64| 0.3 - b + 0.2 * b.powi(3);
    let rho_2: Vec<f64> = law.coarse.iter().map(|b| cubic(*b)).collect();
    let zero = vec![0.0; rho_2.len()];
    let echo = law.coarse.iter().map(|b| 0.1 * b.powi(3)).collect();
    let noise = NoiseAverages { rho_2, tau_2_squared: zero.clone(), kappa: zero, echo };
    let step = FirstStepConstants { unit: 0.3, tau: 0.5, ..reduced.setup.step };
    let setup = Setup { step, ..reduced.setup };
    let rows = RowVariance { setup: &setup, law: &law };
    let found = NeuronTable::new(&rows, &noise);
    // 2 eta_2 / sqrt N = 0.4; the fourth moment of b is 9/5
    close(found.echo_share, 0.4 * 0.1 * 1.8 / 0.15f64.powi(2), "share of the echo");
    for (b, rest) in found.b.iter().zip(found.rest.as_ref().unwrap()) {
        close(*rest, (0.3 * b * 0.5).powi(2) + 0.04 * b.powi(4), "rest");
    }
    assert_eq!((&found.b, &found.weight, found.b.len()), (&law.fine.nodes, &law.fine.weights, 20));
    assert_eq!((found.polynomials, found.scale), (law.polynomials.clone(), law.scale));
    for (b, rho) in found.b.iter().zip(&found.rho_2) {
        close(*rho, cubic(*b), "rho_2");
    }
}
