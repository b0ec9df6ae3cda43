"""The experiment."""

from __future__ import annotations

import operator
import os
from collections.abc import Mapping
from typing import Any, Callable, Optional, Union

import numpy as np
import numpy.typing as npt

from . import _core
from ._predictions import Features, Prediction, State
from ._progress import Progress, observer
from ._records import made
from ._reports import Report, Settings
from ._settings import count, matrix, plain, table, vector, with_data
from ._theory_reports import LeadingOrder

__all__ = ["Experiment"]


class Experiment:
    """Gradient steps of a two-layer network of finite size: simulated, and predicted.

    The keyword arguments are the keys of a configuration in TOML. Required are `width`, `dimension`,
    `samples`, `activation`, `target` and `steps`; with `data` neither `dimension` nor `target`, and
    `samples` only where the steps see different samples. Everything is checked at once.

    Parameters
    ----------
    width : int
        Number N of hidden neurons.
    dimension : int
        Dimension d of the inputs.
    samples : int
        Samples n of one batch.
    activation : str, dict, sequence of float, Function or callable
        A name as ``"tanh"`` or ``"relu"``; with parameters ``{"tanh": {"scale": 2.0, "shift": 0.5}}``;
        Hermite coefficients ``[0.0, 1.0, 0.5]``; or a Python function of NumPy arrays, see
        :class:`linear_width.Function`. Names: tanh, erf, sigmoid, sine, relu, leaky_relu, softplus,
        gelu, silu, hermite.
    target : dict, or what `activation` takes
        The labels y = g(<beta, x>) + noise. A dictionary has the keys `link` (what `activation` takes),
        `noise` (standard deviation), `argument_scale` (g(z) = link(argument_scale z)), `without`
        (degrees of Hermite parts taken out) and `directions` (beta, of unit norm; drawn by default).
        A link of several numbers is a :class:`linear_width.MultiIndex`; `directions` are then p x d
        with orthonormal rows.
    steps : sequence
        Step sizes: numbers, or (C, alpha) for C N^alpha, or dictionaries with `constant` and `alpha`.
    data : tuple of arrays, optional
        Inputs (samples x dimension) and labels, in place of `dimension` and `target`. There is then no
        prediction.
    seed : int, default 0
        Of everything random.
    precision : {"f64", "f32"}
    device : {"cpu", "cuda", "cuda:1", ...}
        Where steps and spectra are computed; a card needs a build with the feature ``cuda``.
        The number type of the run.
    centred : bool, default True
        Whether E sigma(z) is subtracted from the activation.
    input_law : {"gaussian", "rademacher", "uniform"}
        Law of the input entries.
    initialisation : {"sphere", "gaussian"}
        Law of the rows of W_0.
    second_layer : {"gaussian", "rademacher", "uniform"} or array
        Law of b = sqrt(N) a, or its values.
    scaling : {"mean_field", "standard"}
        Of the output.
    batches : {"independent", "reused"} or dict
        Or ``{"partly_reused": {"fraction": 0.5}}``.
    triplets : int
        How many leading singular triplets the report describes; by default 6.
    vectors : int, default 0
        Of how many of them the report keeps the vectors.
    second_layer_powers : int, default 3
        Left vectors are compared with a, a^2, ... up to this power.
    outlier_rule : dict
        ``{"tracy_widom": {"level": 0.05}}``, ``{"largest_gap": {"max_outliers": 8, "factor": 8.0}}``,
        ``{"above_edge": {"edge": 3.0, "margin": 0.0}}`` or ``{"marchenko_pastur": {"margin": 0.0}}``.
    spectrum_method : str
        How all singular values are computed; "automatic" by default.
    readout_samples : sequence of int
        Training samples of ridge regression on the features.
    readout_lambdas : sequence of float
    readout_test_samples : int, default 10000
    feature_samples : int
        Samples of the spectrum of the features; none by default.
    with_prediction : bool, default True
        Whether a run puts the prediction beside the measurement.
    prediction_options : dict
        As ``{"bulk_model": "isotropic"}``; the keys are the attributes of
        :class:`linear_width.reports.Options`.
    keep_weights : bool, default False
        Whether the report keeps W_0, W_1, ...
    memory_limit : int
        In bytes.

    Raises
    ------
    ValueError
        With a sentence for each setting that is wrong.

    Examples
    --------
    >>> import linear_width as lw
    >>> experiment = lw.Experiment(
    ...     width=200, dimension=100, samples=300, activation={"tanh": {"scale": 2.0, "shift": 0.5}},
    ...     target={"link": [0.0, 1.0, 0.5], "noise": 0.1}, steps=[(2.0, 0.3), (2.0, 0.4)], seed=1,
    ... )
    >>> prediction = experiment.predict()
    >>> report = experiment.run()
    >>> len(report.stages)
    3
    """

    def __init__(
        self,
        *,
        width: Optional[int] = None,
        dimension: Optional[int] = None,
        samples: Optional[int] = None,
        activation: Any = None,
        target: Any = None,
        steps: Any = None,
        data: Optional[tuple[npt.ArrayLike, npt.ArrayLike]] = None,
        seed: Optional[int] = None,
        precision: Optional[str] = None,
        device: Optional[str] = None,
        centred: Optional[bool] = None,
        input_law: Optional[str] = None,
        initialisation: Optional[str] = None,
        second_layer: Any = None,
        scaling: Optional[str] = None,
        batches: Union[str, Mapping[str, Any], None] = None,
        triplets: Optional[int] = None,
        vectors: Optional[int] = None,
        second_layer_powers: Optional[int] = None,
        outlier_rule: Optional[Mapping[str, Any]] = None,
        spectrum_method: Optional[str] = None,
        readout_samples: Any = None,
        readout_lambdas: Any = None,
        readout_test_samples: Optional[int] = None,
        feature_samples: Optional[int] = None,
        with_prediction: Optional[bool] = None,
        prediction_options: Optional[Mapping[str, Any]] = None,
        keep_weights: Optional[bool] = None,
        memory_limit: Optional[int] = None,
    ) -> None:
        given = {name: value for name, value in locals().items() if name not in ("self", "data")}
        found = table(given)
        values = found.values
        arrays = None
        if data is not None:
            x, y = matrix(data[0], "the inputs"), vector(data[1], "the labels")
            arrays = (x.astype(np.float64, copy=False), y)
            values = with_data(values, len(x), x.shape[1])
        self._core = _core.Experiment(
            values, found.activation, found.link, found.multi_index, arrays
        )

    @classmethod
    def from_toml(cls, source: Union[str, os.PathLike[str]]) -> Experiment:
        """Reads a configuration in TOML.

        Parameters
        ----------
        source : path or str
            The file; or the text, which is recognised by its ``=``.

        Raises
        ------
        ValueError
            Naming keys and lines.
        OSError
            When the file cannot be read.
        """
        if isinstance(source, str) and "=" in source:
            return cls._of(_core.Experiment.from_toml(source))
        with open(source, encoding="utf-8") as file:
            text = file.read()
        try:
            return cls._of(_core.Experiment.from_toml(text))
        except ValueError as error:
            raise ValueError(f"{os.fspath(source)}: {error}") from None

    @classmethod
    def _of(cls, core: _core.Experiment) -> Experiment:
        experiment = cls.__new__(cls)
        experiment._core = core
        return experiment

    def to_toml(self) -> str:
        """The configuration as TOML; reading it gives the same experiment.

        Raises
        ------
        ValueError
            With Python functions or given data, which cannot be written.
        """
        return self._core.to_toml()

    def __reduce__(self) -> Any:
        return _from_text, (type(self), self.to_toml())

    # it never changes
    def __copy__(self) -> Experiment:
        return self

    def __deepcopy__(self, memo: Any) -> Experiment:
        return self

    @property
    def settings(self) -> Settings:
        """The settings, with the choices filled in that were left to the program."""
        settings: Settings = made(self._core.settings())
        return settings

    @property
    def leading_order(self) -> LeadingOrder:
        """What leading-order theory says of the settings, as the report of a run has it."""
        leading_order: LeadingOrder = made(self._core.leading_order())
        return leading_order

    @property
    def estimated_bytes(self) -> int:
        """What a run needs in memory."""
        return self._core.estimated_bytes()

    @property
    def teacher(self) -> Optional[npt.NDArray[np.float64]]:
        """The teacher directions (p x d); None for given data."""
        return self._core.teacher()

    def initial_layers(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """W_0 (N x d) and a (N)."""
        return self._core.initial_layers()

    def batch(self, step: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Inputs (n x d) and labels (n) of step `step`, from 1."""
        return self._core.batch(count(step, "step"))

    def test_batch(
        self, index: int, samples: int
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Inputs and labels that no step sees; different `index` are independent."""
        if not 0 <= operator.index(index) < 2**32:
            raise ValueError(f"index is {index}; it must lie in [0, 2^32)")
        return self._core.test_batch(index, count(samples, "samples"))

    def run(
        self,
        progress: Union[None, bool, Callable[[Progress], Any]] = None,
        checkpoint: Union[str, os.PathLike[str], None] = None,
    ) -> Report:
        """Takes the steps and measures the weights before and after each.

        Other Python threads go on while it computes. Ctrl-C stops within a tile of 1536 samples of a
        step, or at the next call of a Python function; a singular value decomposition, and predictions
        without Python functions, are finished first.

        Parameters
        ----------
        progress : bool or callable, optional
            True for a progress bar (of tqdm, if it is there); or a function that is called with a
            :class:`linear_width.Progress` after every tile. What it raises stops the run.
        checkpoint : path, optional
            A file from which an interrupted run goes on.

        Returns
        -------
        Report

        Raises
        ------
        ValueError
            When a step diverges, a decomposition fails, there is not the memory, or the checkpoint
            cannot be used.
        KeyboardInterrupt
        """
        with observer(progress) as observe:
            found, text, weights = self._core.run(observe, checkpoint)
        report: Report = made(found)
        for stage, matrix_of_stage in zip(report.stages, weights):
            stage.weights = matrix_of_stage
        report._text = text
        report._experiment = self
        return report

    def predict(
        self, step: Optional[int] = None, options: Optional[Mapping[str, Any]] = None
    ) -> Prediction:
        """The predicted spectrum after `step` steps, by default all of them.

        Parameters
        ----------
        step : int, optional
        options : dict, optional
            In place of the setting `prediction_options`: keys are the attributes of
            :class:`linear_width.reports.Options`.

        Raises
        ------
        ValueError
            Saying why there is none: for given data, standard scaling, an activation that is not
            centred, a step that is not taken, or when the equations could not be solved.

        Examples
        --------
        >>> import linear_width as lw
        >>> experiment = lw.Experiment(
        ...     width=2000, dimension=1000, samples=3000, activation="erf", target=[0.0, 1.0],
        ...     steps=[(2.0, 0.3), (2.0, 0.4)])
        >>> prediction = experiment.predict(options={"bulk_model": "isotropic"})
        >>> prediction.bulk_model
        'isotropic'
        """
        step = None if step is None else count(step, "step")
        return Prediction(self._core.predict(step, _options(options)))

    def predictions(self, options: Optional[Mapping[str, Any]] = None) -> list[Prediction]:
        """The predicted spectra of W_1, W_2, ..., from one pass over the steps.

        Parameters
        ----------
        options : dict, optional
            As in :meth:`predict`.

        Raises
        ------
        ValueError
            As :meth:`predict`, of the first that fails.
        """
        return [Prediction(core) for core in self._core.predictions(_options(options))]

    def convergence(self, options: Optional[Mapping[str, Any]] = None) -> tuple[float, float]:
        """How the prediction changes with twice the nodes, a tenth of the tolerance, and as many right
        vectors as are allowed; ten to thirty times the work of one prediction.

        Parameters
        ----------
        options : dict, optional
            As in :meth:`predict`.

        Returns
        -------
        values, overlaps : float
            Largest relative change of edge and outliers, and largest change of an overlap.

        Raises
        ------
        ValueError
            As :meth:`predict`.
        """
        values, overlaps = self._core.convergence(_options(options))
        return values, overlaps

    def states(self) -> list[State]:
        """The states of the first layer after 0, 1, ... steps, predicted.

        Raises
        ------
        ValueError
            As :meth:`predict`.
        """
        return [State(core) for core in self._core.states()]

    def features(self, state: Union[int, State, None] = None) -> Features:
        """What is predicted of the features sigma(W x).

        Parameters
        ----------
        state : int or State, optional
            After how many steps, by default all; or a state, for example of given weights by
            :meth:`linear_width.State.of_first_layer`.

        Raises
        ------
        ValueError
            As :meth:`predict`.
        """
        name = "the given state"
        if isinstance(state, State):
            core = state._core
        else:
            states = self._core.states()
            step = len(states) - 1 if state is None else state
            if not 0 <= step < len(states):
                steps = len(states) - 1
                raise ValueError(f"there is no W_{step}: the experiment takes {steps} steps")
            core, name = states[step], f"W_{step}"
        return Features(self._core.features(core), name, core.directions())

    def __repr__(self) -> str:
        s = self.settings
        sizes = f"N = {s.width}, d = {s.dimension}, n = {s.samples}"
        return f"<{type(self).__name__}: {sizes}, {len(s.steps)} steps, batches {s.batches}>"


def _options(given: Optional[Mapping[str, Any]]) -> Any:
    return None if given is None else plain(given)


def _from_text(of: type[Experiment], text: str) -> Experiment:
    return of._of(_core.Experiment.from_toml(text))
