"""What the theory says: predictions, laws, leading order. Names and parts are the crate's."""

from __future__ import annotations

from typing import Any, Optional

from . import _core
from ._records import Array, Record
from ._settings import numbers, shaped

__all__ = [
    "EdgeLaw",
    "ErrorEstimate",
    "Indicator",
    "LeadingOrder",
    "Options",
    "Outlier",
    "PredictedSpectrum",
    "SpikeExpansion",
    "Triplet",
]


class Options(Record):
    """How a prediction is evaluated; the parts of the setting `prediction_options`.

    Attributes
    ----------
    bulk_model : {"structured", "isotropic"}
        The model of the bulk.
    target_column : bool
        Isotropic bulk: whether the columns of W along the teacher are kept apart.
    linear_terms : int
        Isotropic bulk: linear terms of the noise, 1 to 3.
    right_vectors : int
        Right vectors kept, 1 to 96.
    tolerance : float
        Largest relative change of an outlier by omitted right vectors.
    compare_nodes : bool
        Whether to predict again with fewer nodes and report the change.
    node_factor : float
        Multiplies the numbers of quadrature nodes, 0.1 to 20.
    """

    bulk_model: str
    target_column: bool
    linear_terms: int
    right_vectors: int
    tolerance: float
    compare_nodes: bool
    node_factor: float


class EdgeLaw(Record):
    """The law of the largest squared singular value of a bulk: centre + scale * TW1.

    Attributes
    ----------
    centre, scale : float
        Of the squared singular value.
    """

    centre: float
    scale: float

    @classmethod
    def white(cls, width: int, dimension: int, variance: float) -> EdgeLaw:
        """The law for white noise of size `width` x `dimension`, entries of this variance."""
        centre, scale = _core.edge_law_white(width, dimension, variance)
        return cls(centre=centre, scale=scale)

    def p_value(self, singular_value: Any) -> Any:
        """The probability that the largest singular value of the bulk is above; arrays too."""
        at, shape = numbers(singular_value)
        return shaped(_core.edge_law_p_value(self.centre, self.scale, at), shape)

    def threshold(self, level: Any) -> Any:
        """The singular value that the bulk exceeds with probability `level`; arrays too."""
        at, shape = numbers(level)
        return shaped(_core.edge_law_threshold(self.centre, self.scale, at), shape)


class ErrorEstimate(Record):
    """How far one network of this size is expected to lie from a prediction.

    Attributes
    ----------
    singular_value, overlap, edge : float
        Relative in singular value and edge, absolute in overlap.
    edge_of_theory : float
        The part of `edge` that is no fluctuation.
    singular_values, overlaps : array
        The same for each outlier.
    """

    singular_value: float
    overlap: float
    edge: float
    edge_of_theory: float
    singular_values: Array
    overlaps: Array


class Indicator(Record):
    """A reason to trust a prediction or not.

    Attributes
    ----------
    name : str
    value, threshold : float
        The prediction is trusted where the value is below the threshold.
    trusted : bool
    sentence : str
        The same in words.
    """

    name: str
    value: float
    threshold: float
    trusted: bool
    sentence: str


class Outlier(Record):
    """A predicted outlier.

    Attributes
    ----------
    singular_value : float
    target_overlap : float
        Of the right vector with the span of the teacher directions.
    direction_overlaps : array
        Of the right vector with each teacher direction.
    left_overlaps : array
        Of the left vector with a, a^2, a^3.
    neuron_share : float
        The share of the neurons that the left vector lives on.
    """

    singular_value: float
    target_overlap: float
    direction_overlaps: Array
    left_overlaps: Array
    neuron_share: float

    def __init__(self, **parts: Any) -> None:
        # what the crate evaluates other left overlaps from
        for name in ("at", "left"):
            parts.pop(name, None)
        super().__init__(**parts)


class Triplet(Record):
    """A singular triplet and its overlaps with known directions, all absolute values.

    Attributes
    ----------
    singular_value : float
    target_overlap : float
        Of the right vector with the span of the teacher directions.
    direction_overlaps : array
        Of the right vector with each teacher direction.
    left_overlaps : array
        Of the left vector with a, a^2, ..., entry by entry and normalised.
    left_vector, right_vector : array or None
        Where the setting `vectors` keeps them.
    """

    singular_value: float
    target_overlap: float
    direction_overlaps: Array
    left_overlaps: Array
    left_vector: Optional[Array]
    right_vector: Optional[Array]


class PredictedSpectrum(Record):
    """What the theory predicts for one stage of a run.

    Attributes
    ----------
    bulk_model : str
    edge, lower_edge : float
        Of the bulk, as singular values.
    edge_law : EdgeLaw
    outliers : list of Triplet
        Largest first.
    errors : ErrorEstimate
    warnings : list of str
        Why the prediction is not to be trusted; empty when it is.
    """

    bulk_model: str
    edge: float
    lower_edge: float
    edge_law: EdgeLaw
    outliers: list[Triplet]
    errors: ErrorEstimate
    warnings: list[str]


class SpikeExpansion(Record):
    """The terms of W_2 at leading order; :func:`linear_width.theory.outlier_count` counts them.

    Attributes
    ----------
    new_directions : int
    exponents : array
        Of N in the sizes of the terms.
    vanishing : list of int
        The terms that vanish.
    distinct_values : int or None
        Nonzero values of b, where there are few.
    """

    new_directions: int
    exponents: Array
    vanishing: list[int]
    distinct_values: Optional[int]


class LeadingOrder(Record):
    """What leading-order theory says of the settings.

    Attributes
    ----------
    activation_coefficients : array
        Hermite coefficients c_0, c_1, ... of the activation.
    link_coefficients : array or None
        Those of the link.
    information_exponent, reuse_exponent : int or None
        Of the link, up to 12.
    link_symmetry : str or None
        "even" or "constant", which leave a link without an exponent.
    beta_norm_squared, beta_target_overlap : float or None
        Of beta_1 = X_1^T y_1 / n.
    first_spike_strength : float or None
        eta_1 |c_1| |beta_1|.
    spikes : SpikeExpansion or None
    """

    activation_coefficients: Array
    link_coefficients: Optional[Array]
    information_exponent: Optional[int]
    reuse_exponent: Optional[int]
    link_symmetry: Optional[str]
    beta_norm_squared: Optional[float]
    beta_target_overlap: Optional[float]
    first_spike_strength: Optional[float]
    spikes: Optional[SpikeExpansion]
