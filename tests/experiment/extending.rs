//! Laws and activations of the user's own, in runs and predictions.

use crate::common::distance;
use linear_width::Experiment;
use linear_width::activation::{Activation, FnActivation, Tanh};
use linear_width::data::{Batch, CustomLaw, InputLaw, Link, Target};
use linear_width::experiment::{ExperimentBuilder, NoPredictionError};
use linear_width::network::SecondLayerLaw;
use linear_width::theory::prediction::{BulkModel, Options, Prediction, PredictionError, Problem};
use linear_width::training::BatchPolicy;
use ndarray::{Array1, Array2, s};

fn uniform() -> CustomLaw {
    CustomLaw::quantile("uniform", |u| 12_f64.sqrt() * (u - 0.5)).unwrap()
}

fn laplace_quantile(u: f64) -> f64 {
    let tail = (2.0 * u.min(1.0 - u)).ln() / 2_f64.sqrt();
    if u < 0.5 { tail } else { -tail }
}

fn laplace() -> CustomLaw {
    CustomLaw::quantile("laplace", laplace_quantile).unwrap()
}

/// The Gaussian quantile function by bisection on the distribution function of `libm`.
fn gaussian_quantile(u: f64) -> f64 {
    if u > 0.5 {
        return -gaussian_quantile(1.0 - u);
    }
    if u <= 0.0 {
        return f64::NEG_INFINITY;
    }
    let (mut low, mut high) = (-40.0, 0.0);
    while high - low > 1e-14 {
        let middle = 0.5 * (low + high);
        if 0.5 * libm::erfc(-middle / 2_f64.sqrt()) < u { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

fn predicted(
    width: usize,
    law: SecondLayerLaw,
    batches: BatchPolicy,
    bulk_model: BulkModel,
) -> Prediction {
    let setting = Problem {
        activation: Tanh { scale: 2.0, shift: 0.5 }.shared(),
        target: Target::single_index(Link::hermite([0.0, 0.8, 0.3])).noise(0.1),
        width,
        dimension: width / 2,
        samples: 3 * width / 2,
        step_sizes: vec![25.0, 40.0],
        batches,
        second_layer: law,
    };
    setting.predict(&Options { bulk_model, ..Options::default() }).unwrap()
}

#[test]
fn custom_laws_predict_as_the_built_in_ones() {
    let two_points = CustomLaw::discrete("signs", [(-1.0, 0.5), (1.0, 0.5)]).unwrap();
    let signs = CustomLaw::quantile("signs", |u| if u < 0.5 { -1.0 } else { 1.0 });
    let signs = signs.unwrap().with_kinks([0.5]).unwrap();
    let gaussian = CustomLaw::quantile("gaussian", gaussian_quantile).unwrap();
    let cases = [
        (uniform(), SecondLayerLaw::Uniform),
        (uniform().with_kinks([0.3]).unwrap(), SecondLayerLaw::Uniform),
        (two_points, SecondLayerLaw::Rademacher),
        (signs, SecondLayerLaw::Rademacher),
        (gaussian, SecondLayerLaw::Gaussian),
    ];
    for (custom, built_in) in cases {
        for (batches, model) in [
            (BatchPolicy::Independent, BulkModel::Isotropic),
            (BatchPolicy::Reused, BulkModel::Structured),
        ] {
            let found = predicted(2000, SecondLayerLaw::Custom(custom.clone()), batches, model);
            let expected = predicted(2000, built_in.clone(), batches, model);
            assert!(!found.outliers.is_empty());
            let (values, overlaps) = distance(&found, &expected);
            let said = format!("{custom:?}, {batches}, {model:?}: {values:.1e}, {overlaps:.1e}");
            assert!(values < 1e-6 && overlaps < 1e-6, "{said}");
        }
    }
}

/// The same law as the N values of a stratified sample, which takes another path through the
/// prediction: the two agree as N grows, the cut tail and the atoms mattering less and less. One
/// law is unbounded on both sides, one on one.
#[test]
fn custom_unbounded_laws_predict_as_their_stratified_samples() {
    let exponential = |u: f64| -(-u).ln_1p() - 1.0;
    let laws = [
        (laplace().with_kinks([0.5]).unwrap(), laplace_quantile as fn(f64) -> f64),
        (CustomLaw::quantile("exponential", exponential).unwrap(), exponential),
    ];
    for (law, quantile) in laws {
        let differences = [500_u32, 8000].map(|width| {
            let stratum = |j: u32| (f64::from(j) + 0.5) / f64::from(width);
            let strata: Array1<f64> = (0..width).map(|j| quantile(stratum(j))).collect();
            let [a, b] =
                [SecondLayerLaw::Custom(law.clone()), SecondLayerLaw::Fixed(strata)].map(|law| {
                    let policy = BatchPolicy::Independent;
                    predicted(width as usize, law, policy, BulkModel::Isotropic)
                });
            let mut found = vec![(a.edge / b.edge - 1.0).abs()];
            for (a, b) in a.outliers.iter().zip(&b.outliers).take(2) {
                found.push((a.singular_value / b.singular_value - 1.0).abs());
                found.push((a.target_overlap - b.target_overlap).abs());
            }
            found.into_iter().fold(0.0, f64::max)
        });
        println!("{law:?}: {differences:?}");
        assert!(differences[1] < 0.01, "{law:?}: {differences:?}");
        assert!(differences[1] < 0.5 * differences[0], "{law:?}: {differences:?}");
    }
}

fn builder(width: usize) -> ExperimentBuilder {
    Experiment::builder()
        .width(width)
        .dimension(width / 2)
        .samples(width + width / 2)
        .activation(Tanh { scale: 2.0, shift: 0.5 })
        .target(Target::single_index(Link::hermite([0.0, 1.0])).noise(0.1))
        .steps([15.0, 25.0])
}

#[test]
fn sampled_law_runs_but_has_no_prediction() {
    let coin = |rng: &mut dyn rand::Rng| if rng.next_u32() < 1 << 31 { -1.0 } else { 1.0 };
    let law = SecondLayerLaw::Custom(CustomLaw::sampled("coin", coin).unwrap());
    let experiment = builder(100).second_layer(law).build().unwrap();
    assert!(matches!(
        experiment.predict(1, &Options::default()),
        Err(NoPredictionError::Failed(PredictionError::LawWithoutQuantile { .. }))
    ));
    let report = experiment.run().unwrap();
    assert!(report.no_prediction.unwrap().contains("coin"));
    assert!(report.second_layer.iter().all(|a| (a.abs() - 0.1).abs() < 1e-15));
}

#[test]
fn custom_input_law_is_universal_and_independent_of_tiling() {
    let experiment = builder(800).input_law(InputLaw::Custom(laplace())).build().unwrap();
    let batch = experiment.batch(1).unwrap();
    let read = |first: usize, count: usize| {
        let mut x = Array2::<f64>::zeros((count, 400));
        batch.read(first, x.view_mut(), Array1::zeros(count).view_mut()).unwrap();
        x
    };
    let whole = read(0, 300);
    for (first, count) in [(10, 7), (60, 200), (299, 1)] {
        assert_eq!(read(first, count), whole.slice(s![first..first + count, ..]));
    }
    let kurtosis = whole.mapv(|x| x.powi(4)).mean().unwrap();
    assert!((kurtosis - 6.0).abs() < 0.5, "{kurtosis}");

    // the prediction does not look at the input law, and the run agrees with it
    let gaussian = builder(800).build().unwrap();
    let options = Options::default();
    let predicted = experiment.predict(1, &options).unwrap();
    assert_eq!(predicted.edge, gaussian.predict(1, &options).unwrap().edge);
    let report = experiment.run().unwrap();
    let found = report.stages[1].triplets[0].singular_value;
    let expected = predicted.outliers[0].singular_value;
    println!("W_1: {found} against {expected}");
    assert!((found / expected - 1.0).abs() < 0.05, "{found} against {expected}");
}

#[test]
fn dual_activation_runs_as_the_built_in_one() {
    let dual = FnActivation::from_formula("2 tanh(z + 1/2)", |z| 2.0 * (z + 0.5).tanh());
    assert_eq!(dual.value(0.3_f64), Tanh { scale: 2.0, shift: 0.5 }.value(0.3));
    let found = builder(200).activation(dual).build().unwrap().run().unwrap();
    let expected = builder(200).build().unwrap().run().unwrap();
    for (found, expected) in found.stages.iter().zip(&expected.stages) {
        let change = &found.singular_values - &expected.singular_values;
        assert!(change.iter().all(|c| c.abs() < 1e-11), "{change}");
    }
}

#[cfg(feature = "serde")]
#[test]
fn custom_law_serialises_as_its_name_and_is_not_read_back() {
    let law = InputLaw::Custom(laplace());
    let text = serde_json::to_string(&law).unwrap();
    assert_eq!(text, r#"{"custom":"laplace"}"#);
    let error = serde_json::from_str::<InputLaw>(&text).unwrap_err().to_string();
    assert!(error.contains("laplace") && error.contains("cannot be read back"), "{error}");
    let text = serde_json::to_string(&InputLaw::Uniform).unwrap();
    assert_eq!(serde_json::from_str::<InputLaw>(&text).unwrap(), InputLaw::Uniform);
}
