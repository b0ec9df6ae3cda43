"""What runs and predictions return. The names of the classes and of their parts are the crate's."""

from __future__ import annotations

from typing import Any, Optional

from . import _core
from ._html import report_html
from ._records import Array, Record
from ._settings import numbers, shaped

__all__ = [
    "BulkFit", "Change", "EdgeLaw", "ErrorEstimate", "FeatureVectors", "HardThreshold", "Indicator",
    "LeadingOrder", "Localisation", "MeasuredFeatures", "MeasuredReadout", "Options", "Outlier",
    "Outliers", "PowerLaw", "PredictedFeatures", "PredictedSpectrum", "RandomisedNull", "Report",
    "ReportOptions", "RidgeErrors", "Settings", "SpectrumReport", "SpikeExpansion", "Stage",
    "StageFeatures", "StageReadout", "StepSize", "TestError", "Triplet", "VectorShape",
]  # fmt: skip


class StepSize(Record):
    """The size constant * N^alpha of a gradient step.

    Attributes
    ----------
    constant : float
        The constant C.
    alpha : float
        The exponent, in [0, 1/2).
    """

    constant: float
    alpha: float


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


class Settings(Record):
    """The settings of an experiment, with the choices filled in that were left to the program.

    The attributes are the keyword arguments of :class:`linear_width.Experiment`, without `activation`,
    `target` and `data`.
    """

    width: int
    dimension: int
    samples: int
    seed: Any
    precision: str
    device: str
    centred: bool
    input_law: Any
    initialisation: Any
    second_layer: Any
    scaling: str
    steps: list[StepSize]
    batches: Any
    triplets: Optional[int]
    vectors: int
    second_layer_powers: int
    outlier_rule: Any
    spectrum_method: str
    readout_samples: list[int]
    readout_lambdas: list[float]
    readout_test_samples: int
    feature_samples: Optional[int]
    with_prediction: bool
    prediction_options: Optional[Options]
    keep_weights: bool
    memory_limit: Optional[int]


class Change(Record):
    """How far a step moved the first layer.

    Attributes
    ----------
    relative : float
        Largest |W' - W| over the largest |W|, entry by entry.
    no_gradient : bool
        Whether the gradient is 0 in every entry.
    """

    relative: float
    no_gradient: bool


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


class TestError(Record):
    """A mean squared error and how well it is known.

    Attributes
    ----------
    mean_square, standard_error : float
    samples : int
        The number of test samples.
    """

    # not a class of tests
    __test__ = False

    mean_square: float
    standard_error: float
    samples: int


class MeasuredReadout(Record):
    """A trained readout.

    Attributes
    ----------
    test_error : TestError
    training_error : float
    norm_squared : float
        Of the coefficients.
    """

    test_error: TestError
    training_error: float
    norm_squared: float


class RidgeErrors(Record):
    """Predicted errors of ridge regression on the features.

    Attributes
    ----------
    test_error : float
        With the noise of the label.
    training_error : float
    norm_squared : float
        Of the coefficients.
    numerical_error : float or None
        Relative change of the test error with three quarters of the quadrature nodes.
    """

    test_error: float
    training_error: float
    norm_squared: float
    numerical_error: Optional[float]


class StageReadout(Record):
    """Ridge regression on the features of one stage.

    Attributes
    ----------
    samples : int
        Of the fit.
    lambda_ : float
    measured : MeasuredReadout
    predicted : RidgeErrors or None
    """

    samples: int
    lambda_: float
    measured: MeasuredReadout
    predicted: Optional[RidgeErrors]

    def __init__(self, **parts: Any) -> None:
        # `lambda` is a word of the language
        if "lambda" in parts:
            parts["lambda_"] = parts.pop("lambda")
        super().__init__(**parts)


class FeatureVectors(Record):
    """An eigenvalue of F^T F / m and the overlaps of the singular vectors of F.

    Attributes
    ----------
    eigenvalue : float
    label_overlap : float
        Of the left vector with the labels.
    hermite_overlaps : array
        Of the left vector with He_k of the teacher's projection, k = 0, ..., 4.
    second_layer_overlaps : array
        Of the right vector with 1, a, a^2, ...
    """

    eigenvalue: float
    label_overlap: float
    hermite_overlaps: Array
    second_layer_overlaps: Array


class MeasuredFeatures(Record):
    """The measured spectrum of the features.

    Attributes
    ----------
    eigenvalues : array
        All min(N, m), largest first.
    outliers : Outliers
        Rule and threshold are those of the square roots.
    leading : list of FeatureVectors
    """

    eigenvalues: Array
    outliers: Outliers
    leading: list[FeatureVectors]


class PredictedFeatures(Record):
    """The predicted spectrum of the features.

    Attributes
    ----------
    edge : float
        Of the bulk of the eigenvalues.
    outliers : list of FeatureVectors
    numerical_error : array or None
        Relative change of the values, change of the overlaps with fewer nodes.
    noise_share : float
        The share of the noise in W that came with the steps.
    """

    edge: float
    outliers: list[FeatureVectors]
    numerical_error: Optional[Array]
    noise_share: float


class StageFeatures(Record):
    """The spectrum of F^T F / m for the features F of one stage.

    Attributes
    ----------
    samples : int
    measured : MeasuredFeatures
    predicted : PredictedFeatures or None
    """

    samples: int
    measured: MeasuredFeatures
    predicted: Optional[PredictedFeatures]


class Stage(Record):
    """The weights after some number of steps.

    Attributes
    ----------
    step : int
        0 for W_0.
    eta : float or None
        Size of the step that led here.
    change : Change or None
        How far it moved the weights.
    singular_values : array
        All min(N, d), largest first.
    outliers : Outliers
    bulk_law : str or None
        The law of the bulk that the outliers were tested at.
    triplets : list of Triplet
        The leading ones.
    prediction : PredictedSpectrum or None
    readouts : list of StageReadout
    features : StageFeatures or None
    weights : array or None
        W (N x d), where the setting `keep_weights` asks for it.
    gradient_seconds, spectrum_seconds, feature_seconds : float
    span_overlap : float
        Overlap of the span of the outliers' right vectors with the teacher's.
    """

    step: int
    eta: Optional[float]
    change: Optional[Change]
    singular_values: Array
    outliers: Outliers
    bulk_law: Optional[str]
    triplets: list[Triplet]
    prediction: Optional[PredictedSpectrum]
    readouts: list[StageReadout]
    features: Optional[StageFeatures]
    weights: Optional[Array]
    gradient_seconds: float
    spectrum_seconds: float
    feature_seconds: float
    span_overlap: float

    def best_readout(self, samples: int) -> Optional[StageReadout]:
        """The readout on `samples` training samples with the smallest measured test error."""
        found = [readout for readout in self.readouts if readout.samples == samples]
        return min(found, key=lambda r: r.measured.test_error.mean_square, default=None)


class Report(Record):
    """The result of a run. ``print(report)`` shows all of it, as the Rust crate does.

    Attributes
    ----------
    settings : Settings
    activation, link : str
        Their names.
    noise : float
        Standard deviation of the label noise.
    dataset : str or None
        For given data: what it is.
    backend : str
        The linear algebra behind the run.
    leading_order : LeadingOrder
    second_layer : array
        a (N).
    teacher : array
        The teacher directions (p x d).
    stages : list of Stage
        W_0, W_1, ...
    no_prediction, no_feature_prediction : str or None
        Why a prediction is missing, where one is.
    notes : list of str
        Warnings.
    chance_overlaps : tuple of float
        What chance gives: of a right vector with the teacher, of a left vector with a power of a.
    """

    settings: Settings
    activation: str
    link: str
    noise: float
    dataset: Optional[str]
    backend: str
    leading_order: LeadingOrder
    second_layer: Array
    teacher: Array
    stages: list[Stage]
    no_prediction: Optional[str]
    no_feature_prediction: Optional[str]
    notes: list[str]
    chance_overlaps: tuple[float, float]

    _text: str
    _experiment: Any = None

    @property
    def last(self) -> Stage:
        """The weights after the last step."""
        return self.stages[-1]

    def plot(self, axes: Any = None, bins: int = 60) -> Any:
        """Draws the spectrum of every stage: measured as bars, predicted as a line.

        Triangles are measured outliers, diamonds predicted ones.

        Parameters
        ----------
        axes : array of matplotlib axes, optional
            One for each stage; by default new ones.
        bins : int, default 60
            Of the bulk.

        Returns
        -------
        array of matplotlib axes

        Raises
        ------
        ImportError
            Without matplotlib.
        """
        from ._plots import plot_report

        return plot_report(self, self._experiment, axes, bins)

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        s = self.settings
        counts = ", ".join(str(stage.outliers.count) for stage in self.stages)
        return (
            f"<Report: {self.activation}, {self.link}, N = {s.width}, d = {s.dimension}, "
            f"n = {s.samples}, outliers of W_0, W_1, ...: {counts}>"
        )

    def _repr_html_(self) -> str:
        return report_html(self)

    def __getstate__(self) -> dict[str, Any]:
        # the experiment may hold functions, which cannot be stored
        return {**self.__dict__, "_experiment": None}


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

    def __init__(self, **parts: Any) -> None:
        # `from` is a word of the language
        if "from" in parts:
            parts["from_"] = parts.pop("from")
        super().__init__(**parts)


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

    def plot(self, axes: Any = None, bins: int = 60) -> Any:
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


