"""Spectra of any matrix.

A matrix may be of float32 or float64, which stay what they are, or of integers; read-only, of any
order of storage, not contiguous.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

import numpy.typing as npt

from . import _core
from ._records import made
from ._spectrum_report import Outliers, SpectrumReport
from ._settings import count as number_of
from ._settings import matrix, plain, vector

__all__ = ["Triplets", "count_outliers", "leading_triplets", "report", "singular_values"]


class Triplets(NamedTuple):
    """Leading singular triplets, W v_k = s_k u_k.

    Attributes
    ----------
    left : array (N x k)
    singular_values : array (k)
    right : array (k x d)
    """

    left: npt.NDArray[Any]
    singular_values: npt.NDArray[Any]
    right: npt.NDArray[Any]


def report(
    weights: Any,
    *,
    seed: int = 0,
    level: float = 0.05,
    outlier_rule: Optional[Mapping[str, Any]] = None,
    vectors: int = 8,
    permutations: int = 19,
) -> SpectrumReport:
    """What the spectrum of a matrix of unknown origin shows: bulk, outliers, tail, vectors.

    Parameters
    ----------
    weights : array (N x d)
    seed : int
        Of the permutations.
    level : float
        The chance that pure noise shows an outlier.
    outlier_rule : dict, optional
        Another rule for outliers, as in :class:`linear_width.Experiment`.
    vectors : int
        How many leading pairs of vectors are looked at.
    permutations : int
        How many matrices of permuted entries are compared with.

    Returns
    -------
    SpectrumReport

    Raises
    ------
    ValueError
        For an array that is not a matrix of finite numbers, or has nothing to report.

    Examples
    --------
    >>> import numpy as np
    >>> import linear_width as lw
    >>> noise = np.random.default_rng(1).normal(size=(120, 80))
    >>> lw.spectral.report(noise + 1.0).outliers.count
    1
    """
    options = {
        "seed": seed,
        "level": level,
        "outlier_rule": outlier_rule,
        "vectors": vectors,
        "permutations": permutations,
    }
    found, text, csv = _core.report(matrix(weights), plain(options))
    record: SpectrumReport = made(found)
    record._text, record._csv = text, csv
    return record


def singular_values(weights: Any) -> npt.NDArray[Any]:
    """All min(N, d) singular values, largest first, in the precision of the matrix."""
    return _core.singular_values(matrix(weights))


def leading_triplets(weights: Any, count: int) -> Triplets:
    """The `count` leading singular triplets, in the precision of the matrix."""
    return Triplets(*_core.leading_triplets(matrix(weights), number_of(count, "count")))


def count_outliers(
    singular_values: Any,
    shape: tuple[int, int],
    rule: Optional[Mapping[str, Any]] = None,
) -> Outliers:
    """The outliers among all singular values (decreasing) of a matrix of this shape.

    Parameters
    ----------
    singular_values : array
    shape : (int, int)
        N and d.
    rule : dict, optional
        As `outlier_rule` in :class:`linear_width.Experiment`; by default the Tracy-Widom test at level
        0.05 against white noise of fitted scale.
    """
    s = vector(singular_values, "the singular values")
    rows, columns = (number_of(size, "a size") for size in shape)
    outliers: Outliers = made(_core.count_outliers(s, (rows, columns), rule and plain(rule)))
    return outliers
