//! The features of a network, computed on a card.

use std::sync::{Mutex, PoisonError};

use ndarray::{Array2, ArrayView2};

use super::activation_table::ActivationTable;
use super::error::OnCard;
use super::foreign::{TableOnCard, driver, product};
use super::gradient_step::CardNetwork;
use super::matrix::CardMatrix;
use crate::Scalar;
use crate::error::{InvalidSetting, has_columns};
use crate::readout::Features;

/// sigma(W x) / sqrt(N) for W on a card, as the features of a
/// [`Network`](crate::network::Network).
pub(crate) struct CardFeatures<'a, T> {
    network: &'a CardNetwork<T>,
    /// The activation up to some |z|; made when first needed, and anew for larger pre-activations.
    table: Mutex<Option<(TableOnCard<T>, f64)>>,
}

impl<'a, T: Scalar> CardFeatures<'a, T> {
    pub fn new(network: &'a CardNetwork<T>) -> Self {
        Self { network, table: Mutex::new(None) }
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
        let mut held = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let (table, range) = match held.take().filter(|(_, range)| *range >= largest) {
            Some(table) => table,
            None => self.tabulated(largest)?,
        };
        let factor = T::of(1.0 / (width as f64).sqrt());
        card.kernels().feature(&mut z.numbers.as_view_mut(), &table, factor)?;
        *held = Some((table, range));
        z.download()
    }

    fn tabulated(&self, largest: f64) -> OnCard<(TableOnCard<T>, f64)> {
        let stream = self.network.weights().card().stream();
        let table = ActivationTable::<T>::new(self.network.activation(), largest)?;
        let copy = stream.clone_htod(&table.numbers);
        let copy = copy.and_then(|copy| stream.synchronize().map(|()| copy));
        let numbers = copy.map_err(driver("copying to the card"))?;
        Ok((TableOnCard { numbers, octaves: table.octaves }, table.range()))
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
