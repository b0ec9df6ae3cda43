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
