#!/usr/bin/env python3
"""The crate beside NumPy, SciPy and JAX: the same work, the same inputs, in alternation.

    python3 benches/peers/compare.py --quick
    python3 benches/peers/compare.py --with-openblas

builds the crate's worker, installs requirements.txt into target/peers-venv, starts one process per
contestant and asks them in turn, one at a time. It prints a Markdown table: seconds as median
(min..max) over the rounds; each ratio is ours/theirs within one round, again as median (min..max),
so that below 1 means that we are faster. A second table has the time of two steps over that of the
four bare products of the same contestant. Every process may use all cores. Python 3.11 or later.
PyTorch is not among them: its Linux packages on PyPI bring CUDA, more than 1.5 GB.

On a machine without cargo or a package registry:

    python3 benches/peers/compare.py --worker PROGRAM --this-python --peers NumPy JAX

takes our worker from elsewhere (`cargo build --release -p benches --bench peer_worker` names it) and
the packages of the Python that runs the script.

Tasks (W is N x d, a batch is n x d; protocol.py makes the inputs, the workers say what they run):

  two_steps        two steps on independent batches, which are generated within the time
  two_steps_given  the same on batches in memory
  products         the four matrix products of two steps alone, each on whole matrices
  singular_values  all singular values of noise with four spikes
  top6             its 6 leading triplets to 1e-8 (f32: 1e-5)
  generate         one batch with its labels
  tanh             value and derivative at n d points

The check numbers of contestants must agree: to rounding where the inputs are the same, to 5 % where
each draws its own. The exit status is 1 when they do not.
"""

import argparse
import datetime
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGET = ROOT / "target"
PYTHON = TARGET / "peers-venv" / "bin" / "python"
DATA = TARGET / "peers-data"

TASKS = "two_steps two_steps_given products singular_values top6 generate tanh".split()
DRAWN = {"two_steps", "generate"}  # each contestant draws its own batches
TOLERANCE = {"f64": 1e-9, "f32": 1e-4}
OURS, OURS_OPENBLAS = "ours", "ours (OpenBLAS)"
PAUSE = 0.1  # lets the idle threads of the previous contestant go to sleep


PEERS = "NumPy SciPy JAX".split()


class Contestant:
    def __init__(self, name, command):
        self.name = name
        self.process = subprocess.Popen(
            [*map(str, command), str(DATA)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if not answer:
            sys.exit(f"{self.name} ended during: {line}")
        return answer

    def run(self, request):
        """Seconds and check number; None when the contestant does not have this task."""
        answer = self.ask(request)
        return None if answer == "unsupported" else tuple(map(float, answer.split()))


def make_environment():
    wanted = (HERE / "requirements.txt").read_text()
    stamp = PYTHON.parent.parent / "installed.txt"
    if not stamp.exists() or stamp.read_text() != wanted:
        venv.create(PYTHON.parent.parent, with_pip=True, clear=True)
        pip = [PYTHON, "-m", "pip", "install", "--quiet", "-r", HERE / "requirements.txt"]
        subprocess.run(pip, check=True)
        stamp.write_text(wanted)


def build(*options):
    """Builds our worker; the path of the program."""
    command = ["cargo", "build", "--release", "-p", "benches", "--bench", "peer_worker", "--message-format=json"]
    done = subprocess.run(
        [*command, *options], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    for message in map(json.loads, done.stdout.splitlines()):
        if message.get("target", {}).get("name") == "peer_worker" and message.get("executable"):
            return message["executable"]
    sys.exit("cargo named no executable")


def system_openblas(python):
    """The OpenBLAS that our worker finds with the feature `openblas-system`."""
    load = "import ctypes; ctypes.CDLL('libopenblas.so.0')"
    command = [python, "-m", "threadpoolctl", "-c", load]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found = [library for library in json.loads(done.stdout) if library["user_api"] == "blas"]
    return "; ".join(
        f"openblas {i['version']} ({i['architecture']}, {i['num_threads']} threads)" for i in found
    )


def contestants(options, python):
    yield OURS, [options.worker or build()]
    if options.with_openblas:
        features = ["--features", "openblas-system", "--target-dir", TARGET / "peers-openblas"]
        yield OURS_OPENBLAS, [build(*features)]
    for name in options.peers:
        yield name, [python, "-B", HERE / f"{name.lower()}_worker.py"]


def spread(values, digits):
    median = statistics.median(values)
    return f"{median:.{digits}g} ({min(values):.{digits}g}..{max(values):.{digits}g})"


def ratios(times, ours, theirs):
    if ours not in times or ours == theirs:
        return "-"
    return spread([a / b for a, b in zip(times[ours], times[theirs])], 3)


def measure(everyone, tasks, dtype, sizes, repeats):
    """Seconds and check numbers of every round, by task and contestant."""
    times, checks = {}, {}
    for _ in range(repeats):
        for task in tasks:
            request = f"{task} {dtype} {' '.join(map(str, sizes))}"
            for contestant in everyone:
                time.sleep(PAUSE)
                if result := contestant.run(request):
                    times.setdefault(task, {}).setdefault(contestant.name, []).append(result[0])
                    checks.setdefault(task, {}).setdefault(contestant.name, []).append(result[1])
    return times, checks


def table_rows(task, dtype, times, checks):
    """One task's rows of the table, and whether all check numbers agree."""
    tolerance = 0.05 if task in DRAWN else TOLERANCE[dtype]
    reference = checks[OURS][0]
    rows, agree = [], True
    for name, seconds in times.items():
        deviation = max(abs(check / reference - 1) for check in checks[name])
        agree &= deviation <= tolerance
        cells = [task, dtype, name, spread(seconds, 3), ratios(times, OURS, name)]
        if OURS_OPENBLAS in times:
            cells.append(ratios(times, OURS_OPENBLAS, name))
        cells.append(f"{deviation:.0e}" + ("" if deviation <= tolerance else " DISAGREES"))
        rows.append(cells)
    return rows, agree


def overheads(times, dtype):
    """Two steps over the four bare products of the same contestant, in the same round."""
    for task in ("two_steps", "two_steps_given"):
        for name in times.get(task, {}) if "products" in times else ():
            pairs = zip(times[task][name], times["products"][name])
            yield [task, dtype, name, spread([step / bare for step, bare in pairs], 3)]


def machine():
    model = platform.processor()
    if Path("/proc/cpuinfo").exists():
        names = [s for s in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in s]
        model = names[0].split(":")[1].strip() if names else model
    rustc = "no Rust"
    if shutil.which("rustc"):
        rustc = subprocess.run(["rustc", "--version"], stdout=subprocess.PIPE, text=True).stdout
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    return (
        f"{datetime.datetime.now():%Y-%m-%d %H:%M}; {model}, {os.cpu_count()} cores; "
        f"{platform.platform()}; {rustc.strip()}; Python {platform.python_version()}; "
        f"load averages at the start {load}"
    )


def row(cells):
    print("| " + " | ".join(cells) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="3 rounds at 800,400,1200")
    parser.add_argument("--repeats", type=int, help="rounds (default 7)")
    parser.add_argument("--sizes", help="N,d,n (default 4000,2000,6000)")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=TASKS)
    parser.add_argument("--dtype", nargs="+", choices=TOLERANCE, default=list(TOLERANCE))
    parser.add_argument(
        "--with-openblas",
        action="store_true",
        help="also the crate with its feature openblas-system",
    )
    parser.add_argument("--worker", help="our worker, built already; cargo is not called")
    parser.add_argument(
        "--this-python",
        action="store_true",
        help="the peers of the Python that runs this script; nothing is installed",
    )
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=PEERS)
    options = parser.parse_args()
    repeats = options.repeats or (3 if options.quick else 7)
    sizes = options.sizes or ("800,400,1200" if options.quick else "4000,2000,6000")
    sizes = [int(size) for size in sizes.split(",")]

    python = sys.executable if options.this_python else PYTHON
    if not options.this_python:
        make_environment()
    about_machine = machine()
    subprocess.run([python, "-B", HERE / "protocol.py", DATA, *map(str, sizes)], check=True)
    everyone = [Contestant(*each) for each in contestants(options, python)]

    print(about_machine)
    for contestant in everyone:
        system = ", " + system_openblas(python) if contestant.name == OURS_OPENBLAS else ""
        print(f"- {contestant.name}: {contestant.ask('about')}{system}")
    print("\nN, d, n = {}, {}, {}; {} rounds\n".format(*sizes, repeats))
    head = ["task", "type", "contestant", "seconds", "ours/theirs"]
    if options.with_openblas:
        head.append("ours (OpenBLAS)/theirs")
    head.append("deviation of check")
    row(head)
    row(["---"] * len(head))
    all_agree, over_products = True, []
    for dtype in options.dtype:
        times, checks = measure(everyone, options.tasks, dtype, sizes, repeats)
        for task in times:
            rows, agree = table_rows(task, dtype, times[task], checks[task])
            all_agree &= agree
            for cells in rows:
                row(cells)
        over_products += overheads(times, dtype)
    if over_products:
        print()
        row(["task", "type", "contestant", "over its own four bare products"])
        row(["---"] * 4)
        for cells in over_products:
            row(cells)
    for contestant in everyone:
        contestant.process.stdin.close()
        contestant.process.wait()
    sys.exit(0 if all_agree else 1)


if __name__ == "__main__":
    main()
