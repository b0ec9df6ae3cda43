//! Parts of the prediction that can be worked out by hand: sigma = He_1 + c He_2, whose averages are
//! polynomials, and y = z* with noise.

use crate::common::distance;
use linear_width::activation::{Activation, FnActivation, HermiteSeries, Tanh};
use linear_width::data::{Link, Target};
use linear_width::network::SecondLayerLaw;
use linear_width::quadrature::gaussian_expectation;
use linear_width::theory::prediction::{BulkModel, Indicator, Options, Prediction, Problem};
use linear_width::training::BatchPolicy;

const C: f64 = 0.3;
const MODELS: [BulkModel; 2] = [BulkModel::Isotropic, BulkModel::Structured];

fn setting(step_sizes: [f64; 2], batches: BatchPolicy) -> Problem {
    Problem {
        activation: HermiteSeries::new([0.0, 1.0, C]).shared(),
        target: Target::single_index(Link::hermite([0.0, 1.0])).noise(0.5),
        width: 400,
        dimension: 200,
        samples: 800,
        step_sizes: step_sizes.to_vec(),
        batches,
        second_layer: SecondLayerLaw::Rademacher,
    }
}

fn options(bulk_model: BulkModel) -> Options {
    Options { bulk_model, ..Options::default() }
}

fn run(setting: &Problem, bulk_model: BulkModel) -> Prediction {
    setting.predict(&options(bulk_model)).unwrap()
}

fn close(found: f64, exact: f64, name: &str) {
    within(1e-6, found, exact, name);
}

/// The two predictions have the same edge, outliers and overlaps.
fn same(found: &Prediction, exact: &Prediction, allowed: f64) {
    let (values, overlaps) = distance(found, exact);
    assert!(values < allowed && overlaps < allowed, "{values:e} {overlaps:e}");
}

fn within(allowed: f64, found: f64, exact: f64, name: &str) {
    assert!((found - exact).abs() < allowed * exact.abs().max(1.0), "{name}: {found} {exact}");
}

/// phi = 1/4, E y^2 = 1.25, nu = 1 + phi E y^2, tau^2 = phi E[y^2] 4 c^2, t = 8 / sqrt N = 0.4.
#[test]
fn constants_and_indicators_of_a_quadratic_activation() {
    for model in MODELS {
        let prediction = run(&setting([8.0, 6.0], BatchPolicy::Independent), model);
        assert_eq!(prediction.bulk_model, model);
        assert!(prediction.lower_edge > 0.0 && prediction.lower_edge < prediction.edge);
        let constants = &prediction;
        let (nu, tau_squared) = (1.3125, 0.3125 * 4.0 * C * C);
        close(constants.c_1, 1.0, "c_1");
        close(constants.derivative_variance, 4.0 * C * C, "variance of sigma'");
        close(constants.c_1_target[0], 1.0, "c*_1");
        close(constants.label_mean, 0.0, "E y");
        close(constants.label_second_moment, 1.25, "E y^2");
        close(constants.beta_1_norm_squared, nu, "nu");
        close(constants.rho_1, 0.0, "rho_1");
        close(constants.tau_squared, tau_squared, "tau^2");

        let last = prediction.outliers.last().unwrap();
        let kind = |i: &&Indicator| i.name == Indicator::NEAR_EDGE;
        let near = prediction.indicators.iter().find(kind).unwrap();
        close(near.value, last.singular_value / prediction.edge - 1.0, "distance");
        close(near.threshold, prediction.errors.edge, "error of the edge");
    }
}

/// E y enters by rho_1 = E sigma'' E y.
#[test]
fn rho_of_a_label_with_a_mean() {
    let largest = 2f64.sqrt();
    let values = (0..400).map(|i| [largest, 0.0, -largest, 0.0][i % 4]).collect();
    let setting = Problem {
        activation: HermiteSeries::new([0.0, 0.8, C]).shared(),
        target: Target::single_index(Link::hermite([0.4, 1.0])),
        second_layer: SecondLayerLaw::Fixed(values),
        ..setting([8.0, 30.0], BatchPolicy::Reused)
    };
    let prediction = run(&setting, BulkModel::Isotropic);
    close(prediction.rho_1, 2.0 * C * 0.4, "rho_1");
    close(prediction.label_second_moment, 1.16, "E y^2");
}

/// The constants of a steep activation need many nodes: against adaptive quadrature.
#[test]
fn constants_of_a_steep_activation() {
    let slope = |z: f64| 5.0 / (5.0 * z + 1.0).cosh().powi(2);
    let activation = FnActivation::new("steep", |z: f64| (5.0 * z + 1.0).tanh(), slope);
    let activation = activation.shared();
    let setting = Problem { activation, ..setting([8.0, 0.0], BatchPolicy::Reused) };
    let constants = run(&setting, BulkModel::Isotropic);
    let mean = |f: &dyn Fn(f64) -> f64| gaussian_expectation(f, &[], 1e-12).unwrap();
    let c_1 = mean(&slope);
    within(1e-4, constants.c_1, c_1, "c_1");
    let variance = mean(&|z| (slope(z) - c_1).powi(2));
    within(1e-3, constants.derivative_variance, variance, "variance of sigma'");
}

/// A constant activation has no gradient: nothing grows, and W stays W_0.
#[test]
fn constant_activation_has_no_outliers() {
    let activation = HermiteSeries::new([1.0]).shared();
    let setting = Problem { activation, ..setting([8.0, 30.0], BatchPolicy::Reused) };
    let prediction = run(&setting, BulkModel::Isotropic);
    assert!(prediction.outliers.is_empty());
    close(prediction.edge, 1.0 + 2f64.sqrt(), "edge");
    assert!(
        prediction.errors.singular_values.is_empty() && prediction.errors.singular_value == 0.0
    );
}

/// One indicator that does not trust the prediction is enough.
#[test]
fn trust_is_lost_by_one_indicator() {
    let with = |eta| run(&setting([eta, 0.0], BatchPolicy::Reused), BulkModel::Isotropic);
    let good = with(8.0);
    assert!(good.is_trusted() && good.indicators.iter().all(|i| i.trusted), "{good:?}");
    // the noise of a row is ten times as large as its start, far from isotropic
    let bad = with(100.0);
    let untrusted: Vec<_> =
        bad.indicators.iter().filter(|i| !i.trusted).map(|i| i.name.clone()).collect();
    assert!(!bad.is_trusted() && untrusted.iter().any(|n| n == Indicator::EDGE), "{bad:?}");
}

/// Two terms of l(b) whatever the batches.
#[test]
fn linear_terms_default_to_two() {
    for batches in
        [BatchPolicy::Independent, BatchPolicy::PartlyReused { fraction: 0.5 }, BatchPolicy::Reused]
    {
        let setting = Problem {
            activation: Tanh { scale: 2.0, shift: 0.5 }.shared(),
            second_layer: SecondLayerLaw::Uniform,
            ..setting([12.0, 20.0], batches)
        };
        let edge = |options| setting.predict(&options).unwrap().edge;
        let base = options(BulkModel::Structured);
        let default = edge(base);
        let edges = [1, 2, 3].map(|linear_terms| edge(Options { linear_terms, ..base }));
        let equal = edges.map(|other| other == default);
        assert_eq!(equal, [false, true, false], "{batches:?} {edges:?}");
    }
}

/// One step: every row of the noise has variance D = (1 + t rho_1)^2 + t^2 tau^2 with t = +-eta_1 /
/// sqrt N, here the same for both signs as E y = 0. The bulk is Marchenko-Pastur's.
#[test]
fn bulk_after_one_step_is_marchenko_pastur() {
    for (eta, width, dimension) in [(8.0, 400, 200), (30.0, 400, 200), (30.0, 200, 500)] {
        let setting =
            Problem { width, dimension, samples: 800, ..setting([eta, 0.0], BatchPolicy::Reused) };
        let prediction = run(&setting, BulkModel::Isotropic);
        let gamma = width as f64 / dimension as f64;
        let phi = dimension as f64 / 800.0;
        let d = 1.0 + eta * eta / width as f64 * phi * 1.25 * 4.0 * C * C;
        let (low, high) = (d.sqrt() * (1.0 - gamma.sqrt()).abs(), d.sqrt() * (1.0 + gamma.sqrt()));
        close(prediction.edge, high, "edge");
        close(prediction.lower_edge, low, "lower edge");
        let grid: Vec<f64> = (0..20).map(|i| high * (0.03 + f64::from(i) / 18.0)).collect();
        let density = prediction.density(&grid).unwrap();
        assert_eq!(density.len(), grid.len());
        for (x, found) in grid.iter().zip(density) {
            let inside = (high * high - x * x) * (x * x - low * low);
            let exact = inside.max(0.0).sqrt() / (std::f64::consts::PI * x * d * gamma.min(1.0));
            close(found, exact, "density");
        }
        // v_0 = eta_1 c_1 beta_1
        let gram = prediction.gram[[0, 0]];
        close(gram, eta * eta * (1.0 + phi * 1.25), "gram");
        close(prediction.target_projections[[0, 0]], eta, "target");
    }
}

/// One step with a separate target column: D and D_* do not depend on b = +-1, so that (7.5) to (7.8)
/// are one quadratic for m and a determinant of two rows.
#[test]
fn target_column_solves_a_quadratic() {
    let eta = 30.0;
    let prediction = run(&setting([eta, 0.0], BatchPolicy::Reused), BulkModel::Isotropic);
    let (gamma, phi) = (2.0, 0.25);
    let rest = eta * eta / 400.0 * phi * 4.0 * C * C;
    // E y^2 = 1.25 and E y^2 z^2 = 3.25
    let (d, d_target) = (1.0 + rest * 1.25, 1.0 + rest * 3.25);
    assert!(!prediction.outliers.is_empty());
    for outlier in &prediction.outliers {
        let zeta = outlier.singular_value.powi(2);
        let half = 0.5 * (zeta + d - gamma * d);
        let m = ((half * half - zeta * d).sqrt() - half) / (zeta * d);
        let k = 1.0 / (1.0 + m * d);
        let (along, across) = (eta * eta, eta * eta * phi * 1.25);
        let a = -m * k * across;
        let b = k * (along + gamma * d_target) / zeta;
        let c_squared = -m * k * k * along * across / zeta;
        let determinant = (1.0 - a) * (1.0 - b) - c_squared;
        assert!(determinant.abs() < 1e-6, "{determinant} {a} {b}");
    }
}

/// After one step only eta_1 b matters: entries +-2 are entries +-1 with a step twice as large.
#[test]
fn second_layer_scale_is_a_step_size() {
    let values = (0..400).map(|i| if i % 2 == 0 { 2.0 } else { -2.0 }).collect();
    let target = Target::single_index(Link::hermite([0.4, 1.0, 0.5])).noise(0.5);
    let at = |eta| Problem { target: target.clone(), ..setting([eta, 0.0], BatchPolicy::Reused) };
    let large = Problem { second_layer: SecondLayerLaw::Fixed(values), ..at(9.0) };
    for model in MODELS {
        let entries = run(&large, model);
        assert!(!entries.outliers.is_empty());
        same(&entries, &run(&at(18.0), model), 1e-6);
    }
}

/// The components of v_k along the target are averages over the second batch, so those of a partly
/// reused one are between those of the pure ones; and a vanishing second step leaves beta_1, which
/// the whole first batch makes.
#[test]
fn partial_reuse_mixes_the_pure_policies() {
    let at = |eta_2, batches| run(&setting([8.0, eta_2], batches), BulkModel::Isotropic);
    let partly = BatchPolicy::PartlyReused { fraction: 0.4 };
    let target = |batches| at(30.0, batches).target_projections;
    let (fresh, reused) = (target(BatchPolicy::Independent), target(BatchPolicy::Reused));
    let (fresh, reused) = (fresh[[0, 0]], reused[[0, 0]]);
    assert!((fresh - reused).abs() > 0.01, "{fresh} {reused}");
    close(target(partly)[[0, 0]], 0.4 * reused + 0.6 * fresh, "target");
    let gram = at(1e-9, partly).gram[[0, 0]];
    close(gram, 64.0 * 1.3125, "gram");
}

/// A link of one projection u is a link of two with u = 0.6 z_0 + 0.8 z_1. Level 1: the edge of level
/// 2 depends on the outermost nodes of the samples.
#[test]
fn target_may_be_rotated() {
    let curve = |u: f64| 0.2 + u + 0.5 * (u * u - 1.0);
    let one = Target::single_index(Link::new("one", curve));
    let two = Target::multi_index("two", 2, move |z| curve(0.6 * z[0] + 0.8 * z[1]));
    let size = 1_000_000_000_000_000;
    let eta = |t: f64| t * (2.0 * size as f64).sqrt();
    for batches in [BatchPolicy::Independent, BatchPolicy::PartlyReused { fraction: 0.4 }] {
        for target_column in [true, false] {
            let bulk_model = BulkModel::Isotropic;
            let options = Options { bulk_model, target_column, ..Options::default() };
            let [a, b] = [one.clone(), two.clone()].map(|target| {
                let setting = Problem {
                    target,
                    width: 2 * size,
                    dimension: size,
                    samples: 3 * size,
                    second_layer: SecondLayerLaw::Uniform,
                    ..setting([eta(0.3), eta(0.2)], batches)
                };
                setting.predict(&options).unwrap()
            });
            within(1e-4, a.edge, b.edge, "edge");
            assert!(a.outliers.len() == b.outliers.len() && !a.outliers.is_empty());
            for (a, b) in a.outliers.iter().zip(&b.outliers) {
                within(1e-4, b.singular_value / a.singular_value, 1.0, "singular value");
                within(1e-4, b.target_overlap, a.target_overlap, "target overlap");
                within(1e-4, b.direction_overlaps[0], 0.6 * a.target_overlap, "first direction");
                within(1e-4, b.direction_overlaps[1], 0.8 * a.target_overlap, "second direction");
                for (a, b) in a.left_overlaps.iter().zip(&b.left_overlaps) {
                    within(1e-4, *b, *a, "left overlap");
                }
            }
        }
    }
}

/// After one step l(b) has a single term, so that further ones change nothing at level 2.
#[test]
fn linear_terms_beyond_the_first_vanish_after_one_step() {
    let setting = Problem {
        target: Target::single_index(Link::hermite([0.4, 1.0, 0.5])).noise(0.5),
        second_layer: SecondLayerLaw::Uniform,
        ..setting([30.0, 0.0], BatchPolicy::Reused)
    };
    let with = |terms| {
        let options = Options { linear_terms: terms, ..options(BulkModel::Structured) };
        setting.predict(&options).unwrap()
    };
    let one = with(1);
    assert!(!one.outliers.is_empty());
    let grid = [0.3 * one.edge, 0.6 * one.edge, 0.9 * one.edge, 1.1 * one.edge];
    let density = one.density(&grid).unwrap();
    assert_eq!(density[3], 0.0);
    for terms in [2, 3] {
        let more = with(terms);
        same(&more, &one, 1e-7);
        let values = more.density(&grid).unwrap();
        assert_eq!(values.len(), grid.len());
        for (a, b) in values.iter().zip(&density) {
            assert!((a - b).abs() < 1e-7, "density: {a} {b}");
        }
    }
}

/// Overlaps with powers of b are those the outliers carry; there is none beyond the last outlier.
#[test]
fn left_overlaps_with_powers_are_those_of_the_outliers() {
    for model in MODELS {
        let prediction = run(&setting([8.0, 30.0], BatchPolicy::Reused), model);
        for (i, outlier) in prediction.outliers.iter().enumerate() {
            for (k, overlap) in outlier.left_overlaps.iter().enumerate() {
                let again = prediction.left_overlap(i, |b| b.powi(k as i32 + 1)).unwrap().unwrap();
                close(again, *overlap, "left overlap");
            }
        }
        assert_eq!(prediction.left_overlap(0, |_| 0.0).unwrap(), Some(0.0));
        let none = prediction.left_overlap(prediction.outliers.len(), |b| b).unwrap();
        assert!(!prediction.outliers.is_empty() && none.is_none());
        let text = format!("{prediction:?}");
        assert!(text.contains("edge") && text.contains(&format!("{model:?}")), "{text}");
    }
}

/// Declaring kinks where the activation has none changes nothing, but for the rules: averages over
/// fresh and reused samples.
#[test]
fn kinks_declared_on_a_smooth_activation_change_nothing() {
    let value = |z: f64| z + C * (z * z - 1.0);
    let derivative = |z: f64| 1.0 + 2.0 * C * z;
    let with = |kinks: &[f64], batches| {
        let activation = FnActivation::new("quadratic", value, derivative);
        let activation = activation.with_kinks(kinks.to_vec()).shared();
        let target = Target::single_index(Link::hermite([0.4, 1.0])).noise(0.5);
        let setting = Problem { activation, target, ..setting([8.0, 30.0], batches) };
        run(&setting, BulkModel::Isotropic)
    };
    for batches in [BatchPolicy::Independent, BatchPolicy::PartlyReused { fraction: 0.4 }] {
        let smooth = with(&[], batches);
        let split = with(&[-0.8, 0.3], batches);
        same(&split, &smooth, 1e-6);
        close(split.lower_edge, smooth.lower_edge, "lower edge");
        assert!(smooth.outliers.len() >= 2);
    }
}
