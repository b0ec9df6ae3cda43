"""Formulas: how many outliers, and what a function has in the Hermite polynomials."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

import numpy as np
import numpy.typing as npt

from . import _core
from ._settings import count, function

__all__ = [
    "FunctionExponents",
    "OutlierCount",
    "hermite_coefficients",
    "function_exponents",
    "outlier_count",
]


class OutlierCount(NamedTuple):
    """How many outliers W_2 has at leading order.

    Attributes
    ----------
    new_directions : int
        l = floor(alpha_2 / (1/2 - alpha_1)), which only the second step makes.
    total : int
        l + 1.
    corrected : int
        Less those that vanish in the special cases.
    exponents : list of float
        Of N in the sizes of the terms k = 0, ..., l.
    special_cases : list of str
        Why fewer are expected than the formula counts.
    """

    new_directions: int
    total: int
    corrected: int
    exponents: list[float]
    special_cases: list[str]


class FunctionExponents(NamedTuple):
    """The exponents of a link; None above 12 or where there is none.

    Attributes
    ----------
    information : int or None
        The least k >= 1 with E[g(z) He_k(z)] != 0.
    reuse : int or None
        The least q >= 1 with E[z g(z)^(q+1)] != 0.
    """

    information: Optional[int]
    reuse: Optional[int]


def outlier_count(
    alpha_1: float,
    alpha_2: float,
    activation: Any = None,
    distinct_values: Optional[int] = None,
) -> OutlierCount:
    """The number of outliers of W_2 for step sizes C_t N^alpha_t (Moniri & Hassani 2026).

    Parameters
    ----------
    alpha_1, alpha_2 : float
        In [0, 1/2).
    activation : optional
        As in :class:`linear_width.Experiment`; terms whose Hermite coefficient vanishes do not count
        in `corrected`.
    distinct_values : int, optional
        Nonzero values that b takes, when there are few.

    Examples
    --------
    >>> from linear_width.theory import outlier_count
    >>> outlier_count(0.4, 0.3).total
    4
    >>> outlier_count(0.4, 0.45, activation="relu").corrected
    3
    """
    coefficients: Optional[list[float]] = None
    if activation is not None:
        terms = _core.outlier_count(alpha_1, alpha_2)[1]
        coefficients = [float(c) for c in hermite_coefficients(activation, terms)]
    values = None if distinct_values is None else count(distinct_values, "distinct_values")
    return OutlierCount(*_core.outlier_count(alpha_1, alpha_2, coefficients, values))


def hermite_coefficients(f: Any, max_degree: int) -> npt.NDArray[np.float64]:
    """c_0, ..., c_max_degree with f = sum_k c_k He_k (probabilists' polynomials).

    Parameters
    ----------
    f
        As `activation` of :class:`linear_width.Experiment`.
    max_degree : int
    """
    name, call = function(f)
    found = _core.exponents(call or name, call is not None, count(max_degree, "max_degree"))[0]
    return np.asarray(found, dtype=np.float64)


def function_exponents(f: Any) -> FunctionExponents:
    """Information exponent and reuse exponent of a link.

    Parameters
    ----------
    f
        As `activation` of :class:`linear_width.Experiment`.

    Examples
    --------
    >>> from linear_width.theory import function_exponents
    >>> function_exponents([0.0, 0.0, 1.0, 1.0])
    FunctionExponents(information=2, reuse=1)
    """
    name, call = function(f)
    return FunctionExponents(*_core.exponents(call or name, call is not None, 12)[1:])
