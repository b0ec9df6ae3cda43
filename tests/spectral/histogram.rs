//! The histogram beside NumPy's, and by the definition: what compares with the edges decides.

use crate::strategies::cases;
use linear_width::InvalidSetting;
use linear_width::spectral::Histogram;
use ndarray::Array1;
use proptest::prelude::*;

/// The counts behind the densities.
fn counts(histogram: &Histogram, total: usize) -> Vec<usize> {
    let widths = histogram.edges.windows(2).into_iter().map(|pair| pair[1] - pair[0]);
    let count = |(density, width): (&f64, f64)| {
        let count = density * width * total as f64;
        assert!((count - count.round()).abs() < 1e-6, "{count}");
        count.round() as usize
    };
    histogram.density.iter().zip(widths).map(count).collect()
}

fn of(values: &[f64], bins: usize, from: f64, to: f64) -> Result<Histogram, InvalidSetting> {
    Histogram::new(values.iter().copied(), bins, from, to)
}

#[test]
fn histogram_takes_any_form_of_values_and_writes_csv() {
    let values = ndarray::array![0.1, 0.2, 0.7];
    let expected = of(&[0.1, 0.2, 0.7], 3, 0.0, 1.0).unwrap();
    assert_eq!(Histogram::new(&values, 3, 0.0, 1.0).unwrap(), expected);
    assert_eq!(Histogram::new(values.view(), 3, 0.0, 1.0).unwrap(), expected);
    assert_eq!(Histogram::new(values.iter().take(3), 3, 0.0, 1.0).unwrap(), expected);
    assert_eq!(Histogram::new(values.to_vec(), 3, 0.0, 1.0).unwrap(), expected);
    let mut csv = Vec::new();
    expected.write_csv(&mut csv).unwrap();
    let csv = String::from_utf8(csv).unwrap();
    assert_eq!(csv.lines().next(), Some("left,right,density"));
    for (line, (left, right, height)) in csv.lines().skip(1).zip(expected.bars()) {
        let numbers: Vec<f64> = line.split(',').map(|x| x.parse().unwrap()).collect();
        assert_eq!(numbers, [left, right, height]);
    }
    assert_eq!(expected.bars().count() + 1, csv.lines().count());
}

#[test]
fn histogram_counts_an_inner_edge_to_the_right_bin() {
    let values = [0.999, 1.0, 1.001, 1.099, 1.1, 1.101];
    let h = of(&values, 10, 0.9, 1.1).unwrap();
    assert_eq!(h.edges[5], 1.0);
    assert_eq!(counts(&h, 6), [0, 0, 0, 0, 1, 2, 0, 0, 0, 2]);
}

/// tests/reference/histogram.py
#[test]
fn histogram_agrees_with_numpy() {
    let table = include_str!("../golden/histogram.csv");
    let mut checked = 0;
    for line in table.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |text: &str| text.parse::<f64>().unwrap();
        let numbers = |text: &str| text.split(' ').map(number).collect::<Vec<f64>>();
        let (from, to, bins) = (number(fields[0]), number(fields[1]), fields[2].parse().unwrap());
        let values = numbers(fields[3]);
        let h = of(&values, bins, from, to).unwrap();
        assert_eq!(h.edges.to_vec(), numbers(fields[4]), "{from} {to} {bins}");
        let expected: Vec<usize> = fields[5].split(' ').map(|n| n.parse().unwrap()).collect();
        assert_eq!(counts(&h, values.len()), expected, "{from} {to} {bins}");
        checked += values.len();
    }
    assert!(checked > 2000, "{checked}");
}

/// A range: ends of one size or very different ones, of either sign.
fn range() -> impl Strategy<Value = (f64, f64)> {
    let end = || (-1.0..1.0_f64, -12..12_i32).prop_map(|(x, e)| x * 10.0_f64.powi(e));
    let near = (end(), 1e-9..1.0_f64).prop_map(|(from, part)| (from, from + part * from.abs()));
    prop_oneof![(end(), end()).prop_map(|(a, b)| (a.min(b), a.max(b))), near]
        .prop_filter("an empty range", |(from, to)| from < to)
}

proptest! {
    #![proptest_config(cases(2000))]

    /// Every edge, and the numbers beside it, by the definition; the same in another unit.
    #[test]
    fn histogram_counts_obey_the_edges(
        (from, to) in range(), bins in 1_usize..200, k in -900..900_i32,
    ) {
        let Ok(h) = of(&[from], bins, from, to) else {
            // only where the bins are no wider than the rounding of the edges
            let largest = from.abs().max(to.abs());
            prop_assert!((to - from) / (bins as f64) < 2.0 * f64::EPSILON * largest);
            return Ok(());
        };
        let edges = h.edges.to_vec();
        prop_assert_eq!((edges[0], edges[bins], edges.len()), (from, to, bins + 1));
        let beside = |edge: &f64| [edge.next_down(), *edge, edge.next_up()];
        let values: Vec<f64> = edges.iter().flat_map(beside).collect();
        let mut expected = vec![0; bins];
        for value in &values {
            for i in 0..bins {
                let below = *value < edges[i + 1] || (i == bins - 1 && *value == to);
                expected[i] += usize::from(edges[i] <= *value && below);
            }
        }
        let h = of(&values, bins, from, to).unwrap();
        prop_assert_eq!(counts(&h, values.len()), expected);

        let unit = 2.0_f64.powi(k);
        let scaled: Vec<f64> = values.iter().map(|value| value * unit).collect();
        let other = of(&scaled, bins, from * unit, to * unit).unwrap();
        prop_assert_eq!(other.edges / unit, h.edges);
        prop_assert_eq!(other.density * unit, h.density);
    }
}

#[test]
fn histogram_refuses_ranges_without_bins() {
    let refused = |bins, from, to| {
        let error = of(&[0.5], bins, from, to).unwrap_err();
        assert!(matches!(error, InvalidSetting::OutOfRange { .. }), "{error}");
        error.to_string()
    };
    for bins in [usize::MAX, usize::MAX / 2, 1 << 60, 1 << 40, Histogram::MAX_BINS + 1] {
        assert!(refused(bins, 0.0, 1.0).ends_with("it must be at most 10000000"));
    }
    // two edges would be one number
    for (bins, from, to) in [(10, 1.0, 1.0_f64.next_up()), (1000, 1e16, 1e16 + 1000.0)] {
        assert!(refused(bins, from, to).starts_with(&format!("bins is {bins}")));
    }
    let range = [
        (1.0, 1.0),
        (1.0, 0.0),
        (0.0, -0.0),
        (f64::NAN, 1.0),
        (0.0, f64::NAN),
        (f64::NEG_INFINITY, 0.0),
        (0.0, f64::INFINITY),
        (-1e308, 1e308),
        (0.0, 1e-310),
        (1e-320, 5e-320),
    ];
    for (from, to) in range {
        refused(3, from, to);
    }
    assert!(matches!(of(&[], 3, 0.0, 1.0), Err(InvalidSetting::ZeroSize { .. })));
    assert!(matches!(of(&[0.5], 0, 0.0, 1.0), Err(InvalidSetting::ZeroSize { .. })));
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let error = of(&[0.5, 7.0, bad], 3, 0.0, 1.0).unwrap_err().to_string();
        let expected = format!(
            "entry 2 of the values of the histogram (from 0) is {bad}; it must be a finite number"
        );
        assert_eq!(error, expected);
    }
}

/// No values inside, many bins, wide bars: the density is what is inside, over all values.
#[test]
fn histogram_at_the_ends_of_the_number_range() {
    assert_eq!(of(&[2.0], 3, 0.0, 1.0).unwrap().density, Array1::<f64>::zeros(3));
    let h = of(&[0.25, 3.0], 1_000_000, 0.0, 1.0).unwrap();
    assert_eq!((counts(&h, 2)[250_000], counts(&h, 2).iter().sum::<usize>()), (1, 1));
    let unit = 2.0_f64.powi(1021);
    let h = of(&[0.0, -1e308], 4, -2.0 * unit, 2.0 * unit).unwrap();
    assert_eq!(h.edges / unit, Array1::from(vec![-2.0, -1.0, 0.0, 1.0, 2.0]));
    assert_eq!(h.density * unit, Array1::from(vec![0.0, 0.0, 0.5, 0.0]));
    let h = of(&[1e-305, 2e-305], 2, 0.0, 2e-305).unwrap();
    assert_eq!(counts(&h, 2), [0, 2]);
}
