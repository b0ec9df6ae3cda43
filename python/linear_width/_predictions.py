"""Predictions, states of the first layer, and what is predicted of the features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

import numpy as np

from . import _core
from ._records import Array, Record, made
from ._reports import EdgeLaw, ErrorEstimate, FeatureVectors, Indicator, Outlier, RidgeErrors
from ._settings import matrix, numbers, shaped, vector

__all__ = ["FeatureSpectrum", "Features", "Prediction", "State"]


class Prediction(Record):
    """The predicted spectrum after some steps; no simulation enters.

    From :meth:`linear_width.Experiment.predict`. ``print(prediction)`` shows the outliers.

    Attributes
    ----------
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

    def __init__(self, core: _core.Prediction) -> None:
        super().__init__(**_parts(core.fields()))
        self._core = core

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
        errors = self.errors
        lines = [
            f"predicted: {_count(len(self.outliers))}, bulk from {self.lower_edge:.3f} to "
            f"{self.edge:.3f} ({self.bulk_model})",
            f"expected deviation of one network: {100 * errors.singular_value:.1f} % in singular "
            f"value, {errors.overlap:.3f} in overlap, {100 * errors.edge:.1f} % in edge",
        ]
        if self.outliers:
            lines.append("  k singular value  <v, target>  <u, a>  <u, a^2>  <u, a^3>")
        for k, outlier in enumerate(self.outliers, start=1):
            left = "".join(f"{overlap:9.3f}" for overlap in outlier.left_overlaps)
            lines.append(
                f"{k:3} {outlier.singular_value:14.3f} {outlier.target_overlap:12.3f}{left}"
            )
        return "\n".join(lines + [f"not to be trusted: {why}" for why in self.warnings])

    def __repr__(self) -> str:
        return f"<Prediction: {_count(len(self.outliers))}, edge {self.edge:.3f}>"

    def _repr_html_(self) -> str:
        from ._html import prediction_html

        return prediction_html(self)

    def __reduce__(self) -> Any:
        raise TypeError("a Prediction cannot be stored; store its to_dict()")


def _count(outliers: int) -> str:
    return "1 outlier" if outliers == 1 else f"{outliers} outliers"


def _parts(fields: dict[str, Any]) -> dict[str, Any]:
    """The parts of a record that has an object of the compiled module behind it."""
    fields.pop("__struct__", None)
    return {name: made(value) for name, value in fields.items()}


class State(Record):
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

    def __init__(self, core: _core.State) -> None:
        super().__init__(**_parts(core.fields()))
        self._core = core

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
        return cls(_core.State.of_first_layer(w, a, b, further))

    def __reduce__(self) -> Any:
        raise TypeError("a State cannot be stored; store its to_dict()")


class Features:
    """What is predicted of the features sigma(W x): ridge regression on them, and their spectrum.

    From :meth:`linear_width.Experiment.features`.
    """

    def __init__(self, core: _core.Features, name: str) -> None:
        self._core = core
        self._name = name

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
            [int(m) for m in samples], [float(lambda_) for lambda_ in lambdas]
        )
        rows: list[list[RidgeErrors]] = made(found)
        return rows

    def best_lambda(self, samples: int) -> tuple[float, RidgeErrors]:
        """The lambda of the smallest test error, to about 0.1 %, with the errors there."""
        lambda_, errors = self._core.best_lambda(samples)
        return lambda_, made(errors)

    def spectrum(self, samples: int) -> FeatureSpectrum:
        """The spectrum of F^T F / m for the features F of m = `samples` new samples."""
        return FeatureSpectrum(self._core.spectrum(samples))


class FeatureSpectrum(Record):
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

    def __init__(self, core: _core.FeatureSpectrum) -> None:
        super().__init__(**_parts(core.fields()))
        self._core = core

    def density(self, eigenvalues: Any) -> Any:
        """The density of the nonzero eigenvalues of the bulk, of mass one; arrays too."""
        at, shape = numbers(eigenvalues)
        return shaped(self._core.density(at), shape)

    def plot(self, axes: Any = None) -> Any:
        """Draws the density of the bulk and the outliers.

        Raises
        ------
        ImportError
            Without matplotlib.
        """
        from ._plots import plot_feature_spectrum

        return plot_feature_spectrum(self, axes)

    def __reduce__(self) -> Any:
        raise TypeError("a FeatureSpectrum cannot be stored; store its to_dict()")
