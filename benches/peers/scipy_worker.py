"""SciPy's contestant: what it has beyond NumPy, which is the decompositions."""

import numpy as np
import scipy
from scipy.linalg import svdvals
from scipy.sparse.linalg import svds

from protocol import Task, blas, serve


def total(values):
    return values.sum(dtype=np.float64)


def singular_values(inputs):
    w = inputs.read("w2")
    return Task(lambda _: svdvals(w), total)


def top6(inputs):
    """ARPACK on W^T W; its tolerance is relative to each eigenvalue. 1e-8 is out of reach in f32."""
    w, tolerance = inputs.read("w2"), 1e-8 if inputs.dtype == np.float64 else 1e-5
    return Task(lambda _: svds(w, k=6, tol=tolerance), lambda triplets: total(triplets[1]))


if __name__ == "__main__":
    tasks = {"singular_values": singular_values, "top6": top6}
    serve(tasks, lambda: f"SciPy {scipy.__version__}, {blas()}")
