"""What the workers of JAX and PyTorch share: sizes, step sizes, and the lines they print.

A worker is called with `N,d,n,REPEATS` for each size and prints a line for each measurement, its
fields separated by tabs:

    CONTESTANT TASK PRECISION N d n MEDIAN MIN MAX CHECK

in seconds, after one run that is not counted. CHECK is a number that all contestants must have in
common to a few percent, because each draws its own batches.
"""

import statistics
import sys
import time

NOISE = 0.1


def etas(N):
    return [2.0 * N**0.3, 2.0 * N**0.4]


TASKS = ["two steps, given", "singular values", "two steps, generated"]


def requests():
    """Size, task and precision of each measurement: what matters most comes first, since a worker
    may be stopped when its time is over."""
    for word in sys.argv[1:]:
        size = tuple(map(int, word.split(",")))
        for task in TASKS:
            for precision in ("f32", "f64"):
                yield size, task, precision


def measured(contestant, task, precision, size, work, check):
    """`work()` returns when the card is done; `check(result)` is a number."""
    N, d, n, repeats = size
    result, seconds = work(), []
    for _ in range(repeats):
        del result
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    numbers = [statistics.median(seconds), min(seconds), max(seconds), check(result)]
    fields = [contestant, task, precision, N, d, n, *(f"{x:.6g}" for x in numbers)]
    print(*fields, sep="\t", flush=True)
