//! Texts of errors.

use std::fmt::Display;

/// A number of bytes in the largest binary unit that it fills.
pub(crate) fn in_words(bytes: u128) -> String {
    const UNITS: [&str; 4] = ["GiB", "MiB", "KiB", "bytes"];
    let unit = (0..3).find(|u| bytes >> (10 * (3 - u)) > 0).unwrap_or(3);
    let amount = bytes as f64 / 2_f64.powi(10 * (3 - unit as i32));
    let digits = usize::from(unit < 3 && amount < 99.95);
    format!("{amount:.digits$} {}", UNITS[unit])
}

/// The problems of one error as text: the only one by itself, several under a heading, one a line.
pub(crate) fn listed(problems: &[impl Display]) -> String {
    if let [only] = problems {
        return only.to_string();
    }
    let mut text = format!("{} settings are wrong:", problems.len());
    for problem in problems {
        text += &format!("\n- {problem}");
    }
    text
}

/// `Debug` as `Display`: a program whose `main` returns an error prints it by `Debug`, and its user
/// should read the sentence.
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
