"""The package gives the bits that the Rust crate gives: the program `reference` runs the same file."""

from __future__ import annotations

import json
import math
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import HERE

import linear_width as lw
from linear_width._records import Record

REFERENCE = os.environ.get("LINEAR_WIDTH_REFERENCE")
# the files whose first program is that of readme.toml
READMES = os.environ.get("LINEAR_WIDTH_READMES", "").split(":") if REFERENCE else []
SECONDS = {"gradient_seconds", "spectrum_seconds", "feature_seconds"}


@pytest.fixture(scope="module", params=["readme.toml", "features.toml"])
def both(request: pytest.FixtureRequest) -> tuple[dict[str, Any], lw.Experiment]:
    if REFERENCE is None:
        pytest.skip("LINEAR_WIDTH_REFERENCE is not set to the program `reference`")
    file = HERE / request.param
    rust = subprocess.run([REFERENCE, file], check=True, capture_output=True, text=True)
    return json.loads(rust.stdout), lw.Experiment.from_toml(file)


def differences(rust: Any, python: Any, path: str = "") -> list[str]:
    """Where a value of the JSON differs from a part of a record, to the last bit."""
    if isinstance(rust, dict) and set(rust) == {"v", "dim", "data"}:
        rust, python = rust["data"], None if python is None else np.ravel(python)
    if isinstance(python, Record):
        python = {name.rstrip("_"): getattr(python, name) for name in python._names}
    if isinstance(rust, dict):
        names = [name for name in rust if name not in SECONDS]
        found = [differences(rust[name], python[name], f"{path}.{name}") for name in names]
        return [line for lines in found for line in lines]
    if isinstance(rust, list):
        if len(rust) != len(python):
            return [f"{path}: {len(rust)} entries and {len(python)}"]
        pairs = enumerate(zip(rust, python))
        found = [differences(r, p, f"{path}.{k}") for k, (r, p) in pairs]
        return [line for lines in found for line in lines]
    if isinstance(rust, float):
        # JSON has no NaN and no infinity; neither may occur
        same = math.isfinite(rust) and float(rust).hex() == float(python).hex()
        return [] if same else [f"{path}: {rust!r} and {python!r}"]
    return [] if rust == python else [f"{path}: {rust!r} and {python!r}"]


def test_a_run_has_the_bits_of_rust(both: tuple[dict[str, Any], lw.Experiment]) -> None:
    rust, experiment = both
    report = experiment.run()
    assert differences(rust["report"], report) == []
    assert str(report) == rust["text"]


def test_a_prediction_has_the_bits_of_rust(both: tuple[dict[str, Any], lw.Experiment]) -> None:
    rust, experiment = both
    prediction = experiment.predict()
    wanted = rust["prediction"]
    for outlier in wanted["outliers"]:
        # a prediction has no vectors
        del outlier["left_vector"], outlier["right_vector"]
    assert differences(wanted, prediction) == []


def test_the_text_of_a_prediction_is_the_commands(both: tuple[dict[str, Any], lw.Experiment]) -> None:
    rust, experiment = both
    # readouts and features, which the command adds, are not of a prediction
    lines = rust["predicted_text"].splitlines()
    for prediction in experiment.predictions():
        text = str(prediction).splitlines()
        start = lines.index(text[0])
        notes = [line for line in text if line.startswith("  note: ")]
        table = text[: len(text) - len(notes)]
        assert lines[start : start + len(table)] == table
        assert text[0].startswith(f"W_{prediction.step} (eta = ") and set(notes) <= set(lines)


@pytest.mark.parametrize("both", ["readme.toml"], indirect=True)
@pytest.mark.parametrize("readme", READMES)
def test_the_program_of_a_readme_prints_what_rust_does(
    readme: str, both: tuple[dict[str, Any], lw.Experiment], capsys: pytest.CaptureFixture[str]
) -> None:
    rust, experiment = both
    program = Path(readme).read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    exec(program, {})
    assert capsys.readouterr().out == f"{experiment.predict()}\n{rust['text']}\n"


def test_the_comparison_sees_the_last_bit(both: tuple[dict[str, Any], lw.Experiment]) -> None:
    rust, experiment = both
    prediction = experiment.predict()
    prediction.edge = float(np.nextafter(prediction.edge, 9.0))
    assert [d.split(":")[0] for d in differences({"edge": rust["prediction"]["edge"]}, prediction)] == [
        ".edge"
    ]


def test_keywords_are_the_keys_of_a_file() -> None:
    by_keywords = lw.Experiment(
        width=2000,
        dimension=1000,
        samples=2400,
        seed=4,
        activation={"sine": {"amplitude": 1.65, "phase": 0.7}},
        batches="reused",
        steps=[(2.0, 0.37), (2.0, 0.42)],
        target={
            "link": {"sine": {"amplitude": 1.0, "phase": 0.6 + np.pi / 2}},
            "argument_scale": 1.5,
            "without": [0, 1],
            "noise": 0.1,
        },
    )
    by_file = lw.Experiment.from_toml(HERE / "readme.toml")
    assert by_keywords.to_toml() == by_file.to_toml()
    assert by_keywords.predict() == by_file.predict()
