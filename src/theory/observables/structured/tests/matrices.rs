//! The bulk and T(z) against the matrices of section 10 of docs/theory.md, sample by sample.

use super::super::bulk::Bulk;
use super::super::inputs::NeuronTable;
use super::super::master_matrix::{Signal, negative_inverse};
use super::super::order_parameters::OrderParameters;
use super::super::real_branch::{Point, RealBranch};
use super::super::sample_resolvent::SampleResolvent;
use super::super::test_support::{
    Matrices, bulk as test_bulk, close, column, coordinates, inputs, inverse, model, neurons,
    samples, spike,
};
use ndarray::{Array2, array, concatenate, linalg::kron};

/// (10.12) and (10.14): the solved branch against the matrices, from far outside to near the edge.
fn fixed_point<const A: usize>() {
    let bulk = test_bulk::<A>(&model(), 1.0);
    let branch = RealBranch::new(bulk.clone()).unwrap();
    for before in [0.01, 0.5, 3.0, 8.0] {
        let point = branch.at(branch.edge.x - before).unwrap();
        let matrices = Matrices::new(&bulk, &point);
        assert!(matrices.m.iter().all(|m| -1.0 < *m && *m < 0.0));
        assert!(bulk.admissible(matrices.a0, &point.order));
        let (mut sum, mut noise) = (matrices.constant(), 0.0);
        for group in &bulk.groups {
            for i in 0..4 {
                let [_, psi, theta] = matrices.sample(&group.l[i], group.q[i]);
                let w = group.share * bulk.weight[i];
                sum = sum + theta * w;
                noise += w * group.q[i] * psi[[0, 0]];
            }
        }
        close(&sum, &inverse(&matrices.g), 1e-9, "A_0 + E Theta");
        let ratio = noise / (matrices.a0 * point.order.chi);
        assert!((ratio - 1.0).abs() < 1e-9, "{A}: {ratio}");
    }
}

#[test]
fn the_solved_bulk() {
    fixed_point::<1>();
    fixed_point::<2>();
    fixed_point::<3>();
}

/// (10.22) and (10.40) by hand.
#[test]
fn start_of_the_curve() {
    let given = test_bulk::<2>(&model(), 1.0);
    let (mut alpha, mut beta, mut chi) = (Array2::zeros((2, 1)), Array2::zeros((2, 2)), 0.0);
    for group in &given.groups {
        for i in 0..4 {
            let (w, l) = (group.share * given.weight[i], column(&group.l[i]));
            alpha = alpha + &l * w;
            beta = beta + l.dot(&l.t()) * (w * 0.5);
            chi += w * group.q[i] * 0.5;
        }
    }
    let start = given.start();
    close(&column(&start.alpha), &alpha, 1e-14, "alpha");
    close(&Array2::from_shape_fn((2, 2), |(i, k)| start.beta[i][k]), &beta, 1e-14, "beta");
    assert!((start.chi / chi - 1.0).abs() < 1e-14);
    let rows = (0..3).map(|j| {
        let e = column(&given.terms[j]);
        let stretch = given.lam[j] + e.t().dot(&alpha)[[0, 0]];
        stretch.powi(2) + e.t().dot(&beta).dot(&e)[[0, 0]] + chi * given.b[j].powi(2)
    });
    let largest = rows.fold(0.0, f64::max);
    assert!(
        (given.row_variances(&start).into_iter().fold(0.0, f64::max) / largest - 1.0).abs() < 1e-14
    );

    let neurons = NeuronTable { rho_2: vec![0.3, -0.2, 0.5], ..neurons() };
    let found = Bulk::<2>::new(&inputs(&model(), &samples(), &neurons), given.groups);
    for j in 0..3 {
        let b = neurons.b[j];
        // N = 100, rho_1 = E sigma'' E y
        let mut exact = 1.0 + b / 10.0 * (3.0 * 0.5 * 0.2 + 2.0 * neurons.rho_2[j]);
        for a in 0..2 {
            let term = b * neurons.polynomials[[j, a]];
            assert_eq!(found.terms[j][a], term);
            exact -= term * alpha[[a, 0]];
        }
        assert!((found.lam[j] - exact).abs() < 1e-14, "{} {exact}", found.lam[j]);
    }
}

/// Beyond the pole of 1/(1 + m), and of 1/Delta at one sample, the branch is not physical.
#[test]
fn not_admissible() {
    let mut bulk = test_bulk::<1>(&model(), 1.0);
    let order = bulk.start();
    assert!(bulk.admissible(-0.05, &order));
    assert!(!bulk.admissible(-5.0, &order));
    bulk.groups[1].q[2] = 1e4;
    assert!(!bulk.admissible(-0.05, &order));
    // m alone: D = 4, Delta = 1
    let mut white = test_bulk::<1>(&model(), 0.0);
    white.lam = vec![2.0; 3];
    assert!(white.admissible(-0.24, &white.start()));
    assert!(!white.admissible(-0.5, &white.start()));
    let nothing = OrderParameters { alpha: [f64::NAN], ..order };
    assert!(bulk.solve(-0.05, nothing).is_err());
}

/// (10.26) to (10.34) and (12.11) to (12.14) with Omega, Psi and Theta as matrices.
fn against_matrices<const A: usize>() {
    let (model, samples, neurons) = (model(), samples(), neurons());
    let bulk = test_bulk::<A>(&model, 1.0);
    let (alpha, beta) = ([0.3, -0.2, 0.1], [[0.5, 0.1, 0.05], [0.1, 0.4, -0.1], [0.05, -0.1, 0.3]]);
    let order = OrderParameters {
        alpha: std::array::from_fn(|a| alpha[a]),
        beta: std::array::from_fn(|i| std::array::from_fn(|k| beta[i][k])),
        chi: 0.2,
    };
    let m = A + 1;
    let point = Point { x: -3.0, order, z: 7.0, slope: 0.0 };
    let matrices = Matrices::new(&bulk, &point);
    let a0 = matrices.a0;
    let unit: Array2<f64> = Array2::eye(m);
    let e_0 = unit.select(ndarray::Axis(1), &[0]);

    let mut l = Array2::zeros((3 * m, 3 * m));
    let (mut v_y, mut y) = (Array2::zeros((3 * m, m)), Array2::zeros((m, m)));
    let (mut u, mut yu) = (Array2::zeros((2, 3 * m)), Array2::zeros((2, m)));
    let mut perp = Array2::zeros((2, 2));
    for (group, table) in bulk.groups.iter().zip(&samples.groups) {
        for i in 0..4 {
            let label = samples.label[i];
            let [omega, psi, theta] = matrices.sample(&group.l[i], group.q[i]);
            let w = group.share * samples.weight[i];
            let z = coordinates(&model, &samples, i, table.first);
            l = l + kron(&z.dot(&z.t()), &theta) * w;
            if table.first {
                v_y = v_y + kron(&z, &omega.dot(&psi)) * (w * label);
                y = y + &psi * (w * label * label);
            }
            if let Some(second) = &table.second {
                let pi = spike(second, i);
                let start = (&unit - &omega.dot(&psi)).dot(&e_0);
                u = u + kron(&pi, &kron(&z, &start).t()) * w;
                perp = perp + pi.dot(&pi.t()) * (w * psi[[0, 0]]);
                if table.first {
                    yu = yu + kron(&pi, &psi.dot(&e_0).t()) * (w * label);
                }
            }
        }
    }
    let given = inputs(&model, &samples, &neurons);
    let signal = Signal::new(&given);
    let sums = signal.sums(&bulk, &SampleResolvent::new(&bulk, &point));
    close(&sums.l, &l, 1e-10, "E[Z Z^T x Theta]");
    close(&sums.v_y, &v_y, 1e-10, "V_y");
    close(&sums.y, &y, 1e-10, "Y");
    close(&sums.u, &u, 1e-10, "E[Z pi x (I - Omega Psi) e_0]");
    close(&sums.yu, &yu, 1e-10, "E[y pi Psi e_0]");
    close(&sums.perp, &perp, 1e-10, "E[pi pi Psi_00]");
    close(&negative_inverse(&sums.y).unwrap(), &inverse(&y), 1e-10, "Y inverse");

    let y_inverse = inverse(&y);
    l = l + kron(&Array2::eye(3), &matrices.constant()) + v_y.dot(&y_inverse).dot(&v_y.t());
    let mut v = (u + yu.dot(&y_inverse).dot(&v_y.t())) * 2.0;
    let w = (0.5f64 * 1.21).sqrt();
    for (d, c) in [0.6, -0.3, w].into_iter().enumerate() {
        v[[0, d * m]] += 3.0 * 0.8 * neurons.scale * c;
    }
    let j = perp - yu.dot(&y_inverse).dot(&yu.t());
    let mut k = Array2::zeros((2, 2));
    for (at, weight) in neurons.weight.iter().enumerate() {
        let (b, q) = (neurons.b[at], column(&neurons.polynomials.row(at).to_vec()));
        k = k + q.dot(&q.t()) * (weight * b * b / (1.0 + matrices.m[at]));
    }
    let corner = inverse(&k) + &j * 4.0;
    let t = concatenate![
        ndarray::Axis(0),
        concatenate![ndarray::Axis(1), -&l, v.t()],
        concatenate![ndarray::Axis(1), v, corner]
    ];
    let blocks = signal.master_matrix(&bulk, &point).unwrap();
    close(&blocks.t, &t, 1e-10, "T");
    close(&blocks.k_inverse, &inverse(&k), 1e-10, "K inverse");
    close(&column(&blocks.rows), &(column(&matrices.m) / a0), 1e-14, "D(b)");
    // the entries of S T S are of order one
    for i in 0..3 * m {
        let exact = if i % m == 0 { -a0 } else { 1.0 / matrices.f_m[[i % m - 1, i % m - 1]] };
        assert!((blocks.scale[i].powi(2) / exact - 1.0).abs() < 1e-12, "scale at {i}");
    }
    for i in 0..2 {
        let from_v: f64 = (0..3 * m).map(|d| (v[[i, d]] * blocks.scale[d]).powi(2)).sum();
        let exact = blocks.k_inverse[[i, i]] + 4.0 * j[[i, i]].abs() + from_v;
        assert!((blocks.scale[3 * m + i].powi(-2) / exact - 1.0).abs() < 1e-12);
    }
}

#[test]
fn one_term() {
    against_matrices::<1>();
}

#[test]
fn two_terms() {
    against_matrices::<2>();
}

#[test]
fn three_terms() {
    against_matrices::<3>();
}

/// The matrix is equilibrated: its entries may be of very different size.
#[test]
fn graded_inverse() {
    let matrix = array![[-1e200, 0.5], [0.5, -1e-200]];
    let exact = array![[-4.0 / 3.0 * 1e-200, -2.0 / 3.0], [-2.0 / 3.0, -4.0 / 3.0 * 1e200]];
    let found = negative_inverse(&matrix).unwrap();
    assert!((found / exact).iter().all(|ratio| (ratio - 1.0).abs() < 1e-14));
    assert!(negative_inverse(&array![[-1.0, 2.0], [2.0, -1.0]]).is_none());
    assert!(negative_inverse(&array![[1.0]]).is_none());
}

/// kappa_p of (10.37) by hand, and a vector of zeros.
#[test]
fn overlap_on_the_left() {
    let signal = inputs(&model(), &samples(), &neurons());
    let (rows, left) = ([2.0, 0.5, 1.5], array![0.3, -0.1]);
    let neurons = neurons();
    let (mut product, mut norm) = (0.0, 0.0);
    for (j, row) in rows.iter().enumerate() {
        let (w, b) = (neurons.weight[j], neurons.b[j]);
        let q = neurons.polynomials.row(j).dot(&left);
        product += w * b * q * (b + 0.5) / (1.0 - 0.3 * row);
        norm += w * (b + 0.5) * (b + 0.5);
    }
    let found = signal.left_overlap(-0.3, &rows, &left, &|b| b + 0.5);
    assert!((found - product.abs() / norm.sqrt()).abs() < 1e-15, "{found}");
    assert_eq!(signal.left_overlap(-0.3, &rows, &left, &|_| 0.0), 0.0);
    assert_eq!(signal.left_overlap(-0.3, &rows, &(left * 100.0), &|b| b), 1.0);
}
