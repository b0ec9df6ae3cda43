//! Step sizes, batch policies, the descent direction and the update over random networks and batches.

use crate::strategies::{activation, cases, largest, matrix, scaling, size, vector, wild};
use linear_width::InvalidSetting;
use linear_width::activation::Activation;
use linear_width::data::{Batch, Dataset};
use linear_width::network::Network;
use linear_width::training::{BatchPolicy, StepSize, TrainingError};
use ndarray::{Array1, Array2};
use proptest::prelude::*;

/// A network and a batch that fit together.
fn pair(largest: usize) -> impl Strategy<Value = (Network<f64>, Dataset)> {
    let shape = (size(largest), size(largest), size(2 * largest), activation(), scaling());
    shape.prop_flat_map(|(width, d, n, activation, scaling)| {
        let numbers = || prop_oneof![5 => -2.0..2.0, 1 => Just(0.0)];
        let all = (
            matrix((width, d), numbers()),
            vector(width, numbers()),
            matrix((n, d), numbers()),
            vector(n, numbers()),
        );
        all.prop_map(move |(w, a, x, y)| {
            let network = Network::new(w, a, activation.clone()).unwrap().with_scaling(scaling);
            (network, Dataset::new(x, y).unwrap())
        })
    })
}

/// (1/n) [(a r^T) o sigma'(W X^T)] X written out, and the sum of the absolute values of its terms.
fn by_hand(network: &Network<f64>, batch: &Dataset) -> (Array2<f64>, Array2<f64>) {
    let (x, y) = batch.to_arrays().unwrap();
    let residual = y - network.output(x.view()).unwrap();
    let (mut direction, mut size) =
        (Array2::zeros(network.first_layer().dim()), Array2::zeros(network.first_layer().dim()));
    for (j, w) in network.first_layer().rows().into_iter().enumerate() {
        for (x, r) in x.rows().into_iter().zip(&residual) {
            let slope: f64 = network.activation().derivative(w.dot(&x));
            let factor = network.second_layer()[j] * r * slope / batch.samples() as f64;
            direction.row_mut(j).scaled_add(factor, &x);
            size.row_mut(j).scaled_add(factor.abs(), &x.mapv(f64::abs));
        }
    }
    (direction, size)
}

fn single(network: &Network<f64>, batch: &Dataset) -> (Network<f32>, Dataset) {
    let (x, y) = batch.to_arrays().unwrap();
    let (cast, scaling) = (|x: &f64| *x as f32, network.scaling());
    let network = Network::new(
        network.first_layer().map(cast),
        network.second_layer().map(cast),
        network.activation().clone(),
    );
    (network.unwrap().with_scaling(scaling), Dataset::new(x.map(cast), y.map(cast)).unwrap())
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn descent_direction_is_the_formula((network, batch) in pair(12)) {
        // the derivative jumps at a kink, where two ways of summing w x may fall on either side
        let (x, _) = batch.to_arrays().unwrap();
        let z = network.first_layer().dot(&x.t());
        let kinks = network.activation().kinks();
        prop_assume!(z.iter().all(|z| kinks.iter().all(|k| z == k || (z - k).abs() > 1e-9)));
        let direction = network.descent_direction(&batch).unwrap();
        let (expected, size) = by_hand(&network, &batch);
        for ((found, expected), size) in direction.iter().zip(&expected).zip(&size) {
            prop_assert!(found.is_finite());
            prop_assert!((found - expected).abs() <= 1e-11 * (1.0 + size), "{found} {expected}");
        }
        prop_assume!(z.iter().all(|z| kinks.iter().all(|k| (z - k).abs() > 1e-3)));
        let (network, batch) = single(&network, &batch);
        let direction = network.descent_direction(&batch).unwrap();
        let scale = 1.0 + largest(&size);
        for (found, expected) in direction.iter().zip(&expected) {
            prop_assert!((f64::from(*found) - expected).abs() <= 1e-3 * scale);
        }
    }

    #[test]
    fn gradient_step_adds_eta_times_the_direction((network, batch) in pair(8), eta in wild()) {
        let before = network.first_layer().clone();
        let direction = network.descent_direction(&batch).unwrap();
        let mut after = network.clone();
        match after.gradient_step(&batch, eta) {
            Ok(change) => {
                prop_assert!(eta >= 0.0 && eta.is_finite());
                let moved = *after.first_layer() != before;
                prop_assert_eq!(change.relative > 0.0, moved);
                prop_assert!(!change.no_gradient || direction.iter().all(|g| *g == 0.0));
                prop_assert!(after.first_layer().iter().all(|w| w.is_finite()));
                prop_assert_eq!(after.second_layer(), network.second_layer());
                let expected = &before + &(&direction * eta);
                for (found, expected) in after.first_layer().iter().zip(&expected) {
                    let allowed = 1e-11 * (1.0 + expected.abs() + eta);
                    prop_assert!((found - expected).abs() <= allowed, "{found} {expected}");
                }
                if eta == 0.0 {
                    prop_assert_eq!(after.first_layer(), &before);
                }
            }
            Err(TrainingError::Invalid(InvalidSetting::OutOfRange { .. })) => {
                prop_assert!(!(eta >= 0.0 && eta.is_finite()));
                prop_assert_eq!(after.first_layer(), &before);
            }
            Err(TrainingError::Diverged) => prop_assert!(eta > 1e100),
            Err(other) => prop_assert!(false, "{other}"),
        }
        let (mut network, batch) = single(&network, &batch);
        match network.gradient_step(&batch, eta) {
            Ok(_) => prop_assert!(network.first_layer().iter().all(|w| w.is_finite())),
            Err(TrainingError::Diverged) => prop_assert!(eta > 1e20),
            Err(TrainingError::Invalid(_)) => prop_assert!(!(eta >= 0.0 && eta.is_finite())),
            Err(other) => prop_assert!(false, "{other}"),
        }
    }

    #[test]
    fn gradient_step_moves_nothing_when_labels_are_met((network, batch) in pair(10)) {
        let (x, _) = batch.to_arrays().unwrap();
        let y = network.output(x.view()).unwrap();
        let scale = 1.0 + largest(&y);
        let met = Dataset::new(x, y).unwrap();
        let direction = network.descent_direction(&met).unwrap();
        prop_assert!(largest(&direction) < 1e-10 * scale.powi(2));
    }

    #[test]
    fn gradient_step_refuses_a_batch_of_another_dimension((network, _) in pair(6), other in size(6)) {
        let wrong = Dataset::new(Array2::<f64>::zeros((2, other)), Array1::<f64>::zeros(2)).unwrap();
        let fits = other == network.dimension();
        prop_assert_eq!(network.descent_direction(&wrong).is_ok(), fits);
        prop_assert_eq!(network.clone().gradient_step(&wrong, 1.0).is_ok(), fits);
    }
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn step_sizes_and_policies(
        constant in wild(), alpha in wild(), fraction in wild(), samples: usize, width in 1_usize..10_000,
    ) {
        let step = StepSize::scaled(constant, alpha);
        let fine = constant.is_finite() && constant >= 0.0 && (0.0..0.5).contains(&alpha);
        prop_assert_eq!(step.check(1).is_ok(), fine);
        if fine {
            prop_assert!(step.eta(width) >= 0.0);
            prop_assert!(!step.to_string().is_empty());
        }
        let policy = BatchPolicy::PartlyReused { fraction };
        prop_assert_eq!(policy.check().is_ok(), (0.0..=1.0).contains(&fraction));
        prop_assert!(policy.kept_samples(samples) <= samples);
        prop_assert_eq!(BatchPolicy::PartlyReused { fraction: 0.0 }.kept_samples(samples), 0);
        prop_assert_eq!(BatchPolicy::PartlyReused { fraction: 1.0 }.kept_samples(samples), samples);
    }
}

/// What the properties found once: all of more than 2^53 samples were one too few.
#[test]
fn batch_policy_keeps_all_of_very_many_samples() {
    let all = BatchPolicy::PartlyReused { fraction: 1.0 };
    assert_eq!(all.kept_samples((1 << 54) + 1), (1 << 54) + 1);
}
