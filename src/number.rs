//! How numbers and errors are printed.

use std::fmt;

/// A number in reports, names and errors: in the usual form from 1e-5 to 1e16, and with a power of
/// ten beyond, where the usual form has hundreds of digits. Width and precision work as always; with
/// a precision only numbers of 1e16 or more change.
pub(crate) struct Short(pub f64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (x, size) = (self.0, self.0.abs());
        let large = size.is_finite() && size >= 1e16;
        let text = match f.precision() {
            Some(digits) if large => format!("{x:.digits$e}"),
            Some(digits) => format!("{x:.digits$}"),
            None if large || (x != 0.0 && size < 1e-5) => format!("{x:e}"),
            None => x.to_string(),
        };
        match f.width() {
            Some(width) => write!(f, "{text:>width$}"),
            None => f.write_str(&text),
        }
    }
}

/// [`Short`] for the fields of errors.
pub(crate) fn short(x: &f64) -> Short {
    Short(*x)
}

/// `Debug` as `Display`. A program whose `main` returns an error prints it by `Debug`, and what its
/// user should read is the sentence.
macro_rules! debug_is_display {
    ($error:ty) => {
        impl std::fmt::Debug for $error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }
    };
}
pub(crate) use debug_is_display;

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
        assert_eq!(format!("{:8.2}|{:.3}", Short(1.5), Short(1e-7)), "    1.50|0.000");
        assert_eq!(format!("{:9.2}|{:.1}", Short(1e300), Short(-1e20)), " 1.00e300|-1.0e20");
    }
}
