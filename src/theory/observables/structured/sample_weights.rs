//! Per-sample weights of the linear part (l) and of the noise (q) of each group of samples, in units
//! where they are O(1) for every N (docs/theory.md, (10.3), (10.4), (10.39), with groups (12.9)).

use super::inputs::{Inputs, SampleGroup};

/// l_a / sqrt N and q / N of one group at the sample nodes; l(b) = sum_a q_a(b) l_a.
#[derive(Clone, Debug)]
pub(crate) struct SampleWeights<const A: usize> {
    /// Samples of the group over n.
    pub share: f64,
    pub l: Vec<[f64; A]>,
    pub q: Vec<f64>,
}

/// The weights of every group, cut at the quantiles exceeded with probability `tail`, because the
/// outermost quadrature node would decide on the edge otherwise.
pub(crate) fn sample_weights<const A: usize>(inputs: &Inputs, tail: f64) -> Vec<SampleWeights<A>> {
    let samples = &inputs.samples;
    let cut_group = |group: &SampleGroup| {
        let mut weights = SampleWeights::new(group, inputs);
        weights.cut(&samples.weight, tail);
        weights
    };
    samples.groups.iter().map(cut_group).collect()
}

impl<const A: usize> SampleWeights<A> {
    /// Cuts the weights where a sample of n exceeds them with probability `tail`; nodes have the
    /// probabilities `probability`.
    pub fn cut(&mut self, probability: &[f64], tail: f64) {
        let tail = tail / self.share;
        cut(&mut self.q, probability, tail, 1.0);
        for a in 0..A {
            let mut column: Vec<f64> = self.l.iter().map(|l| l[a]).collect();
            cut(&mut column, probability, tail, 1.0);
            cut(&mut column, probability, tail, -1.0);
            self.l.iter_mut().zip(column).for_each(|(l, x)| l[a] = x);
        }
    }

    /// The weights of one group, from the first step, the second and their covariance.
    fn new(group: &SampleGroup, inputs: &Inputs) -> Self {
        let Inputs { model, samples, neurons } = inputs;
        let n = samples.weight.len();
        let root = model.width.sqrt();
        let (eta_1, eta_2) = (model.eta_1 / root, model.eta_2 / root);
        let noise_1 = (model.derivative_variance - model.curvature * model.curvature).max(0.0);
        // With one term the b-dependence of l is lost: its variance counts as noise for samples of
        // the first batch and is dropped for the others (10.4).
        let pooled = group.first || A > 1;
        let mut weights = Self { share: group.share, l: vec![[0.0; A]; n], q: vec![0.0; n] };
        for (i, (l, q)) in weights.l.iter_mut().zip(&mut weights.q).enumerate() {
            let y = if group.first { eta_1 * samples.label[i] } else { 0.0 };
            // The first step's linear part does not depend on b: it is along q_0 = 1/scale.
            l[0] = model.curvature * y * neurons.scale;
            *q = y * y * noise_1;
            if A > 1 {
                *q += y * y * model.derivative_variance * neurons.echo_share;
            }
            if let Some(second) = &group.second {
                let r = eta_2 * second.residual[i];
                let terms: [f64; A] = std::array::from_fn(|a| second.linear[[i, a]]);
                let kept = terms.iter().map(|x| x * x).sum::<f64>() / neurons.scale.powi(2);
                let square = if pooled { kept } else { second.linear_square[i] };
                l.iter_mut().zip(terms).for_each(|(l, term)| *l += r * term);
                let cross = second.covariance[i] - model.curvature * terms[0] / neurons.scale;
                *q += r * r * (second.variance[i] - square) + 2.0 * y * r * cross;
            }
            *q = q.max(0.0);
        }
        weights
    }
}

/// Cuts `values` (times `sign`) from above at the level exceeded with probability `tail`. Half of a node's
/// weight lies above it; between nodes the level is linear in the logarithm of the probability, as it is
/// for squares of Gaussian variables.
fn cut(values: &mut [f64], weights: &[f64], tail: f64, sign: f64) {
    let signed = values.iter().zip(weights).map(|(v, w)| (sign * v, *w));
    let mut order: Vec<(f64, f64)> = signed.filter(|(_, weight)| *weight > 0.0).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut above = 0.0;
    let mut last: Option<(f64, f64)> = None;
    for (value, weight) in order {
        let exceeds = above + 0.5 * weight;
        if exceeds > tail {
            let Some((higher, rarer)) = last else { return };
            let share = (tail / rarer).ln() / (exceeds / rarer).ln();
            let level = higher + share * (value - higher);
            values.iter_mut().filter(|v| sign * **v > level).for_each(|v| *v = sign * level);
            return;
        }
        last = Some((value, exceeds));
        above += weight;
    }
}

#[cfg(test)]
mod tests {
    use super::super::inputs::{Inputs, Model, NeuronTable, SampleGroup, SampleTable, SecondStep};
    use super::{SampleWeights, cut, sample_weights};
    use ndarray::{Array2, array};

    /// Equations (10.3), (10.4) and (10.39) by hand at one node, for samples of each kind.
    #[test]
    fn weights_of_one_sample() {
        let model = Model {
            width: 100.0,
            gamma: 2.0,
            phi: 0.5,
            eta_1: 20.0,
            eta_2: 30.0,
            c_1: 0.8,
            curvature: 0.5,
            derivative_variance: 2.25,
            label_mean: 0.0,
            label_second_moment: 1.0,
            label_linear: vec![0.5],
        };
        let second = SecondStep {
            residual: vec![0.5],
            spikes: array![[0.9, 0.1]],
            linear: array![[0.4, -0.2]],
            linear_square: vec![0.3],
            variance: vec![2.0],
            covariance: vec![0.7],
        };
        let neurons = NeuronTable {
            weight: vec![1.0],
            b: vec![2.0],
            polynomials: array![[0.5]],
            rho_2: vec![0.0],
            rest: None,
            echo_share: 0.5,
            scale: 2.0,
        };
        let table = |first, second| SampleGroup { share: 0.5, first, second };
        let samples = SampleTable {
            weight: vec![1.0],
            projections: Array2::zeros((1, 1)),
            projection_products: Array2::zeros((1, 1)),
            label: vec![3.0],
            s: vec![0.0],
            groups: Vec::new(),
        };
        let inputs = Inputs { model, samples, neurons };
        // eta_1 y / sqrt N = 6, eta_2 r / sqrt N = 1.5, Var sigma' - curvature^2 = 2
        let one = |first, second| {
            let group = SampleWeights::<1>::new(&table(first, second), &inputs);
            (group.share, group.l[0][0], group.q[0])
        };
        let two = |first, second| {
            let group = SampleWeights::<2>::new(&table(first, second), &inputs);
            (group.l[0], group.q[0])
        };
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
        // the first batch alone: l = curvature y scale, q = 2 y^2
        assert_eq!(one(true, None), (0.5, 6.0, 72.0));
        // and, with two terms, half of 36 Var sigma' more
        assert_eq!(two(true, None), ([6.0, 0.0], 72.0 + 18.0 * 2.25));
        // fresh: l = r (0.4, -0.2); q = r^2 (variance - E[b^2 S_z^2]), or what two terms carry
        let (_, l, q) = one(false, Some(second.clone()));
        close(l, 0.6);
        close(q, 2.25 * (2.0 - 0.3));
        let (l, q) = two(false, Some(second.clone()));
        close(l[0], 0.6);
        close(l[1], -0.3);
        close(q, 2.25 * (2.0 - (0.16 + 0.04) / 4.0));
        // both: 2 y r (covariance - curvature S_z / scale) on top
        let (_, l, q) = one(true, Some(second.clone()));
        close(l, 6.6);
        close(q, 72.0 + 2.25 * (2.0 - 0.16 / 4.0) + 18.0 * (0.7 - 0.1));
        // never negative
        let negative = SecondStep { variance: vec![-1.0], ..second };
        assert_eq!(one(false, Some(negative)).2, 0.0);

        // a group of half the samples is cut at twice the probability, from above and below
        let three = SampleTable {
            weight: vec![0.1, 0.8, 0.1],
            projections: Array2::zeros((3, 1)),
            projection_products: Array2::zeros((3, 1)),
            label: vec![-2.0, 1.0, 3.0],
            s: vec![0.0; 3],
            groups: vec![table(true, None)],
        };
        let inputs = Inputs { samples: three, ..inputs };
        // q = 32 is exceeded with probability 0.15, q = 8 with 0.6
        let level = |tail: f64| 32.0 - 24.0 * (tail / 0.15).ln() / 4f64.ln();
        let mean = 0.025f64.sqrt();
        for (weight_tail, l, q) in [
            // half of the outermost node lies beyond it
            (0.02, [-4.0, 2.0, 6.0], [32.0, 8.0, 72.0]),
            (0.25, [2.0, 2.0, 2.0], [level(0.5), 8.0, level(0.5)]),
            // the geometric mean of 0.05 and 0.5
            (0.5 * mean, [-1.0, 2.0, 4.0], [level(mean), 8.0, level(mean)]),
        ] {
            let group = &sample_weights::<1>(&inputs, weight_tail)[0];
            for (found, exact) in group.l.concat().iter().chain(&group.q).zip(l.iter().chain(&q)) {
                close(*found, *exact);
            }
        }
    }

    #[test]
    fn cap_keeps_the_quantile() {
        let mut v = vec![-9.0, 0.0, 1.0, 50.0];
        let w = [0.01, 0.49, 0.49, 0.01];
        // the geometric mean of 0.005 and 0.255 is exceeded halfway
        let tail = (0.005f64 * 0.255).sqrt();
        cut(&mut v, &w, tail, 1.0);
        cut(&mut v, &w, tail, -1.0);
        for (found, exact) in v.iter().zip([-4.5, 0.0, 1.0, 25.5]) {
            assert!((found - exact).abs() < 1e-12, "{found} {exact}");
        }
        let mut v = vec![1.0, 2.0];
        cut(&mut v, &[0.5, 0.5], 0.0, 1.0);
        assert_eq!(v, [1.0, 2.0]);
    }
}
