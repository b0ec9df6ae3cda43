"""What the package costs beside the Rust crate: one prediction, and one run.

    cargo build --release --manifest-path python/Cargo.toml -p reference
    python python/benches/overhead.py python/target/release/reference [--rounds 5] [--small]

Rust and Python take turns, each time as a program of its own; the numbers are medians over the rounds.
Seconds are those of the call alone; user seconds are those of the whole program less, for Python, those
of its imports.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import linear_width as lw

PROGRAM = """
import json, resource, sys, time
import linear_width as lw
file, task = sys.argv[1:]
imported = resource.getrusage(resource.RUSAGE_SELF).ru_utime
experiment = lw.Experiment.from_toml(file)
call = {"predict": experiment.predict, "run": experiment.run}[task]
seconds = []
for _ in range({"predict": 15, "run": 1}[task]):
    start = time.perf_counter()
    call()
    seconds.append(time.perf_counter() - start)
print(json.dumps({"seconds": seconds, "imported": imported}))
"""


def timed(command: list[str]) -> tuple[float, float]:
    """Median of the seconds, and the user seconds, of a program."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = json.loads(process.stdout.read())
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command[0]} failed")
    return statistics.median(found["seconds"]), usage.ru_utime - found.get("imported", 0.0)


def compare(settings: dict[str, Any], task: str, reference: str, rounds: int) -> dict[str, float]:
    """Medians for one setting."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "experiment.toml"
        file.write_text(lw.Experiment(**settings).to_toml())
        rust_command = [reference, str(file), task]
        python_command = [sys.executable, "-c", PROGRAM, str(file), task]
        rust, python = [], []
        # the first round warms the caches of the disk
        for turn in range(rounds + 1):
            pair = [rust_command, python_command] if turn % 2 else [python_command, rust_command]
            found = {id(command): timed(command) for command in pair}
            if turn:
                rust.append(found[id(rust_command)])
                python.append(found[id(python_command)])
    pairs = list(zip(rust, python))
    return {
        "rust": statistics.median(r[0] for r in rust),
        "python": statistics.median(p[0] for p in python),
        "difference": statistics.median(p[0] - r[0] for r, p in pairs),
        "ratio": statistics.median(p[0] / r[0] for r, p in pairs),
        "user_ratio": statistics.median(p[1] / r[1] for r, p in pairs),
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("reference", help="the program python/reference")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--small", action="store_true", help="a run at N = 1000")
    given = arguments.parse_args()
    common: dict[str, Any] = dict(
        activation={"tanh": {"scale": 2.0, "shift": 0.5}},
        target={"link": [0.0, 1.0, 0.5], "noise": 0.1},
        steps=[(2.0, 0.35), (2.0, 0.4)],
        seed=1,
    )
    print("one prediction, N = 3000: ms of Rust, of Python, difference; ratio of user seconds")
    for model in ("isotropic", "structured"):
        for batches in ("independent", "reused"):
            settings = {
                **common,
                **dict(width=3000, dimension=1500, samples=4500, batches=batches),
                "prediction_options": {"bulk_model": model},
            }
            found = compare(settings, "predict", given.reference, given.rounds)
            rust, python, difference = (
                1e3 * found[name] for name in ("rust", "python", "difference")
            )
            print(
                f"{model:11} {batches:12} {rust:8.2f} {python:8.2f} {difference:7.3f}"
                f"  {found['user_ratio']:.3f}"
            )
    width = 1000 if given.small else 4000
    print(f"one run, N = {width}: s of Rust, of Python, ratio; ratio of user seconds")
    settings = {**common, **dict(width=width, dimension=width // 2, samples=3 * width // 2)}
    found = compare(settings, "run", given.reference, given.rounds)
    print(
        f"{found['rust']:8.3f} {found['python']:8.3f} {found['ratio']:.4f}"
        f"  {found['user_ratio']:.4f}"
    )


if __name__ == "__main__":
    main()
