//! Moments of the second layer's laws, as the prediction integrates them, against 30-digit values
//! (tests/reference/laws.py, mpmath 1.4.1).

use super::*;
use crate::data::CustomLaw;
use crate::golden::{LAWS, Largest, rows};
use crate::theory::dynamics::nodes::Nodes;

/// Largest |b| among the nodes of the bulk.
fn largest(law: &SecondLayerQuadrature) -> f64 {
    law.fine.nodes.iter().fold(0.0, |largest, b| b.abs().max(largest))
}

#[test]
fn moments_of_every_law() {
    let laplace = CustomLaw::quantile("laplace", |u| {
        let tail = (2.0 * u.min(1.0 - u)).ln() / 2_f64.sqrt();
        if u < 0.5 { tail } else { -tail }
    })
    .unwrap()
    .with_kinks([0.5])
    .unwrap();
    let nodes = Nodes::new(1.0);
    for (name, law, allowed) in [
        ("uniform", SecondLayerLaw::Uniform, 1e-13),
        ("rademacher", SecondLayerLaw::Rademacher, 1e-15),
        ("gaussian", SecondLayerLaw::Gaussian, 1e-13),
        ("laplace", SecondLayerLaw::Custom(laplace), 1e-12),
    ] {
        let mut error = Largest::default();
        for [width, power, exact, _] in rows(LAWS, &format!("moment:{name}")) {
            let size = (width as usize).max(2);
            let law =
                SecondLayerQuadrature::new(&law, size, nodes.second_layer, nodes.types, 6).unwrap();
            let found = law.fine.integrate(|b| b.powi(power as i32));
            error.see((found / exact - 1.0).abs(), [width, power]);
            let total = law.fine.integrate(|_| 1.0);
            assert!((total - 1.0).abs() < 1e-13, "{name}: {total}");
            if power == 2.0 {
                error.see((law.scale.powi(2) / exact - 1.0).abs(), [width, power]);
            }
            // what is interpolated from the coarse nodes: E b f(b) for f(b) = b
            let first: f64 = law.output_weights.iter().zip(&law.coarse).map(|(w, b)| w * b).sum();
            assert!((first / law.scale.powi(2) - 1.0).abs() < 1e-9, "{name}: {first}");
        }
        error.check(&format!("moments of the {name} law, relative"), allowed);
    }
}

fn law(second_layer: &SecondLayerLaw, spikes: usize) -> SecondLayerQuadrature {
    SecondLayerQuadrature::new(second_layer, 300, 20, 96, spikes).unwrap()
}

/// What the matrices do to polynomials of low degree, which interpolation keeps, against sums over
/// the fine nodes.
#[test]
fn averages_from_coarse_nodes() {
    let values: Vec<f64> = (0..60).map(|i| 0.05 * f64::from(i * i % 61) - 1.3).collect();
    for second_layer in [
        SecondLayerLaw::Uniform,
        SecondLayerLaw::Gaussian,
        SecondLayerLaw::Rademacher,
        SecondLayerLaw::Fixed(vec![-1.0, 0.5, 0.0, 0.5, 2.0].into()),
        SecondLayerLaw::Fixed(values.into()),
    ] {
        let law = law(&second_layer, 4);
        let q = |i: usize, k: usize| law.polynomials[[i, k]];
        let fine = |f: &dyn Fn(usize, f64) -> f64| -> f64 {
            law.fine.iter().enumerate().map(|(i, (b, w))| w * f(i, b)).sum()
        };
        assert!((law.scale.powi(2) - fine(&|_, b| b * b)).abs() < 1e-12);
        assert!((q(0, 0) * law.scale - 1.0).abs() < 1e-12);
        for k in 0..law.polynomial_count() {
            for l in 0..law.polynomial_count() {
                let product = fine(&|i, b| b * b * q(i, k) * q(i, l));
                assert!((product - f64::from(k == l)).abs() < 1e-10, "{second_layer:?} {k} {l}");
            }
        }
        for power in [0, 1] {
            let at: Vec<f64> = law.coarse.iter().map(|b| b.powi(power)).collect();
            let sum: f64 = law.output_weights.iter().zip(&at).map(|(w, f)| w * f).sum();
            assert!((sum - fine(&|_, b| b.powi(power + 1))).abs() < 1e-9, "{second_layer:?}");
            for k in 0..law.polynomial_count() {
                let sum: f64 = law.right_weights.row(k).iter().zip(&at).map(|(w, f)| w * f).sum();
                let exact = fine(&|i, b| b.powi(power + 2) * q(i, k));
                assert!((sum - exact).abs() < 1e-9, "{second_layer:?} {k}: {sum} {exact}");
            }
            let to_fine = law.at_fine(&at);
            for (found, b) in to_fine.iter().zip(&law.fine.nodes) {
                assert!((found - b.powi(power)).abs() < 1e-9, "{second_layer:?}");
            }
        }
    }
}

/// As many polynomials as distinct nonzero values; the polynomials of few values by hand.
#[test]
fn few_values() {
    let rademacher = law(&SecondLayerLaw::Rademacher, 5);
    assert_eq!((rademacher.polynomial_count(), largest(&rademacher)), (2, 1.0));
    assert_eq!(rademacher.fine.nodes, [-1.0, 1.0]);
    for (i, b) in [-1.0, 1.0].into_iter().enumerate() {
        assert!((rademacher.polynomials[[i, 0]] - 1.0).abs() < 1e-14);
        assert!((rademacher.polynomials[[i, 1]] - b).abs() < 1e-14);
    }
    // 0 and a value that comes twice
    let given = law(&SecondLayerLaw::Fixed(vec![2.0, 0.0, -3.0, 2.0].into()), 5);
    assert_eq!((given.polynomial_count(), largest(&given)), (2, 3.0));
    assert_eq!(given.fine.nodes, [-3.0, 0.0, 2.0]);
    assert_eq!(given.fine.weights, [0.25, 0.25, 0.5]);
    assert_eq!(given.coarse, given.fine.nodes);
    assert!((given.scale - 17f64.sqrt() / 2.0).abs() < 1e-14);
    // many values are interpolated between few nodes
    let many = law(&SecondLayerLaw::Fixed((1..=21).map(f64::from).collect()), 3);
    assert_eq!((many.coarse.len(), many.fine.len(), largest(&many)), (20, 21, 21.0));
    assert_eq!(law(&SecondLayerLaw::Fixed((1..=20).map(f64::from).collect()), 3).coarse.len(), 20);
    for values in [vec![0.0; 3], vec![1.0, f64::NAN], vec![1.0, f64::INFINITY]] {
        assert!(
            SecondLayerQuadrature::new(&SecondLayerLaw::Fixed(values.into()), 3, 20, 96, 3)
                .is_err()
        );
    }
    // two values too close to be told apart make one polynomial
    assert_eq!(law(&SecondLayerLaw::Fixed(vec![1.0, 1.0 + 1e-12].into()), 5).polynomial_count(), 1);
}

fn custom(law: CustomLaw, width: usize) -> SecondLayerQuadrature {
    let law = SecondLayerLaw::Custom(law);
    SecondLayerQuadrature::new(&law, width, 20, 96, 3).unwrap()
}

/// Laws given by quantile functions: bounded, unbounded at one end or both, with a jump; and by
/// values.
#[test]
fn custom_laws() {
    // quantile functions of the built-in laws give the nodes of those
    let uniform = CustomLaw::quantile("u", |u| 3f64.sqrt() * (2.0 * u - 1.0)).unwrap();
    let normal = CustomLaw::quantile("n", |u| {
        if u <= 0.0 || u >= 1.0 {
            f64::INFINITY.copysign(u - 0.5)
        } else {
            crate::quadrature::normal_quantile(u)
        }
    })
    .unwrap();
    for (custom_law, built_in) in
        [(uniform, SecondLayerLaw::Uniform), (normal, SecondLayerLaw::Gaussian)]
    {
        let (a, b) = (custom(custom_law, 300), law(&built_in, 3));
        assert_eq!(a.fine.len(), 96);
        for (a, b) in [(&a.fine.nodes, &b.fine.nodes), (&a.fine.weights, &b.fine.weights)] {
            assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-9));
        }
        assert!(a.coarse.iter().zip(&b.coarse).all(|(a, b)| (a - b).abs() < 1e-9));
    }
    // exponential less its mean, at either end: variance 1, third moment +-2, but for the cut tail
    for sign in [1.0, -1.0] {
        let exponential = CustomLaw::quantile("exponential", move |u| {
            if sign > 0.0 { -(-u).ln_1p() - 1.0 } else { u.ln() + 1.0 }
        })
        .unwrap();
        let law = custom(exponential, 1_000_000);
        // two pieces of 48 nodes
        assert_eq!(law.fine.len(), 96);
        assert!((law.fine.integrate(|b| b * b) - 1.0).abs() < 5e-4);
        assert!((law.fine.integrate(|b| b * b * b) - 2.0 * sign).abs() < 5e-3);
        // cut at the 1 / (2 N) quantile
        let end = (2e6f64).ln() - 1.0;
        let (low, high) = (law.coarse[0], law.coarse[19]);
        let (low, high) = if sign > 0.0 { (low, high) } else { (-high, -low) };
        assert!((-1.0..-0.9).contains(&low) && (end - 0.2..end).contains(&high), "{low} {high}");
    }
    // -3/2 with probability 1/4, else uniform on (-1/2, 3/2): a jump of the quantile function
    let jump = |u: f64| if u < 0.25 { -1.5 } else { (8.0 * u - 3.5) / 3.0 };
    let jump = CustomLaw::quantile("jump", jump).unwrap().with_kinks([0.25]).unwrap();
    let jump = custom(jump, 300);
    assert_eq!(jump.fine.len(), 1 + 48);
    assert!((jump.fine.weights[0] - 0.25).abs() < 1e-14);
    assert!((jump.scale - 1.0).abs() < 1e-12, "{}", jump.scale);
    assert!((jump.fine.integrate(|b| b * b * b) + 0.375).abs() < 1e-12);
    // an atom below an exponential tail, of which N = 10 cuts a visible share: weights sum to one
    let (c, a) = (2.0 / 3f64.sqrt(), 1.0 / 3f64.sqrt());
    let tail = move |u: f64| if u < 0.5 { -a } else { -c * (2.0 * (1.0 - u)).ln() - a };
    let atom = CustomLaw::quantile("atom", tail).unwrap().with_kinks([0.5]).unwrap();
    let atom = custom(atom, 10);
    assert_eq!(atom.fine.len(), 1 + 48);
    assert!((atom.fine.integrate(|_| 1.0) - 1.0).abs() < 1e-12);
    assert!((atom.fine.weights[0] - 0.5 / 0.95).abs() < 1e-6, "{}", atom.fine.weights[0]);
    // values with their probabilities
    let r = 10f64.sqrt();
    let sparse = CustomLaw::discrete("sparse", [(-r, 0.05), (0.0, 0.9), (r, 0.05)]).unwrap();
    let sparse = custom(sparse, 300);
    assert_eq!((sparse.fine.nodes, sparse.fine.weights), (vec![-r, 0.0, r], vec![0.05, 0.9, 0.05]));
    assert_eq!(sparse.coarse, [-r, 0.0, r]);
}

/// Where an unbounded law is cut, kinks beyond are of no account.
#[test]
fn kinks_in_the_tail() {
    let scale = 3f64.sqrt() / std::f64::consts::PI;
    let with = |kinks: &[f64]| {
        let quantile = move |u: f64| scale * (u / (1.0 - u)).ln();
        let logistic = CustomLaw::quantile("logistic", quantile).unwrap();
        custom(logistic.with_kinks(kinks.to_vec()).unwrap(), 100)
    };
    // 1 / (2 N) = 0.005
    let plain = with(&[0.5]);
    let beyond = with(&[0.001, 0.5, 0.999]);
    assert_eq!((plain.fine.nodes, plain.fine.weights), (beyond.fine.nodes, beyond.fine.weights));
    assert_eq!(with(&[0.006, 0.5, 0.994]).fine.len(), 4 * 24);
}
