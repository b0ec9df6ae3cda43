//! Systems made by hand.

use crate::activation::Activation;
use crate::data::Target;
use crate::theory::observables::features::neuron_types::NeuronTypes;
use crate::theory::observables::features::sample_nodes::SampleNodes;
use crate::theory::observables::features::system::FeatureSystem;
use ndarray::Array2;

/// Types of equal weight with these rows omega, all of the same D, holding nothing whole.
pub(super) fn types(omega: Array2<f64>, noise: f64) -> NeuronTypes {
    let count = omega.nrows();
    NeuronTypes {
        directions: 1,
        whole: 0,
        weights: vec![1.0 / count as f64; count],
        b: (0..count).map(|i| i as f64).collect(),
        omega,
        noise: vec![noise; count],
    }
}

/// The system of [N, d] with these types.
pub(super) fn system(
    sizes: [usize; 2],
    types: NeuronTypes,
    activation: &dyn Activation,
    target: &Target,
) -> FeatureSystem {
    let samples = SampleNodes::new(&types, target, 1.5).unwrap();
    FeatureSystem::of_parts(sizes, types, samples, activation, 1.5).unwrap()
}
