//! Moments of the second layer's laws, as the prediction integrates them, against 30-digit values
//! (tests/reference/laws.py, mpmath 1.4.1).

use super::*;
use crate::data::CustomLaw;
use crate::golden::{LAWS, Largest, rows};
use crate::theory::prediction::Nodes;

#[test]
fn moments_of_every_law() {
    let laplace = CustomLaw::quantile("laplace", |u| {
        let tail = (2.0 * u.min(1.0 - u)).ln() / 2_f64.sqrt();
        if u < 0.5 { tail } else { -tail }
    })
    .unwrap()
    .with_kinks([0.5])
    .unwrap();
    let nodes = Nodes::default();
    for (name, law, allowed) in [
        ("uniform", SecondLayerLaw::Uniform, 1e-13),
        ("rademacher", SecondLayerLaw::Rademacher, 1e-15),
        ("gaussian", SecondLayerLaw::Gaussian, 1e-13),
        ("laplace", SecondLayerLaw::Custom(laplace), 1e-12),
    ] {
        let mut error = Largest::default();
        for [width, power, exact, _] in rows(LAWS, &format!("moment:{name}")) {
            let size = (width as usize).max(2);
            let tail = GaussianTail::Width;
            let law = Law::new(&law, tail, size, nodes.second_layer, nodes.bulk, 6).unwrap();
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

/// Gauss-Hermite nodes instead of a cut: the moments of the whole Gaussian law.
#[test]
fn moments_of_the_hermite_tail() {
    let tail = GaussianTail::Hermite { nodes: 60, smallest_weight: 1e-15 };
    let law = Law::new(&SecondLayerLaw::Gaussian, tail, 300, 40, 40, 6).unwrap();
    for (power, exact) in [(2, 1.0), (4, 3.0), (6, 15.0), (8, 105.0)] {
        let found = law.fine.integrate(|b| b.powi(power));
        // nodes of weight below 1e-15 are dropped
        assert!((found / exact - 1.0).abs() < 1e-9, "{power}: {found}");
    }
    // orthonormal under b^2 dP
    for k in 0..law.spikes() {
        for l in 0..law.spikes() {
            let product: f64 = law
                .fine
                .iter()
                .enumerate()
                .map(|(i, (b, w))| w * b * b * law.polynomials[[i, k]] * law.polynomials[[i, l]])
                .sum();
            let expected = if k == l { 1.0 } else { 0.0 };
            assert!((product - expected).abs() < 1e-10, "{k}, {l}: {product}");
        }
    }
}
