//! The bulk near its edge, from the branch z(a0) on both sides of it (docs/theory.md, section 18.3).

use super::real_branch::RealBranch;
use crate::theory::error::Fallible;
use crate::theory::observables::EdgeShape;

/// Step of x over the distance of the nearest pole of z(x): the error of the difference quotients is
/// about its square, 4e-4.
const STEP: f64 = 0.02;

impl<const A: usize> RealBranch<A> {
    /// The derivatives are difference quotients in x = ln(-a0); the branch goes on smoothly beyond the
    /// edge, up to the pole where 1 + m(b) = 0.
    pub(super) fn edge_shape(&self) -> Fallible<EdgeShape> {
        let edge = self.edge;
        let rows = self.bulk.row_variances(&edge.order);
        let nearest = rows.iter().map(|d| 1.0 + edge.a0() * d).fold(1.0, f64::min);
        let step = STEP * nearest;
        let z = |x| self.at(x).map(|point| point.z);
        let around = [z(edge.x - step)?, edge.z, z(edge.x + step)?];
        Ok(EdgeShape::from_logarithm(edge.x, step, around))
    }
}
