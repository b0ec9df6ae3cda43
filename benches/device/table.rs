//! The lines of all contestants as one Markdown table.

use std::collections::BTreeSet;

use crate::Fallible;

/// Check numbers of contestants that draw their own batches differ by at most this part.
const AGREEMENT: f64 = 0.05;

/// A measurement, as peers.py describes its line.
struct Line {
    contestant: String,
    task: String,
    precision: String,
    size: [usize; 3],
    /// Median, smallest, largest.
    seconds: [f64; 3],
    check: f64,
}

impl Line {
    fn read(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.trim_end().split('\t').collect();
        let [contestant, task, precision, size @ .., median, min, max, check] = &fields[..] else {
            return None;
        };
        let size: Vec<usize> = size.iter().map(|word| word.parse().ok()).collect::<Option<_>>()?;
        Some(Self {
            contestant: contestant.to_string(),
            task: task.to_string(),
            precision: precision.to_string(),
            size: size.try_into().ok()?,
            seconds: [median.parse().ok()?, min.parse().ok()?, max.parse().ok()?],
            check: check.parse().ok()?,
        })
    }

    fn is_of(&self, row: &(String, String, [usize; 3])) -> bool {
        (&self.task, &self.precision, self.size) == (&row.0, &row.1, row.2)
    }
}

/// Prints the table; `false` when check numbers differ.
pub fn run(files: &[String]) -> Fallible<bool> {
    let mut lines = Vec::new();
    for file in files {
        lines.extend(std::fs::read_to_string(file)?.lines().filter_map(Line::read));
    }
    let mut rows: Vec<(String, String, [usize; 3])> = Vec::new();
    for line in &lines {
        let row = (line.task.clone(), line.precision.clone(), line.size);
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    let others: BTreeSet<&str> = lines.iter().map(|line| line.contestant.as_str()).collect();
    let others: Vec<&str> = others.into_iter().filter(|name| *name != "ours").collect();
    let mut heads = vec!["ours".to_owned()];
    heads.extend(others.iter().map(|name| format!("{name} | ours / {name}")));
    println!("| | N, d, n | | {} |", heads.join(" | "));
    println!("|---|---|---|---:|{}", "---:|".repeat(2 * others.len()));
    let mut agree = true;
    for row in &rows {
        let of = |name: &str| lines.iter().find(|line| line.contestant == name && line.is_of(row));
        let ours = of("ours");
        let mut cells = vec![ours.map_or("-".to_owned(), seconds)];
        for other in others.iter().map(|name| of(name)) {
            let ratio = ours.zip(other).map(|(ours, other)| ours.seconds[0] / other.seconds[0]);
            cells.push(other.map_or("-".to_owned(), seconds));
            cells.push(ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}")));
            if let Some((ours, other)) = ours.zip(other) {
                // a NaN is not close
                let close = (ours.check / other.check - 1.0).abs() <= AGREEMENT;
                if !close {
                    agree = false;
                    eprintln!("{}: {} against {}", row.0, ours.check, other.check);
                }
            }
        }
        let (task, precision, [n, d, samples]) = row;
        println!("| {task} | {n}, {d}, {samples} | {precision} | {} |", cells.join(" | "));
    }
    Ok(agree)
}

/// The median, and the range where there was more than one run.
fn seconds(line: &Line) -> String {
    let [median, min, max] = line.seconds;
    let (unit, factor) = if median < 1.0 { ("ms", 1e3) } else { ("s", 1.0) };
    let number = |x: f64| {
        let x = x * factor;
        let digits = if x >= 100.0 {
            0
        } else if x >= 10.0 {
            1
        } else {
            2
        };
        format!("{x:.digits$}")
    };
    if min == max {
        format!("{} {unit}", number(median))
    } else {
        format!("{} {unit} ({}..{})", number(median), number(min), number(max))
    }
}
