"""Reports as HTML, for notebooks."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any


def preformatted(text: str) -> str:
    """Text as it is."""
    return f"<pre>{html.escape(text)}</pre>"


def report_html(report: Any) -> str:
    """A table for each stage, and the whole text folded."""
    s = report.settings
    steps = ", ".join(f"{step.constant:g} N^{step.alpha:g}" for step in s.steps)
    head = (
        f"<p><b>{html.escape(report.activation)}</b>, labels <b>{html.escape(report.link)}</b>; "
        f"N = {s.width}, d = {s.dimension}, n = {s.samples}; steps {steps}, "
        f"batches {html.escape(str(s.batches))}, seed {s.seed}</p>"
    )
    stages = "".join(map(_stage, report.stages))
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in report.notes)
    notes = f"<ul>{notes}</ul>" if notes else ""
    text = f"<details><summary>text</summary>{preformatted(str(report))}</details>"
    return f"<div>{head}{stages}{notes}{text}</div>"


def prediction_html(prediction: Any) -> str:
    """The outliers as a table."""
    bulk = f"bulk from {prediction.lower_edge:.3f} to {prediction.edge:.3f}"
    caption = f"W_{prediction.step}, predicted: {bulk}; {prediction.bulk_model}"
    return _table(caption, ["predicted"], [(False, _cells(o)) for o in prediction.outliers])


def _stage(stage: Any) -> str:
    """Measured values, and in the same row the predicted ones that belong to them."""
    outliers = stage.outliers
    predicted: Sequence[Any] = stage.prediction.outliers if stage.prediction else []
    edge = f", predicted edge {stage.prediction.edge:.3f}" if stage.prediction else ""
    caption = f"W_{stage.step}: outliers: {outliers.count} above {outliers.threshold:.3f}{edge}"
    rows = []
    for k, (triplet, pair) in enumerate(zip(stage.triplets, stage.pairing)):
        theory = [""] * 3 if pair is None else _cells(predicted[pair])
        rows.append((k < outliers.count, _cells(triplet) + (theory if predicted else [])))
    return _table(caption, ["measured", "predicted"] if predicted else ["measured"], rows)


def _cells(triplet: Any) -> list[str]:
    left = ", ".join(f"{overlap:.2f}" for overlap in triplet.left_overlaps)
    return [f"{triplet.singular_value:.3f}", f"{triplet.target_overlap:.3f}", left]


def _table(caption: str, groups: list[str], rows: list[tuple[bool, list[str]]]) -> str:
    top = "".join(f"<th colspan=3>{group}</th>" for group in groups)
    names = ["singular value", "&lt;v, target&gt;", "&lt;u, a&gt;, &lt;u, a²&gt;, ..."]
    names = "".join(f"<th>{name}</th>" for name in names * len(groups))  # type: ignore[assignment]
    body = ""
    for k, (marked, cells) in enumerate(rows, start=1):
        row = "".join(f"<td>{cell}</td>" for cell in cells)
        style = " style='font-weight:bold'" if marked else ""
        body += f"<tr{style}><td>{k}</td>{row}</tr>"
    return (
        f"<table><caption style='text-align:left'>{html.escape(caption)}</caption>"
        f"<tr><th></th>{top}</tr><tr><th>k</th>{names}</tr>{body}</table>"
    )
