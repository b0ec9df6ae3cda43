//! How numbers are printed.

use std::fmt;

/// A number in reports, names and errors: as usual from 1e-5 to 1e16, and with a power of ten
/// beyond, where the usual form has hundreds of digits.
pub(crate) struct Short(pub f64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usual = self.0 == 0.0 || !self.0.is_finite() || (1e-5..1e16).contains(&self.0.abs());
        if usual { write!(f, "{}", self.0) } else { write!(f, "{:e}", self.0) }
    }
}

/// [`Short`] for the fields of errors.
pub(crate) fn short(x: &f64) -> Short {
    Short(*x)
}

#[cfg(test)]
mod tests {
    use super::Short;

    #[test]
    fn numbers_of_any_size_are_short() {
        for (x, text) in [
            (0.0, "0"),
            (2.0, "2"),
            (-0.25, "-0.25"),
            (1e15, "1000000000000000"),
            (1e16, "1e16"),
            (1e308, "1e308"),
            (-1.5e-7, "-1.5e-7"),
            (1e-5, "0.00001"),
            (f64::INFINITY, "inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(Short(x).to_string(), text);
        }
    }
}
