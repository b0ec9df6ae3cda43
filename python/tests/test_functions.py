"""Python functions as activations and links."""

from __future__ import annotations

import math
import threading

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


PAIR = lw.MultiIndex(lambda z: z[:, 0] * z[:, 1] + z[:, 0], 2, name="z1 z2 + z1")


def test_a_link_of_several_numbers() -> None:
    directions = np.linalg.qr(np.random.default_rng(0).normal(size=(40, 2)))[0].T
    experiment = lw.Experiment(
        **{**SMALL, "target": {"link": PAIR, "noise": 0.1, "directions": directions}}
    )
    np.testing.assert_array_equal(experiment.teacher, directions)
    x, y = experiment.batch(1)
    noise = y - PAIR.values(x @ directions.T)
    assert 0.08 < noise.std() < 0.12 and abs(noise.mean()) < 0.05
    report = experiment.run()
    assert report.link == "z1 z2 + z1"
    assert report.last.triplets[0].direction_overlaps.shape == (2,)
    with pytest.raises(ValueError, match="Python function cannot be written as TOML"):
        experiment.to_toml()
    drawn = lw.Experiment(**{**SMALL, "target": PAIR}).teacher
    np.testing.assert_allclose(drawn @ drawn.T, np.eye(2), atol=1e-12)


def test_a_link_of_several_numbers_of_which_it_uses_one() -> None:
    """The prediction is that of the link of one number."""
    settings = {**SMALL, "width": 400, "dimension": 200, "samples": 600}
    one, several = (
        lw.Experiment(
            **{**settings, "target": {"link": link, "noise": 0.1}},
            prediction_options={"bulk_model": "isotropic"},
        ).predict()
        for link in (np.tanh, lw.MultiIndex(lambda z: np.tanh(z[:, 1]), 2))
    )
    assert several.edge == pytest.approx(one.edge, rel=1e-4)
    assert len(one.outliers) == len(several.outliers)
    for w, g in zip(one.outliers, several.outliers):
        assert g.singular_value == pytest.approx(w.singular_value, rel=1e-4)
        assert g.direction_overlaps[0] == pytest.approx(0.0, abs=1e-6)
        assert g.direction_overlaps[1] == pytest.approx(w.target_overlap, abs=1e-4)
    np.testing.assert_allclose(several.c_1_target, [0.0, one.c_1_target[0]], atol=1e-8)


def test_two_directions_are_found_as_predicted() -> None:
    settings = {**SMALL, "width": 600, "dimension": 300, "samples": 3000, "triplets": 3}
    sum_of_two = lw.MultiIndex(lambda z: z[:, 0] + 0.5 * z[:, 1] + 0.3 * z[:, 0] * z[:, 1], 2)
    experiment = lw.Experiment(**{**settings, "target": {"link": sum_of_two, "noise": 0.1}})
    stage = experiment.run().stages[1]
    predicted, measured = stage.prediction.outliers[0], stage.triplets[0]
    overlap = stage.prediction.errors.overlap
    difference = measured.direction_overlaps - predicted.direction_overlaps
    assert np.all(np.abs(difference) < 3.0 * overlap) and overlap < 0.1
    assert predicted.direction_overlaps[0] > 1.5 * predicted.direction_overlaps[1] > 0.2


@pytest.mark.parametrize(
    "make, sentence",
    [
        (lambda: lw.MultiIndex(lambda z: z, 2), r"shape \(\d+, 2\).*it should be \(\d+,\)"),
        (lambda: lw.MultiIndex(lambda z: z[:, 2], 2), "out of bounds"),
        (lambda: lw.MultiIndex(lambda z: 1j * z[:, 0], 2), "complex numbers"),
        (lambda: lw.MultiIndex(lambda z: z[:, 0], 0), "at least 1"),
        (lambda: lw.MultiIndex("z", 2), "must be callable"),
        (lambda: lw.Experiment(**{**SMALL, "activation": PAIR}), "must be a function of one number"),
        (
            lambda: lw.Experiment(**{**SMALL, "target": {"link": PAIR, "without": [0]}}),
            "target.without is for links of one number",
        ),
        (
            lambda: lw.Experiment(**{**SMALL, "target": {"link": PAIR, "argument_scale": 2.0}}),
            "target.argument_scale is for links of one number",
        ),
        (
            lambda: lw.Experiment(**{**SMALL, "target": {"link": PAIR, "directions": np.eye(40)[:3]}}),
            "target.directions",
        ),
        (
            lambda: lw.Experiment(
                **{**SMALL, "target": lw.MultiIndex(lambda z: np.log(np.abs(z[:, 0]) - 1.0), 2)}
            ),
            "not finite|NaN",
        ),
        (lambda: lw.Experiment(**{**SMALL, "target": lw.MultiIndex(lambda z: z[:, 0], 41)}), "41"),
    ],
)
def test_wrong_links_of_several_numbers(make, sentence: str) -> None:
    with np.errstate(invalid="ignore"), pytest.raises(ValueError, match=sentence):
        make()


def test_exceptions_of_links_of_several_numbers() -> None:
    def f(z: np.ndarray) -> np.ndarray:
        if len(z) == 1:
            raise ZeroDivisionError("broken")
        return z[:, 0]

    with pytest.raises(ZeroDivisionError, match="broken"):
        lw.Experiment(**{**SMALL, "target": lw.MultiIndex(f, 2)})


@pytest.mark.parametrize("where", ["activation", "target"])
def test_functions_that_are_not_finite_are_refused(where: str) -> None:
    def f(z: np.ndarray) -> np.ndarray:
        return np.where(np.abs(z) > 0.2, z, np.nan)

    with pytest.raises(ValueError, match="not finite|NaN"):
        lw.Experiment(**{**SMALL, where: f})


def test_the_error_handling_of_numpy_is_that_of_where_a_function_is_made() -> None:
    def f(z: np.ndarray) -> np.ndarray:
        return np.tanh(z) + 0.0 * np.divide(1.0, np.zeros_like(z), where=z > 20.0, out=np.zeros_like(z))

    seen = set()

    def g(z: np.ndarray) -> np.ndarray:
        seen.add(np.geterr()["under"])
        return np.tanh(z)

    with np.errstate(under="call"):
        function = Function(g)
    seen.clear()
    lw.Experiment(**{**SMALL, "activation": function})
    assert seen == {"call"}
    with np.errstate(divide="raise", invalid="ignore"), pytest.raises(FloatingPointError):
        lw.Experiment(**{**SMALL, "activation": f})


def test_a_function_may_compute_with_the_package() -> None:
    """From the threads of the computation, which must not wait for each other for ever."""
    calls, threads = 0, set()

    def f(z: np.ndarray) -> np.ndarray:
        nonlocal calls
        calls += 1
        if calls % 20_000 == 0 or (z.size > 1000 and calls % 40 == 0):
            threads.add(threading.get_ident())
            lw.theory.hermite_coefficients(np.sin, 1)
            lw.spectral.singular_values(np.eye(300))
        return np.tanh(z)

    settings = {**SMALL, "with_prediction": False, "steps": [2.0]}
    found = lw.Experiment(**{**settings, "activation": Function(f, "finite")}).run()
    wanted = lw.Experiment(**{**settings, "activation": Function(np.tanh, "finite")}).run()
    np.testing.assert_array_equal(found.last.singular_values, wanted.last.singular_values)
    assert threads and threading.get_ident() not in threads
