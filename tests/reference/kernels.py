"""Minimax coefficients of the activation kernels, and the table their test compares with.

    python3 tests/reference/kernels.py coefficients   # prints src/activation/kernels/coefficients.rs
    python3 tests/reference/kernels.py table          # writes tests/golden/kernels.csv

Needs mpmath (1.4.1 was used). Coefficients: Remez exchange in 50 digits, relative error minimised,
then rounded to the precision they are used in. Table: values in 50 digits, split into the nearest
f64 and the rest, so that an error can be measured in fractions of the last place.
"""
import struct
import sys
from pathlib import Path

import mpmath as mp

mp.mp.dps = 50
LN2 = mp.log(2)


def remez(f, degree, a, b, weight=lambda x: mp.mpf(1), rounds=12, grid=900):
    """Coefficients c_0, ... of the polynomial that minimises max |weight (f - p)| on [a, b]."""
    a, b, n = mp.mpf(a), mp.mpf(b), degree + 2
    points = [(a + b) / 2 - (b - a) / 2 * mp.cos(mp.pi * i / (n - 1)) for i in range(n)]
    xs = [(a + b) / 2 - (b - a) / 2 * mp.cos(mp.pi * (i + mp.mpf(1) / 2) / grid) for i in range(grid)]
    xs = [a] + xs + [b]
    fs = [f(x) for x in xs]
    ws = [weight(x) for x in xs]
    for _ in range(rounds):
        rows = mp.matrix(n, n)
        rhs = mp.matrix(n, 1)
        for i, x in enumerate(points):
            for k in range(degree + 1):
                rows[i, k] = x**k
            rows[i, degree + 1] = (-1) ** i / weight(x)
            rhs[i] = f(x)
        c = list(mp.lu_solve(rows, rhs))[: degree + 1]
        error = [w * (v - mp.polyval(c[::-1], x)) for x, v, w in zip(xs, fs, ws)]
        # the largest error of each run of one sign
        runs, best = [], 0
        for i in range(1, len(xs) + 1):
            if i == len(xs) or mp.sign(error[i]) != mp.sign(error[best]):
                runs.append(best)
                best = i
            elif abs(error[i]) > abs(error[best]):
                best = i
        while len(runs) > n:
            runs.pop(0 if abs(error[runs[0]]) < abs(error[runs[-1]]) else -1)
        if len(runs) < n:
            break
        points = [xs[i] for i in runs]
        largest = max(abs(e) for e in error)
        if largest < mp.mpf("1.02") * min(abs(error[i]) for i in runs):
            break
    return c, max(abs(e) for e in error)


def expm1_tail(r):
    """(exp(r) - 1 - r - r^2/2) / r^3"""
    if abs(r) < mp.mpf("1e-12"):
        return mp.mpf(1) / 6 + r / 24
    return (mp.expm1(r) - r - r * r / 2) / r**3


def erf_over_x(u):
    """erf(x)/x as a function of u = x^2"""
    x = mp.sqrt(u)
    return 2 / mp.sqrt(mp.pi) if x < mp.mpf("1e-20") else mp.erf(x) / x


# the centre of the map of [0, infinity) to [-1, 1) that needs the lowest degree, found by trying
SCALED_CENTRE = {"f64": mp.mpf("3.75"), "f32": mp.mpf("2")}


def scaled_erfc(t, c):
    """(1 + 2x) exp(x^2) erfc(x) at x = c (1 + t)/(1 - t)"""
    x = c * (1 + t) / (1 - t)
    return (1 + 2 * x) * mp.exp(x * x) * mp.erfc(x)


def atanh_tail(u):
    """(2 atanh(s) - 2 s)/s^3 as a function of u = s^2"""
    s = mp.sqrt(u)
    return mp.mpf(2) / 3 + 2 * u / 5 if s < mp.mpf("1e-10") else (2 * mp.atanh(s) - 2 * s) / s**3


def sine_tail(u):
    """(sin r - r)/r^3, u = r^2"""
    r = mp.sqrt(u)
    return -mp.mpf(1) / 6 + u / 120 if r < mp.mpf("1e-10") else (mp.sin(r) - r) / r**3


def cosine_tail(u):
    """(cos r - 1 + r^2/2)/r^4, u = r^2"""
    if u < mp.mpf("1e-18"):
        return mp.mpf(1) / 24 - u / 720
    return (mp.cos(mp.sqrt(u)) - 1 + u / 2) / u**2


def fits(kind):
    double = kind == "f64"
    c = SCALED_CENTRE[kind]
    half = LN2 / 2 * (1 + mp.mpf(2) ** -20)
    quarter = (mp.pi / 4 * (1 + mp.mpf(2) ** -10)) ** 2
    high = mp.mpf(27) if double else mp.mpf("9.5")  # exp(-x^2) leaves the normal numbers before
    s_max = (mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)
    yield "EXPM1", "(exp r - 1 - r - r^2/2)/r^3, |r| <= ln 2 / 2", remez(
        expm1_tail, 9 if double else 4, -half, half,
        lambda r: r * r if abs(r) > mp.mpf("0.02") else mp.mpf("0.0004"))
    yield "ERF", "erf(x)/x in x^2, |x| <= 0.75", remez(
        erf_over_x, 10 if double else 5, 0, mp.mpf("0.75") ** 2, lambda u: 1 / erf_over_x(u))
    at = mp.nstr(c, 3)
    what = f"(1 + 2x) exp(x^2) erfc(x) in (x - {at})/(x + {at}), 0 <= x <= {mp.nstr(high, 3)}"
    yield "ERFC", what, remez(
        lambda t: scaled_erfc(t, c), 22 if double else 9, -1, (high - c) / (high + c),
        lambda t: 1 / scaled_erfc(t, c))
    yield "LN", "(2 atanh s - 2 s)/s^3 in s^2, |s| <= 3 - 2 sqrt 2", remez(
        atanh_tail, 6 if double else 2, 0, s_max**2, lambda u: u if u > mp.mpf("0.001") else mp.mpf("0.001"))
    yield "SIN", "(sin r - r)/r^3 in r^2, |r| <= pi/4", remez(
        sine_tail, 5 if double else 2, 0, quarter, lambda u: u if u > mp.mpf("0.01") else mp.mpf("0.01"))
    yield "COS", "(cos r - 1 + r^2/2)/r^4 in r^2, |r| <= pi/4", remez(
        cosine_tail, 5 if double else 2, 0, quarter, lambda u: u * u if u > mp.mpf("0.05") else mp.mpf("0.0025"))


def nearest(x, kind):
    """The nearest number of this precision, as a Rust literal."""
    value = float(x)
    if kind == "f32":
        value = struct.unpack("f", struct.pack("f", value))[0]
        text = next(f"{value:.{p}e}" for p in range(6, 12)
                    if struct.unpack("f", struct.pack("f", float(f"{value:.{p}e}")))[0] == value)
    else:
        text = repr(value)
    return text if any(ch in text for ch in ".e") else text + ".0"


def parts(x, bits, kind):
    """x as a sum of numbers of so many bits, and the rest."""
    result = []
    for count in bits:
        unit = mp.mpf(2) ** (mp.floor(mp.log(abs(x), 2)) - count + 1)
        result.append(mp.floor(x / unit) * unit)
        x -= result[-1]
    return [nearest(value, kind) for value in result + [x]]


def coefficients():
    print("//! Constants of the kernels; written by tests/reference/kernels.py.\n")
    print("use super::lane::Coefficients;")
    for kind in ("f64", "f32"):
        double = kind == "f64"
        print(f"\nimpl Coefficients for {kind} {{")
        pieces = parts(LN2, [42] if double else [16], kind)
        print(f"    const LN_2: [{kind}; 2] = [{', '.join(pieces)}];")
        pieces = parts(mp.pi / 2, [36, 36] if double else [16, 16], kind)
        print(f"    const HALF_PI: [{kind}; 3] = [{', '.join(pieces)}];")
        for name, what, (c, error) in fits(kind):
            print(f"    /// {what}; weighted error {mp.nstr(error, 2)}.")
            print(f"    const {name}: &'static [{kind}] = &[")
            per_line = 4 if double else 6
            numbers = [nearest(value, kind) for value in c]
            for k in range(0, len(numbers), per_line):
                print(f"        {', '.join(numbers[k : k + per_line])},")
            print("    ];")
        print("}")


def rounded(x, kind):
    return x if kind == "f64" else struct.unpack("f", struct.pack("f", x))[0]


def silu(z):
    s = 1 / (1 + mp.exp(-z))
    return z * s, s * (1 + z * (1 - s)), s * (1 + abs(z) * (1 - s))


def gelu(z):
    phi, density = mp.erfc(-z / mp.sqrt(2)) / 2, mp.exp(-z * z / 2) / mp.sqrt(2 * mp.pi)
    return z * phi, phi + z * density, phi + abs(z) * density


# value and derivative; where the derivative is a difference, also the sum of its terms' sizes, the
# scale of its error
FUNCTIONS = {
    "tanh": lambda z: (mp.tanh(z), mp.sech(z) ** 2),
    "sigmoid": lambda z: (1 / (1 + mp.exp(-z)), 1 / (2 + mp.exp(z) + mp.exp(-z))),
    "softplus": lambda z: (mp.log1p(mp.exp(z)), 1 / (1 + mp.exp(-z))),
    "silu": silu,
    "gelu": gelu,
    "erf": lambda z: (mp.erf(z), 2 / mp.sqrt(mp.pi) * mp.exp(-z * z)),
    "sine": lambda z: (mp.sin(z), mp.cos(z)),
}


def arguments():
    """Tiny, moderate and large numbers of both signs, dense where the kernels change their formula;
    exact in f32, so that one table serves both precisions."""
    sizes = [10.0 ** (-12 + i / 3) for i in range(33)]
    sizes += [0.05 + i * 0.0731 for i in range(150)]
    sizes += [0.75 + d for d in (-1e-3, -1e-6, 0.0, 1e-6, 1e-3)]
    sizes += [float(k * mp.pi / 4) for k in range(1, 60, 3)]
    sizes += [12.0 * 1.12**i for i in range(36)]
    return [sign * rounded(x, "f32") for x in sizes for sign in (1.0, -1.0)]


def table():
    path = Path(__file__).parent.parent / "golden" / "kernels.csv"
    with path.open("w") as out:
        out.write("function,z,value,value_rest,derivative,derivative_rest,derivative_scale\n")
        for name, function in FUNCTIONS.items():
            for z in arguments():
                if name == "sine" and abs(z) > 256:
                    continue
                value, derivative, *scale = function(mp.mpf(z))
                cells = [z]
                for x in (value, derivative):
                    cells += [float(x), float(x - mp.mpf(float(x)))]
                cells.append(float(scale[0] if scale else abs(derivative)))
                out.write(name + "," + ",".join(repr(c) for c in cells) + "\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["coefficients"]:
        coefficients()
    elif sys.argv[1:] == ["table"]:
        table()
    else:
        sys.exit(__doc__)
