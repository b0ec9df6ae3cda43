//! The equations of the bulk against one large matrix drawn from the model (10.3), (10.39).

use super::super::density::density;
use super::super::real_branch::RealBranch;
use super::*;
use crate::spectral::singular_values;
use ndarray::{Array2, ArrayView2};
use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};

const DIMENSION: usize = 240;
const SAMPLES: usize = 480;

/// Two groups of samples, three values of b, four kinds of samples.
fn model<const A: usize>(width: usize) -> Bulk<A> {
    let l = [[0.3, 0.1, -0.05], [-0.5, 0.2, 0.1], [0.1, -0.3, 0.15], [0.2, 0.05, 0.1]];
    let cut = |scale: f64| l.map(|row| std::array::from_fn(|a| scale * row[a])).to_vec();
    let terms = [[-1.0, 1.1, -0.4], [0.6, 0.4, 0.9], [1.4, 1.2, 0.3]];
    Bulk {
        phi: DIMENSION as f64 / SAMPLES as f64,
        gamma: width as f64 / DIMENSION as f64,
        b: vec![-1.2, 0.5, 1.5],
        b_weight: vec![0.5, 0.25, 0.25],
        lam: vec![0.8, 1.1, 1.3],
        rest: vec![0.3, 0.0, 0.6],
        terms: terms.map(|row| std::array::from_fn(|a| row[a])).to_vec(),
        groups: vec![
            SampleWeights { share: 0.5, l: cut(1.0), q: vec![0.3, 0.0, 1.0, 0.2] },
            SampleWeights { share: 1.0, l: cut(-0.6), q: vec![0.1, 0.4, 0.2, 0.0] },
        ],
        weight: vec![0.25, 0.25, 0.375, 0.125],
    }
}

fn normal(rng: &mut impl rand::Rng, shape: (usize, usize)) -> Array2<f64> {
    Array2::from_shape_simple_fn(shape, || StandardNormal.sample(rng))
}

/// Squared singular values of a matrix of the model.
fn draw<const A: usize>(bulk: &Bulk<A>, width: usize) -> Vec<f64> {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(5);
    let x: Vec<(Array2<f64>, Vec<usize>)> = bulk
        .groups
        .iter()
        .map(|group| {
            let n = (group.share * SAMPLES as f64).round() as usize;
            let counts = bulk.weight.iter().map(|w| (w * n as f64).round() as usize);
            let kinds = counts.enumerate().flat_map(|(kind, count)| vec![kind; count]);
            (normal(&mut rng, (n, DIMENSION)), kinds.collect())
        })
        .collect();
    let scaled = |x: ArrayView2<f64>, by: &dyn Fn(usize) -> f64| {
        Array2::from_shape_fn(x.dim(), |at| x[at] * by(at.0) / (SAMPLES as f64).sqrt())
    };
    let mut rows = Array2::zeros((0, DIMENSION));
    for (j, b) in bulk.b.iter().enumerate() {
        let count = (bulk.b_weight[j] * width as f64).round() as usize;
        let mut stretch = Array2::from_diag_elem(DIMENSION, bulk.lam[j]);
        let mut noise = Array2::zeros((count, DIMENSION));
        for (group, (x, kinds)) in bulk.groups.iter().zip(&x) {
            let l = |i: usize| dot(&bulk.terms[j], &group.l[kinds[i]]);
            stretch += &scaled(x.view(), &|_| 1.0).t().dot(&scaled(x.view(), &l));
            let root = scaled(x.view(), &|i| b * (bulk.phi * group.q[kinds[i]]).sqrt());
            noise += &normal(&mut rng, (count, x.nrows())).dot(&root);
        }
        let isotropic = normal(&mut rng, (count, DIMENSION)) * bulk.rest[j].sqrt();
        let block = normal(&mut rng, (count, DIMENSION)).dot(&stretch) + noise + isotropic;
        rows.append(ndarray::Axis(0), block.view()).unwrap();
    }
    rows /= (DIMENSION as f64).sqrt();
    let values = singular_values(rows.view()).unwrap();
    values.iter().map(|value| value * value).collect()
}

fn check<const A: usize>(width: usize) {
    let bulk = model::<A>(width);
    let mut squares = draw(&bulk, width);
    let branch = RealBranch::new(bulk).unwrap();
    let largest = squares[0];
    let edge = branch.edge.z;
    assert!((largest / edge - 1.0).abs() < 0.04, "{A}: {largest} {edge}");
    // G_11 is the normalised trace of the resolvent
    let missing = DIMENSION - squares.len();
    for (factor, allowed) in [(1.15, 0.04), (1.5, 0.015), (3.0, 0.006), (20.0, 0.004)] {
        let z = factor * edge;
        let trace: f64 = squares.iter().map(|x| 1.0 / (x - z)).sum::<f64>() - missing as f64 / z;
        let point = branch.inverse(z).unwrap();
        assert!((point.z / z - 1.0).abs() < 1e-9);
        let ratio = -trace / DIMENSION as f64 / point.x.exp();
        assert!((ratio - 1.0).abs() < allowed, "{A} at {factor}: {ratio}");
    }
    // shares of the singular values in intervals, by the trapezoidal rule
    squares.reverse();
    let top = edge.sqrt();
    let grid: Vec<f64> = (0..=60).map(|i| top * f64::from(i) / 60.0).collect();
    let values = density(&branch, &grid).unwrap();
    let mut below = 0.0;
    for i in 1..=60 {
        below += 0.5 * (values[i] + values[i - 1]) * top / 60.0;
        let count = squares.iter().filter(|x| x.sqrt() < grid[i]).count();
        let share = count as f64 / squares.len() as f64;
        assert!((below - share).abs() < 0.02, "{A} below {}: {below} {share}", grid[i]);
    }
}

#[test]
fn one_term() {
    check::<1>(2 * DIMENSION);
}

#[test]
fn two_terms() {
    check::<2>(2 * DIMENSION);
}

#[test]
fn three_terms() {
    check::<3>(2 * DIMENSION);
}

/// The rest that is added gives every row the variance asked for, as long as that leaves a
/// covariance.
#[test]
fn rows_of_a_given_variance() {
    let mut bulk = model::<2>(2 * DIMENSION);
    bulk.rest = vec![0.0; 3];
    let order = bulk.start();
    let variance = |bulk: &Bulk<2>, j: usize| {
        let stretch = bulk.lam[j] + dot(&bulk.terms[j], &order.alpha);
        bulk.row_variance(j, &order) - stretch * stretch
    };
    let wanted = [variance(&bulk, 0) + 0.4, variance(&bulk, 1) - 0.1, -5.0];
    let before = variance(&bulk, 2);
    bulk.rest = bulk.missing(&wanted);
    for (j, wanted) in wanted.iter().enumerate().take(2) {
        assert!((variance(&bulk, j) - wanted).abs() < 1e-12, "{j}");
    }
    assert!((variance(&bulk, 2) - (before - 0.9 * 1.69)).abs() < 1e-12);
}
