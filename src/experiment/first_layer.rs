//! The network of a run, wherever it is stepped and measured; and on the processor.

use ndarray::{Array1, Array2};

use super::error::RunError;
use crate::Scalar;
use crate::data::Batch;
use crate::linalg::{Processor, Workplace, backend_name};
use crate::network::Network;
use crate::readout::Features;
use crate::spectral::{SingularTriplets, SpectralError, SpectrumMethod, leading_triplets};
use crate::training::{Change, TileObserver, TrainingError};

/// A network whose first layer is where it is stepped and measured.
pub(super) trait FirstLayer<T> {
    /// Who computes, for the report.
    fn backend(&self) -> String;

    /// A copy of the network as it is now.
    fn network(&self) -> Result<Network<T>, RunError>;

    /// The network as it is now.
    fn into_network(self: Box<Self>) -> Result<Network<T>, RunError>;

    /// The weights as they are now.
    fn weights(&self) -> Result<Array2<f64>, RunError>;

    /// The second layer.
    fn second_layer(&self) -> &Array1<T>;

    /// A gradient step that `observer` may stop; the weights are then unchanged and the result is
    /// `None`.
    fn step(
        &mut self,
        batch: &dyn Batch,
        eta: f64,
        observer: &mut TileObserver<'_>,
    ) -> Result<Option<Change>, TrainingError>;

    /// All singular values.
    fn singular_values(&mut self, method: SpectrumMethod) -> Result<Array1<T>, SpectralError>;

    /// The leading singular triplets.
    fn leading_triplets(&mut self, count: usize) -> Result<SingularTriplets<T>, SpectralError>;

    /// The features, and where their Gram matrices are computed.
    fn features(&mut self) -> (Box<dyn Features + '_>, &dyn Workplace);
}

impl<T: Scalar> FirstLayer<T> for Network<T> {
    fn backend(&self) -> String {
        backend_name().to_owned()
    }

    fn network(&self) -> Result<Network<T>, RunError> {
        Ok(self.clone())
    }

    fn into_network(self: Box<Self>) -> Result<Network<T>, RunError> {
        Ok(*self)
    }

    fn weights(&self) -> Result<Array2<f64>, RunError> {
        Ok(self.first_layer().mapv(|w| w.as_f64()))
    }

    fn second_layer(&self) -> &Array1<T> {
        Network::second_layer(self)
    }

    fn step(
        &mut self,
        batch: &dyn Batch,
        eta: f64,
        observer: &mut TileObserver<'_>,
    ) -> Result<Option<Change>, TrainingError> {
        self.observed_gradient_step(batch, eta, observer)
    }

    fn singular_values(&mut self, method: SpectrumMethod) -> Result<Array1<T>, SpectralError> {
        method.singular_values(self.first_layer().view())
    }

    fn leading_triplets(&mut self, count: usize) -> Result<SingularTriplets<T>, SpectralError> {
        leading_triplets(self.first_layer().view(), count)
    }

    fn features(&mut self) -> (Box<dyn Features + '_>, &dyn Workplace) {
        (Box::new(&*self), &Processor)
    }
}
