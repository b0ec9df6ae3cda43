//! Sums over the samples of one batch: what one step needs to know of them.
//!
//! Equations: docs/theory.md, (13.4) to (13.8).

use ndarray::Array2;
use rayon::prelude::*;

use super::axes::Axes;
use super::curves::{Curve, FourAverages};
use super::noise::NoiseAverages;
use crate::numerics::graded::RowQr;
use crate::theory::dynamics::averages::GaussianAverages;
use crate::theory::dynamics::labels::LabelNode;
use crate::theory::dynamics::second_layer::SecondLayerQuadrature;
use crate::theory::dynamics::setup::Setup;
use crate::theory::error::PredictionError;

/// Share of the largest weight below which a node of kappa counts for nothing.
const SMALLEST_WEIGHT: f64 = 1e-8;
/// The samples are added in so many chunks, however many threads there are.
const CHUNKS: usize = 16;

/// The samples as the neurons of every type see them.
pub(super) struct Samples<'a> {
    pub setup: &'a Setup<'a>,
    pub law: &'a SecondLayerQuadrature,
    /// omega(b) at the coarse nodes: coarse x coordinates, the resolved ones first.
    pub omega: &'a Array2<f64>,
    pub axes: &'a Axes,
    curves: Vec<Curve>,
    /// Nodes of the resolved axes together: kappa and weight.
    others: Vec<(Vec<f64>, f64)>,
}

/// Sums over some samples.
#[derive(Clone)]
pub(super) struct SampleSums {
    /// Rows sqrt(E r^2) (S_0, ..., S_{R-1}), r averaged over the label noise.
    pub qr: RowQr,
    /// E[r S_k kappa_l] along the resolved coordinates: R x coordinates.
    pub means: Array2<f64>,
    /// E[S(b) S_k]: coarse x R.
    pub products: Array2<f64>,
    /// Unweighted, then weighted by z*_i z*_j, row by row.
    pub noise: Vec<NoiseAverages>,
}

impl SampleSums {
    fn new(samples: &Samples) -> Self {
        let (r, types) = (samples.law.polynomial_count(), samples.law.coarse.len());
        let p = samples.setup.labels.directions;
        let empty = NoiseAverages { drift: vec![0.0; types], variance: vec![0.0; types] };
        Self {
            qr: RowQr::new(r),
            means: Array2::zeros((r, p + samples.axes.rules.len())),
            products: Array2::zeros((types, r)),
            noise: vec![empty; 1 + p * p],
        }
    }

    fn add(&mut self, other: &Self) {
        self.qr.merge(&other.qr);
        self.means += &other.means;
        self.products += &other.products;
        for (to, from) in self.noise.iter_mut().zip(&other.noise) {
            to.drift.iter_mut().zip(&from.drift).for_each(|(to, from)| *to += from);
            to.variance.iter_mut().zip(&from.variance).for_each(|(to, from)| *to += from);
        }
    }
}

impl<'a> Samples<'a> {
    /// Tabulates what each type sees.
    pub fn new(
        setup: &'a Setup,
        law: &'a SecondLayerQuadrature,
        omega: &'a Array2<f64>,
        axes: &'a Axes,
    ) -> Result<Self, PredictionError> {
        let p = setup.labels.directions;
        let gaussian = GaussianAverages::new(&setup.activation, setup.nodes.preactivation);
        let curve = |c: usize| {
            let row = omega.row(c);
            let along = |node: &LabelNode| {
                row.iter().zip(&node.z[..p]).map(|(o, z)| o * z).sum::<f64>().abs()
            };
            let teacher = setup.labels.nodes.iter().map(along).fold(0.0, f64::max);
            let farthest = axes.rules.iter().map(|rule| rule.nodes.last().copied().unwrap_or(0.0));
            let others = row.iter().skip(p).zip(farthest).map(|(o, kappa)| o.abs() * kappa);
            let range = 1.001 * (teacher + others.sum::<f64>());
            let Setup { activation, nodes, .. } = setup;
            Curve::new(activation, &gaussian, nodes, axes.deviations[c], range)
        };
        let curves: Result<_, _> = (0..law.coarse.len()).into_par_iter().map(curve).collect();
        let mut others = vec![(Vec::new(), 1.0)];
        for rule in &axes.rules {
            let along = |(kappa, weight): (Vec<f64>, f64)| {
                rule.iter().map(move |(x, w)| ([&kappa[..], &[x]].concat(), weight * w))
            };
            others = others.into_iter().flat_map(along).collect();
        }
        let largest = others.iter().map(|(_, weight)| *weight).fold(0.0, f64::max);
        others.retain(|(_, weight)| *weight > SMALLEST_WEIGHT * largest);
        Ok(Self { setup, law, omega, axes, curves: curves?, others })
    }

    /// The sums over all samples.
    pub fn sums(&self) -> SampleSums {
        let nodes = &self.setup.labels.nodes;
        let chunks = nodes.par_chunks(nodes.len().div_ceil(CHUNKS).max(1));
        let shares: Vec<SampleSums> = chunks.map(|nodes| self.of_nodes(nodes)).collect();
        let mut sums = SampleSums::new(self);
        shares.iter().for_each(|share| sums.add(share));
        sums
    }

    /// The sums over the samples at some nodes of z*.
    fn of_nodes(&self, nodes: &[LabelNode]) -> SampleSums {
        let Self { setup, law, .. } = self;
        let p = setup.labels.directions;
        let (r, types) = (law.polynomial_count(), law.coarse.len());
        let noise_variance = setup.labels.noise.integrate(|e| e * e);
        let largest = |weights: &mut dyn Iterator<Item = f64>| weights.fold(0.0, f64::max);
        let smallest = SMALLEST_WEIGHT
            * largest(&mut setup.labels.nodes.iter().map(|node| node.weight))
            * largest(&mut self.others.iter().map(|(_, weight)| *weight));
        let mut sums = SampleSums::new(self);
        let mut averages = vec![FourAverages::default(); types];
        let mut spikes = vec![0.0; r];
        let mut row = vec![0.0; r];
        for node in nodes {
            let teacher: Vec<f64> = (self.omega.rows().into_iter())
                .map(|omega| omega.iter().zip(&node.z[..p]).map(|(o, z)| o * z).sum())
                .collect();
            let mut of_node = NoiseAverages { drift: vec![0.0; types], variance: vec![0.0; types] };
            for (kappa, weight) in &self.others {
                let weight = node.weight * weight;
                if weight < smallest {
                    continue;
                }
                let mut output = 0.0;
                spikes.fill(0.0);
                for (c, at) in averages.iter_mut().enumerate() {
                    let omega = self.omega.row(c);
                    let along = omega.iter().skip(p).zip(kappa).map(|(o, k)| o * k).sum::<f64>();
                    *at = self.curves[c].at(teacher[c] + along);
                    output += law.output_weights[c] * at[0];
                    let weights = law.right_weights.column(c);
                    spikes.iter_mut().zip(weights).for_each(|(s, w)| *s += w * at[1]);
                }
                let residual = node.link - output;
                let square = residual * residual + noise_variance;
                let root = (weight * square).sqrt();
                row.iter_mut().zip(&spikes).for_each(|(row, s)| *row = root * s);
                sums.qr.push(&mut row);
                for (mut means, s) in sums.means.rows_mut().into_iter().zip(&spikes) {
                    let product = weight * residual * s;
                    let coordinates = node.z[..p].iter().chain(kappa);
                    means.iter_mut().zip(coordinates).for_each(|(to, k)| *to += product * k);
                }
                for (c, [_, slope, linear, slope_square]) in averages.iter().enumerate() {
                    of_node.drift[c] += weight * residual * linear;
                    of_node.variance[c] += weight * square * (slope_square - slope * slope);
                    let products = sums.products.row_mut(c);
                    let scaled = weight * slope;
                    products.into_iter().zip(&spikes).for_each(|(to, s)| *to += scaled * s);
                }
            }
            for (kind, noise) in sums.noise.iter_mut().enumerate() {
                let pair = kind.checked_sub(1).map(|pair| node.z[pair / p] * node.z[pair % p]);
                let factor = pair.unwrap_or(1.0);
                for c in 0..types {
                    let deviation = self.axes.deviations[c];
                    if deviation > 0.0 {
                        noise.drift[c] += factor * of_node.drift[c] / deviation;
                    }
                    noise.variance[c] += factor * of_node.variance[c];
                }
            }
        }
        sums
    }
}
