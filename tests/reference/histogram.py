"""The table that the test of the histogram compares with.

    python3 tests/reference/histogram.py   # writes tests/golden/histogram.csv

Needs NumPy (2.4.6 was used). Every case has values on every edge, one unit in the last place beside
it, and in the middle of bins; edges and counts are what numpy.histogram says. Numbers in the
shortest form that reads back to the same bits.
"""
import csv
from pathlib import Path

import numpy as np

random = np.random.default_rng(20)
RANGES = [
    (0.9, 1.1), (0.0, 1.0), (0.1, 0.7), (-0.3, 0.3), (-1.1, 2.3), (1e-3, 1e3), (0.0, 3.2),
    (1e15, 1e15 + 64.0), (-7e-300, 5e-300), (1e300, 3e300), (1.0, 1.0 + 2.0**-40),
]
for _ in range(10):
    ends = np.sort(random.normal(size=2) * 10.0 ** random.integers(-5, 6))
    RANGES.append(tuple(float(end) for end in ends))


def case(low, high, bins):
    edges = np.linspace(low, high, bins + 1)
    middles = random.choice((edges[1:] + edges[:-1]) / 2, 2)
    values = np.concatenate(
        [edges, np.nextafter(edges, -np.inf), np.nextafter(edges, np.inf), middles]
    )
    counts, found = np.histogram(values, bins, (low, high))
    assert (found == edges).all()
    numbers = lambda array: " ".join(repr(number) for number in array.tolist())
    return [repr(low), repr(high), bins, numbers(values), numbers(edges), numbers(counts)]


path = Path(__file__).resolve().parents[1] / "golden" / "histogram.csv"
with open(path, "w", newline="") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["low", "high", "bins", "values", "edges", "counts"])
    for low, high in RANGES:
        for bins in (3, 10, int(random.integers(11, 21))):
            writer.writerow(case(low, high, bins))
