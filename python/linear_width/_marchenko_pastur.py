"""The Marchenko-Pastur law."""

from __future__ import annotations

from typing import Any

from . import _core
from ._settings import numbers, shaped


class MarchenkoPastur:
    """The law of the singular values of white noise: N x d entries of variance 1/d.

    Parameters
    ----------
    gamma : float
        N / d, above 0.

    Examples
    --------
    >>> from linear_width.rmt import MarchenkoPastur
    >>> MarchenkoPastur(0.25).edges
    (0.5, 1.5)
    """

    def __init__(self, gamma: float) -> None:
        self.gamma = float(gamma)
        #: The smallest and the largest singular value.
        self.edges: tuple[float, float] = _core.marchenko_pastur_edges(self.gamma)

    def _at(self, name: str, values: Any) -> Any:
        at, shape = numbers(values)
        return shaped(_core.marchenko_pastur(self.gamma, name, at), shape)

    def pdf(self, singular_values: Any) -> Any:
        """Density of the singular values, of mass one."""
        return self._at("pdf", singular_values)

    def cdf(self, singular_values: Any) -> Any:
        """Distribution of the singular values."""
        return self._at("cdf", singular_values)

    def eigenvalue_pdf(self, eigenvalues: Any) -> Any:
        """Density of the squared singular values."""
        return self._at("eigenvalue_pdf", eigenvalues)

    def eigenvalue_cdf(self, eigenvalues: Any) -> Any:
        """Distribution of the squared singular values."""
        return self._at("eigenvalue_cdf", eigenvalues)

    def __repr__(self) -> str:
        return f"MarchenkoPastur({self.gamma!r})"
