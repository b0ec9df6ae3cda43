//! Tables of reference values below tests/golden, for the unit tests.

/// Made by tests/reference/special.py.
pub(crate) const SPECIAL: &str = include_str!("../tests/golden/special.csv");
/// Made by tests/reference/laws.py.
pub(crate) const LAWS: &str = include_str!("../tests/golden/laws.csv");

/// The numbers of all rows of one quantity; there must be some.
pub(crate) fn rows<const N: usize>(table: &str, quantity: &str) -> Vec<[f64; N]> {
    let lines = table.lines().filter_map(|line| line.strip_prefix(quantity)?.strip_prefix(','));
    let rows: Vec<[f64; N]> = lines
        .map(|line| {
            let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
            cells.try_into().unwrap()
        })
        .collect();
    assert!(!rows.is_empty(), "{quantity}");
    rows
}

/// Keeps the largest of some errors, with where it was found.
#[derive(Debug, Default)]
pub(crate) struct Largest {
    pub error: f64,
    at: [f64; 2],
}

impl Largest {
    /// A NaN counts as infinite.
    pub fn see(&mut self, error: f64, at: [f64; 2]) {
        if error.is_nan() || error > self.error {
            *self = Self { error: if error.is_nan() { f64::INFINITY } else { error }, at };
        }
    }

    /// Prints the error and fails when it is above the bound.
    pub fn check(&self, what: &str, bound: f64) {
        println!("{what}: {:.3e} at {:?}, allowed {bound:.0e}", self.error, self.at);
        assert!(self.error <= bound, "{what}: {self:?}");
    }
}
