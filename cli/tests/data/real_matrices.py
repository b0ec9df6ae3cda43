"""Reference values for the matrices beside this file, by NumPy, SciPy and powerlaw.

    pip install numpy scipy powerlaw safetensors
    python real_matrices.py > real_matrices.csv

With `--make WHEELS` it first makes the matrices from unpacked wheels (and needs onnx).
"""

import sys
from pathlib import Path

import numpy as np
import powerlaw
from safetensors.numpy import load_file, save_file
from scipy.optimize import minimize_scalar

HERE = Path(__file__).parent
# the matrices, and how many values are set apart
MATRICES = {"magika_embedding.npy": 9, "silero_vad_lstm.safetensors": 20}


def make(wheels):
    import onnx

    weights = load_file(wheels / "silero_vad/data/silero_vad_16k.safetensors")
    name = "lstm_cell.weight_hh"
    save_file({name: weights[name].astype(np.float16)}, HERE / "silero_vad_lstm.safetensors")
    model = onnx.load(wheels / "magika/models/standard_v3_3/model.onnx")
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    embedding = onnx.numpy_helper.to_array(tensors["jax2tf_get_logits_/Const:0"])
    np.save(HERE / "magika_embedding.npy", embedding)


def law(gamma, points=400_001):
    """Singular values and the Marchenko-Pastur distribution at them, for variance 1/d."""
    left, right = abs(np.sqrt(gamma) - 1), np.sqrt(gamma) + 1
    theta = np.linspace(0, np.pi, points)
    s = (left + right) / 2 - (right - left) / 2 * np.cos(theta)
    inside = np.clip((right**2 - s**2) * (s**2 - left**2), 0, None)
    density = np.sqrt(inside) / (np.pi * min(gamma, 1) * s) * (right - left) / 2 * np.sin(theta)
    below = np.concatenate([[0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(theta))])
    return s, below / below[-1]


def reference(w, k):
    (rows, columns), out = w.shape, {}
    u, s, v = np.linalg.svd(w, full_matrices=False)
    out["largest"], out["smallest"] = s[0], s[-1]
    out["frobenius_norm"] = np.linalg.norm(w)
    out["stable_rank"] = (s**2).sum() / s[0] ** 2
    x, below = law((rows - k) / (columns - k))
    bulk = np.sort(s[k:]) / np.sqrt(columns - k)
    m = len(bulk)
    cdf = lambda at: np.interp(at, x, below, left=0, right=1)
    by_median = np.median(bulk) / np.interp(0.5, below, x)
    squares = lambda log: ((cdf(bulk / np.exp(log)) - (np.arange(m) + 0.5) / m) ** 2).sum()
    grid = np.log(by_median) + np.linspace(-0.7, 0.7, 400)
    best = grid[np.argmin([squares(log) for log in grid])]
    scale = np.exp(minimize_scalar(squares, bracket=(best - 0.01, best, best + 0.01), tol=1e-10).x)
    out["scale"], out["scale_by_median"] = scale, by_median
    out["edge"] = scale * (np.sqrt(rows - k) + np.sqrt(columns - k))
    out["lower_edge"] = scale * abs(np.sqrt(rows - k) - np.sqrt(columns - k))
    at = cdf(bulk / scale)
    out["distance"] = max((at - np.arange(m) / m).max(), ((np.arange(m) + 1) / m - at).max())
    beta = min(rows, columns) / max(rows, columns)
    root = np.sqrt(beta**2 + 14 * beta + 1)
    known = np.sqrt(2 * (beta + 1) + 8 * beta / (beta + 1 + root))
    x, below = law(1 / beta)
    out["hard_by_scale"] = known * np.sqrt(max(rows, columns)) * scale
    out["hard_by_median"] = known / np.interp(0.5, below, x) / np.sqrt(beta) * np.median(s)
    for name, values in [("power_law", s[k:] ** 2), ("power_law_with_outliers", s**2)]:
        # without a range of its own it looks at exponents below 3 only
        fit = powerlaw.Fit(values, verbose=False, parameter_ranges={"alpha": [1, 1e6]})
        out[name] = fit.alpha
        out[name + "_error"] = fit.sigma
        out[name + "_from"] = np.sqrt(fit.xmin)
        out[name + "_tail"] = (values >= fit.xmin).sum()
        out[name + "_distance"] = fit.D
    for j in range(2):
        for side, vector in [("left", u[:, j]), ("right", v[j])]:
            out[f"{side}_{j}_participation"] = 1 / (len(vector) * (vector**4).sum())
            top = -(-len(vector) // 100)
            out[f"{side}_{j}_largest_share"] = np.sort(vector**2)[-top:].sum()
    return out


if __name__ == "__main__":
    if sys.argv[1:2] == ["--make"]:
        make(Path(sys.argv[2]))
    print("file,outliers,quantity,value")
    for file, k in MATRICES.items():
        path = HERE / file
        w = np.load(path) if path.suffix == ".npy" else next(iter(load_file(path).values()))
        for quantity, value in reference(w.astype(np.float64), k).items():
            print(f"{file},{k},{quantity},{value!r}".replace("np.float64(", "").replace("np.int64(", "").replace(")", ""))
