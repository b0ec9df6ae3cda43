//! Step sizes, batch policies, the descent direction and the update over random networks and batches.

use std::ops::ControlFlow;

use crate::strategies::{activation, cases, largest, matrix, scaling, size, vector, wild};
use linear_width::activation::Activation;
use linear_width::data::{Batch, DatasetBatch};
use linear_width::network::Network;
use linear_width::training::{
    BatchPolicy, StepSize, TrainingError, descent_direction, gradient_step,
};
use linear_width::{InvalidSetting, Scalar};
use ndarray::{Array1, Array2};
use proptest::prelude::*;

/// A network and a batch that fit together.
fn pair(largest: usize) -> impl Strategy<Value = (Network<f64>, DatasetBatch<f64>)> {
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
            let network = Network::new(w, a, activation.clone(), scaling).unwrap();
            (network, DatasetBatch::new(x, y).unwrap())
        })
    })
}

fn go(_: usize, _: usize) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// The batch as two arrays.
fn arrays<T: Scalar>(batch: &impl Batch<T>) -> (Array2<T>, Array1<T>) {
    let (mut x, mut y) =
        (Array2::zeros((batch.samples(), batch.dimension())), Array1::zeros(batch.samples()));
    batch.read(0, x.view_mut(), y.view_mut()).unwrap();
    (x, y)
}

/// (1/n) [(a r^T) o sigma'(W X^T)] X written out, and the sum of the absolute values of its terms.
fn by_hand(network: &Network<f64>, batch: &DatasetBatch<f64>) -> (Array2<f64>, Array2<f64>) {
    let (x, y) = arrays(batch);
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

fn single(network: &Network<f64>, batch: &DatasetBatch<f64>) -> (Network<f32>, DatasetBatch<f32>) {
    let (x, y) = arrays(batch);
    let cast = |x: &f64| *x as f32;
    let network = Network::new(
        network.first_layer().map(cast),
        network.second_layer().map(cast),
        network.activation().clone(),
        network.scaling(),
    );
    (network.unwrap(), DatasetBatch::new(x.map(cast), y.map(cast)).unwrap())
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn descent_direction_is_the_formula((network, batch) in pair(12)) {
        // the derivative jumps at a kink, where two ways of summing w x may fall on either side
        let (x, _) = arrays(&batch);
        let z = network.first_layer().dot(&x.t());
        let kinks = network.activation().kinks();
        prop_assume!(z.iter().all(|z| kinks.iter().all(|k| z == k || (z - k).abs() > 1e-9)));
        let direction = descent_direction(&network, &batch, &mut go).unwrap().unwrap();
        let (expected, size) = by_hand(&network, &batch);
        for ((found, expected), size) in direction.iter().zip(&expected).zip(&size) {
            prop_assert!(found.is_finite());
            prop_assert!((found - expected).abs() <= 1e-11 * (1.0 + size), "{found} {expected}");
        }
        prop_assume!(z.iter().all(|z| kinks.iter().all(|k| (z - k).abs() > 1e-3)));
        let (network, batch) = single(&network, &batch);
        let direction = descent_direction(&network, &batch, &mut go).unwrap().unwrap();
        let scale = 1.0 + largest(&size);
        for (found, expected) in direction.iter().zip(&expected) {
            prop_assert!((f64::from(*found) - expected).abs() <= 1e-3 * scale);
        }
    }

    #[test]
    fn gradient_step_adds_eta_times_the_direction((network, batch) in pair(8), eta in wild()) {
        let before = network.first_layer().clone();
        let direction = descent_direction(&network, &batch, &mut go).unwrap().unwrap();
        let mut after = network.clone();
        match gradient_step(&mut after, &batch, eta, 3, &mut go) {
            Ok(change) => {
                prop_assert!(eta >= 0.0 && eta.is_finite());
                let moved = *after.first_layer() != before;
                prop_assert_eq!(change.relative > 0.0, moved);
                prop_assert!(!change.no_gradient || direction.iter().all(|g| *g == 0.0));
                prop_assert!(after.first_layer().iter().all(|w| w.is_finite()));
                prop_assert_eq!(after.second_layer(), network.second_layer());
                let expected = &before + &(eta * &direction);
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
            Err(TrainingError::Diverged { step }) => prop_assert!(step == 3 && eta > 1e100),
            Err(other) => prop_assert!(false, "{other}"),
        }
        let (mut network, batch) = single(&network, &batch);
        match gradient_step(&mut network, &batch, eta, 1, &mut go) {
            Ok(_) => prop_assert!(network.first_layer().iter().all(|w| w.is_finite())),
            Err(TrainingError::Diverged { .. }) => prop_assert!(eta > 1e20),
            Err(TrainingError::Invalid(_)) => prop_assert!(!(eta >= 0.0 && eta.is_finite())),
            Err(other) => prop_assert!(false, "{other}"),
        }
    }

    #[test]
    fn gradient_step_moves_nothing_when_labels_are_met((network, batch) in pair(10)) {
        let (x, _) = arrays(&batch);
        let y = network.output(x.view()).unwrap();
        let scale = 1.0 + largest(&y);
        let met = DatasetBatch::new(x, y).unwrap();
        let direction = descent_direction(&network, &met, &mut go).unwrap().unwrap();
        prop_assert!(largest(&direction) < 1e-10 * scale.powi(2));
    }

    #[test]
    fn gradient_step_leaves_the_weights_when_stopped((network, batch) in pair(6), other in size(6)) {
        let mut stopped = network.clone();
        let error = gradient_step(&mut stopped, &batch, 1.0, 2, &mut |_, _| ControlFlow::Break(()));
        prop_assert_eq!(error, Err(TrainingError::Cancelled { step: 2 }));
        prop_assert_eq!(stopped.first_layer(), network.first_layer());
        let wrong = DatasetBatch::new(Array2::zeros((2, other)), Array1::zeros(2)).unwrap();
        let fits = other == network.dimension();
        prop_assert_eq!(descent_direction(&network, &wrong, &mut go).is_ok(), fits);
        prop_assert_eq!(gradient_step(&mut stopped, &wrong, 1.0, 1, &mut go).is_ok(), fits);
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
