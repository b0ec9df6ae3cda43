"""Figures of reports, with matplotlib."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._marchenko_pastur import MarchenkoPastur

_MEASURED, _PREDICTED = "#4477aa", "#cc6677"
# points of a density; one of the features takes longer
_POINTS, _FEATURE_POINTS = 400, 80
_TICKS = [digit * 10.0**power for power in range(-3, 6) for digit in (1, 2, 5)]


def _pyplot() -> Any:
    try:
        import matplotlib.pyplot
    except ImportError:
        raise ImportError("plot() needs matplotlib: pip install matplotlib") from None
    return matplotlib.pyplot


def _axes(axes: Any, count: int = 1) -> Any:
    if axes is None:
        pyplot = _pyplot()
        axes = pyplot.subplots(1, count, figsize=(4.5 * count, 3.2), layout="constrained")[1]
    found = np.atleast_1d(np.asarray(axes, dtype=object)).ravel()
    if len(found) != count:
        raise ValueError(f"{len(found)} axes were given; {count} are needed")
    return found


def _marks(axes: Any, values: Any, height: float, marker: str, colour: str, label: str) -> None:
    if len(values):
        axes.plot(values, np.full(len(values), height), marker, color=colour, label=label)


def _far(axes: Any, values: Any, edge: float) -> None:
    """A logarithmic axis where the bulk would be a line beside its outliers."""
    if len(values) and max(values) > 3.0 * edge:
        axes.set_xscale("log")
        ticks = [tick for tick in _TICKS if axes.get_xlim()[0] < tick < axes.get_xlim()[1]]
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()


def plot_report(report: Any, experiment: Any, axes: Any, bins: Any) -> Any:
    """Every stage on axes of its own."""
    axes = _axes(axes, len(report.stages))
    for stage, on in zip(report.stages, axes):
        _stage(stage, report, experiment, on, bins)
    return axes


def _stage(stage: Any, report: Any, experiment: Any, on: Any, bins: Any) -> None:
    count = stage.outliers.count
    bulk, out = stage.singular_values[count:], stage.singular_values[:count]
    # all singular values are the mass of the density
    share = len(bulk) / len(stage.singular_values)
    heights, edges = np.histogram(bulk, bins=bins, density=True)
    heights = share * heights
    on.stairs(heights, edges, fill=True, color=_MEASURED, alpha=0.6, label="measured")
    level = -0.04 * heights.max()
    _marks(on, out, level, "^", _MEASURED, "outliers, measured")
    if stage.step == 0:
        settings = report.settings
        law = MarchenkoPastur(settings.width / settings.dimension)
        at = np.linspace(*law.edges, _POINTS)
        on.plot(at, law.pdf(at), color=_PREDICTED, label="Marchenko-Pastur")
    elif stage.prediction is not None:
        if experiment is not None:
            prediction = experiment.predict(stage.step)
            at = np.linspace(prediction.lower_edge, prediction.edge, _POINTS)
            on.plot(at, prediction.density(at), color=_PREDICTED, label="predicted")
        values = [outlier.singular_value for outlier in stage.prediction.outliers]
        _marks(on, values, 2.0 * level, "D", _PREDICTED, "outliers, predicted")
    _far(on, out, edges[-1])
    on.set_title(f"$W_{{{stage.step}}}$")
    on.set_xlabel("singular value")
    on.legend(frameon=False, fontsize="small")


def plot_prediction(prediction: Any, axes: Any) -> Any:
    """The density of the bulk and the outliers."""
    (on,) = _axes(axes)
    at = np.linspace(prediction.lower_edge, prediction.edge, _POINTS)
    density = prediction.density(at)
    on.plot(at, density, color=_PREDICTED, label="bulk")
    values = [outlier.singular_value for outlier in prediction.outliers]
    _marks(on, values, -0.04 * density.max(), "D", _PREDICTED, "outliers")
    _far(on, values, prediction.edge)
    on.set_title(f"$W_{{{prediction.step}}}$, predicted")
    on.set_xlabel("singular value")
    on.legend(frameon=False, fontsize="small")
    return on


def plot_feature_spectrum(spectrum: Any, measured: Any, axes: Any, bins: Any) -> Any:
    """The density of the bulk and the outliers, over the logarithm of the eigenvalue."""
    (on,) = _axes(axes)
    if measured is not None:
        count = measured.outliers.count
        logarithms = np.log(measured.eigenvalues[measured.eigenvalues > 0.0])
        heights, edges = np.histogram(logarithms[count:], bins=bins, density=True)
        heights = heights * len(logarithms[count:]) / len(logarithms)
        on.stairs(heights, np.exp(edges), fill=True, color=_MEASURED, alpha=0.6, label="measured")
        out = measured.eigenvalues[:count]
        _marks(on, out, -0.08 * heights.max(), "^", _MEASURED, "outliers, measured")
    low = max(spectrum.lower_edge, 1e-4 * spectrum.edge)
    at = np.geomspace(low, spectrum.edge, _FEATURE_POINTS)
    density = at * spectrum.density(at)
    on.semilogx(at, density, color=_PREDICTED, label="predicted")
    values = [outlier.eigenvalue for outlier in spectrum.outliers]
    _marks(on, values, -0.04 * density.max(), "D", _PREDICTED, "outliers, predicted")
    on.set_xlabel("eigenvalue x")
    on.set_ylabel("density of log x")
    on.legend(frameon=False, fontsize="small")
    return on


def plot_spectrum(report: Any, axes: Any, bins: Any) -> Any:
    """The singular values with the fitted law and the threshold."""
    (on,) = _axes(axes)
    count = report.outliers.count
    bulk, out = report.singular_values[count:], report.singular_values[:count]
    heights = np.zeros(1)
    if len(bulk):
        heights, edges = np.histogram(bulk, bins=bins, density=True)
        on.stairs(heights, edges, fill=True, color=_MEASURED, alpha=0.6, label="bulk")
    if report.bulk is not None:
        rows, columns = report.rows - count, report.columns - count
        unit = report.bulk.scale * np.sqrt(columns)
        at = np.linspace(report.bulk.lower_edge, report.bulk.edge, _POINTS)
        law = MarchenkoPastur(rows / columns)
        on.plot(at, law.pdf(at / unit) / unit, color=_PREDICTED, label="Marchenko-Pastur")
    _marks(on, out, -0.04 * heights.max(), "^", _MEASURED, "outliers")
    on.axvline(report.outliers.threshold, color="grey", linestyle=":", label="threshold")
    _far(on, out, report.outliers.threshold)
    on.set_xlabel("singular value")
    on.legend(frameon=False, fontsize="small")
    return on
