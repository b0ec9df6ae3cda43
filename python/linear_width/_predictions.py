"""Predictions, states of the first layer, and what is predicted of the features."""

from __future__ import annotations

import copy
import operator
from collections.abc import Sequence
from typing import Any, TypeVar, Union

import numpy as np

from . import _core
from ._feature_reports import FeatureVectors, MeasuredFeatures, RidgeErrors
from ._functions import Function, MultiIndex, Vectorised
from ._records import Array, Record, made
from ._settings import count, matrix, numbers, shaped, vector
from ._theory_reports import EdgeLaw, ErrorEstimate, Indicator, Outlier

__all__ = ["FeatureSpectrum", "Features", "Prediction", "State"]


class _Computed(Record):
    """A record that has an object of the compiled module behind it, which never changes."""

    _core: Any

    def __init__(self, core: Any) -> None:
        fields = core.fields()
        fields.pop("__struct__", None)
        super().__init__(**{name: made(value) for name, value in fields.items()})
        self._core = core

    def __copy__(self: _C) -> _C:
        copied = type(self).__new__(type(self))
        copied.__dict__.update(self.__dict__)
        return copied

    def __deepcopy__(self: _C, memo: dict[int, Any]) -> _C:
        copied = self.__copy__()
        for name in self._names:
            setattr(copied, name, copy.deepcopy(getattr(self, name), memo))
        return copied

    def __reduce__(self) -> Any:
        raise TypeError(f"a {type(self).__name__} cannot be stored; store its to_dict()")


_C = TypeVar("_C", bound=_Computed)


class Prediction(_Computed):
    """The predicted spectrum after some steps; no simulation enters.

    From :meth:`linear_width.Experiment.predict`. ``print(prediction)`` shows what the command
    ``linear-width predict`` does.

    Attributes
    ----------
    step : int
        The number of steps taken.
    eta : float
        Size of the last of them.
    bulk_model : str
    edge, lower_edge : float
        Of the bulk, as singular values.
    edge_law : EdgeLaw
        The law of the largest squared singular value of the bulk.
    outliers : list of Outlier
        Largest first.
    errors : ErrorEstimate
        How far one network of this size is expected to lie from this prediction.
    warnings : list of str
        Why it is not to be trusted; empty when it is.
    indicators : list of Indicator
        What makes up the expected deviation.
    c_1, derivative_variance : float
        E sigma'(z) and Var sigma'(z).
    c_1_target : array
        E[y z*], one for each teacher direction.
    label_mean, label_second_moment : float
    beta_1_norm_squared, rho_1, tau_squared : float
        Constants of the first step; equations (2.3), (4.2) and (4.3) of docs/theory.md.
    gram, target_projections : array
        Inner products of the right vectors with each other and with the teacher; (5.10), (5.11).
    """

    step: int
    eta: float
    bulk_model: str
    edge: float
    lower_edge: float
    edge_law: EdgeLaw
    outliers: list[Outlier]
    errors: ErrorEstimate
    warnings: list[str]
    indicators: list[Indicator]
    c_1: float
    derivative_variance: float
    c_1_target: Array
    label_mean: float
    label_second_moment: float
    beta_1_norm_squared: float
    rho_1: float
    tau_squared: float
    gram: Array
    target_projections: Array

    def density(self, singular_values: Any) -> Any:
        """The density of the bulk's singular values, of mass one; 0 outside the bulk.

        Parameters
        ----------
        singular_values : float or array

        Returns
        -------
        float or array
        """
        at, shape = numbers(singular_values)
        return shaped(self._core.density(at), shape)

    def left_overlap(self, index: int, f: Union[Function, Vectorised]) -> float:
        """Overlap of the left vector of an outlier with the vector of entries f(b_j), normalised.

        Parameters
        ----------
        index : int
            Of the outlier, from 0.
        f : callable
            Takes and returns NumPy arrays, entry by entry; b = sqrt(N) a.

        Raises
        ------
        IndexError
            When there is no such outlier.
        ValueError
            When the equations cannot be solved again at the outlier.

        Examples
        --------
        >>> import numpy as np
        >>> import linear_width as lw
        >>> experiment = lw.Experiment(
        ...     width=2000, dimension=1000, samples=3000, activation="erf", target=[0.0, 1.0],
        ...     steps=[(2.0, 0.3), (2.0, 0.4)])
        >>> prediction = experiment.predict()
        >>> prediction.left_overlap(0, np.sign) < prediction.left_overlap(0, lambda b: b)
        True
        """
        return _found(self._core.left_overlap(_index(index), _function(f)), index)

    def change_from(self, other: Prediction) -> tuple[float, float]:
        """How far another prediction is.

        Returns
        -------
        values, overlaps : float
            Largest relative change of edge and outliers, and largest change of an overlap. Outliers
            are compared in order of size; one without counterpart is compared with the edge.
        """
        values, overlaps = self._core.change_from(other._core)
        return values, overlaps

    @property
    def is_trusted(self) -> bool:
        """Whether every indicator is trusted."""
        return all(indicator.trusted for indicator in self.indicators)

    def plot(self, axes: Any = None) -> Any:
        """Draws the density of the bulk and the outliers.

        Raises
        ------
        ImportError
            Without matplotlib.
        """
        from ._plots import plot_prediction

        return plot_prediction(self, axes)

    def __str__(self) -> str:
        text: str = self._core.text()
        return text

    def __repr__(self) -> str:
        count = len(self.outliers)
        plural = "" if count == 1 else "s"
        return f"<Prediction of W_{self.step}: {count} outlier{plural}, edge {self.edge:.3f}>"

    def _repr_html_(self) -> str:
        from ._html import prediction_html

        return prediction_html(self)


def _index(index: int) -> int:
    number = operator.index(index)
    if not 0 <= number < 2**63:
        raise IndexError(f"there is no outlier {number}")
    return number


def _found(overlap: Union[float, None], index: int) -> float:
    if overlap is None:
        raise IndexError(f"there is no outlier {index}")
    return overlap


def _function(f: Union[Function, Vectorised]) -> Function:
    """A function of which no derivative is asked."""
    return f if isinstance(f, Function) else Function(f, "finite")


class State(_Computed):
    """The first layer after some steps, as the theory knows it.

    From :meth:`linear_width.Experiment.states`, or of given weights by :meth:`of_first_layer`. Neurons
    have types; one of type b has the row w = sum_l omega_l(b) e_l + noise with |noise|^2 = D(b).

    Attributes
    ----------
    width, dimension : int
        N and d.
    directions : int
        Number p of teacher directions, the first columns of `omega`.
    b : array
        b = sqrt(N) a of each type.
    weights : array
        The share of the neurons that are of each type.
    omega : array
        Mean rows (types x coordinates).
    noise : array
        D(b).
    noise_along_target : list of array
        d times the covariance (p x p) of the noise along the teacher, for each type.
    """

    width: int
    dimension: int
    directions: int
    b: Array
    weights: Array
    omega: Array
    noise: Array
    noise_along_target: list[Array]

    @classmethod
    def of_first_layer(
        cls,
        first_layer: Any,
        second_layer: Any,
        teacher: Any,
        further: Union[int, None] = None,
    ) -> State:
        """The state of given weights, whatever made them.

        Parameters
        ----------
        first_layer : array (N x d)
        second_layer : array (N)
            a = b / sqrt(N).
        teacher : array (p x d) or (d)
            Orthonormal rows.
        further : int, optional
            How many leading right singular vectors are kept beside the teacher; by default as many as
            are outliers.

        Raises
        ------
        ValueError
            For shapes that do not fit, a teacher that is not orthonormal, or numbers that are not
            finite.
        """
        teacher = np.atleast_2d(np.asarray(teacher))
        w, b = matrix(first_layer, "the first layer"), matrix(teacher, "the teacher")
        a = vector(second_layer, "the second layer")
        w, b = w.astype(np.float64, copy=False), b.astype(np.float64, copy=False)
        kept = None if further is None else count(further, "further")
        return cls(_core.State.of_first_layer(w, a, b, kept))


class Features:
    """What is predicted of the features sigma(W x): ridge regression on them, and their spectrum.

    From :meth:`linear_width.Experiment.features`.
    """

    def __init__(self, core: _core.Features, name: str, directions: int) -> None:
        self._core = core
        self._name = name
        self._directions = directions

    def __repr__(self) -> str:
        return f"<Features of {self._name}>"

    def ridge(self, samples: int, lambda_: float) -> RidgeErrors:
        """Errors of the coefficients u that minimise |y - F u|^2 / m + lambda |u|^2.

        Parameters
        ----------
        samples : int
            Number m of training samples, which no step has seen.
        lambda_ : float
            0 only with more samples than neurons.

        Returns
        -------
        RidgeErrors
        """
        return self.ridge_curve([samples], [lambda_])[0][0]

    def ridge_curve(
        self, samples: Sequence[int], lambdas: Sequence[float]
    ) -> list[list[RidgeErrors]]:
        """:meth:`ridge` for all numbers of samples (rows) and all lambdas (columns).

        Cheaper than one after the other.
        """
        found = self._core.ridge_curve(
            [count(m, "samples") for m in samples], [float(lambda_) for lambda_ in lambdas]
        )
        rows: list[list[RidgeErrors]] = made(found)
        return rows

    def best_lambda(self, samples: int) -> tuple[float, RidgeErrors]:
        """The lambda of the smallest test error, to about 0.1 %, with the errors there."""
        lambda_, errors = self._core.best_lambda(count(samples, "samples"))
        return lambda_, made(errors)

    def spectrum(self, samples: int) -> FeatureSpectrum:
        """The spectrum of F^T F / m for the features F of m = `samples` new samples."""
        return FeatureSpectrum(self._core.spectrum(count(samples, "samples")), self._directions)


class FeatureSpectrum(_Computed):
    """The predicted spectrum of F^T F / m, F = sigma(X W^T): the conjugate kernel.

    Attributes
    ----------
    edge, lower_edge : float
        Of the bulk of the nonzero eigenvalues.
    outliers : list of FeatureVectors
        Largest first.
    numerical_error : array or None
        Relative change of the values, change of the overlaps with fewer nodes.
    noise_share : float
        The share of the noise in W that came with the steps; from 0.1 on the edge is predicted too
        low.
    """

    edge: float
    lower_edge: float
    outliers: list[FeatureVectors]
    numerical_error: Array
    noise_share: float

    def __init__(self, core: _core.FeatureSpectrum, directions: int) -> None:
        super().__init__(core)
        self._directions = directions

    def density(self, eigenvalues: Any) -> Any:
        """The density of the nonzero eigenvalues of the bulk, of mass one; arrays too."""
        at, shape = numbers(eigenvalues)
        return shaped(self._core.density(at), shape)

    def plot(
        self, axes: Any = None, measured: Union[MeasuredFeatures, None] = None, bins: Any = 30
    ) -> Any:
        """Draws the density of the bulk and the outliers over the logarithm of the eigenvalue.

        Parameters
        ----------
        axes : matplotlib axes, optional
            By default new ones.
        measured : MeasuredFeatures, optional
            Is drawn behind it: ``report.last.features.measured``.
        bins : int or what numpy.histogram takes, default 30
            Of what is measured.

        Raises
        ------
        ImportError
            Without matplotlib.
        """
        from ._plots import plot_feature_spectrum

        return plot_feature_spectrum(self, measured, axes, bins)

    def left_overlap(self, index: int, f: Union[MultiIndex, Vectorised]) -> float:
        """Overlap of the left vector of an outlier with the function f(z) of the samples.

        Parameters
        ----------
        index : int
            Of the outlier, from 0.
        f : callable
            Takes points (points x teacher directions), the projections of inputs on the teacher, and
            returns a number for each.

        Raises
        ------
        IndexError
            When there is no such outlier.
        """
        if not isinstance(f, MultiIndex):
            f = MultiIndex(f, self._directions)
        return _found(self._core.left_overlap(_index(index), f), index)

    def right_overlap(self, index: int, f: Union[Function, Vectorised]) -> float:
        """Overlap of the right vector of an outlier with the vector of entries f(b_j), normalised.

        Parameters and errors are those of :meth:`Prediction.left_overlap`.
        """
        return _found(self._core.right_overlap(_index(index), _function(f)), index)

    def change_from(self, other: FeatureSpectrum) -> tuple[float, float]:
        """How far another prediction is; as :meth:`Prediction.change_from`, with eigenvalues."""
        values, overlaps = self._core.change_from(other._core)
        return values, overlaps
