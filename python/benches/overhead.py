"""What the package costs beside the Rust crate: one prediction, and one run.

    cargo build --release --manifest-path python/Cargo.toml -p reference
    python python/benches/overhead.py python/target/release/reference [--rounds 5] [--small]

Rust and Python take turns, each time as a program of its own that makes 15 predictions or one run. Of
the seconds of a call, medians over all calls and the least: where other programs run on the machine the least is what tells.
User seconds are those of the whole program less, for Python, those of its imports; medians over the rounds.
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


def timed(command: list[str]) -> tuple[list[float], float]:
    """The seconds of every call, and the user seconds, of a program."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = json.loads(process.stdout.read())
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command[0]} failed")
    return found["seconds"], usage.ru_utime - found.get("imported", 0.0)


def compare(settings: dict[str, Any], task: str, reference: str, rounds: int) -> str:
    """A line for one setting."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "experiment.toml"
        file.write_text(lw.Experiment(**settings).to_toml())
        rust = [reference, str(file), task]
        python = [sys.executable, "-c", PROGRAM, str(file), task]
        calls: tuple[list[float], list[float]] = ([], [])
        user = []
        for turn in range(rounds):
            # either is first every other time
            order = (0, 1) if turn % 2 else (1, 0)
            found = {k: timed((rust, python)[k]) for k in order}
            for k in (0, 1):
                calls[k].extend(found[k][0])
            user.append(found[1][1] / found[0][1])
    median, least = [statistics.median(c) for c in calls], [min(c) for c in calls]
    numbers = [*median, median[1] - median[0], *least, least[1] - least[0]]
    return (
        "".join(f"{1e3 * number:10.3f}" for number in numbers)
        + f"{median[1] / median[0]:9.4f}{least[1] / least[0]:8.4f}{statistics.median(user):8.4f}"
    )


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
    print(
        "milliseconds, median of Rust, Python, difference; least of Rust, Python, difference; "
        "ratios of medians, leasts, user seconds"
    )
    for model in ("isotropic", "structured"):
        for batches in ("independent", "reused"):
            settings = {
                **common,
                **dict(width=3000, dimension=1500, samples=4500, batches=batches),
                "prediction_options": {"bulk_model": model},
            }
            line = compare(settings, "predict", given.reference, given.rounds)
            print(f"prediction, {model:10} {batches:12}{line}", flush=True)
    width = 1000 if given.small else 4000
    settings = {**common, **dict(width=width, dimension=width // 2, samples=3 * width // 2)}
    line = compare(settings, "run", given.reference, given.rounds)
    print(f"run, N = {width:4}                     {line}")


if __name__ == "__main__":
    main()
