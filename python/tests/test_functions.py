"""Python functions as activations and links."""

from __future__ import annotations

import math

import numpy as np
import pytest
from conftest import SMALL

import linear_width as lw
from linear_width import Function

Z = np.linspace(-5.0, 5.0, 2001) + 1e-3 * np.pi

SMOOTH = {
    "tanh": (np.tanh, lambda z: 1.0 / np.cosh(z) ** 2),
    "sine": (lambda z: np.sin(2.0 * z + 0.3), lambda z: 2.0 * np.cos(2.0 * z + 0.3)),
    "gaussian": (lambda z: np.exp(-z * z / 2.0), lambda z: -z * np.exp(-z * z / 2.0)),
    "silu": (
        lambda z: z / (1.0 + np.exp(-z)),
        lambda z: (1.0 + np.exp(-z) + z * np.exp(-z)) / (1.0 + np.exp(-z)) ** 2,
    ),
    "cubic": (lambda z: z**3 - 3.0 * z, lambda z: 3.0 * z * z - 3.0),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_the_complex_step_is_right_to_rounding(name: str) -> None:
    f, derivative = SMOOTH[name]
    function = Function(f)
    assert function.method == "complex step"
    size = np.maximum(1.0, np.abs(derivative(Z)))
    assert np.max(np.abs(function.derivatives(Z) - derivative(Z)) / size) < 2e-15


@pytest.mark.parametrize("name", SMOOTH)
def test_differences_keep_to_the_documented_error(name: str) -> None:
    f, derivative = SMOOTH[name]
    function = Function(f, "finite")
    assert function.method == "finite differences"
    # sine varies on the scale 1/2 and is 2^5 times as far off
    allowed = 1e-11 * np.maximum(1.0, np.abs(f(Z)))
    assert np.all(np.abs(function.derivatives(Z) - derivative(Z)) < allowed)


def test_functions_that_are_not_analytic_get_differences() -> None:
    smooth_but_real = np.frompyfunc(math.tanh, 1, 1)
    for f in (
        np.abs,
        lambda z: np.real(np.tanh(z)),
        lambda z: np.abs(np.tanh(z)) * np.sign(np.real(z)),
        lambda z: smooth_but_real(z).astype(float),
    ):
        assert Function(f).method == "finite differences"
    # two different functions for real and complex numbers
    assert Function(lambda z: np.tanh(z) + np.abs(z - np.conj(z) + 0j) * 0).method == "complex step"
    assert Function(lambda z: z * np.conj(z)).method == "finite differences"


def test_differences_do_not_look_across_a_declared_kink() -> None:
    leaky = Function(lambda z: np.where(z > 0, z, 0.1 * z), "finite", kinks=[0.0])
    near = np.array([-1e-3, -1e-9, 1e-9, 1e-3])
    np.testing.assert_allclose(leaky.derivatives(near), [0.1, 0.1, 1.0, 1.0], atol=1e-11)
    undeclared = Function(lambda z: np.where(z > 0, z, 0.1 * z), "finite")
    assert abs(undeclared.derivatives(near)[1] - 0.1) > 0.1


PAIRS = {
    "tanh": ({"tanh": {"scale": 2.0, "shift": 0.5}}, lambda z: 2.0 * np.tanh(z + 0.5), ()),
    "sine": ({"sine": {"amplitude": 1.65, "phase": 0.7}}, lambda z: 1.65 * np.sin(z + 0.7), ()),
    "relu": ("relu", lambda z: np.maximum(z, 0.0), (0.0,)),
    "silu": ("silu", lambda z: z / (1.0 + np.exp(-z)), ()),
    "hermite": ([0.0, 1.0, 0.5, 0.1], lambda z: z + 0.5 * (z**2 - 1) + 0.1 * (z**3 - 3 * z), ()),
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_run_with_a_function_is_that_with_the_built_in_one(name: str) -> None:
    built_in, f, kinks = PAIRS[name]
    settings = {**SMALL, "keep_weights": True, "prediction_options": {"bulk_model": "isotropic"}}
    settings["steps"] = [2.0, 3.0]
    for derivative in ("auto", "finite"):
        pair = [
            lw.Experiment(**{**settings, "activation": activation})
            for activation in (built_in, Function(f, derivative, kinks=kinks))
        ]
        wanted, found = (experiment.run() for experiment in pair)
        for w, g in zip(wanted.stages, found.stages):
            np.testing.assert_allclose(g.weights, w.weights, rtol=0, atol=1e-9)
        wanted, found = (experiment.predict() for experiment in pair)
        assert found.edge == pytest.approx(wanted.edge, rel=1e-7)
        assert len(found.outliers) == len(wanted.outliers)
        for w, g in zip(wanted.outliers, found.outliers):
            assert g.singular_value == pytest.approx(w.singular_value, rel=1e-6)


@pytest.mark.parametrize("precision", ["f32", "f64"])
def test_a_link_is_a_function(precision: str) -> None:
    link = {"sine": {"amplitude": 1.0, "phase": 0.6 + np.pi / 2}}
    common = {"noise": 0.1, "without": [0, 1]}
    targets = [
        {"link": link, "argument_scale": 1.5, **common},
        {"link": lambda z: np.cos(z + 0.6), "argument_scale": 1.5, **common},
        {"link": lambda z: np.cos(1.5 * z + 0.6), **common},
    ]
    runs = [
        lw.Experiment(**{**SMALL, "target": target, "precision": precision}).run()
        for target in targets
    ]
    for run in runs[1:]:
        tolerance = 1e-10 if precision == "f64" else 1e-4
        for stage, wanted in zip(run.stages, runs[0].stages):
            np.testing.assert_allclose(stage.singular_values, wanted.singular_values, rtol=tolerance)
    assert runs[1].leading_order.information_exponent == 2


def test_names_are_in_reports() -> None:
    def mish(z):
        return z * np.tanh(np.log1p(np.exp(z)))

    report = lw.Experiment(**{**SMALL, "activation": mish}).run()
    assert report.activation == "centred mish"
    named = Function(mish, name="my own")
    assert lw.Experiment(**{**SMALL, "activation": named}).run().activation == "centred my own"


@pytest.mark.parametrize("where", ["activation", "target"])
def test_exceptions_of_functions_come_through(where: str) -> None:
    class Mine(Exception):
        pass

    calls = 0

    def f(z):
        nonlocal calls
        calls += 1
        if calls > 20:
            raise Mine("no more")
        return np.tanh(z)

    with pytest.raises(Mine, match="no more"):
        lw.Experiment(**{**SMALL, where: f}).run()


def test_an_exception_in_the_middle_of_a_run() -> None:
    def f(z):
        if f.broken:
            raise ZeroDivisionError("broken")
        return np.tanh(z)

    f.broken = False
    experiment = lw.Experiment(**{**SMALL, "activation": f})

    def breaks(progress: lw.Progress) -> None:
        f.broken = progress.step >= 1

    with pytest.raises(ZeroDivisionError, match="broken"):
        experiment.run(progress=breaks)
    # the experiment is as good as before
    f.broken = False
    assert len(experiment.run().stages) == 3


@pytest.mark.parametrize(
    "function, sentence",
    [
        (math.tanh, "numpy.vectorize"),
        (lambda z: z[:3], r"shape \(3,\)"),
        (lambda z: z + 1j, "complex numbers for real ones"),
        (lambda z: "text", "NumPy array"),
    ],
)
def test_functions_that_are_not_vectorised_are_refused(function, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        lw.Experiment(**{**SMALL, "activation": function})


def test_functions_that_grow_too_fast_are_refused_with_the_crates_sentence() -> None:
    with np.errstate(over="ignore"), pytest.raises(ValueError, match="activation"):
        lw.Experiment(**{**SMALL, "activation": lambda z: np.exp(z**2)})


def test_a_vectorised_scalar_function_will_do() -> None:
    scalar = np.vectorize(math.erf, otypes=[float])
    found = lw.Experiment(**{**SMALL, "activation": scalar}).run()
    wanted = lw.Experiment(**{**SMALL, "activation": "erf"}).run()
    for stage, other in zip(found.stages, wanted.stages):
        np.testing.assert_allclose(stage.singular_values, other.singular_values, rtol=1e-9)


def test_wrong_derivatives_are_refused() -> None:
    with pytest.raises(ValueError, match="'auto', 'complex' or 'finite'"):
        Function(np.tanh, "exact")
    with pytest.raises(ValueError, match="must be callable"):
        Function("tanh")
