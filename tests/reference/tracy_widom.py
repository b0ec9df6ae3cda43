"""Reference values of src/rmt/tracy_widom.rs: F_1 by its determinant, 40 digits, 64 nodes.

pip install mpmath numpy; about 4 minutes.
"""
from mpmath import airyai, det, eye, matrix, mp, mpf, nstr, sqrt
from numpy.polynomial.legendre import leggauss

mp.dps = 40


def legendre(n):
    """Gauss-Legendre on (-1, 1), the nodes of NumPy made exact by Newton's method."""
    rule = []
    for x in leggauss(n)[0]:
        x = mpf(float(x))
        for _ in range(5):
            before, here = mpf(1), x
            for k in range(2, n + 1):
                before, here = here, ((2 * k - 1) * x * here - (k - 1) * before) / k
            slope = n * (x * here - before) / (x * x - 1)
            weight = 2 / ((1 - x * x) * slope**2)
            x -= here / slope
        rule.append((x, weight))
    return rule


RULE = legendre(64)


def distribution(s):
    s = mpf(s)
    length = 2 * (16 - min(s, 8))
    x = [length * (1 + x) / 2 for x, _ in RULE]
    root = [sqrt(length * w / 2) for _, w in RULE]
    a = matrix(len(x), len(x))
    for i in range(len(x)):
        for j in range(i + 1):
            a[i, j] = a[j, i] = airyai((x[i] + x[j]) / 2 + s) / 2 * root[i] * root[j]
    return det(eye(len(x)) - a)


for s in [-12, -10, -8, -5, -3, -1, 0, 1, 2, 4, 8, 20]:
    f = distribution(s)
    print(s, nstr(f, 18), nstr(1 - f, 18), flush=True)
for p, low in [("0.1", "0.45014"), ("0.05", "0.979316"), ("0.01", "2.02344")]:
    p, a, b = mpf(p), mpf(low), mpf(low) + mpf("1e-5")
    at_a = 1 - distribution(a) - p
    for _ in range(3):
        at_b = 1 - distribution(b) - p
        a, b, at_a = b, b - at_b * (b - a) / (at_b - at_a), at_b
    print(p, nstr(b, 18), flush=True)
