//! Roots of functions of one variable, and of systems of equations.

use super::small_matrix::{Field, solve};

/// Root of a continuous monotone `f` between `low` and `high`, where it has the values `at_low`,
/// `at_high` of opposite sign: regula falsi in the Illinois form, with a bisection whenever it is
/// slow. A simple root takes 10 to 50 evaluations.
pub(crate) fn bracketed<E>(
    mut f: impl FnMut(f64) -> Result<f64, E>,
    (mut low, mut at_low): (f64, f64),
    (mut high, mut at_high): (f64, f64),
    tolerance: f64,
) -> Result<f64, E> {
    let mut width = high - low;
    // whether the last evaluation moved the lower end
    let mut moved_low = None;
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
        let below = (value > 0.0) == (at_low > 0.0);
        let (end, at_end, at_other) = match below {
            true => (&mut low, &mut at_low, &mut at_high),
            false => (&mut high, &mut at_high, &mut at_low),
        };
        (*end, *at_end) = (x, value);
        if moved_low.replace(below) == Some(below) {
            *at_other *= 0.5;
        }
    }
    Ok(match (at_low == 0.0, at_high == 0.0) {
        (true, _) => low,
        (_, true) => high,
        _ => 0.5 * (low + high),
    })
}

/// The largest x to within `tolerance`, where `holds` is true up to some x between `low` and `high`
/// and false beyond: bisection.
pub(crate) fn last_where(
    mut low: f64,
    mut high: f64,
    tolerance: f64,
    mut holds: impl FnMut(f64) -> bool,
) -> f64 {
    while high - low > tolerance {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if holds(middle) { low = middle } else { high = middle }
    }
    low
}

/// Newton's method for systems of equations, with a Jacobian of difference quotients.
///
/// The length of a step is its largest entry over the largest entry of the unknowns (or over 1e-3,
/// if that is more), so the unknowns must be of similar size.
pub(crate) struct Newton {
    /// A shorter step is the last one; below 1e-9 also one that is no shorter than the one before.
    pub tolerance: f64,
    /// A longer first step means that the starting point was too far away.
    pub longest_first_step: f64,
    /// Most steps.
    pub steps: usize,
}

impl Newton {
    /// The root of `residual` near `start`, or `None` when the steps do not converge.
    pub fn solve<T: Field>(
        &self,
        start: Vec<T>,
        residual: impl Fn(&[T]) -> Vec<T>,
    ) -> Option<Vec<T>> {
        let mut u = start;
        let mut before = f64::INFINITY;
        let mut jacobian = Vec::new();
        for step in 0..self.steps {
            let here = residual(&u);
            let size = u.iter().fold(1e-3, |size: f64, x| size.max(x.abs()));
            if jacobian.is_empty() {
                jacobian = difference_quotients(&u, &here, size, &residual);
            }
            let change = solve(jacobian.clone(), here.iter().map(|&x| vec![-x]).collect())?;
            let length = change.iter().fold(0.0, |max: f64, x| max.max(x[0].abs())) / size;
            if !length.is_finite() || step == 0 && length > self.longest_first_step {
                return None;
            }
            u.iter_mut().zip(&change).for_each(|(x, dx)| *x += dx[0]);
            if length < self.tolerance || (length < 1e-9 && length >= before) {
                return Some(u);
            }
            // the Jacobian serves as long as every step is at most a hundredth of the one before
            if length > 0.01 * before || before.is_infinite() && length > 1e-3 {
                jacobian.clear();
            }
            before = length;
        }
        None
    }
}

/// The Jacobian of `residual` at `u`, where it has the value `here`.
fn difference_quotients<T: Field>(
    u: &[T],
    here: &[T],
    size: f64,
    residual: impl Fn(&[T]) -> Vec<T>,
) -> Vec<Vec<T>> {
    let mut jacobian = vec![vec![T::zero(); u.len()]; here.len()];
    for j in 0..u.len() {
        let h = 1e-7 * u[j].abs().max(1e-3 * size);
        let mut moved = u.to_vec();
        moved[j] += T::real(h);
        for (i, there) in residual(&moved).into_iter().enumerate() {
            jacobian[i][j] = (there - here[i]) * (1.0 / h);
        }
    }
    jacobian
}

#[cfg(test)]
mod tests {
    use super::{Newton, bracketed, last_where};
    use num_complex::Complex64;

    #[test]
    fn bisection_stops_at_the_last_place() {
        assert!((last_where(0.0, 2.0, 1e-12, |x| x * x < 2.0) - 2f64.sqrt()).abs() < 1e-12);
        // no tolerance: neighbouring numbers
        assert!(2.0 - last_where(0.0, 4.0, 0.0, |x| x < 2.0) < 1e-15);
        assert_eq!(last_where(1.0, 2.0, 1e-3, |_| false), 1.0);
    }

    /// x^2 - y = 0, x y = 8 at (2, 4); z^2 = -1 at i; and what is given up.
    #[test]
    fn newton_for_real_and_complex_systems() {
        let newton = Newton { tolerance: 1e-13, longest_first_step: 0.9, steps: 30 };
        let system = |u: &[f64]| vec![u[0] * u[0] - u[1], u[0] * u[1] - 8.0];
        let found = newton.solve(vec![1.5, 3.0], system).unwrap();
        assert!((found[0] - 2.0).abs() < 1e-12 && (found[1] - 4.0).abs() < 1e-12, "{found:?}");
        let square = |u: &[Complex64]| vec![u[0] * u[0] + 1.0];
        let found = newton.solve(vec![Complex64::new(0.2, 0.8)], square).unwrap();
        assert!((found[0] - Complex64::I).norm() < 1e-12, "{found:?}");
        // a first step that is too long, no root, a singular Jacobian, and NaN
        assert!(newton.solve(vec![1e-2, 1e-2], system).is_none());
        assert!(newton.solve(vec![1.0], |u: &[f64]| vec![u[0] * u[0] + 1.0]).is_none());
        assert!(newton.solve(vec![1.0], |_: &[f64]| vec![1.0]).is_none());
        assert!(newton.solve(vec![1.0], |_: &[f64]| vec![f64::NAN]).is_none());
    }

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
