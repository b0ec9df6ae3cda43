"""Two steps, the gradient and ridge regression written again in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import SMALL

import linear_width as lw


def tanh(z: np.ndarray) -> np.ndarray:
    return 2.0 * np.tanh(z + 0.5)


def gaussian_mean(f) -> float:
    nodes, weights = np.polynomial.hermite_e.hermegauss(200)
    return float(weights @ f(nodes) / np.sqrt(2.0 * np.pi))


def two_steps(w, a, batches, etas, f):
    """W_1, W_2 by the formulas of the crate's first page, mean-field scaling."""
    mean = gaussian_mean(f)
    found = [w]
    for (x, y), eta in zip(batches, etas):
        z = x @ w.T
        residual = y - (f(z) - mean) @ a / np.sqrt(len(a))
        slope = 2.0 / np.cosh(z + 0.5) ** 2
        gradient = (np.outer(residual, a) * slope).T @ x / len(y)
        w = w + eta * gradient
        found.append(w)
    return found


def data(samples: int, dimension: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(5)
    x = random.normal(size=(samples, dimension))
    return x, x[:, 0] * x[:, 1] + 0.1 * random.normal(size=samples)


@pytest.mark.parametrize("batches", ["independent", "reused", "partly"])
def test_two_steps_on_given_data(batches: str) -> None:
    n, d, width = 1800, 30, 50
    x, y = data(3 * n, d)
    policy = {"partly_reused": {"fraction": 0.25}} if batches == "partly" else batches
    experiment = lw.Experiment(
        width=width,
        samples=n,
        data=(x, y),
        activation=SMALL["activation"],
        steps=[3.0, (2.0, 0.4)],
        batches=policy,
        keep_weights=True,
    )
    report = experiment.run()
    kept = {"independent": 0, "reused": n, "partly": n // 4}[batches]
    rows = [np.arange(n), np.r_[np.arange(kept), np.arange(n, 2 * n - kept)]]
    w, a = experiment.initial_layers()
    np.testing.assert_array_equal(report.stages[0].weights, w)
    np.testing.assert_allclose(np.linalg.norm(w, axis=1), 1.0, rtol=1e-12)
    etas = [3.0, 2.0 * width**0.4]
    wanted = two_steps(w, a, [(x[r], y[r]) for r in rows], etas, tanh)
    for stage, w in zip(report.stages, wanted):
        np.testing.assert_allclose(stage.weights, w, rtol=0, atol=1e-12 * np.abs(w).max())
        s = np.linalg.svd(w, compute_uv=False)
        np.testing.assert_allclose(stage.singular_values, s, rtol=0, atol=1e-12 * s[0])
    assert "given data" in report.no_prediction


def test_given_labels_come_from_the_link_and_the_teacher(small: lw.Experiment) -> None:
    x, y = small.batch(1)
    z = x @ small.teacher[0]
    noise = y - (z + 0.5 * (z**2 - 1.0))
    assert 0.08 < noise.std() < 0.12
    assert abs(np.corrcoef(noise, z)[0, 1]) < 0.3


def test_two_steps_on_generated_data() -> None:
    experiment = lw.Experiment(**SMALL, keep_weights=True)
    report = experiment.run()
    etas = [stage.eta for stage in report.stages[1:]]
    w, a = experiment.initial_layers()
    np.testing.assert_array_equal(report.second_layer, a)
    wanted = two_steps(w, a, [experiment.batch(1), experiment.batch(2)], etas, tanh)
    for stage, w in zip(report.stages, wanted):
        np.testing.assert_allclose(stage.weights, w, rtol=0, atol=1e-12 * np.abs(w).max())
    u, s, v = np.linalg.svd(wanted[2])
    triplet = report.stages[2].triplets[0]
    assert triplet.target_overlap == pytest.approx(abs(v[0] @ experiment.teacher[0]), abs=1e-10)
    powers = [abs(u[:, 0] @ a**k) / np.linalg.norm(a**k) for k in (1, 2, 3)]
    np.testing.assert_allclose(triplet.left_overlaps, powers, atol=1e-10)


def test_ridge_error() -> None:
    samples, lambdas = 150, [0.01, 0.3]
    experiment = lw.Experiment(
        **SMALL,
        keep_weights=True,
        readout_samples=[samples],
        readout_lambdas=lambdas,
        readout_test_samples=2000,
    )
    report = experiment.run()
    (x, y), (x_test, y_test) = experiment.test_batch(0, samples), experiment.test_batch(1, 2000)
    mean = gaussian_mean(tanh)
    for stage in report.stages:
        features, test = tanh(x @ stage.weights.T) - mean, tanh(x_test @ stage.weights.T) - mean
        gram = features.T @ features / samples
        for readout, lambda_ in zip(stage.readouts, lambdas):
            assert (readout.samples, readout.lambda_) == (samples, lambda_)
            u = np.linalg.solve(gram + lambda_ * np.eye(len(gram)), features.T @ y / samples)
            errors = (y_test - test @ u) ** 2
            measured = readout.measured
            assert measured.test_error.mean_square == pytest.approx(errors.mean(), rel=1e-8)
            error = errors.std(ddof=1) / np.sqrt(len(errors))
            assert measured.test_error.standard_error == pytest.approx(error, rel=1e-8)
            training = np.mean((y - features @ u) ** 2)
            assert measured.training_error == pytest.approx(training, rel=1e-8)
            assert measured.norm_squared == pytest.approx(u @ u, rel=1e-8)


def test_feature_spectrum() -> None:
    experiment = lw.Experiment(
        **SMALL, keep_weights=True, feature_samples=100, with_prediction=False
    )
    report = experiment.run()
    x, _ = experiment.test_batch(2, 100)
    for stage in report.stages:
        features = tanh(x @ stage.weights.T) - gaussian_mean(tanh)
        s = np.linalg.svd(features, compute_uv=False)
        found = stage.features.measured.eigenvalues
        np.testing.assert_allclose(found, s**2 / 100, rtol=0, atol=1e-12 * found[0])


def test_predictions_of_the_features_are_near_the_measurement() -> None:
    settings = {**SMALL, "width": 400, "dimension": 200, "samples": 600}
    experiment = lw.Experiment(**settings, readout_samples=[1000], readout_lambdas=[0.1])
    report = experiment.run()
    for step, stage in enumerate(report.stages):
        predicted = experiment.features(step).ridge(1000, 0.1)
        assert stage.readouts[0].predicted == predicted
        measured = stage.readouts[0].measured.test_error.mean_square
        assert predicted.test_error == pytest.approx(measured, rel=0.2)
    lambda_, best = experiment.features().best_lambda(1000)
    around = experiment.features().ridge_curve([1000], [0.8 * lambda_, 1.25 * lambda_])[0]
    assert all(best.test_error <= errors.test_error for errors in around)


def test_the_state_of_given_weights(small: lw.Experiment) -> None:
    settings = {**SMALL, "width": 400, "dimension": 200, "samples": 600}
    experiment = lw.Experiment(**settings, keep_weights=True)
    report = experiment.run()
    state = lw.State.of_first_layer(
        np.asfortranarray(report.last.weights), report.second_layer, report.teacher[0]
    )
    along = report.last.weights @ report.teacher[0]
    assert np.sum(state.weights * state.omega[:, 0] ** 2) == pytest.approx(np.mean(along**2))
    given, predicted = experiment.features(state), experiment.features(2)
    errors = [features.ridge(1000, 0.1).test_error for features in (given, predicted)]
    assert errors[0] == pytest.approx(errors[1], rel=0.2)
    with pytest.raises(ValueError, match="second layer"):
        lw.State.of_first_layer(report.last.weights, report.second_layer[1:], report.teacher)
    with pytest.raises(ValueError, match="there is no W_3"):
        small.features(3)
