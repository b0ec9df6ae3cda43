//! A bracketed root.

/// Root of a continuous increasing or decreasing `f` between `low` and `high`, where it has the
/// values `at_low`, `at_high` of opposite sign: regula falsi in the Illinois form, with a bisection
/// whenever it is slow. A simple root takes 10 to 50 evaluations; after 120, which roots of higher
/// order may need, the bracket is at most 1e-6 of what it was.
pub(crate) fn bracketed<E>(
    mut f: impl FnMut(f64) -> Result<f64, E>,
    (mut low, mut at_low): (f64, f64),
    (mut high, mut at_high): (f64, f64),
    tolerance: f64,
) -> Result<f64, E> {
    let mut width = high - low;
    let mut last = 0i8;
    for iteration in 0..120 {
        if high - low <= tolerance || at_low == 0.0 || at_high == 0.0 {
            break;
        }
        let mut x = (low * at_high - high * at_low) / (at_high - at_low);
        if iteration % 3 == 2 {
            // three evaluations that did not halve the bracket
            if high - low > 0.5 * width {
                x = 0.5 * (low + high);
            }
            width = high - low;
        }
        let margin = (0.5 * tolerance).min(0.25 * (high - low));
        x = if x.is_finite() { x.clamp(low + margin, high - margin) } else { 0.5 * (low + high) };
        let value = f(x)?;
        if (value > 0.0) == (at_low > 0.0) {
            (low, at_low) = (x, value);
            if last == -1 {
                at_high *= 0.5;
            }
            last = -1;
        } else {
            (high, at_high) = (x, value);
            if last == 1 {
                at_low *= 0.5;
            }
            last = 1;
        }
    }
    if at_low == 0.0 {
        return Ok(low);
    }
    if at_high == 0.0 {
        return Ok(high);
    }
    Ok(0.5 * (low + high))
}

#[cfg(test)]
mod tests {
    use super::bracketed;

    #[test]
    fn finds_roots_of_awkward_functions() {
        for (f, low, high, root) in [
            (Box::new(|x: f64| x.powi(9) - 1e-9) as Box<dyn Fn(f64) -> f64>, -1.0, 2.0, 0.1),
            (Box::new(|x: f64| 1.0 - x.exp()), -700.0, 1.0, 0.0),
            (Box::new(|x: f64| (x - 0.3).signum()), 0.0, 1.0, 0.3),
        ] {
            let mut count = 0;
            let found = bracketed(
                |x| {
                    count += 1;
                    Ok::<f64, ()>(f(x))
                },
                (low, f(low)),
                (high, f(high)),
                1e-12,
            );
            assert!((found.unwrap_or(f64::NAN) - root).abs() < 2e-12, "{found:?} {root}");
            assert!(count < 120);
        }
    }

    #[test]
    fn evaluations_are_few_and_within_the_bracket() {
        type Case = (fn(f64) -> f64, [f64; 2], f64, usize);
        let cases: [Case; 6] = [
            (|x| x - 0.25, [0.0, 1.0], 0.25, 1),
            (|x| x.exp() - 2.0, [0.0, 2.0], std::f64::consts::LN_2, 12),
            (|x| 2.0 - x.exp(), [0.0, 2.0], std::f64::consts::LN_2, 12),
            (|x| (1e6 * (x - 0.7)).atan(), [0.0, 1.0], 0.7, 26),
            (|x| (x - 0.3).signum(), [0.0, 1.0], 0.3, 47),
            // infinite at the upper end
            (|x| 1.0 / (1.0 - x) - 3.0, [0.0, 1.0], 2.0 / 3.0, 14),
        ];
        for (k, (f, [low, high], root, most)) in cases.into_iter().enumerate() {
            let mut count = 0;
            let inside = |x: f64| {
                count += 1;
                assert!(low < x && x < high, "{k}: {x}");
                Ok::<f64, ()>(f(x))
            };
            let found = bracketed(inside, (low, f(low)), (high, f(high)), 1e-12).unwrap();
            assert!((found - root).abs() < 1e-12, "{k}: {found}");
            assert!(count <= most, "{k}: {count}");
        }
    }

    #[test]
    fn ends_and_errors() {
        let nothing = |_| Err("asked");
        assert_eq!(bracketed(nothing, (1.0, 0.0), (2.0, 3.0), 1e-12), Ok(1.0));
        assert_eq!(bracketed(nothing, (1.0, -2.0), (2.0, 0.0), 1e-12), Ok(2.0));
        assert_eq!(bracketed(nothing, (1.0, -2.0), (1.0 + 1e-13, 1.0), 1e-12), Ok(1.0 + 5e-14));
        assert_eq!(bracketed(nothing, (1.0, -2.0), (2.0, 1.0), 1e-12), Err("asked"));
    }
}
