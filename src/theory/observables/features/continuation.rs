//! The solution of the equations for one real lambda after the other (docs/theory.md, section 15.6).

use super::fixed_point::{Equations, Point, Tangents};
use crate::theory::error::{Fallible, PredictionError};

/// Solutions for decreasing real lambda, each the start of the next.
pub(crate) struct Continuation<'a> {
    equations: Equations<'a>,
    here: Point<f64>,
    /// d ln h / d ln lambda and d ln l / d ln lambda, in the mean.
    slopes: [f64; 2],
}

/// Most bisections of a step in ln lambda.
const BISECTIONS: u32 = 12;

impl<'a> Continuation<'a> {
    /// Starts at a lambda so large that the iteration converges from scratch, at least `lambda`.
    pub fn new(equations: Equations<'a>, lambda: f64) -> Fallible<Self> {
        let system = equations.system;
        let natural = system.scale.max(1e-300) * (1.0 + system.width / equations.samples);
        let lambda = lambda.max(10.0 * natural);
        let start = equations.damped(lambda, equations.start(1.0 / lambda), 8);
        let here = start.and_then(|start| equations.newton(lambda, start));
        let here = here.ok_or(PredictionError::NotConverged { near: lambda })?;
        Ok(Self { equations, here, slopes: [0.0; 2] })
    }

    /// The solution at `lambda`, no more than the last one, and its tangents.
    pub fn solve(&mut self, lambda: f64) -> Fallible<(Point<f64>, Tangents<f64>)> {
        let failed = PredictionError::NotConverged { near: lambda };
        let mut ahead = vec![lambda];
        let mut bisections = 0;
        while let Some(&next) = ahead.last() {
            let start = self.guess(next);
            match self.equations.newton(next, start).filter(is_physical) {
                Some(point) => {
                    self.here = point;
                    ahead.pop();
                    if !ahead.is_empty() {
                        let tangents = self.equations.tangents(&self.here);
                        self.learn(&tangents);
                    }
                }
                None if bisections < BISECTIONS * 4 && self.here.lambda > 1e-12 * self.equations.system.scale => {
                    bisections += 1;
                    let below = if next > 0.0 { next } else { 1e-4 * self.here.lambda };
                    ahead.push((below * self.here.lambda).sqrt());
                }
                None => return Err(failed),
            }
        }
        let tangents = self.equations.tangents(&self.here);
        self.learn(&tangents);
        Ok((self.here.clone(), tangents))
    }

    /// h and l as powers of lambda.
    fn guess(&self, lambda: f64) -> Vec<f64> {
        let ratio = lambda / self.here.lambda;
        let pairs = self.equations.system.pairs.len();
        let factors = self.slopes.map(|slope| if ratio > 0.0 { ratio.powf(slope) } else { 1.0 });
        let each = self.here.unknowns.iter().enumerate();
        each.map(|(i, x)| x * factors[usize::from(i >= pairs)]).collect()
    }

    fn learn(&mut self, tangents: &Tangents<f64>) {
        let lambda = self.here.lambda;
        let Some(motion) = self.equations.motion(&self.here, tangents, lambda, 0.0) else { return };
        let pairs = self.equations.system.pairs.len();
        let (u, du) = (&self.here.unknowns, &motion.unknowns);
        let slope = |range: std::ops::Range<usize>| {
            let square: f64 = u[range.clone()].iter().map(|x| x * x).sum();
            let product: f64 = u[range.clone()].iter().zip(&du[range]).map(|(x, y)| x * y).sum();
            if square > 0.0 { (product / square).clamp(-0.5, 1.5) } else { 0.0 }
        };
        self.slopes = [slope(0..pairs), slope(pairs..u.len())];
    }
}

/// Whether a solution at a real lambda is that of a positive matrix.
fn is_physical(point: &Point<f64>) -> bool {
    point.q.iter().all(|q| *q > 0.0) && point.rho.iter().all(|rho| *rho > 0.0 && *rho <= 1.0)
}
