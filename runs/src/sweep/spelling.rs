//! One spelling for each value in a JSON text.

use std::fmt::Write;

/// The text with every number that is whole written as an integer: 0 for 0.0 and -0.0, 1000 for
/// 1e3. Two texts that name the same values in the same order of keys become the same text.
pub(super) fn spelled_one_way(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(next) = rest.chars().next() {
        let part = match next {
            '"' => string(rest),
            '-' | '0'..='9' => {
                let end =
                    rest.find(|c: char| !matches!(c, '-' | '+' | '.' | 'e' | 'E' | '0'..='9'));
                &rest[..end.unwrap_or(rest.len())]
            }
            other => &rest[..other.len_utf8()],
        };
        match whole(part) {
            // writing to a String does not fail
            Some(number) => drop(write!(text, "{number}")),
            None => text.push_str(part),
        }
        rest = &rest[part.len()..];
    }
    text
}

/// The string that `text` begins with, its quotes included.
fn string(text: &str) -> &str {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return &text[..=at],
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text
}

/// The number, where it is whole, not written as an integer, and within the range of integers.
fn whole(part: &str) -> Option<i128> {
    let number: f64 = part.parse().ok()?;
    let integer = part.bytes().all(|b| b.is_ascii_digit() || b == b'-') && part != "-0";
    (!integer && number.fract() == 0.0 && number.abs() < 1e38).then_some(number as i128)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_spelling_and_strings_stay() {
        for (json, expected) in [
            ("0.0", "0"),
            ("-0.0", "0"),
            ("-0", "0"),
            ("-0e5", "0"),
            ("1.0", "1"),
            ("1e0", "1"),
            ("1E+2", "100"),
            ("-1.5e1", "-15"),
            ("0.5", "0.5"),
            ("5e-324", "5e-324"),
            ("1e300", "1e300"),
            ("18446744073709551615", "18446744073709551615"),
            ("340282366920938463463374607431768211455", "340282366920938463463374607431768211455"),
            ("9007199254740992.0", "9007199254740992"),
            (
                r#"{"a.1":[1.0,"1.0",true],"b\"2.0":{"c":-0.0}}"#,
                r#"{"a.1":[1,"1.0",true],"b\"2.0":{"c":0}}"#,
            ),
            (r#"["\\",2.0,"é 3.0",null]"#, r#"["\\",2,"é 3.0",null]"#),
            ("\"infinity\"", "\"infinity\""),
            ("null", "null"),
        ] {
            assert_eq!(spelled_one_way(json), expected);
        }
    }
}
