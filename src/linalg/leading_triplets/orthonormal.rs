//! A few rows, orthonormal to each other and to a basis.

use ndarray::{Array1, Array2, ArrayView2, Axis, Slice};

use crate::linalg::Element;
use crate::linalg::normal_product::normal_product;

/// Inner products of the rows of `a` with the rows of `b`. For a few rows these are faster one by
/// one than as a product of matrices.
pub(super) fn inner_products<T: Element>(a: &Array2<T>, b: &Array2<T>) -> Array2<T> {
    Array2::from_shape_fn((a.nrows(), b.nrows()), |(i, j)| a.row(i).dot(&b.row(j)))
}

/// from <- from - coefficients rows, for a few rows.
pub(super) fn subtract<T: Element>(
    coefficients: &Array2<T>,
    rows: ArrayView2<'_, T>,
    from: &mut Array2<T>,
) {
    for (mut from, coefficients) in from.rows_mut().into_iter().zip(coefficients.rows()) {
        for (row, coefficient) in rows.rows().into_iter().zip(coefficients) {
            from.scaled_add(-*coefficient, &row);
        }
    }
}

/// At most `room` rows of `block`, made orthonormal to each other and to `basis`. They are
/// orthogonal to `basis` except for rounding, so that one more projection suffices ("twice is
/// enough"; Parlett, *The Symmetric Eigenvalue Problem*, section 6.9). Rows in the span of the others
/// are replaced by random ones: the Krylov space is then invariant, and the search goes on outside
/// it.
pub(super) fn orthonormal_to<T: Element>(
    basis: &Array2<T>,
    mut block: Array2<T>,
    random: &mut impl FnMut(usize) -> Array2<T>,
    room: usize,
) -> Array2<T> {
    let rows = block.nrows().min(room);
    block = block.slice_axis(Axis(0), Slice::from(..rows)).to_owned();
    let mut norms = projected_away(basis, &mut block);
    let lost = T::of(100.0) * T::epsilon();
    for row in 0..rows {
        let mut candidate = block.slice_axis(Axis(0), Slice::from(row..=row)).to_owned();
        loop {
            let mut norm = T::zero();
            // a large loss in the second projection: only rounding error was left after the first
            if norms[row] > T::of(0.5) {
                for done in (0..row).chain(0..row) {
                    let product = block.row(done).dot(&candidate.row(0));
                    candidate.row_mut(0).scaled_add(-product, &block.row(done));
                }
                norm = candidate.row(0).dot(&candidate.row(0)).sqrt();
            }
            if norm > lost {
                candidate /= norm;
                if norm > T::of(0.1) {
                    break;
                }
                // the normalisation has enlarged the remainder within the span of the basis
            } else {
                candidate = random(1);
                candidate -= &normal_product(basis.view(), &candidate).1;
            }
            norms[row] = projected_away(basis, &mut candidate)[0];
        }
        block.row_mut(row).assign(&candidate.row(0));
    }
    block
}

/// Normalises the rows, subtracts their part in the span of `basis`, and returns the norms after
/// that.
fn projected_away<T: Element>(basis: &Array2<T>, block: &mut Array2<T>) -> Array1<T> {
    for mut row in block.rows_mut() {
        let norm = row.dot(&row).sqrt();
        if norm > T::zero() {
            row /= norm;
        }
    }
    *block -= &normal_product(basis.view(), block).1;
    block.rows().into_iter().map(|row| row.dot(&row).sqrt()).collect()
}
