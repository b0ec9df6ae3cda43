//! The features of a state, reduced to a few functions of the sample and of the neuron
//! (docs/theory.md, sections 15.1 and 15.2).

use super::conditional_moments::ConditionalMoments;
use super::factors::Factors;
use super::neuron_types::{NeuronTypes, TypeNodes};
use super::sample_nodes::SampleNodes;
use crate::activation::Activation;
use crate::data::Target;
use crate::theory::error::Fallible;
use crate::theory::state::State;
use ndarray::{Array1, Array2, Axis};

/// Relative root mean square error of mu_1 and mu_*^2 as sums of products; it enters squared, as what
/// is left out is orthogonal to what is kept.
const TOLERANCE: f64 = 1e-2;

/// Everything the equations need to know of activation, state and target.
#[derive(Clone, Debug)]
pub(crate) struct FeatureSystem {
    /// N.
    pub width: f64,
    /// d.
    pub dimension: f64,
    pub types: NeuronTypes,
    pub samples: SampleNodes,
    /// mu_0 = sum_s f_s(kappa) g_s(b).
    pub mean: Factors,
    /// mu_1 = sum_s p_s(kappa) r_s(b).
    pub slope: Factors,
    /// Pairs (a, c), a >= c, of the functions p (or r), and how often each occurs in a symmetric sum.
    pub pairs: Vec<(usize, usize)>,
    pub multiplicity: Vec<f64>,
    /// Nodes x (pairs and S_*): p_a p_c, then e_s, where mu_*^2 = sum_s e_s(kappa) q_s(b).
    pub sample_functions: Array2<f64>,
    /// Types x (pairs and S_*): D r_a r_c, then q_s.
    pub type_functions: Array2<f64>,
    /// Nodes x P: Psi = (f_s; p_s kappa_l), l beyond the directions that omega holds whole (15.13).
    pub psi: Array2<f64>,
    /// E sigma^2, the mean square of a feature.
    pub scale: f64,
}

impl FeatureSystem {
    /// With `factor` times the default numbers of nodes.
    pub fn new(
        state: &State,
        activation: &dyn Activation,
        target: &Target,
        factor: f64,
    ) -> Fallible<Self> {
        let types = NeuronTypes::new(state, TypeNodes::new(factor))?;
        let samples = SampleNodes::new(&types, target, factor)?;
        Self::of_parts([state.width, state.dimension], types, samples, activation, factor)
    }

    /// The system of [N, d] for given nodes.
    pub fn of_parts(
        [width, dimension]: [usize; 2],
        types: NeuronTypes,
        samples: SampleNodes,
        activation: &dyn Activation,
        factor: f64,
    ) -> Fallible<Self> {
        let (width, dimension) = (width as f64, dimension as f64);
        let moments = ConditionalMoments::new(activation, &types, &samples, factor)?;
        let (rows, columns) = (&samples.weights, &types.weights);
        let mean_square = |values: &Array2<f64>| {
            let each =
                values.rows().into_iter().zip(rows).map(|(row, w)| {
                    w * row.iter().zip(columns).map(|(x, c)| c * x * x).sum::<f64>()
                });
            each.sum::<f64>()
        };
        let slope_square = mean_square(&moments.slope);
        let rest_square = mean_square(&moments.rest);
        let scale =
            mean_square(&moments.mean) + types.mean_noise() * slope_square + rest_square.sqrt();
        // a product of size s is learned when N s^2 is not small
        let finest = 3e-3 * (scale / width.max(100.0)).sqrt();
        let mean = Factors::new(moments.mean, rows, columns, finest);
        let slope = Factors::new(moments.slope, rows, columns, TOLERANCE * slope_square.sqrt());
        // of a linear activation only rounding is left
        let finest_rest = (TOLERANCE * rest_square.sqrt()).max(1e-14 * scale);
        let rest = Factors::new(moments.rest, rows, columns, finest_rest);

        let count = slope.len();
        let pairs: Vec<_> = (0..count).flat_map(|a| (0..=a).map(move |c| (a, c))).collect();
        let multiplicity = pairs.iter().map(|(a, c)| if a == c { 1.0 } else { 2.0 }).collect();
        let products = |factors: &Array2<f64>, rest: &Array2<f64>| {
            let n = pairs.len();
            Array2::from_shape_fn((factors.nrows(), n + rest.ncols()), |(i, k)| {
                match pairs.get(k) {
                    Some(&(a, c)) => factors[[i, a]] * factors[[i, c]],
                    None => rest[[i, k - n]],
                }
            })
        };
        let sample_functions = products(&slope.left, &rest.left);
        let mut type_functions = products(&slope.right, &rest.right);
        let noise = Array1::from(types.noise.clone()).insert_axis(Axis(1));
        let mut linear = type_functions.slice_axis_mut(Axis(1), (..pairs.len()).into());
        linear *= &noise;
        let free: Vec<usize> = (types.whole..types.coordinates()).collect();
        let known = mean.len();
        let psi = Array2::from_shape_fn((samples.len(), known + count * free.len()), |(k, i)| {
            if i < known {
                return mean.left[[k, i]];
            }
            let (l, s) = ((i - known) / count, (i - known) % count);
            slope.left[[k, s]] * samples.kappa[[k, free[l]]]
        });
        Ok(Self {
            width,
            dimension,
            types,
            samples,
            mean,
            slope,
            pairs,
            multiplicity,
            sample_functions,
            type_functions,
            psi,
            scale,
        })
    }

    /// Number of unknowns of the fixed point.
    pub fn unknowns(&self) -> usize {
        self.sample_functions.ncols()
    }
}
