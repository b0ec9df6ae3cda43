//! Per-sample weights of the linear part (l) and of the noise (q) of each batch, in units where
//! they are O(1) for every N.
//!
//! Equations: docs/theory.md, (10.3), (10.4), (10.39).

use super::input::{Choices, Model, NeuronTable, SampleTable};

/// l_a / sqrt N and q / N of one batch at the sample nodes; l(b) = sum_a q_a(b) l_a.
#[derive(Clone, Debug)]
pub(crate) struct Batch<const A: usize> {
    pub l: Vec<[f64; A]>,
    pub q: Vec<f64>,
}

/// The batches: one when it is reused, two when they are independent (the second is the one that
/// made the spikes).
pub(crate) fn batches<const A: usize>(
    model: &Model,
    samples: &SampleTable,
    neurons: &NeuronTable,
    choices: &Choices,
) -> Vec<Batch<A>> {
    let n = samples.weight.len();
    let root = model.width.sqrt();
    let (eta_1, eta_2) = (model.eta_1 / root, model.eta_2 / root);
    let noise_1 = (model.derivative_variance - model.curvature * model.curvature).max(0.0);
    // the spread of l over b that one term cannot carry: noise in a reused batch, left out
    // otherwise
    let pooled = model.reused || A > 1;
    let mut first = Batch { l: vec![[0.0; A]; n], q: vec![0.0; n] };
    let mut second = first.clone();
    for i in 0..n {
        let (y, r) = (eta_1 * samples.label[i], eta_2 * samples.residual[i]);
        let terms: [f64; A] = std::array::from_fn(|a| samples.linear[[i, a]]);
        let kept = terms.iter().map(|x| x * x).sum::<f64>() / neurons.scale.powi(2);
        let square = if pooled { kept } else { samples.linear_square[i] };
        // The first step's linear part does not depend on b: it is along q_0 = 1/scale.
        first.l[i][0] = model.curvature * y * neurons.scale;
        first.q[i] = y * y * noise_1;
        second.l[i] = terms.map(|x| r * x);
        second.q[i] = r * r * (samples.variance[i] - square);
        if model.reused {
            for a in 0..A {
                first.l[i][a] += second.l[i][a];
            }
            let linear = samples.linear[[i, 0]] / neurons.scale;
            let cross = samples.covariance[i] - model.curvature * linear;
            first.q[i] += second.q[i] + 2.0 * y * r * cross;
        }
    }
    let mut list = if model.reused { vec![first] } else { vec![first, second] };
    for batch in &mut list {
        batch.q.iter_mut().for_each(|q| *q = q.max(0.0));
        let tail = choices.weight_tail;
        cut(&mut batch.q, &samples.weight, tail, 1.0);
        for a in 0..A {
            let mut column: Vec<f64> = batch.l.iter().map(|l| l[a]).collect();
            cut(&mut column, &samples.weight, tail, 1.0);
            cut(&mut column, &samples.weight, tail, -1.0);
            batch.l.iter_mut().zip(column).for_each(|(l, x)| l[a] = x);
        }
    }
    list
}
/// Cuts `values` (times `sign`) from above at the level exceeded with probability `tail`.
fn cut(values: &mut [f64], weights: &[f64], tail: f64, sign: f64) {
    let mut order: Vec<(f64, f64)> =
        values.iter().zip(weights).map(|(v, w)| (sign * v, *w)).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut above = 0.0;
    for (value, weight) in order {
        above += weight;
        if above > tail {
            values.iter_mut().filter(|v| sign * **v > value).for_each(|v| *v = sign * value);
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn cap_keeps_the_quantile() {
        let mut v = vec![-9.0, 0.0, 1.0, 50.0];
        let w = [0.01, 0.49, 0.49, 0.01];
        cut(&mut v, &w, 0.02, 1.0);
        cut(&mut v, &w, 0.02, -1.0);
        assert_eq!(v, [0.0, 0.0, 1.0, 1.0]);
        let mut v = vec![1.0, 2.0];
        cut(&mut v, &[0.5, 0.5], 0.0, 1.0);
        assert_eq!(v, [1.0, 2.0]);
    }
}
