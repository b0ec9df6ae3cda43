//! The features of a network, computed on a card.

use std::sync::{Mutex, PoisonError};

use ndarray::{Array2, ArrayView2};

use super::error::OnCard;
use super::foreign::product;
use super::gradient_step::CardNetwork;
use super::matrix::CardMatrix;
use super::tabulated::Tabulated;
use crate::Scalar;
use crate::error::{InvalidSetting, has_columns};
use crate::readout::Features;

/// sigma(W x) / sqrt(N) for W on a card, as the features of a
/// [`Network`](crate::network::Network).
pub(crate) struct CardFeatures<'a, T> {
    network: &'a CardNetwork<T>,
    activation: Mutex<Tabulated<T>>,
}

impl<'a, T: Scalar> CardFeatures<'a, T> {
    pub fn new(network: &'a CardNetwork<T>) -> Self {
        Self { network, activation: Mutex::new(Tabulated::new(network.activation())) }
    }

    fn features_of(&self, x: ArrayView2<'_, T>) -> OnCard<Array2<T>> {
        let (weights, card) = (self.network.weights(), self.network.weights().card());
        let x = CardMatrix::upload(card, x)?;
        let width = weights.dim().0;
        let mut z = CardMatrix::zeros(card, (x.dim().0, width))?;
        let (w, out) = (weights.block().t(), z.numbers.as_view_mut());
        product(card.blas(), T::one(), &x.block(), &w, T::zero(), out)?;
        let largest = card.kernels().largest(z.numbers.as_view())?.as_f64();
        if !largest.is_finite() {
            return Err(InvalidSetting::NonFinite { name: "the features" }.into());
        }
        let mut activation = self.activation.lock().unwrap_or_else(PoisonError::into_inner);
        let table = activation.up_to(largest, card)?;
        let factor = T::of(1.0 / (width as f64).sqrt());
        card.kernels().feature(&mut z.numbers.as_view_mut(), table, factor)?;
        z.download()
    }
}

impl<T: Scalar> Features for CardFeatures<'_, T> {
    fn dimension(&self) -> usize {
        self.network.weights().dim().1
    }

    fn count(&self) -> usize {
        self.network.weights().dim().0
    }

    fn evaluate(&self, x: ArrayView2<'_, f64>) -> Result<Array2<f64>, InvalidSetting> {
        has_columns("the matrix of inputs", x.dim(), self.dimension())?;
        let features = self.features_of(x.mapv(T::of).view());
        let features =
            features.map_err(|error| InvalidSetting::Card { problem: error.to_string() });
        Ok(features?.mapv_into_any(T::as_f64))
    }

    fn single_precision(&self) -> bool {
        size_of::<T>() == size_of::<f32>()
    }
}
