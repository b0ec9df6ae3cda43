"""What the Python workers share: the line protocol, the fixed inputs, the settings.

A worker reads lines `TASK DTYPE N d n` and answers each with `SECONDS CHECK`, or `unsupported`; the
line `about` is answered with its versions. SECONDS is the time of the work alone: imports, inputs,
compilation and one warm-up run at the first request of a kind are outside it.

`python protocol.py DIRECTORY N d n` writes the fixed inputs, raw little-endian f64, that every
contestant reads.
"""

import sys
import time
from pathlib import Path
from typing import Any, Callable, NamedTuple

import numpy as np

DTYPES = {"f64": np.float64, "f32": np.float32}
NOISE = 0.1
STEPS = [(2.0, 0.3), (2.0, 0.4)]  # eta = C N^alpha


class Task(NamedTuple):
    """One task on given inputs. `work(prepare())` is repeatable, and only `work` is timed."""

    work: Callable[[Any], Any]
    check: Callable[[Any], float]
    prepare: Callable[[], Any] = lambda: None


class Inputs:
    """The fixed inputs of one shape, in one precision, read from files when asked for."""

    def __init__(self, directory, dtype, N, d, n):
        self.directory = Path(directory) / f"{N}-{d}-{n}"
        self.dtype, self.N, self.d, self.n = DTYPES[dtype], N, d, n
        self.etas = [c * N**alpha for c, alpha in STEPS]

    def read(self, name):
        columns = self.d if name in ("w0", "w2", "x1", "x2") else 1
        entries = np.fromfile(self.directory / f"{name}.f64", dtype="<f8").astype(self.dtype)
        return entries.reshape(-1, columns) if columns > 1 else entries

    def network(self):
        """W_0 (N x d, rows on the unit sphere) and a = b / sqrt(N)."""
        return self.read("w0"), self.read("a")

    def batches(self):
        return [(self.read(f"x{t}"), self.read(f"y{t}")) for t in (1, 2)]


def norm(*matrices):
    """Sum of the Frobenius norms, in f64."""
    return sum(float(np.linalg.norm(np.asarray(m, dtype=np.float64))) for m in matrices)


def second_moments(batch):
    x, y = (np.asarray(part, dtype=np.float64) for part in batch)
    return float(np.mean(x * x) + np.mean(y * y))


def mean_sum(parts):
    return sum(float(np.mean(part, dtype=np.float64)) for part in map(np.asarray, parts))


def blas():
    """The BLAS libraries loaded in this process, with version and kernel."""
    try:
        from threadpoolctl import threadpool_info
    except ModuleNotFoundError:
        return "BLAS unknown: no threadpoolctl"
    return "; ".join(
        f"{i['internal_api']} {i['version']} ({i.get('architecture')}, {i['num_threads']} threads)"
        for i in threadpool_info()
        if i["user_api"] == "blas"
    )


def serve(tasks, about):
    """Answers requests until the input ends. `tasks[name](inputs)` makes a Task."""
    directory, last, task = sys.argv[1], None, None
    for line in map(str.strip, sys.stdin):
        if line == "about":
            print(about(), flush=True)
            continue
        name, dtype, *shape = line.split()
        if name not in tasks:
            print("unsupported", flush=True)
            continue
        if line != last:
            task = None  # frees the inputs of the last one
            task = tasks[name](Inputs(directory, dtype, *map(int, shape)))
            task.work(task.prepare())
            last = line
        argument = task.prepare()
        start = time.perf_counter()
        result = task.work(argument)
        seconds = time.perf_counter() - start
        print(f"{seconds:.9f} {task.check(result):.15e}", flush=True)


def write_inputs(directory, N, d, n):
    directory = Path(directory) / f"{N}-{d}-{n}"
    directory.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)

    def unit(*shape):
        v = rng.standard_normal(shape)
        return v / np.linalg.norm(v, axis=-1, keepdims=True)

    beta = unit(d)
    arrays = {"beta": beta, "w0": unit(N, d), "a": rng.standard_normal(N) / np.sqrt(N)}
    for t in (1, 2):
        x = rng.standard_normal((n, d))
        y = np.tanh(1.5 * (x @ beta) + 0.5) + NOISE * rng.standard_normal(n)
        arrays |= {f"x{t}": x, f"y{t}": y}
    # in place of W_2: noise with bulk edge 1 + sqrt(N/d), and four spikes above it
    w2 = rng.standard_normal((N, d)) / np.sqrt(d)
    for size in (25.0, 4.0, 3.0, 2.6):
        w2 += size * np.outer(unit(N), unit(d))
    for name, array in (arrays | {"w2": w2}).items():
        array.astype("<f8").tofile(directory / f"{name}.f64")


if __name__ == "__main__":
    write_inputs(sys.argv[1], *map(int, sys.argv[2:5]))
