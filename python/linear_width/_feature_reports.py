"""Readouts and spectra of the features, measured and predicted. Names and parts are the crate's."""

from __future__ import annotations

from typing import Optional

from ._records import Array, Record
from ._spectrum_report import Outliers

__all__ = [
    "FeatureVectors",
    "MeasuredFeatures",
    "MeasuredReadout",
    "PredictedFeatures",
    "RidgeErrors",
    "StageFeatures",
    "StageReadout",
    "TestError",
]


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
    pairing : list of int or None
        For each of the leading eigenvalues the number, from 0, of its outlier in the prediction; None
        where it has none.
    """

    samples: int
    measured: MeasuredFeatures
    predicted: Optional[PredictedFeatures]
    pairing: list[Optional[int]]
