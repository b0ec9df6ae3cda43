//! Real numbers of two precisions.

use std::fmt::{Debug, Display};
use std::iter::Sum;

use num_traits::{Float, NumAssign};

/// `f32` or `f64` as a real number: arithmetic, elementary functions, and conversions from and to
/// `f64` that cannot fail.
pub trait Real:
    Float + NumAssign + Sum + Debug + Display + Default + Send + Sync + 'static
{
    /// The nearest value to `x` in this precision.
    fn of(x: f64) -> Self;
    /// This value as `f64` (exact).
    fn as_f64(self) -> f64;
}

impl Real for f32 {
    #[inline]
    fn of(x: f64) -> Self {
        x as f32
    }
    #[inline]
    fn as_f64(self) -> f64 {
        f64::from(self)
    }
}

impl Real for f64 {
    #[inline]
    fn of(x: f64) -> Self {
        x
    }
    #[inline]
    fn as_f64(self) -> f64 {
        self
    }
}
