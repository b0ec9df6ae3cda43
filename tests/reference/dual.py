"""The table that the test of the dual numbers compares with.

    python3 tests/reference/dual.py   # writes tests/golden/dual.csv

Needs mpmath (1.4.1 was used). Values and central differences with steps of 1e-40 in 400 digits: no
derivative is written down here.
"""
import random
from pathlib import Path

import mpmath as mp

mp.mp.dps = 400
FUNCTIONS = {
    "exp": (mp.exp, "narrow"),
    "exp_m1": (lambda x: mp.expm1(x), "narrow"),
    "ln": (mp.log, "positive"),
    "ln_1p": (lambda x: mp.log(1 + x), "positive"),
    "sqrt": (mp.sqrt, "positive"),
    "cbrt": (lambda x: mp.sign(x) * mp.cbrt(abs(x)), "wide"),
    "recip": (lambda x: 1 / x, "wide"),
    "sin": (mp.sin, "narrow"),
    "cos": (mp.cos, "narrow"),
    "atan": (mp.atan, "wide"),
    "sinh": (mp.sinh, "narrow"),
    "cosh": (mp.cosh, "narrow"),
    "tanh": (mp.tanh, "tails"),
    "asinh": (mp.asinh, "wide"),
    "erf": (mp.erf, "tails"),
    "erfc": (mp.erfc, "tails"),
    "sigmoid": (lambda x: 1 / (1 + mp.exp(-x)), "tails"),
    "softplus": (lambda x: mp.log(1 + mp.exp(x)), "tails"),
    "powi3": (lambda x: x**3, "wide"),
    "powi-2": (lambda x: x**-2, "wide"),
    "powf2.5": (lambda x: x ** mp.mpf(2.5), "positive"),
    "self_power": (lambda x: x**x, "moderate"),
}


def arguments(kind, count=60):
    random.seed(kind)
    signed = lambda x: x if random.random() < 0.5 else -x
    draw = {
        "narrow": lambda: signed(10 ** random.uniform(-3, 1.3)),
        "tails": lambda: signed(10 ** random.uniform(-3, 1.4)),
        "wide": lambda: signed(10 ** random.uniform(-6, 6)),
        "positive": lambda: 10 ** random.uniform(-6, 6),
        "moderate": lambda: 10 ** random.uniform(-3, 1),
    }[kind]
    return [draw() for _ in range(count)]


def main():
    rows = ["function,z,value,derivative"]
    for name, (f, kind) in FUNCTIONS.items():
        for z in arguments(kind):
            x = mp.mpf(z)
            step = mp.mpf(10) ** -40 * max(1, abs(x)) if kind != "wide" else abs(x) * mp.mpf(10) ** -40
            if kind in ("positive", "moderate"):
                step = x * mp.mpf(10) ** -40
            # the error is of order step^2
            derivative = (f(x + step) - f(x - step)) / (2 * step)
            rows.append(f"{name},{z!r},{float(f(x))!r},{float(derivative)!r}")
    Path(__file__).parent.parent.joinpath("golden/dual.csv").write_text("\n".join(rows) + "\n")


main()
