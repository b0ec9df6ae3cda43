"""Large gradient steps in linear-width two-layer networks.

Width N, input dimension d and sample size n grow together. A network takes gradient steps of size
C N^alpha on its first layer. The package simulates the steps, measures spectra, outliers and overlaps,
and puts beside them a prediction of the whole finite-size spectrum, with no free parameter.

>>> import linear_width as lw
>>> experiment = lw.Experiment(
...     width=200, dimension=100, samples=300, activation="erf", target=[0.0, 1.0],
...     steps=[(2.0, 0.3), (2.0, 0.4)])
>>> print(experiment.predict())  # doctest: +SKIP
>>> print(experiment.run())  # doctest: +SKIP

Contents
--------
Experiment
    Settings, run, prediction, states, features.
Function, MultiIndex
    A Python function as activation or link; of several numbers as link.
report
    The spectrum of any matrix; more in `spectral`.
State
    The first layer as the theory knows it, also of given weights.
spectral
    Singular values, leading triplets, outliers.
rmt
    Marchenko-Pastur, Tracy-Widom, one spike on noise.
theory
    Number of outliers, Hermite coefficients, information and reuse exponent.
reports
    The classes of what runs and predictions return.
"""

from . import reports, rmt, spectral, theory
from ._core import __version__, instruction_set
from ._experiment import Experiment
from ._functions import Function, MultiIndex
from ._predictions import Features, FeatureSpectrum, Prediction, State
from ._progress import Progress
from ._reports import Report
from ._spectrum_report import SpectrumReport
from .spectral import report

__all__ = [
    "Experiment",
    "FeatureSpectrum",
    "Features",
    "Function",
    "MultiIndex",
    "Prediction",
    "Progress",
    "Report",
    "SpectrumReport",
    "State",
    "__version__",
    "instruction_set",
    "report",
    "reports",
    "rmt",
    "spectral",
    "theory",
]
