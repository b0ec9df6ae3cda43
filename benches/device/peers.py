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


def sizes():
    return [tuple(map(int, word.split(","))) for word in sys.argv[1:]]


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
