"""What the spectrum of any matrix shows. Names and parts are the crate's."""

from __future__ import annotations

from typing import Any, Optional

from ._records import Array, Record

__all__ = [
    "BulkFit",
    "HardThreshold",
    "Localisation",
    "Outliers",
    "PowerLaw",
    "RandomisedNull",
    "ReportOptions",
    "SpectrumReport",
    "VectorShape",
]


class Outliers(Record):
    """The outliers found by a rule.

    Attributes
    ----------
    count : int
        How many of the largest singular values are outliers.
    rule : dict
        The rule with its parameters, as in the setting `outlier_rule`.
    threshold : float
        Singular values above this are outliers.
    p_values : array
        Those of the Tracy-Widom rule: of the outliers and of the first value that is none. Empty for
        the other rules.
    """

    count: int
    rule: Any
    threshold: float
    p_values: Array


class ReportOptions(Record):
    """What was chosen for a report of a matrix; see :func:`linear_width.spectral.report`."""

    seed: int
    level: float
    outlier_rule: Any
    vectors: int
    permutations: int


class BulkFit(Record):
    """The Marchenko-Pastur law fitted to the singular values that are no outliers.

    Attributes
    ----------
    scale : float
        Standard deviation of an entry, by the least distance of the distributions.
    scale_by_median : float
        The same by the median (Gavish & Donoho 2014).
    lower_edge, edge : float
        Of the law, as singular values.
    distance : float
        Of the two distributions (Kolmogorov and Smirnov).
    distance_of_noise : float
        What `distance` stays below in 99 of 100 matrices of white noise.
    white : bool
        Whether it does here.
    """

    scale: float
    scale_by_median: float
    lower_edge: float
    edge: float
    distance: float
    distance_of_noise: float
    white: bool


class HardThreshold(Record):
    """Below which singular values are best set to 0 (Gavish & Donoho 2014).

    Attributes
    ----------
    by_scale, by_median : float
        The threshold from the fitted scale, and from the median of the singular values.
    rank_by_scale, rank_by_median : int
        How many singular values are above it.
    """

    by_scale: float
    rank_by_scale: int
    by_median: float
    rank_by_median: int


class PowerLaw(Record):
    """The power law x^(-exponent) of the largest eigenvalues x = s^2 (Clauset, Shalizi & Newman 2009).

    Attributes
    ----------
    exponent, standard_error : float
    from_ : float
        The singular value where the tail begins.
    tail : int
        How many values are in it.
    distance : float
        Of the two distributions.
    """

    exponent: float
    standard_error: float
    from_: float
    tail: int
    distance: float


class VectorShape(Record):
    """How a unit vector is spread over its entries.

    Attributes
    ----------
    participation : float
        1 / (n sum u_i^4).
    largest_share : float
        The share of |u|^2 in the largest hundredth of the entries.
    """

    participation: float
    largest_share: float


class Localisation(Record):
    """The shape of the leading singular vectors, and that of Gaussian vectors.

    Attributes
    ----------
    left, right : list of VectorShape
    gaussian_left, gaussian_right : VectorShape
    """

    left: list[VectorShape]
    right: list[VectorShape]
    gaussian_left: VectorShape
    gaussian_right: VectorShape


class RandomisedNull(Record):
    """What matrices show whose entries are those of W in a random order.

    Attributes
    ----------
    largest : array
        The largest singular value of each.
    p_value : float
        Of the largest singular value of W among them.
    values_above : int
        How many singular values of W are above all of them.
    bulk : BulkFit or None
        The law fitted to the first of them.
    """

    largest: Array
    p_value: float
    values_above: int
    bulk: Optional[BulkFit]


class SpectrumReport(Record):
    """The spectrum of a matrix of unknown origin. ``print(report)`` explains it.

    Attributes
    ----------
    rows, columns : int
        N and d.
    options : ReportOptions
    singular_values : array
        All min(N, d), largest first.
    rank : int
        Singular values above rounding error.
    frobenius_norm, stable_rank : float
    outliers : Outliers
    bulk : BulkFit or None
    hard_threshold : HardThreshold or None
    power_law, power_law_with_outliers : PowerLaw or None
    localisation : Localisation
    null : RandomisedNull or None
    notes : list of str
        What must be known to read the numbers.
    """

    rows: int
    columns: int
    options: ReportOptions
    singular_values: Array
    rank: int
    frobenius_norm: float
    stable_rank: float
    outliers: Outliers
    bulk: Optional[BulkFit]
    hard_threshold: Optional[HardThreshold]
    power_law: Optional[PowerLaw]
    power_law_with_outliers: Optional[PowerLaw]
    localisation: Localisation
    null: Optional[RandomisedNull]
    notes: list[str]

    _text: str
    _csv: str

    def to_csv(self) -> str:
        """One line per singular value: number, value, outlier or not, p-value, fitted law."""
        return self._csv

    def plot(self, axes: Any = None, bins: Any = 30) -> Any:
        """Draws the spectrum with the fitted Marchenko-Pastur law and the threshold of outliers.

        Raises
        ------
        ImportError
            Without matplotlib.
        """
        from ._plots import plot_spectrum

        return plot_spectrum(self, axes, bins)

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"<SpectrumReport: {self.rows} x {self.columns}, {self.outliers.count} outliers>"

    def _repr_html_(self) -> str:
        from ._html import preformatted

        return preformatted(self._text)
