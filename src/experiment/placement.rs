//! The one place that chooses between devices.

use super::checked::Experiment;
use super::device::Device;
use super::error::RunError;
use super::first_layer::FirstLayer;
#[cfg(feature = "cuda")]
use super::on_card::OnCard;
use crate::Scalar;
use crate::network::Network;

/// The network on the device of the settings.
pub(super) fn placed<T: Scalar>(
    experiment: &Experiment,
    network: Network<T>,
) -> Result<Box<dyn FirstLayer<T>>, RunError> {
    match experiment.settings.device {
        Device::Cpu => Ok(Box::new(network)),
        #[cfg(feature = "cuda")]
        Device::Cuda(ordinal) => Ok(Box::new(OnCard::new(experiment, network, ordinal)?)),
        #[cfg(not(feature = "cuda"))]
        Device::Cuda(_) => Err(experiment
            .settings
            .device
            .problem()
            .map_or_else(|| unreachable!("there are no cards in this build"), RunError::Invalid)),
    }
}
