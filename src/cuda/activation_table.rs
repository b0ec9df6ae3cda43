//! Any activation as a table of polynomials, which a kernel evaluates.
//!
//! Both sides of 0 are cut into the cells [0, 1), [1, 2), [2, 4), [4, 8), ..., each cell into 2^k pieces
//! of equal width, and on each piece value and derivative are interpolated at Chebyshev points. k
//! grows until the error at points between is below the bound, measured with the arithmetic of
//! the kernel. A piece with a kink, declared or found by bisection, is cut there in two.

use super::error::{CudaError, OnCard};
use super::foreign::CardNumber;
use crate::activation::Activation;

/// Numbers before the coefficients of a piece: the last point, the centre, 1 over half of the width,
/// the number of the piece that goes on.
const HEADER: usize = 4;
/// Numbers of a cell: its start, pieces per unit of length, the numbers of its first piece and of its
/// last one from there.
const CELL: usize = 4;
/// A table with more pieces is refused: 12 MB, far beyond the caches.
const MAX_PIECES: usize = 1 << 16;
/// From 2^4 pieces on, an undeclared kink is looked for where the error stays.
const SEARCH: usize = 4;

/// The degree of the polynomials, as in kernels.cu.
fn degree<T>() -> usize {
    if size_of::<T>() == 8 { 8 } else { 4 }
}

/// The error that is allowed, in value and derivative, relative to the largest |value| or
/// |derivative| on the piece or, where that is more, between -1 and 1. What one unit in the last place
/// of z in `f64` does to the activation is allowed beside it.
pub(super) fn error_bound<T>() -> f64 {
    if size_of::<T>() == 8 { 1e-14 } else { 3e-7 }
}

/// Value and derivative of an activation on -range..range, as the kernels read them.
pub(super) struct ActivationTable<T> {
    /// The cells of the positive side, those of the negative one, the pieces.
    pub numbers: Vec<T>,
    /// Cells on each side.
    pub octaves: usize,
}

impl<T: CardNumber> ActivationTable<T> {
    /// The table that holds all |z| up to `largest`, and up to 8 at least.
    ///
    /// # Errors
    /// [`CudaError::Activation`] when the activation is not finite there, or no table reaches the
    /// bound.
    pub fn new(activation: &dyn Activation, largest: f64) -> OnCard<Self> {
        // 2^(octaves - 1) is above the largest
        let octaves = (0..).find(|k| 2_f64.powi(*k) > largest.max(7.0)).unwrap_or(0) as usize + 1;
        let range = 2_f64.powi(octaves as i32 - 1);
        let mut cells: Vec<[f64; CELL]> = Vec::new();
        let mut pieces: Vec<Piece<T>> = Vec::new();
        for sign in [1.0, -1.0] {
            let side = Side::new(activation, sign, range)?;
            for octave in 0..octaves {
                let start = if octave == 0 { 0.0 } else { 2_f64.powi(octave as i32 - 1) };
                let width = start.max(1.0);
                let left = MAX_PIECES.saturating_sub(pieces.len());
                let chains = side.cell(start, width, left)?;
                let (first, count) = (pieces.len(), chains.len());
                cells.push([start, count as f64 / width, first as f64, count as f64 - 1.0]);
                let mut further = Vec::new();
                for mut chain in chains {
                    let rest = chain.split_off(1);
                    let mut next = first + count + further.len();
                    pieces.extend(chain.into_iter().map(|piece| piece.going_on(next)));
                    further.extend(rest.into_iter().map(|piece| {
                        next += 1;
                        piece.going_on(next)
                    }));
                }
                pieces.append(&mut further);
            }
        }
        let cells = cells.into_iter().flatten().map(T::of);
        let numbers = cells.chain(pieces.into_iter().flat_map(Piece::numbers)).collect();
        Ok(Self { numbers, octaves })
    }

    /// The largest |z| that the table holds.
    pub fn range(&self) -> f64 {
        // the next number is the first that it does not hold
        below::<T>(2_f64.powi(self.octaves as i32 - 1))
    }

    /// Value and derivative at `z`, by the operations of the kernel.
    #[cfg(test)]
    fn at(&self, z: T) -> (T, T) {
        let x = z.abs();
        let (mut octave, mut edge) = (0, T::one());
        while octave < self.octaves - 1 && x >= edge {
            (octave, edge) = (octave + 1, edge + edge);
        }
        let side = if z < T::zero() { self.octaves } else { 0 };
        let cell = &self.numbers[CELL * (side + octave)..];
        let part = ((x - cell[0]) * cell[1]).min(cell[3]);
        let record = HEADER + 2 * (degree::<T>() + 1);
        let entry = &self.numbers[2 * CELL * self.octaves..];
        let piece = |k: usize| &entry[k * record..][..record];
        let mut p = piece((cell[2].as_f64() + part.as_f64().floor()) as usize);
        while x > p[0] {
            p = piece(p[3].as_f64() as usize);
        }
        evaluate(p, x)
    }
}

/// Value and derivative of a piece, by Horner's rule.
fn evaluate<T: CardNumber>(piece: &[T], x: T) -> (T, T) {
    let u = (x - piece[1]) * piece[2];
    let start = (T::zero(), T::zero());
    piece[HEADER..].chunks_exact(2).rev().fold(start, |(value, derivative), next| {
        (value.mul_add(u, next[0]), derivative.mul_add(u, next[1]))
    })
}

/// One polynomial with its place.
struct Piece<T> {
    numbers: Vec<T>,
    /// The last point.
    end: f64,
    /// Whether another piece of the chain follows.
    follows: bool,
}

impl<T: CardNumber> Piece<T> {
    /// With the number of the next piece, if one follows.
    fn going_on(mut self, next: usize) -> Self {
        if self.follows {
            (self.numbers[0], self.numbers[3]) = (T::of(self.end), T::of(next as f64));
        }
        self
    }

    fn numbers(self) -> Vec<T> {
        self.numbers
    }
}

/// The pieces of an interval, in order.
type Chain<T> = Vec<Piece<T>>;

/// One side of 0, as a function of x = |z|.
struct Side<'a> {
    activation: &'a dyn Activation,
    sign: f64,
    /// The places of the declared kinks, increasing.
    kinks: Vec<f64>,
    /// The largest |value| and |derivative| between -1 and 1.
    size: [f64; 2],
    range: f64,
}

impl<'a> Side<'a> {
    fn new(activation: &'a dyn Activation, sign: f64, range: f64) -> OnCard<Self> {
        let mut kinks: Vec<f64> = activation.kinks().iter().map(|kink| sign * kink).collect();
        kinks.retain(|kink| *kink >= 0.0);
        kinks.sort_by(f64::total_cmp);
        kinks.dedup();
        let mut side = Self { activation, sign, kinks, size: [0.0; 2], range };
        let points: Vec<f64> = (-32..=32).map(|k| f64::from(k) / 32.0).collect();
        side.size = largest(&side.values(&points)?);
        Ok(side)
    }

    /// Value and derivative at points x.
    fn values(&self, points: &[f64]) -> OnCard<Vec<[f64; 2]>> {
        let z: Vec<f64> = points.iter().map(|x| self.sign * x).collect();
        let (mut value, mut derivative) = (vec![0.0; z.len()], vec![0.0; z.len()]);
        self.activation.evaluate_f64(&z, &mut value, &mut derivative);
        let both: Vec<_> = value.into_iter().zip(derivative).map(|(v, d)| [v, d]).collect();
        match both.iter().position(|both| !(both[0].is_finite() && both[1].is_finite())) {
            Some(at) => Err(self.failed(points[at], 0.0)),
            None => Ok(both),
        }
    }

    fn failed(&self, x: f64, bound: f64) -> CudaError {
        let (name, place) = (self.activation.name(), self.sign * x);
        CudaError::Activation { name, range: self.range, place, bound }
    }

    /// The chains of the equal pieces of [start, start + width), as few as reach the bound and at
    /// most `allowed`.
    fn cell<T: CardNumber>(&self, start: f64, width: f64, allowed: usize) -> OnCard<Vec<Chain<T>>> {
        let mut failed_at = start;
        for k in (0..).take_while(|k| 1 << k <= allowed) {
            let count = 1_usize << k;
            let edge = |i: usize| start + width * i as f64 / count as f64;
            let mut chains = Vec::with_capacity(count);
            for i in 0..count {
                let (a, b) = (edge(i), below::<T>(edge(i + 1)));
                let inside = |kink: &&f64| **kink >= a && **kink < edge(i + 1);
                let kinks: Vec<f64> = self.kinks.iter().filter(inside).copied().collect();
                match self.chain::<T>(a, b, &kinks, k >= SEARCH)? {
                    Some(chain) => chains.push(chain),
                    None => {
                        failed_at = a;
                        break;
                    }
                }
            }
            if chains.len() == count {
                return Ok(chains);
            }
        }
        Err(self.failed(failed_at, error_bound::<T>()))
    }

    /// The pieces of the points from a to b, cut at the kinks; `None` when they miss the bound.
    fn chain<T: CardNumber>(
        &self,
        a: f64,
        b: f64,
        kinks: &[f64],
        search: bool,
    ) -> OnCard<Option<Chain<T>>> {
        if let Some(piece) = self.fit(a, b, kinks)? {
            return Ok(Some(vec![piece]));
        }
        let Some((kink, later)) = kinks.split_first() else {
            return if search { self.chain_around_a_jump(a, b) } else { Ok(None) };
        };
        // the kink itself may belong to either side
        let last = floor::<T>(*kink);
        if let Some(left) = self.fit(a, last, &[])? {
            if let Some(chain) = self.joined(left, last, b, later, search)? {
                return Ok(Some(chain));
            }
        }
        if last < *kink {
            return Ok(None);
        }
        if last == a {
            return self.chain(a, b, later, search);
        }
        let last = below::<T>(last);
        match self.fit(a, last, &[])? {
            Some(left) => self.joined(left, last, b, later, search),
            None => Ok(None),
        }
    }

    /// A piece that ends at `last`, and the chain from the next point on.
    fn joined<T: CardNumber>(
        &self,
        mut left: Piece<T>,
        last: f64,
        b: f64,
        kinks: &[f64],
        search: bool,
    ) -> OnCard<Option<Chain<T>>> {
        if last >= b {
            return Ok(Some(vec![left]));
        }
        let rest = self.chain(above::<T>(last), b, kinks, search)?;
        left.follows = true;
        Ok(rest.map(|rest| [left].into_iter().chain(rest).collect()))
    }

    /// Two pieces, where the first is as long as the bound allows; they meet at an undeclared kink.
    fn chain_around_a_jump<T: CardNumber>(&self, a: f64, b: f64) -> OnCard<Option<Chain<T>>> {
        let (mut good, mut bad) = (a, b);
        while above::<T>(good) < bad {
            let middle = floor::<T>(good + 0.5 * (bad - good)).max(above::<T>(good));
            match self.fit::<T>(a, middle, &[])? {
                Some(_) => good = middle,
                None => bad = middle,
            }
        }
        match self.fit::<T>(a, good, &[])? {
            Some(left) => self.joined(left, good, b, &[], false),
            None => Ok(None),
        }
    }

    /// The polynomials for the points from a to b, if they keep the bound.
    fn fit<T: CardNumber>(&self, a: f64, b: f64, kinks: &[f64]) -> OnCard<Option<Piece<T>>> {
        let count = degree::<T>() + 1;
        let half = 0.5 * (b - a);
        let centre = T::of(a + half);
        let inverse = if half > 0.0 { T::of(1.0 / half) } else { T::zero() };
        let angle = |k: usize| std::f64::consts::PI * (k as f64 + 0.5) / count as f64;
        let nodes: Vec<f64> =
            (0..count).map(|k| (a + half + half * angle(k).cos()).clamp(a, b)).collect();
        let values = self.values(&nodes)?;
        // the series of Chebyshev polynomials, then as powers of u
        let mut powers = vec![[0.0; 2]; count];
        let (mut before, mut polynomial) = (vec![0.0; count], vec![0.0; count]);
        polynomial[0] = 1.0;
        for j in 0..count {
            let weight = if j == 0 { 1.0 } else { 2.0 } / count as f64;
            let coefficient = [0, 1].map(|which| {
                let terms = values.iter().enumerate();
                weight * terms.map(|(k, v)| v[which] * (j as f64 * angle(k)).cos()).sum::<f64>()
            });
            for (power, p) in powers.iter_mut().zip(&polynomial) {
                (power[0], power[1]) =
                    (power[0] + coefficient[0] * p, power[1] + coefficient[1] * p);
            }
            let mut next: Vec<f64> = before.iter().map(|p| -p).collect();
            let double = if j == 0 { 1.0 } else { 2.0 };
            (1..count).for_each(|i| next[i] += double * polynomial[i - 1]);
            before = std::mem::replace(&mut polynomial, next);
        }
        let head = [T::infinity(), centre, inverse, T::zero()];
        let numbers: Vec<T> =
            head.into_iter().chain(powers.into_iter().flatten().map(T::of)).collect();
        let close = self.is_close(&numbers, a, b, kinks)?;
        Ok(close.then_some(Piece { numbers, end: b, follows: false }))
    }

    /// Whether a piece keeps the bound at points from a to b.
    fn is_close<T: CardNumber>(&self, piece: &[T], a: f64, b: f64, kinks: &[f64]) -> OnCard<bool> {
        let count = 3 * (degree::<T>() + 1) + 1;
        let between = (0..=count).map(|k| a + (b - a) * k as f64 / count as f64);
        let spacing = (b - a) / count as f64;
        let beside = kinks.iter().flat_map(|kink| {
            let last = floor::<T>(*kink);
            [last, above::<T>(last)]
        });
        let points: Vec<f64> =
            between.map(floor::<T>).chain(beside).map(|x| x.clamp(a, b)).collect();
        let values = self.values(&points)?;
        let sizes = largest(&values);
        // the activation itself rounds z; not where the points are so close that a jump looks steep
        let rounding = if spacing > 1e6 * f64::EPSILON * b { f64::EPSILON * b } else { 0.0 };
        let slopes = values[..=count].windows(2).map(|two| (two[1][1] - two[0][1]).abs() / spacing);
        let slopes = [sizes[1], slopes.fold(0.0, f64::max)];
        let bounds = [0, 1].map(|k| {
            let relative = error_bound::<T>() * sizes[k].max(self.size[k]);
            relative + if rounding > 0.0 { rounding * slopes[k] } else { 0.0 }
        });
        Ok(points.iter().zip(&values).all(|(x, both)| {
            let (value, derivative) = evaluate(piece, T::of(*x));
            (value.as_f64() - both[0]).abs() <= bounds[0]
                && (derivative.as_f64() - both[1]).abs() <= bounds[1]
        }))
    }
}

/// The largest absolute value and derivative.
fn largest(values: &[[f64; 2]]) -> [f64; 2] {
    [0, 1].map(|k| values.iter().fold(0.0, |most: f64, both| most.max(both[k].abs())))
}

/// The number of type `T` after x >= 0, which is one.
fn above<T>(x: f64) -> f64 {
    if size_of::<T>() == 8 {
        f64::from_bits(x.to_bits() + 1)
    } else {
        f64::from(f32::from_bits((x as f32).to_bits() + 1))
    }
}

/// The number of type `T` before x > 0, which is one.
fn below<T>(x: f64) -> f64 {
    if size_of::<T>() == 8 {
        f64::from_bits(x.to_bits() - 1)
    } else {
        f64::from(f32::from_bits((x as f32).to_bits() - 1))
    }
}

/// The largest number of type `T` that is not above x >= 0.
fn floor<T: CardNumber>(x: f64) -> f64 {
    let near = T::of(x).as_f64();
    if near > x { below::<T>(near) } else { near }
}

#[cfg(test)]
#[path = "activation_table_tests.rs"]
mod tests;
