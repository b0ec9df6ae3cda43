//! The network of a run on a card.

use std::sync::Arc;

use ndarray::{Array1, Array2};

use super::checked::Experiment;
use super::error::RunError;
use super::first_layer::FirstLayer;
use super::settings::Settings;
use crate::Scalar;
use crate::cuda::{
    Card, CardFeatures, CardNetwork, CudaError, SampleRoom, spectrum_bytes, step_bytes,
};
use crate::data::Batch;
use crate::linalg::Workplace;
use crate::network::Network;
use crate::readout::Features;
use crate::spectral::{SingularTriplets, SpectralError, SpectrumMethod};
use crate::training::{Change, TileObserver, TrainingError};

/// A network on a card, with the room for its batches.
pub(super) struct OnCard<T> {
    card: Arc<Card>,
    network: CardNetwork<T>,
    room: Option<SampleRoom<T>>,
    /// Samples that every batch begins with and that a later step sees again.
    kept: usize,
    /// Bytes for the larger of a spectrum and a step, beside the weights.
    spared: u128,
}

impl<T: Scalar> OnCard<T> {
    /// Copies the network to card number `ordinal`, when the run fits there.
    pub fn new(
        experiment: &Experiment,
        network: Network<T>,
        ordinal: usize,
    ) -> Result<Self, CudaError> {
        let Settings { width, dimension, samples, batches, ref steps, .. } = experiment.settings;
        let card = Card::open(ordinal)?;
        let weights = size_of::<T>() as u128 * width as u128 * dimension as u128;
        let step = step_bytes(width, dimension, samples, size_of::<T>());
        let spectrum = spectrum_bytes(width, dimension);
        card.has_room(step.max(weights.saturating_add(spectrum)))?;
        let kept = if steps.len() > 1 { batches.kept_samples(samples) } else { 0 };
        let network = CardNetwork::new(&card, &network)?;
        Ok(Self { card, network, room: None, kept, spared: spectrum.max(step - weights) })
    }

    /// Gives the room for steps back where a spectrum needs it.
    fn make_room(&mut self) -> Result<(), CudaError> {
        let (width, dimension) = self.network.dim();
        let needed = spectrum_bytes(width, dimension);
        if self.card.free_bytes()? < needed {
            self.network.release();
        }
        if self.card.free_bytes()? < needed {
            self.room = None;
        }
        Ok(())
    }
}

impl<T: Scalar> FirstLayer<T> for OnCard<T> {
    fn backend(&self) -> String {
        format!("cuBLAS and cuSOLVER on {}", self.card.name())
    }

    fn network(&self) -> Result<Network<T>, RunError> {
        Ok(self.network.network()?)
    }

    fn into_network(self: Box<Self>) -> Result<Network<T>, RunError> {
        self.network()
    }

    fn weights(&self) -> Result<Array2<f64>, RunError> {
        Ok(self.network.first_layer()?.mapv_into_any(|w| w.as_f64()))
    }

    fn second_layer(&self) -> &Array1<T> {
        self.network.second_layer()
    }

    fn step(
        &mut self,
        batch: &dyn Batch,
        eta: f64,
        observer: &mut TileObserver<'_>,
    ) -> Result<Option<Change>, TrainingError> {
        let mut room = match self.room.take() {
            Some(room) => room,
            None => {
                let (samples, dimension) = (batch.samples(), batch.dimension());
                SampleRoom::new(&self.card, samples, dimension, self.kept, self.spared)?
            }
        };
        let change = self.network.observed_step(&mut room, batch, eta, observer);
        self.room = Some(room);
        change
    }

    fn singular_values(&mut self, method: SpectrumMethod) -> Result<Array1<T>, SpectralError> {
        self.make_room()?;
        self.network.singular_values(method)
    }

    fn leading_triplets(&mut self, count: usize) -> Result<SingularTriplets<T>, SpectralError> {
        self.network.leading_triplets(count)
    }

    fn features(&mut self) -> (Box<dyn Features + '_>, &dyn Workplace) {
        // their matrices may need all there is
        self.network.release();
        self.room = None;
        (Box::new(CardFeatures::new(&self.network)), &*self.card)
    }
}
