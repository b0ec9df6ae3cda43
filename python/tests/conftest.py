"""Settings that several tests use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import linear_width as lw

HERE = Path(__file__).parent

SMALL: dict[str, Any] = dict(
    width=80,
    dimension=40,
    samples=120,
    activation={"tanh": {"scale": 2.0, "shift": 0.5}},
    target={"link": [0.0, 1.0, 0.5], "noise": 0.1},
    steps=[(2.0, 0.3), (2.0, 0.4)],
    seed=1,
)


@pytest.fixture(scope="session")
def small() -> lw.Experiment:
    return lw.Experiment(**SMALL)


@pytest.fixture(scope="session")
def small_report(small: lw.Experiment) -> lw.Report:
    return small.run()


@pytest.fixture(scope="session")
def with_features() -> tuple[lw.Experiment, lw.Report]:
    """A run whose report has every part."""
    experiment = lw.Experiment.from_toml(HERE / "features.toml")
    return experiment, experiment.run()
