"""What runs return. The names of the classes and of their parts are the crate's."""

from __future__ import annotations

from typing import Any, Optional

from ._feature_reports import StageFeatures, StageReadout
from ._html import report_html
from ._records import Array, Record
from ._spectrum_report import Outliers
from ._theory_reports import LeadingOrder, Options, PredictedSpectrum, Triplet

__all__ = [
    "Change",
    "Report",
    "Settings",
    "Stage",
    "StepSize",
]


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
    pairing : list of int or None
        For each of `triplets` the number, from 0, of its outlier in the prediction; None where it has
        none. Two outliers of nearly the same size are told apart by their vectors.
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
    pairing: list[Optional[int]]

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

    def plot(self, axes: Any = None, bins: Any = 30) -> Any:
        """Draws the spectrum of every stage: measured as bars, predicted as a line.

        Triangles are measured outliers, diamonds predicted ones. The axis is logarithmic where outliers
        are far away.

        Parameters
        ----------
        axes : array of matplotlib axes, optional
            One for each stage; by default new ones.
        bins : int or what numpy.histogram takes, default 30
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
