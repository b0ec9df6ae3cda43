"""Reads what `linear-width run` and `predict` write, with NumPy and safetensors, and computes the
numbers again from the weights.

    python3 cli/tests/read_results.py target/release/linear-width

Makes a virtual environment in target/read-results when NumPy or safetensors are not there.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

from environment import ROOT, run_again

try:
    import numpy as np
    import safetensors
    from safetensors.numpy import load_file
except ImportError:
    run_again("read-results", ["numpy", "safetensors"])

EXPERIMENT = """
width = 120
dimension = 60
samples = 180
seed = 1
vectors = 2
activation = { tanh = { scale = 2.0, shift = 0.5 } }
second_layer = "uniform"
steps = [{ constant = 2.0, alpha = 0.35 }, { constant = 2.0, alpha = 0.4 }]
target = { link = { hermite = [0.0, 1.0, 0.5] }, noise = 0.1 }
readout_samples = [200, 300]
readout_lambdas = [0.01, 0.1, 1.0]
readout_test_samples = 100
"""


def command(*arguments):
    done = subprocess.run([sys.argv[1], *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def check_run(folder, precision):
    experiment = folder / "experiment.toml"
    # the spectrum of the features once: its prediction takes seconds
    features = "feature_samples = 150\n" if precision == "f64" else ""
    experiment.write_text(f'precision = "{precision}"\n' + features + EXPERIMENT)
    npz, weights = folder / "results.npz", folder / "weights.safetensors"
    report = json.loads(command("run", experiment, "--json", "--npz", npz, "--weights", weights))
    arrays = np.load(npz, allow_pickle=False)
    tensors = load_file(weights)
    with safetensors.safe_open(weights, "np") as file:
        assert json.loads(file.metadata()["settings"])["width"] == 120
    kind, digits = {"f32": (np.float32, 2e-5), "f64": (np.float64, 1e-12)}[precision]
    stages = report["stages"]
    assert sorted(tensors) == sorted([f"first_layer_{t}" for t in range(3)] + ["second_layer"])
    a, teacher = arrays["second_layer"], arrays["teacher"]
    assert np.array_equal(a, tensors["second_layer"].astype(float))
    assert arrays["outlier_counts"].dtype == np.int64
    assert arrays["outlier_counts"].tolist() == [s["outliers"]["count"] for s in stages]
    assert np.allclose(arrays["step_sizes"], [s["eta"] for s in stages[1:]], rtol=0)

    for t, stage in enumerate(stages):
        weights = tensors[f"first_layer_{t}"]
        assert weights.dtype == kind and weights.shape == (120, 60)
        left, values, right = np.linalg.svd(weights.astype(float), full_matrices=False)
        assert np.allclose(arrays["singular_values"][t], values, rtol=0, atol=digits * values[0])
        assert np.array_equal(arrays["singular_values"][t], stage["singular_values"]["data"])
        # the vectors of the first outlier; those of neighbours are less certain
        if t > 0:
            overlap = abs(right[0] @ teacher[0])
            assert abs(arrays["target_overlaps"][t, 0] - overlap) < 10 * digits
            assert abs(arrays["direction_overlaps"][t, 0, 0] - overlap) < 10 * digits
            for power in (1, 2, 3):
                known = a**power / np.linalg.norm(a**power)
                found = arrays["left_overlaps"][t, 0, power - 1]
                assert abs(found - abs(left[:, 0] @ known)) < 10 * digits
            assert abs(abs(arrays["left_vectors"][t, 0] @ left[:, 0]) - 1) < 10 * digits
            assert abs(abs(arrays["right_vectors"][t, 0] @ right[0]) - 1) < 10 * digits
        prediction = stage["prediction"]
        known = [] if prediction is None else prediction["outliers"]
        assert arrays["predicted_outlier_counts"][t] == len(known)
        row = arrays["predicted_outliers"][t]
        assert row[~np.isnan(row)].tolist() == [o["singular_value"] for o in known]
        measured = [r["measured"]["test_error"]["mean_square"] for r in stage["readouts"]]
        assert arrays["test_errors"][t].ravel().tolist() == measured
        predicted = [r["predicted"]["test_error"] for r in stage["readouts"]]
        assert arrays["predicted_test_errors"][t].ravel().tolist() == predicted
        if features:
            eigenvalues = stage["features"]["measured"]["eigenvalues"]["data"]
            assert arrays["feature_eigenvalues"][t].tolist() == eigenvalues
    assert arrays["test_errors"].shape == (3, 2, 3)
    assert arrays["readout_samples"].tolist() == [200, 300]
    return arrays


def check_predict(folder, of_run):
    npz = folder / "predicted.npz"
    command("predict", folder / "experiment.toml", "--npz", npz)
    arrays = np.load(npz, allow_pickle=False)
    for name in arrays.files:
        assert np.array_equal(arrays[name], of_run[name], equal_nan=True), name
    at, density = arrays["density_singular_values"], arrays["density"]
    mass = (0.5 * np.diff(at) * (density[:, 1:] + density[:, :-1])).sum(axis=1)
    assert np.allclose(mass, 1, rtol=0, atol=1e-3), mass
    # the second moment of W_0's law is that of rows of norm one: |W|^2 / min(N, d)
    square = at[0] ** 2 * density[0]
    moment = (0.5 * np.diff(at[0]) * (square[1:] + square[:-1])).sum()
    assert abs(moment - 120 / 60) < 1e-3, moment


with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    check_run(folder, "f32")
    check_predict(folder, check_run(folder, "f64"))
print("results files: read back by NumPy", np.__version__)
