"""Threads, the interpreter lock, Ctrl-C."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from conftest import SMALL

import linear_width as lw

LARGER = {**SMALL, "width": 600, "dimension": 300, "samples": 6000, "with_prediction": False}


def same(a: lw.Report, b: lw.Report) -> bool:
    """Equal apart from the seconds."""
    for report in (a, b):
        for stage in report.stages:
            stage.gradient_seconds = stage.spectrum_seconds = stage.feature_seconds = 0.0
    return a == b


@pytest.mark.parametrize("activation", ["erf", np.tanh])
def test_two_threads_run_at_once(activation) -> None:
    experiments = [lw.Experiment(**{**LARGER, "seed": k, "activation": activation}) for k in (0, 1)]
    alone = [experiment.run() for experiment in experiments]
    found: list = [None, None]

    def run(k: int) -> None:
        found[k] = experiments[k].run()

    threads = [threading.Thread(target=run, args=(k,)) for k in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert all(same(a, b) for a, b in zip(alone, found))


def test_one_experiment_in_two_threads() -> None:
    experiment = lw.Experiment(**SMALL)
    found: list = []
    threads = [threading.Thread(target=lambda: found.append(experiment.run())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert same(*found)


def test_other_threads_go_on_while_it_computes() -> None:
    ticks, stop = 0, threading.Event()

    def count() -> None:
        nonlocal ticks
        while not stop.wait(0.001):
            ticks += 1

    thread = threading.Thread(target=count)
    thread.start()
    start = time.perf_counter()
    lw.Experiment(**LARGER).run()
    seconds = time.perf_counter() - start
    stop.set()
    thread.join()
    # with the lock held there would be next to none
    assert ticks > 20 * seconds


PROGRAM = """
import hashlib, linear_width as lw
r = lw.Experiment(width=300, dimension=150, samples=400, activation={activation}, seed=2,
                  target=[0.0, 1.0, 0.5], steps=[(2.0, 0.3), (2.0, 0.4)]).run()
digest = hashlib.sha256()
for stage in r.stages:
    digest.update(stage.singular_values.tobytes())
print(digest.hexdigest(), r.stages[2].prediction.edge.hex())
"""


@pytest.mark.parametrize("activation", ["'erf'", "__import__('numpy').tanh"])
def test_the_number_of_threads_changes_no_bit(activation: str) -> None:
    program = PROGRAM.format(activation=activation)
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "RAYON_NUM_THREADS": str(threads)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for threads in (1, 2, 5)
    }
    assert len(found) == 1


# one step of 391 tiles
LONG = """
import signal, numpy as np, linear_width as lw
# a shell starts programs in the background with the signal ignored
signal.signal(signal.SIGINT, signal.default_int_handler)
experiment = lw.Experiment(width=600, dimension=300, samples=600_000, activation={activation},
                           target=[0.0, 1.0, 0.5], steps=[2.0], with_prediction=False)
def show(progress):
    global tile
    tile = progress.tile
    if progress.step == 1 and tile == 1:
        print("running", flush=True)
try:
    experiment.run(progress=show)
    print("finished")
except KeyboardInterrupt:
    print("interrupted at tile", tile)
"""


@pytest.mark.parametrize("activation", ["'erf'", "np.tanh"])
def test_ctrl_c_stops_a_run(activation: str) -> None:
    program = LONG.format(activation=activation)
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        process.send_signal(signal.SIGINT)
        start = time.perf_counter()
        out = process.communicate(timeout=120)[0]
    assert out.startswith("interrupted at tile")
    # some may pass before the signal arrives
    assert int(out.split()[-1]) < 200
    assert time.perf_counter() - start < 60


# a function that takes its time, in a prediction, which has no tiles
SLOW = """
import signal, time, numpy as np, linear_width as lw
signal.signal(signal.SIGINT, signal.default_int_handler)
calls = 0
def slow(z):
    global calls
    calls += 1
    if waiting:
        if calls == 1:
            print("running", flush=True)
        time.sleep(0.02)
    return np.tanh(z)
waiting = False
experiment = lw.Experiment(width=600, dimension=300, samples=900, activation=lw.Function(slow, np.cosh),
                           target=[0.0, 1.0, 0.5], steps=[2.0, 3.0])
waiting, calls = True, 0
try:
    experiment.predict()
    print("finished")
except KeyboardInterrupt:
    print("interrupted after", calls)
waiting = False
print(len(experiment.predict().outliers) > 0)
"""


def test_ctrl_c_stops_a_prediction_with_a_function() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SLOW], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        process.send_signal(signal.SIGINT)
        out = process.communicate(timeout=120)[0].split()
    # hundreds of calls would be made
    assert out[:2] == ["interrupted", "after"] and int(out[2]) < 60
    # and the experiment is as good as before
    assert out[3] == "True"


FORKS = """
import multiprocessing, sys, warnings
import linear_width as lw
warnings.simplefilter("ignore", DeprecationWarning)
def value(seed):
    run = lw.Experiment(width=80, dimension=40, samples=120, activation="erf", seed=seed,
                        target=[0.0, 1.0, 0.5], steps=[(2.0, 0.3), (2.0, 0.4)]).run()
    return run.last.singular_values[0], run.last.prediction.edge
if __name__ == "__main__":
    here = [value(seed) for seed in range(4)]
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        # a child computes more than once
        there = pool.map(value, range(4), chunksize=2)
    print(here == there)
"""


@pytest.mark.parametrize("method", sorted({"fork", "spawn"} & set(multiprocessing.get_all_start_methods())))
def test_processes_made_from_one_that_has_computed(method: str, tmp_path) -> None:
    file = tmp_path / "forks.py"
    file.write_text(FORKS)
    out = subprocess.run(
        [sys.executable, str(file), method], check=True, capture_output=True, text=True, timeout=120
    )
    assert out.stdout == "True\n"


def test_progress_is_seen_and_stops_a_run() -> None:
    experiment = lw.Experiment(**{**SMALL, "samples": 4000})
    seen: list[lw.Progress] = []
    experiment.run(progress=seen.append)
    fractions = [progress.fraction for progress in seen]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0
    assert [p.tile for p in seen if p.step == 2 and not p.in_spectrum] == [1, 2, 3]
    assert str(seen[0]) == "spectrum of W_0"

    class Enough(Exception):
        pass

    def stop(progress: lw.Progress) -> None:
        if progress.step == 1:
            raise Enough

    with pytest.raises(Enough):
        experiment.run(progress=stop)
    with pytest.raises(ValueError, match="progress is 3"):
        experiment.run(progress=3)


def test_a_progress_bar(capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    experiment = lw.Experiment(**SMALL)
    experiment.run(progress=True)
    assert "100%" in capsys.readouterr().err
    # and lines without tqdm
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    experiment.run(progress=True)
    assert "100 %" in capsys.readouterr().err


def test_an_interrupted_run_goes_on(tmp_path) -> None:
    experiment, file = lw.Experiment(**SMALL), tmp_path / "run.checkpoint"

    class Enough(Exception):
        pass

    def stop(progress: lw.Progress) -> None:
        if progress.step == 2:
            raise Enough

    with pytest.raises(Enough):
        experiment.run(progress=stop, checkpoint=file)
    steps = []
    report = experiment.run(progress=lambda p: steps.append(p.step), checkpoint=file)
    # W_0 is not measured again
    assert min(steps) == 1
    assert same(report, experiment.run())
    other = lw.Experiment(**{**SMALL, "seed": 9})
    with pytest.raises(ValueError, match="the checkpoint of another experiment"):
        other.run(checkpoint=file)
