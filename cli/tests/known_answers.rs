//! The report of matrices whose answers are known. The numbers of two trained networks' matrices are in
//! `real_matrices.rs`.

use linear_width::spectral::{
    OutlierRule, ReportOptions, SingularTriplets, SpectralError, SpectrumReport, report,
};
use ndarray::{Array1, Array2, array};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

fn gaussian(rows: usize, columns: usize, seed: u64) -> Array2<f64> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    Array2::from_shape_simple_fn((rows, columns), || StandardNormal.sample(&mut random))
}

/// The report with few permutations, which are slow in unoptimised programs.
fn quick() -> ReportOptions {
    ReportOptions { permutations: 3, ..Default::default() }
}

fn quick_report(w: &Array2<f64>) -> SpectrumReport {
    quick().report(w.view()).unwrap()
}

#[test]
fn white_noise_is_recognised() {
    for (rows, columns, seed) in [(120, 80, 1), (60, 60, 2), (40, 150, 3)] {
        let report = quick_report(&(0.3 * gaussian(rows, columns, seed)));
        let bulk = report.bulk.unwrap();
        assert!(bulk.white, "{report}");
        // the sample's own standard deviation, and that of its law
        let sample = report.frobenius_norm / ((rows * columns) as f64).sqrt();
        assert!((bulk.scale / sample - 1.0).abs() < 0.01, "{report}");
        assert!((bulk.scale_by_median / sample - 1.0).abs() < 0.03, "{report}");
        assert!((bulk.scale / 0.3 - 1.0).abs() < 0.04, "{report}");
        assert_eq!(report.outliers.count, 0, "{report}");
        assert_eq!(report.hard_threshold.unwrap().rank_by_scale, 0);
        assert!(report.null.as_ref().unwrap().p_value > 0.25);
        assert!(report.notes.is_empty(), "{:?}", report.notes);
        for (shapes, gaussian) in [
            (&report.localisation.left, report.localisation.gaussian_left),
            (&report.localisation.right, report.localisation.gaussian_right),
        ] {
            let mean = shapes.iter().map(|v| v.participation).sum::<f64>() / shapes.len() as f64;
            assert!((mean / gaussian.participation - 1.0).abs() < 0.15, "{report}");
            let mean = shapes.iter().map(|v| v.largest_share).sum::<f64>() / shapes.len() as f64;
            assert!((mean / gaussian.largest_share - 1.0).abs() < 0.35, "{report}");
        }
    }
}

/// A rank-one part of known size, and one heavy entry: both are outliers, and the vectors of the
/// second one sit on its row and its column.
#[test]
fn a_spike_and_a_heavy_entry() {
    let (rows, columns) = (100, 70);
    let mut w = gaussian(rows, columns, 4);
    w[[7, 11]] += 30.0;
    // entries of both signs: a common mean would stay in every order of the entries
    let sign = |i: usize| if i % 2 == 0 { 1.0 } else { -1.0 };
    let unit = |n: usize| Array2::from_shape_fn((n, 1), |(i, _)| sign(i) / (n as f64).sqrt());
    w += &(60.0 * unit(rows).dot(&unit(columns).t()));
    let report = quick_report(&w);
    assert_eq!(report.outliers.count, 2, "{report}");
    assert!(report.outliers.p_values[..2].iter().all(|p| *p < 1e-20));
    // a spike theta on noise of variance 1: s^2 = (theta^2 + N) (theta^2 + d) / theta^2
    let expected = ((3600.0 + 100.0) * (3600.0 + 70.0) / 3600.0_f64).sqrt();
    assert!((report.singular_values[0] / expected - 1.0).abs() < 0.03, "{report}");
    let hard = report.hard_threshold.unwrap();
    assert_eq!((hard.rank_by_scale, hard.rank_by_median), (2, 2));
    assert!(report.bulk.unwrap().white);
    let shapes = &report.localisation;
    assert!(shapes.left[0].participation > 0.5 && shapes.right[0].participation > 0.5);
    assert!(shapes.left[1].participation < 0.05 && shapes.right[1].largest_share > 0.7, "{report}");
    let null = report.null.as_ref().unwrap();
    assert_eq!((null.p_value, null.values_above), (0.25, 1), "{report}");
    assert!(null.largest.iter().all(|s| *s > 30.0), "the heavy entry is in every order: {report}");
}

/// Eigenvalues at the quantiles of a Pareto law give its exponent, whatever the vectors are; here
/// they are coordinate axes.
#[test]
fn pareto_eigenvalues_on_the_axes() {
    let n = 120;
    for exponent in [1.8, 2.5, 4.0] {
        let eigenvalue = |i: usize| ((i as f64 + 0.5) / n as f64).powf(-1.0 / (exponent - 1.0));
        let w = Array2::from_diag(&Array1::from_shape_fn(n, |i| eigenvalue(i).sqrt()));
        let rule = OutlierRule::AboveEdge { edge: 1e9, margin: 0.0 };
        let report =
            ReportOptions { outlier_rule: Some(rule), ..quick() }.report(w.view()).unwrap();
        let law = report.power_law.unwrap();
        assert!((law.exponent - exponent).abs() < 0.15 * exponent, "{report}");
        assert!(law.distance < 0.02 && law.tail > n / 2, "{report}");
        let error = (law.exponent - 1.0) / (law.tail as f64).sqrt();
        assert!((law.standard_error - error).abs() < 1e-12);
        assert_eq!(report.power_law, report.power_law_with_outliers);
        let on_one = 1.0 / n as f64;
        assert!(report.localisation.left.iter().all(|v| (v.participation - on_one).abs() < 1e-9));
        assert!(report.localisation.right.iter().all(|v| (v.largest_share - 1.0).abs() < 1e-9));
    }
}

#[test]
fn low_rank_and_orthogonal() {
    let low = gaussian(50, 3, 5).dot(&gaussian(3, 40, 6));
    let report = quick_report(&low);
    assert_eq!((report.rank, report.outliers.count), (3, 3), "{report}");
    assert!(report.bulk.is_none() && report.hard_threshold.is_none());
    assert!(report.notes[0].contains("the rank is 3"), "{:?}", report.notes);
    assert!(report.power_law.is_none() && report.power_law_with_outliers.is_none());

    let orthogonal = SingularTriplets::all(gaussian(40, 40, 7).view()).unwrap().right;
    let report = quick_report(&orthogonal);
    assert_eq!((report.rank, report.outliers.count), (40, 0), "{report}");
    assert!((report.stable_rank - 40.0).abs() < 1e-9);
    assert!((report.frobenius_norm - 40_f64.sqrt()).abs() < 1e-9);
    assert!(!report.bulk.unwrap().white, "{report}");
    assert!(report.notes[0].contains("not white noise"), "{:?}", report.notes);
}

/// Rows of very different size are no white noise, and the report says so.
#[test]
fn a_bulk_that_is_not_white() {
    let mut w = gaussian(100, 60, 8);
    for (i, mut row) in w.rows_mut().into_iter().enumerate() {
        row *= (-0.04 * i as f64).exp();
    }
    let report = quick_report(&w);
    assert!(!report.bulk.unwrap().white, "{report}");
    assert!(report.to_string().contains("NOT white noise"));
    assert!(report.to_string().contains("p-values assume white noise"));
}

/// A power of two changes the unit of what has one, and not a digit.
#[test]
fn any_unit() {
    let w = gaussian(40, 30, 9);
    let report = quick_report(&w);
    for power in [-900, -3, 200] {
        let unit = 2_f64.powi(power);
        let scaled = quick_report(&(&w * unit));
        assert_eq!(scaled.stable_rank, report.stable_rank, "2^{power}");
        assert_eq!(scaled.bulk.unwrap().scale, unit * report.bulk.unwrap().scale);
        assert_eq!(scaled.frobenius_norm, unit * report.frobenius_norm);
        assert_eq!(scaled.outliers.count, report.outliers.count);
        assert_eq!(scaled.power_law.unwrap().exponent, report.power_law.unwrap().exponent);
        assert_eq!(scaled.power_law.unwrap().from, unit * report.power_law.unwrap().from);
    }
}

#[test]
fn single_precision_seeds_and_options() {
    let w = gaussian(50, 40, 10);
    let double = quick_report(&w);
    let single = quick().report(w.mapv(|x| x as f32).view()).unwrap();
    assert!((single.bulk.unwrap().scale / double.bulk.unwrap().scale - 1.0).abs() < 1e-5);
    assert!((single.stable_rank / double.stable_rank - 1.0).abs() < 1e-5);
    assert_eq!(single.outliers.count, double.outliers.count);
    assert_eq!(quick_report(&w), double, "the same seed");
    let other = ReportOptions { seed: 1, ..quick() }.report(w.view()).unwrap();
    assert_ne!(other.null, double.null);
    let bare = ReportOptions { permutations: 0, vectors: 0, ..quick() }.report(w.view()).unwrap();
    assert!(bare.null.is_none() && bare.localisation.left.is_empty());
    assert_eq!(report(w.view()).unwrap().null.unwrap().largest.len(), 19);
    let transposed = quick().report(w.t()).unwrap();
    assert_eq!(transposed.outliers.count, double.outliers.count);
    let scales = [transposed, double].map(|report| report.bulk.unwrap().scale);
    assert!((scales[0] / scales[1] - 1.0).abs() < 1e-6, "{scales:?}");
}

#[test]
fn tables_read_back() {
    let mut w = gaussian(30, 20, 11);
    w[[0, 0]] += 40.0;
    let report = quick_report(&w);
    let mut table = Vec::new();
    report.write_csv(&mut table).unwrap();
    let table = String::from_utf8(table).unwrap();
    let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(lines.len(), 21);
    for (k, line) in lines[1..].iter().enumerate() {
        assert_eq!(line[0], (k + 1).to_string());
        assert_eq!(line[1].parse::<f64>().unwrap(), report.singular_values[k]);
        assert_eq!(line[2] == "1", k < report.outliers.count);
        assert_eq!(line[3].is_empty(), k >= report.outliers.p_values.len());
        assert_eq!(line[4].is_empty(), k < report.outliers.count);
    }
    // the law in place of the last value lies near its lower edge
    let last: f64 = lines[20][4].parse().unwrap();
    let bulk = report.bulk.unwrap();
    assert!(last > bulk.lower_edge && last < 0.3 * bulk.edge, "{last}");
    let json = serde_json::to_string(&report).unwrap();
    let back: SpectrumReport = serde_json::from_str(&json).unwrap();
    assert_eq!(back.outliers, report.outliers);
}

#[test]
fn no_report() {
    let refused = |w: Array2<f64>| report(w.view()).unwrap_err();
    assert!(matches!(refused(Array2::zeros((0, 3))), SpectralError::Empty { .. }));
    assert_eq!(refused(array![[1.0, f64::NAN]]), SpectralError::NonFinite);
    for (w, word) in [
        (Array2::zeros((4, 3)), "zeros"),
        (Array2::ones((4, 3)), "equal"),
        (array![[3.0]], "equal"),
    ] {
        let problem = refused(w);
        assert!(matches!(problem, SpectralError::Invalid(_)), "{problem}");
        assert!(problem.to_string().contains(word), "{problem}");
    }
    for level in [0.0, 1.0, f64::NAN] {
        let options = ReportOptions { level, ..quick() };
        assert!(options.report(gaussian(9, 8, 1).view()).is_err());
    }
    // the smallest matrices that have one
    for (rows, columns) in [(1, 2), (2, 1), (2, 2), (3, 7), (1, 40)] {
        let report = quick_report(&gaussian(rows, columns, 12));
        assert_eq!(report.outliers.count, 0, "{report}");
        assert!(!report.to_string().contains("NaN") && !report.notes.is_empty(), "{report}");
    }
}
