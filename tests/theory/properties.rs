//! Closed forms and predictions over random parameters, ordinary and extreme.

use crate::strategies::{activation, batches, cases, link, second_layer, size, target, wild};
use linear_width::data::Link;
use linear_width::rmt::{MarchenkoPastur, SpikedMatrix};
use linear_width::theory::prediction::{BulkModel, Options, Prediction, PredictionError, Problem};
use linear_width::theory::{OutlierCount, SpikeExpansion};
use proptest::prelude::*;

fn unit(x: f64) -> bool {
    (0.0..=1.0).contains(&x)
}

/// Aspect ratios, ordinary and extreme.
fn ratio() -> impl Strategy<Value = f64> {
    prop_oneof![3 => 0.01..100.0, 1 => (-12.0..12.0).prop_map(|e: f64| 10_f64.powf(e)), 1 => Just(1.0)]
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn outlier_counts_follow_the_exponents(
        alpha_1 in prop_oneof![0.0..0.5, wild()], alpha_2 in prop_oneof![0.0..0.5, wild()],
    ) {
        let fine = (0.0..0.5).contains(&alpha_1) && (0.0..0.5).contains(&alpha_2);
        let count = OutlierCount::new(alpha_1, alpha_2);
        prop_assert_eq!(count.is_ok(), fine);
        prop_assert_eq!(SpikeExpansion::new(alpha_1, alpha_2).is_ok(), fine);
        let Ok(OutlierCount { new_directions: count, .. }) = count else { return Ok(()) };
        let ratio = alpha_2 / (0.5 - alpha_1);
        prop_assert!((count as f64 - ratio.floor()).abs() <= 1.0);
        let spikes = SpikeExpansion::new(alpha_1, alpha_2).unwrap();
        prop_assert_eq!(spikes.count().new_directions, count);
        prop_assert_eq!(spikes.count().total, count + 1);
        prop_assert_eq!(spikes.count().corrected, count + 1);
        prop_assert_eq!(spikes.exponents().len(), (count + 1).min(1000));
        let exponents = spikes.exponents();
        prop_assert!(exponents.windows(2).all(|pair| pair[0] >= pair[1]));
        prop_assert!(exponents.iter().all(|e| (0.0..0.5).contains(e)));
        let zeros = vec![0.0; spikes.exponents().len() + 1];
        let none = spikes.clone().with_hermite_coefficients(&zeros, 0.0).unwrap();
        prop_assert!(none.vanishing().iter().copied().eq(0..exponents.len()));
        prop_assert!(spikes.clone().with_hermite_coefficients(&zeros[1..], 0.0).is_err());
        prop_assert!(spikes.with_distinct_second_layer_values(2).count().corrected <= 2);
    }

    #[test]
    fn marchenko_pastur_is_a_distribution(gamma in ratio(), t in -0.2..1.2, any in wild()) {
        let law = MarchenkoPastur::new(gamma).unwrap();
        let (left, right) = law.singular_value_edges();
        prop_assert!(0.0 <= left && left < right);
        let s = left + t * (right - left);
        for density in [law.singular_value_density(s), law.eigenvalue_density(s * s)] {
            prop_assert!(!density.is_nan() && density >= 0.0, "{density} at {s}");
        }
        let below = law.singular_value_distribution(s);
        prop_assert!(unit(below), "{below}");
        let further = law.singular_value_distribution(s + 0.1 * (right - left));
        prop_assert!(further >= below - 1e-9, "{below} {further}");
        prop_assert_eq!(law.singular_value_distribution(right), 1.0);
        prop_assert_eq!(law.singular_value_distribution(-1.0), 0.0);
        for value in [
            law.singular_value_density(any), law.eigenvalue_density(any),
            law.singular_value_distribution(any), law.eigenvalue_distribution(any),
        ] {
            prop_assert_eq!(value.is_nan(), any.is_nan(), "{} at {}", value, any);
        }
        prop_assert_eq!(MarchenkoPastur::new(any).is_ok(), any.is_finite() && any > 0.0);
    }

    #[test]
    fn spiked_matrix_outliers_lie_above_the_edge(
        gamma in ratio(), theta in prop_oneof![0.0..50.0, wild()], any in wild(),
    ) {
        let model = SpikedMatrix::new(gamma).unwrap();
        match model.spike(theta) {
            Ok(Some(spike)) => {
                prop_assert!(theta > model.bbp_threshold());
                let edge = 1.0 + gamma.sqrt();
                prop_assert!(spike.singular_value >= edge * (1.0 - 1e-12), "{spike:?}");
                prop_assert!(unit(spike.left_overlap) && unit(spike.right_overlap), "{spike:?}");
                prop_assert!(spike.singular_value >= theta * (1.0 - 1e-12));
            }
            Ok(None) => prop_assert!(theta >= 0.0 && theta <= model.bbp_threshold()),
            Err(_) => prop_assert!(!(theta.is_finite() && theta >= 0.0)),
        }
        prop_assert_eq!(SpikedMatrix::new(any).is_ok(), any.is_finite() && any > 0.0);
    }
}

proptest! {
    #![proptest_config(cases(30))]

    #[test]
    fn information_and_reuse_exponents_do_not_depend_on_scale(
        link in link(), tolerance in prop_oneof![4 => Just(1e-8), 1 => wild()],
    ) {
        // no quadrature tells what is finer
        let fine = (1e-11..1.0).contains(&tolerance);
        let information = link.information_exponent(8, tolerance);
        let reuse = link.reuse_exponent(6, tolerance);
        prop_assert_eq!(reuse.is_ok(), fine);
        prop_assert!(information.is_ok() || !fine);
        prop_assert!(information.is_err() || (tolerance > 0.0 && tolerance < 1.0));
        if tolerance == 1e-8 {
            let found = information.unwrap();
            prop_assert!(found.is_none_or(|k| (1..=8).contains(&k)));
            prop_assert!(reuse.unwrap().is_none_or(|q| (1..=6).contains(&q)));
            // scaling does not change them
            let inner = link.clone();
            let scaled = Link::new("scaled", move |z| 7.0 * inner.value(z)).with_kinks(link.kinks());
            prop_assert_eq!(scaled.information_exponent(8, tolerance).unwrap(), found);
        }
    }
}

fn setting() -> impl Strategy<Value = Problem> {
    let sizes = (2_usize..3000, size(2000), size(6000));
    let steps =
        (prop_oneof![1 => Just(0.0), 5 => 0.0..60.0], prop_oneof![1 => Just(0.0), 3 => 0.0..120.0]);
    (sizes, steps, activation(), target(), batches()).prop_flat_map(
        |(n, eta, sigma, target, batches)| {
            let law = prop_oneof![9 => second_layer(n.0.min(40)), 1 => second_layer(7)];
            law.prop_map(move |second_layer| Problem {
                activation: sigma.clone(),
                target: target.clone(),
                width: if let linear_width::network::SecondLayerLaw::Fixed(b) = &second_layer {
                    b.len().max(2)
                } else {
                    n.0
                },
                dimension: n.1,
                samples: n.2,
                step_sizes: vec![eta.0, eta.1],
                batches,
                second_layer,
            })
        },
    )
}

fn check(prediction: &Prediction) -> Result<(), TestCaseError> {
    let edge = prediction.edge;
    prop_assert!(edge.is_finite() && edge >= 0.0, "edge {edge}");
    let mut above = f64::INFINITY;
    for outlier in &prediction.outliers {
        prop_assert!(outlier.singular_value.is_finite() && outlier.singular_value >= edge);
        prop_assert!(outlier.singular_value <= above, "not sorted");
        above = outlier.singular_value;
        let overlaps = outlier.direction_overlaps.iter().chain(&outlier.left_overlaps);
        prop_assert!(overlaps.chain([&outlier.target_overlap]).all(|o| unit(*o)), "{outlier:?}");
    }
    prop_assert!((0.0..=edge).contains(&prediction.lower_edge));
    prop_assert!(prediction.indicators.iter().all(|i| !i.sentence.is_empty()));
    let i = &prediction;
    let numbers =
        [i.c_1, i.derivative_variance, i.label_mean, i.label_second_moment, i.tau_squared];
    prop_assert!(numbers.iter().chain(&i.gram).chain(&i.target_projections).all(|x| x.is_finite()));
    let points: Vec<f64> = (0..12).map(|k| 0.1 * f64::from(k) * edge).collect();
    match prediction.density(&points) {
        Ok(density) => {
            prop_assert!(density.iter().all(|p| p.is_finite() && *p >= 0.0), "{density}");
            prop_assert!(density[11] == 0.0 || density[11] < 1e-6);
        }
        Err(PredictionError::NotConverged { .. }) => {}
        Err(other) => prop_assert!(false, "{other}"),
    }
    for index in 0..=prediction.outliers.len() {
        match prediction.left_overlap(index, |b| b) {
            Ok(overlap) => {
                prop_assert_eq!(overlap.is_some(), index < prediction.outliers.len());
                prop_assert!(overlap.is_none_or(unit));
            }
            Err(PredictionError::NotConverged { .. }) => {}
            Err(other) => prop_assert!(false, "{other}"),
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(12))]

    /// A prediction that holds together, or a typed error.
    #[test]
    fn prediction_holds_together_or_is_a_typed_error(setting in setting(), isotropic: bool) {
        // several directions with noise from data take seconds
        let isotropic = isotropic || setting.target.direction_count() > 1;
        let bulk_model = if isotropic { BulkModel::Isotropic } else { BulkModel::Structured };
        match setting.predict(&Options { bulk_model, ..Options::default() }) {
            Ok(prediction) => check(&prediction)?,
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}
