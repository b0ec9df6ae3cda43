//! The normal law, the rules and the expectations against 50-digit values
//! (tests/reference/special.py, mpmath 1.4.1).

use std::collections::BTreeMap;

use super::*;
use crate::golden::{Largest, SPECIAL, rows};

const EPS: f64 = f64::EPSILON;

#[test]
fn the_normal_law() {
    // rounding of the argument alone costs x^2 units
    let mut density = Largest::default();
    for [x, _, exact] in rows(SPECIAL, "normal_density") {
        density.see((normal_density(x) / exact - 1.0).abs() / (1.0 + x * x) / EPS, [x, 0.0]);
    }
    density.check("normal density, units (1 + x^2)", 2.0);
    let mut distribution = Largest::default();
    for [x, _, exact] in rows(SPECIAL, "normal_distribution") {
        distribution
            .see((normal_distribution(x) / exact - 1.0).abs() / (1.0 + x * x) / EPS, [x, 0.0]);
    }
    distribution.check("normal distribution, units (1 + x^2)", 2.0);
    let mut quantile = Largest::default();
    for [p, _, exact] in rows(SPECIAL, "normal_quantile") {
        quantile.see((normal_quantile(p) - exact).abs() / exact.abs().max(1.0), [p, exact]);
    }
    quantile.check("normal quantile, relative to max(1, |x|)", 1e-12);
}

/// Largest errors of nodes, relative to the largest node, and of weights, relative to the largest
/// weight and to each weight itself.
fn rule_errors(nodes: &str, weights: &str, rule: impl Fn(usize) -> Rule) -> [Largest; 3] {
    let mut rules: BTreeMap<usize, Rule> = BTreeMap::new();
    let mut errors: [Largest; 3] = Default::default();
    for [n, i, exact] in rows(SPECIAL, nodes) {
        let rule = rules.entry(n as usize).or_insert_with(|| rule(n as usize));
        let scale = rule.nodes[rule.len() - 1].max(1.0);
        errors[0].see((rule.nodes[i as usize] - exact).abs() / scale, [n, i]);
    }
    for [n, i, exact] in rows(SPECIAL, weights) {
        let rule = &rules[&(n as usize)];
        let largest = rule.weights.iter().fold(0.0_f64, |a, b| a.max(*b));
        let error = (rule.weights[i as usize] - exact).abs();
        errors[1].see(error / largest, [n, i]);
        errors[2].see(error / exact, [n, i]);
    }
    errors
}

#[test]
fn gauss_legendre_nodes_and_weights() {
    let rule = |n| gauss_legendre(n, -1.0, 1.0);
    let [node, weight, relative] = rule_errors("legendre_node", "legendre_weight", rule);
    node.check("Gauss-Legendre nodes", 2.0 * EPS);
    weight.check("Gauss-Legendre weights", 5e-14);
    relative.check("Gauss-Legendre weights, relative", 1e-11);
}

#[test]
fn gauss_hermite_nodes_and_weights() {
    let rule = |n| gauss_hermite(n).unwrap();
    let [node, weight, relative] = rule_errors("gauss_hermite_node", "gauss_hermite_weight", rule);
    node.check("Gauss-Hermite nodes", 4.0 * EPS);
    weight.check("Gauss-Hermite weights", 1e-13);
    relative.check("Gauss-Hermite weights, relative", 1e-10);
}

#[test]
fn adaptive_expectations() {
    type Case = (&'static str, fn(f64) -> f64, &'static [f64]);
    let cases: [Case; 6] = [
        ("step", |z| if z > 0.375 { 1.0 } else { 0.0 }, &[0.375]),
        ("sixth_power", |z| z.powi(6), &[]),
        ("root", |z| z.abs().sqrt(), &[0.0]),
        ("wave", |z| (9.0 * z).cos(), &[]),
        ("exponential", |z| (2.0 * z).exp(), &[]),
        ("narrow", |z| 1.0 / (1.0 + (50.0 * z).powi(2)), &[]),
    ];
    for tolerance in [1e-6, 1e-10, 1e-13] {
        let mut error = Largest::default();
        for (name, f, kinks) in cases {
            let [[_, _, exact]] = rows(SPECIAL, &format!("coefficient:{name}"))[..] else {
                panic!("{name}")
            };
            for kinks in [kinks, &[]] {
                let found = gaussian_expectation(f, kinks, tolerance);
                // a root that is not declared may be refused, but not be wrong
                match found {
                    Ok(found) => {
                        // below the last digits of the expectation no accuracy is promised
                        let promised = tolerance.max(64.0 * EPS * exact.abs());
                        error.see((found - exact).abs() / promised, [exact, found]);
                    }
                    Err(QuadratureError::NotConverged { .. }) => assert!(kinks.is_empty()),
                    Err(other) => panic!("{name}: {other}"),
                }
            }
        }
        error.check(&format!("expectations to {tolerance:e}, of the tolerance"), 1.0);
    }
}

#[test]
fn fixed_rules_on_smooth_and_split_integrands() {
    let exact = |name: &str| rows::<3>(SPECIAL, &format!("coefficient:{name}"))[0][2];
    let tanh = |z: f64| 2.0 * (z + 0.5).tanh();
    let mut trapezoid = Largest::default();
    for (nodes, allowed) in [(40, 1e-6), (100, 1e-12), (400, 1e-14)] {
        let rule = gaussian_trapezoid(nodes);
        for (name, found) in
            [("tanh(2,0.5)", rule.integrate(tanh)), ("sixth_power", rule.integrate(|z| z.powi(6)))]
        {
            let error = (found - exact(name)).abs() / exact(name);
            println!("trapezoid, {nodes} nodes, {name}: {error:e}");
            trapezoid.see(error / allowed, [nodes as f64, exact(name)]);
        }
    }
    trapezoid.check("trapezoidal rule, of what is allowed", 1.0);
    let split = SplitGaussian::new(60);
    let mut jump = Largest::default();
    let step = |z: f64| if z > 0.375 { 1.0 } else { 0.0 };
    for (name, found) in [
        ("step", split.rule(&[0.375]).integrate(step)),
        ("relu", split.rule(&[0.0]).integrate(|z| z.max(0.0))),
        ("tanh(2,0.5)", split.rule(&[-1.0, 3.0]).integrate(tanh)),
    ] {
        jump.see((found - exact(name)).abs(), [exact(name), found]);
    }
    jump.check("split rule", 1e-11);
}

#[test]
fn rules_of_any_size_have_ordered_nodes_and_weights_of_the_right_sum() {
    for count in (0..40).chain((40..700).step_by(11)) {
        let hermite = gauss_hermite(count);
        assert_eq!(hermite.is_some(), (1..=600).contains(&count));
        let trapezoid = gaussian_trapezoid(count);
        let gaussian = hermite.iter().chain((count > 10).then_some(&trapezoid));
        for (low, width) in [(-50.0, 1e-6), (-0.3, 1.0), (7.0, 100.0)] {
            let legendre = gauss_legendre(count, low, low + width);
            assert!(legendre.nodes.iter().all(|x| (low..=low + width).contains(x)));
            for (rule, total) in
                gaussian.clone().map(|r| (r, 1.0)).chain([(&legendre, low + width - low)])
            {
                assert_eq!(rule.nodes.len(), rule.weights.len());
                assert!(rule.nodes.windows(2).all(|pair| pair[0] < pair[1]), "{count}");
                assert!(rule.weights.iter().all(|w| w.is_finite() && *w >= 0.0), "{count}");
                let sum = rule.integrate(|_| 1.0);
                assert!(rule.len() == 0 || (sum / total - 1.0).abs() < 1e-9, "{count}: {sum}");
            }
        }
    }
}
