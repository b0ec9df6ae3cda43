"""Laws of random matrices: Marchenko-Pastur, Tracy-Widom, one spike on noise.

All functions of a number take arrays, too.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

from . import _core
from ._marchenko_pastur import MarchenkoPastur
from ._settings import numbers, shaped
from ._theory_reports import EdgeLaw

__all__ = ["EdgeLaw", "MarchenkoPastur", "Spike", "SpikedMatrix", "tracy_widom"]


class _TracyWidom:
    """The Tracy-Widom law F_1 of the largest eigenvalue of real matrices.

    The methods have the names of SciPy's: `cdf`, `sf` (with relative accuracy far to the right),
    `pdf`, `ppf`, `isf`.

    Examples
    --------
    >>> from linear_width.rmt import tracy_widom
    >>> round(tracy_widom.isf(0.05), 4)
    0.9793
    """

    def _at(self, name: str, values: Any) -> Any:
        at, shape = numbers(values)
        return shaped(_core.tracy_widom(name, at), shape)

    def cdf(self, s: Any) -> Any:
        """The distribution."""
        return self._at("cdf", s)

    def sf(self, s: Any) -> Any:
        """1 - cdf, accurate in the tail."""
        return self._at("sf", s)

    def pdf(self, s: Any) -> Any:
        """The density."""
        return self._at("pdf", s)

    def ppf(self, p: Any) -> Any:
        """The quantile: cdf(ppf(p)) = p."""
        return self._at("ppf", p)

    def isf(self, p: Any) -> Any:
        """The upper quantile: sf(isf(p)) = p."""
        return self._at("isf", p)

    def __repr__(self) -> str:
        return "tracy_widom"


tracy_widom = _TracyWidom()


class Spike(NamedTuple):
    """The outlier that a spike makes.

    Attributes
    ----------
    singular_value, left_overlap, right_overlap : float
    """

    singular_value: float
    left_overlap: float
    right_overlap: float


class SpikedMatrix:
    """theta u v^T + white noise of N x d entries of variance 1/d, u and v of norm one.

    Parameters
    ----------
    gamma : float
        N / d, above 0.
    """

    def __init__(self, gamma: float) -> None:
        self.gamma = float(gamma)
        #: The strength above which a spike makes an outlier (Baik, Ben Arous & Peche).
        self.bbp_threshold: float = _core.spike(self.gamma, 0.0)[0]

    def spike(self, theta: float) -> Optional[Spike]:
        """The outlier of a spike of strength `theta`, None where it makes none."""
        found = _core.spike(self.gamma, float(theta))[1]
        return None if found is None else Spike(*found)

    def __repr__(self) -> str:
        return f"SpikedMatrix({self.gamma!r})"
