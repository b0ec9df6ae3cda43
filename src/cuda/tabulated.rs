//! The activation of a network in the memory of its card.

use std::sync::Arc;

use super::activation_table::ActivationTable;
use super::card::Card;
use super::error::OnCard;
use super::foreign::{CardNumber, TableOnCard, driver};
use crate::activation::Activation;

/// An activation as a table on a card, which grows with the pre-activations.
pub(super) struct Tabulated<T> {
    activation: Arc<dyn Activation>,
    /// The last table, and the largest |z| that it holds.
    held: Option<(TableOnCard<T>, f64)>,
}

impl<T: CardNumber> Tabulated<T> {
    /// Without a table, until one is needed.
    pub fn new(activation: &Arc<dyn Activation>) -> Self {
        Self { activation: activation.clone(), held: None }
    }

    /// The activation.
    pub fn activation(&self) -> &Arc<dyn Activation> {
        &self.activation
    }

    /// A table that holds all |z| up to `largest`.
    pub fn up_to(&mut self, largest: f64, card: &Card) -> OnCard<&TableOnCard<T>> {
        let held = match self.held.take().filter(|(_, range)| *range >= largest) {
            Some(held) => held,
            None => {
                let table = ActivationTable::<T>::new(&*self.activation, largest)?;
                let copy = card.stream().clone_htod(&table.numbers);
                let copy = copy.and_then(|copy| card.stream().synchronize().map(|()| copy));
                let numbers = copy.map_err(driver("copying to the card"))?;
                (TableOnCard { numbers, octaves: table.octaves }, table.range())
            }
        };
        Ok(&self.held.insert(held).0)
    }
}
