//! Where a run is computed.

#[cfg(not(feature = "cuda"))]
use linear_width::InvalidSetting;
use linear_width::experiment::Device;

use crate::builder::valid;

#[test]
fn devices_are_read_as_they_are_written() {
    for (text, device) in
        [("cpu", Device::Cpu), ("cuda", Device::Cuda(0)), ("cuda:12", Device::Cuda(12))]
    {
        assert_eq!(text.parse(), Ok(device));
        assert_eq!(device.to_string(), text);
    }
    assert_eq!("cuda:0".parse(), Ok(Device::Cuda(0)));
    for wrong in ["", "gpu", "cuda:", "cuda:-1", "cuda:+1", "cuda:x", "Cuda", "cpu:0"] {
        let error = wrong.parse::<Device>().unwrap_err();
        assert_eq!(error.path().as_deref(), Some("device"));
        assert!(error.to_string().starts_with(&format!("the device is {wrong:?}; it must be")));
    }
}

#[cfg(not(feature = "cuda"))]
#[test]
fn a_card_needs_a_feature() {
    let error = valid().device(Device::Cuda(1)).build().unwrap_err();
    let [problem] = &error.problems[..] else { panic!("{error}") };
    assert!(matches!(problem, InvalidSetting::NotCompiled { feature: "cuda", .. }));
    assert_eq!(problem.path().as_deref(), Some("device"));
    assert_eq!(
        error.to_string(),
        "device is cuda:1: this build of linear-width has no such thing; compile it with the \
         feature `cuda`"
    );
}

#[cfg(feature = "cuda")]
#[test]
fn a_run_needs_its_card() {
    use linear_width::experiment::RunError;

    // a number that no machine has; where there is no driver, the driver is what is missing
    let experiment = valid().device(Device::Cuda(1000)).build().unwrap();
    let error = experiment.run().unwrap_err();
    assert!(matches!(error, RunError::Cuda(_)), "{error}");
    let network = experiment.networks::<f64>().next().unwrap();
    assert_eq!(network.unwrap_err(), error);
}

/// `cargo test --features cuda,checkpoint --test experiment -- --ignored on_a_card`.
#[cfg(all(feature = "cuda", feature = "checkpoint"))]
#[test]
#[ignore = "needs a card"]
fn on_a_card_a_run_is_that_of_the_processor() {
    use std::ops::ControlFlow;

    use linear_width::experiment::RunOptions;
    use linear_width::training::BatchPolicy;

    let folder = std::env::temp_dir().join(format!("linear-width-card-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for batches in
        [BatchPolicy::Independent, BatchPolicy::Reused, BatchPolicy::PartlyReused { fraction: 0.4 }]
    {
        let kept = || valid().steps([3.0, 4.0]).batches(batches).keep_weights(true);
        let settings = || kept().readout_samples([40]).feature_samples(50);
        let expected = settings().build().unwrap().run().unwrap();
        let on_card = settings().device(Device::Cuda(0)).build().unwrap();
        let found = on_card.run().unwrap();
        assert!(found.backend.starts_with("cuBLAS and cuSOLVER on "), "{}", found.backend);
        for (found, expected) in found.stages.iter().zip(&expected.stages) {
            let largest = expected.singular_values[0];
            let pairs = found.singular_values.iter().zip(&expected.singular_values);
            pairs.for_each(|(a, b)| assert!((a - b).abs() <= 1e-11 * largest, "{a} {b}"));
            let error = |stage: &linear_width::experiment::Stage| {
                stage.best_readout(40).unwrap().measured.test_error.mean_square
            };
            assert!((error(found) / error(expected) - 1.0).abs() <= 1e-8);
        }
        let last = on_card.networks::<f64>().last().unwrap().unwrap();
        assert_eq!(Some(last.first_layer()), found.stages[2].weights.as_ref());
        // stopped in the second step, and gone on with
        let file = folder.join(format!("{batches}"));
        let options = || RunOptions::new().checkpoint(&file);
        let stop = |progress: &linear_width::experiment::Progress| match progress.step {
            2 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        };
        let stopped = on_card.run_with(options().observe(stop));
        assert!(stopped.is_err());
        let resumed = on_card.run_with(options()).unwrap();
        for (resumed, found) in resumed.stages.iter().zip(&found.stages) {
            assert_eq!(resumed.singular_values, found.singular_values);
            assert_eq!(resumed.weights, found.weights);
        }
        // not by the processor
        assert!(settings().build().unwrap().run_with(options()).is_err());
    }
    std::fs::remove_dir_all(folder).unwrap();
}
