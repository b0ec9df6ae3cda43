//! The result of a full or partial singular value decomposition.

use ndarray::{Array1, Array2, ArrayView1, Axis, Slice};

/// Singular triplets of a matrix W (N x d), largest first: W v_k = s_k u_k and W^T u_k = s_k v_k.
///
/// They come from [`leading_triplets`](crate::spectral::leading_triplets), or from
/// [`all`](Self::all) for the whole decomposition.
#[derive(Clone, Debug, PartialEq)]
pub struct SingularTriplets<T> {
    /// Left singular vectors, one per column (N x k).
    pub left: Array2<T>,
    /// Singular values, decreasing (k).
    pub singular_values: Array1<T>,
    /// Right singular vectors, one per row (k x d).
    pub right: Array2<T>,
}

impl<T: Clone> SingularTriplets<T> {
    /// The number of triplets.
    pub fn len(&self) -> usize {
        self.singular_values.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.singular_values.is_empty()
    }

    /// The left singular vector number `k` < [`len`](Self::len), from 0; of length N.
    pub fn left_vector(&self, k: usize) -> ArrayView1<'_, T> {
        self.left.column(k)
    }

    /// The right singular vector number `k` < [`len`](Self::len), from 0; of length d.
    pub fn right_vector(&self, k: usize) -> ArrayView1<'_, T> {
        self.right.row(k)
    }

    /// The `count` leading triplets among these.
    pub(super) fn first(&self, count: usize) -> Self {
        let first = Slice::from(..count);
        Self {
            left: self.left.slice_axis(Axis(1), first).to_owned(),
            singular_values: self.singular_values.slice_axis(Axis(0), first).to_owned(),
            right: self.right.slice_axis(Axis(0), first).to_owned(),
        }
    }
}
