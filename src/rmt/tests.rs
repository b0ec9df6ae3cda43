//! Marchenko-Pastur and single spikes against 30-digit values (tests/reference/laws.py, mpmath 1.4.1).

use super::*;
use crate::golden::{LAWS, Largest, rows};

const EPS: f64 = f64::EPSILON;

#[test]
fn marchenko_pastur_edges_density_and_distribution() {
    let law = |gamma| MarchenkoPastur::new(gamma).unwrap();
    let mut edges = Largest::default();
    for [gamma, _, exact, _] in rows(LAWS, "mp_left") {
        // the difference of two numbers of size sqrt(gamma) and 1
        let scale = 1.0 + gamma.sqrt();
        edges.see((law(gamma).singular_value_edges().0 - exact).abs() / scale, [gamma, 0.0]);
    }
    for [gamma, _, exact, _] in rows(LAWS, "mp_right") {
        edges.see((law(gamma).singular_value_edges().1 / exact - 1.0).abs(), [gamma, 1.0]);
    }
    edges.check("Marchenko-Pastur edges", 2.0 * EPS);

    // relative to the value and to what a relative change of the argument by 1 would change; near an
    // edge the argument is s - edge, so rounding of the edge counts likewise
    let mut density = [Largest::default(), Largest::default()];
    for [gamma, s, exact, slope] in rows(LAWS, "mp_density") {
        let scale = exact + slope * (1.0 + (1.0 + gamma.sqrt()) / s);
        let error = (law(gamma).singular_value_density(s) - exact).abs();
        density[0].see(error / scale / EPS, [gamma, s]);
        let error = (law(gamma).eigenvalue_density(s * s) * 2.0 * s - exact).abs();
        density[1].see(error / scale / EPS, [gamma, s]);
    }
    density[0].check("density of singular values, units", 8.0);
    density[1].check("density of eigenvalues, units", 8.0);

    let mut distribution = Largest::default();
    for [gamma, s, exact, _] in rows(LAWS, "mp_distribution") {
        distribution.see((law(gamma).singular_value_distribution(s) - exact).abs(), [gamma, s]);
    }
    distribution.check("distribution of singular values, absolute", 1e-12);
}

#[test]
fn single_spikes_from_the_transform_of_the_bulk() {
    let spike = |gamma, theta| SpikedMatrix::new(gamma).unwrap().spike(theta).unwrap().unwrap();
    let mut errors: [Largest; 3] = Default::default();
    for [gamma, theta, exact, _] in rows(LAWS, "spike_value") {
        let found = spike(gamma, theta).singular_value;
        errors[0].see((found / exact - 1.0).abs(), [gamma, theta]);
    }
    for [gamma, theta, exact, _] in rows(LAWS, "spike_left") {
        errors[1].see((spike(gamma, theta).left_overlap / exact - 1.0).abs(), [gamma, theta]);
    }
    for [gamma, theta, exact, _] in rows(LAWS, "spike_right") {
        errors[2].see((spike(gamma, theta).right_overlap / exact - 1.0).abs(), [gamma, theta]);
    }
    for (error, what) in errors.iter().zip(["value", "left overlap", "right overlap"]) {
        error.check(&format!("single spike, {what}, relative"), 1e-13);
    }
}

/// Bulks as narrow as a few numbers, around 1 and wide apart, and spikes of every size on them.
#[test]
fn extreme_ratios() {
    let law = |gamma| MarchenkoPastur::new(gamma).unwrap();
    let mut distribution = Largest::default();
    let mut density = Largest::default();
    for [gamma, s, exact, slope] in rows(LAWS, "mp_extreme_singular") {
        let law = law(gamma);
        distribution.see((law.singular_value_distribution(s) - exact).abs(), [gamma, s]);
        density.see((law.singular_value_density(s) / slope - 1.0).abs(), [gamma, s]);
    }
    for [gamma, x, exact, slope] in rows(LAWS, "mp_extreme_eigenvalue") {
        let law = law(gamma);
        distribution.see((law.eigenvalue_distribution(x) - exact).abs(), [gamma, x]);
        density.see((law.eigenvalue_density(x) / slope - 1.0).abs(), [gamma, x]);
    }
    distribution.check("distributions at extreme ratios, absolute", 1e-14);
    density.check("densities at extreme ratios, relative", 1e-12);
    let found = law(1e-8).singular_value_distribution(1.0);
    assert!((found - 0.500_010_610_329_542_1).abs() < 1e-14, "{found}");

    let mut spikes = Largest::default();
    for (quantity, which) in [("value", 0), ("left", 1), ("right", 2)] {
        for [gamma, theta, exact, _] in rows(LAWS, &format!("spike_extreme_{quantity}")) {
            let spike = SpikedMatrix::new(gamma).unwrap().spike(theta).unwrap().unwrap();
            let found = [spike.singular_value, spike.left_overlap, spike.right_overlap][which];
            // next to the threshold the argument itself is rounded
            let above = theta / gamma.powf(0.25) - 1.0;
            let error = if exact == 0.0 { found } else { (found / exact - 1.0).abs() };
            spikes.see(error / (EPS / above.min(1.0) + EPS), [gamma, theta]);
        }
    }
    spikes.check("spikes at extreme ratios, units", 8.0);
}
