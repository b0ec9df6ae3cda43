//! One colour per thing, the same in every picture.

/// Histogram bars.
pub const BARS: &str = "#9db8d2";
/// What chance gives.
pub const CHANCE: &str = "#b5b5b5";
/// A wider band that chance gives.
pub const CHANCE_WIDE: &str = "#dddddd";
/// Predictions without a further distinction.
pub const LAW: &str = "#1f3b57";
/// Measurements without a further distinction.
pub const MEASURED: &str = "#c8102e";
/// Formulas and references.
pub const REFERENCE: &str = "#777777";
/// Independent batches, and W_2 and later weights trained on them.
pub const INDEPENDENT: &str = "#0072b2";
/// The reused batch, and W_2 and later weights trained on it.
pub const REUSED: &str = "#d55e00";
/// W_0.
pub const W0: &str = "#8c6bb1";
/// W_1, the same for both kinds of batches.
pub const W1: &str = "#009e73";
/// Series of other kinds, by number.
pub const SERIES: [&str; 4] = ["#332288", "#cc79a7", "#88a020", "#56b4e9"];
/// One colour per number of outliers from 0 on, darker for more; the last for that many or more.
pub const COUNTS: [&str; 7] =
    ["#ffffe5", "#d9f0a3", "#7fcdbb", "#41b6c4", "#1d91c0", "#225ea8", "#0c2c84"];
