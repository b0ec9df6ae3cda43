//! The networks of a run, without spectra.

use super::{Experiment, RunError};
use crate::Scalar;
use crate::network::Network;

/// W_0, W_1, ..., W_T as networks; from [`Experiment::networks`]. Each step is taken when its
/// network is asked for.
#[derive(Clone, Debug)]
pub struct Networks<'a, T> {
    experiment: &'a Experiment,
    /// The network handed out last; `None` at first and after the end.
    current: Option<Network<T>>,
    /// How many steps the next network has taken.
    next: usize,
}

impl Experiment {
    /// The network after 0, 1, ..., T steps, with the weights of [`run`](Self::run) when `T` is the
    /// experiment's precision; no spectrum is computed.
    ///
    /// The iterator holds one network and hands out copies. After an error it ends.
    ///
    /// ```
    /// use linear_width::{Experiment, activation::Tanh, data::{Link, Target}};
    ///
    /// let experiment = Experiment::builder()
    ///     .width(40).dimension(20).samples(60)
    ///     .activation(Tanh::default())
    ///     .target(Target::single_index(Link::hermite([0.0, 1.0])))
    ///     .steps([2.0, 3.0])
    ///     .build()?;
    /// let networks = experiment.networks::<f64>().collect::<Result<Vec<_>, _>>()?;
    /// assert_eq!(networks.len(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn networks<T: Scalar>(&self) -> Networks<'_, T> {
        Networks { experiment: self, current: None, next: 0 }
    }
}

impl<T: Scalar> Networks<'_, T> {
    fn advance(&mut self) -> Result<Network<T>, RunError> {
        let experiment = self.experiment;
        let Some(mut network) = self.current.take() else {
            return Ok(experiment.start()?.network);
        };
        let step = self.next;
        let eta = experiment.steps[step - 1].eta(experiment.width);
        let failed = |error| RunError::of_step(step, error);
        network.gradient_step(&experiment.batch(step)?, eta).map_err(failed)?;
        Ok(network)
    }
}

impl<T: Scalar> Iterator for Networks<'_, T> {
    type Item = Result<Network<T>, RunError>;

    fn next(&mut self) -> Option<Self::Item> {
        let steps = self.experiment.steps.len();
        if self.next > steps {
            return None;
        }
        let network = match self.advance() {
            Ok(network) => network,
            Err(error) => {
                self.next = steps + 1;
                return Some(Err(error));
            }
        };
        self.current = (self.next < steps).then(|| network.clone());
        self.next += 1;
        Some(Ok(network))
    }
}

impl<T: Scalar> std::iter::FusedIterator for Networks<'_, T> {}
