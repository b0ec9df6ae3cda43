"""Reference values of the special functions and quadrature: tests/golden/special.csv.

    python3 tests/reference/special.py

Needs mpmath and SciPy (1.4.1 and 1.17.1 were used). Everything is computed in 50 digits and rounded to
f64 at the end; SciPy computes the same quantities by other methods where it has them, and the script
stops where the two disagree. Columns: quantity, two parameters, value. Arguments are exact in f64.
"""
from pathlib import Path

import mpmath as mp
from scipy import special

mp.mp.dps = 50
rows = []


def put(quantity, a, b, value, other=None, tolerance=1e-12):
    """One row; `other` is the same number by another method."""
    value = float(value)
    if other is not None:
        assert abs(value - other) <= tolerance * max(abs(value), abs(other)), (quantity, a, b, value, other)
    rows.append(f"{quantity},{a!r},{b!r},{value!r}")


def density(x):
    return mp.exp(-mp.mpf(x) ** 2 / 2) / mp.sqrt(2 * mp.pi)


def distribution(x):
    return mp.erfc(-mp.mpf(x) / mp.sqrt(2)) / 2


def quantile(p):
    """Newton in 50 digits, from SciPy's value."""
    p, x = mp.mpf(p), mp.mpf(float(special.ndtri(p)))
    for _ in range(6):
        x -= (distribution(x) - p) / density(x)
    return x


def normal_law():
    for i in range(-75, 76):
        x = i / 2 + i / 1024  # exact
        put("normal_density", x, 0, density(x))
        put("normal_distribution", x, 0, distribution(x), float(special.ndtr(x)), 1e-11)
    probabilities = [10.0**-k for k in (300, 200, 100, 50, 30, 20, 16, 12, 10, 8, 7, 6, 5, 4, 3, 2)]
    probabilities += [i / 64 for i in range(1, 64)]
    probabilities += [0.5 - 2.0**-k for k in (10, 20, 30, 40)] + [1 - 2.0**-k for k in (10, 20, 30, 40)]
    for p in probabilities:
        put("normal_quantile", p, 0, quantile(p), float(special.ndtri(p)), 1e-11)


def he(k, x):
    """He_k(x) and He_{k-1}(x), probabilists'."""
    previous, current = mp.mpf(0), mp.mpf(1)
    for j in range(k):
        previous, current = current, x * current - j * previous
    return current, previous


def hermite_polynomials():
    for k in list(range(13)) + [20, 30]:
        for x in (-6.5, -3.0, -1.0, -0.25, 0.0, 0.375, 1.5, 2.75, 5.0, 8.0):
            value, previous = he(k, mp.mpf(x))
            put("hermite_value", k, x, value, float(special.eval_hermitenorm(k, x)), 1e-9)
            put("hermite_derivative", k, x, k * previous)
            # sizes of the terms that cancel: He_k at i x
            size = abs(he(k, mp.mpc(0, x))[0])
            slope = k * abs(he(k - 1, mp.mpc(0, x))[0]) if k else 0
            put("hermite_value_size", k, x, size)
            put("hermite_derivative_size", k, x, slope)


def polished(f, x):
    """A root in 50 digits, by Newton, from one in double precision; f gives value and slope."""
    x = mp.mpf(float(x))
    for _ in range(8):
        value, slope = f(x)
        x -= value / slope
    return x


def legendre(n, x):
    previous, current = mp.mpf(0), mp.mpf(1)
    for k in range(n):
        previous, current = current, ((2 * k + 1) * x * current - k * previous) / (k + 1)
    return current, n * (x * current - previous) / (x * x - 1)


def orthonormal_hermite(n, x):
    """p_n, p_{n-1}"""
    previous, current = mp.mpf(0), mp.mpf(1)
    for k in range(n):
        previous, current = current, (x * current - mp.sqrt(k) * previous) / mp.sqrt(k + 1)
    return current, previous


def rules():
    """Nodes and weights; of the larger rules the outer and inner ones and some between."""

    def some(n):
        return [i for i in range(n) if n <= 20 or i < 4 or abs(2 * i - n) <= 3 or i % (n // 12) == 0]

    for n in (1, 2, 3, 5, 16, 20, 64, 200, 400):
        nodes, weights = special.roots_legendre(n)
        for i in some(n):
            x = mp.mpf(0) if 2 * i + 1 == n else polished(lambda x: legendre(n, x), nodes[i])
            slope = legendre(n, x)[1]
            put("legendre_node", n, i, x, float(nodes[i]), 1e-11)
            put("legendre_weight", n, i, 2 / ((1 - x * x) * slope**2), float(weights[i]), 1e-9)
    for n in (1, 2, 3, 5, 20, 64, 101, 200, 400, 600):
        nodes, weights = special.roots_hermitenorm(n)

        def value_and_slope(x):
            current, previous = orthonormal_hermite(n, x)
            return current, mp.sqrt(n) * previous

        for i in some(n):
            x = mp.mpf(0) if 2 * i + 1 == n else polished(value_and_slope, nodes[i])
            weight = 1 / (n * orthonormal_hermite(n, x)[1] ** 2)
            put("gauss_hermite_node", n, i, x, float(nodes[i]), 1e-10)
            if weight > mp.mpf("1e-290"):
                put("gauss_hermite_weight", n, i, weight)


def logistic(z):
    return 1 / (1 + mp.exp(-z))


def phi(z):
    return mp.erfc(-z / mp.sqrt(2)) / 2


# name, function, places where it is not smooth
FUNCTIONS = [
    ("relu", lambda z: max(z, mp.mpf(0)), [0]),
    ("leaky_relu(0.25)", lambda z: z if z > 0 else z / 4, [0]),
    ("tanh", mp.tanh, []),
    ("tanh(2,0.5)", lambda z: 2 * mp.tanh(z + mp.mpf("0.5")), []),
    ("erf", mp.erf, []),
    ("sigmoid", logistic, []),
    ("softplus(2,2)", lambda z: mp.log1p(mp.exp(2 * z)), []),
    ("gelu", lambda z: z * phi(z), []),
    ("silu", lambda z: z * logistic(z), []),
    ("sine(1.5,0.5)", lambda z: mp.mpf("1.5") * mp.sin(z + mp.mpf("0.5")), []),
    # for the adaptive rule alone
    ("step", lambda z: mp.mpf(z > mp.mpf("0.375")), [0.375]),
    ("sixth_power", lambda z: z**6, []),
    ("root", lambda z: mp.sqrt(abs(z)), [0]),
    ("wave", lambda z: mp.cos(9 * z), []),
    ("exponential", lambda z: mp.exp(2 * z), []),
    ("narrow", lambda z: 1 / (1 + (50 * z) ** 2), [-0.1, 0, 0.1]),
]
DEGREES = (0, 1, 2, 3, 4, 5, 8, 12)


def expectations():
    """E f(z) He_k(z) / k!; k = 0 is the plain expectation."""
    mp.mp.dps = 30
    ends = [-14, -10, -7, -5, -3, -2, -1, 0, 1, 2, 3, 5, 7, 10, 14, 20]
    for name, f, kinks in FUNCTIONS:
        activation = FUNCTIONS.index((name, f, kinks)) < 10
        points = sorted(set([mp.mpf(x) for x in ends + kinks]))
        for k in DEGREES if activation else (0,):
            value, error = mp.quad(lambda z: f(z) * he(k, z)[0] * density(z), points, error=True)
            assert error < 1e-18, (name, k, error)
            value /= mp.factorial(k)
            # odd and even functions have coefficients that are exactly zero
            put("coefficient:" + name, k, 0, value if abs(value) > 1e-25 else 0)


normal_law()
hermite_polynomials()
rules()
expectations()
path = Path(__file__).parent.parent / "golden" / "special.csv"
path.write_text("quantity,a,b,value\n" + "\n".join(rows) + "\n")
print(f"{len(rows)} values in {path}")
