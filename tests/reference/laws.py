"""Reference values of the laws: tests/golden/laws.csv.

    python3 tests/reference/laws.py

Needs mpmath and SciPy (1.4.1 and 1.17.1 were used). The Marchenko-Pastur distribution is integrated from
the density in 30 digits; single spikes are found from the D-transform of that density, not from the closed
formulas the crate uses (Benaych-Georges & Nadakuditi, arXiv:1103.2221, theorems 2.8 and 2.9). Columns:
quantity, two parameters, value, and by how much the value changes when its argument changes by its own
size (the derivative times the argument), which scales the error that rounding alone makes.
"""
from pathlib import Path

import mpmath as mp
from scipy import special

mp.mp.dps = 30
rows = []


def put(quantity, a, b, value, slope=0):
    rows.append(f"{quantity},{a!r},{b!r},{float(value)!r},{float(slope)!r}")


def bulk(gamma):
    """Edges and density of the singular values, mass one."""
    gamma = mp.mpf(gamma)
    left, right = abs(mp.sqrt(gamma) - 1), mp.sqrt(gamma) + 1

    def density(s):
        if not left < s < right:
            return mp.mpf(0) if s >= right or s < left or left > 0 else mp.mpf(2) / mp.pi
        return mp.sqrt((right**2 - s**2) * (s**2 - left**2)) / (mp.pi * min(gamma, 1) * s)

    return left, right, density


def integral(f, left, right, low, high):
    """Over low < s < high with s = middle - half cos t, which removes the roots at both edges."""
    middle, half = (left + right) / 2, (right - left) / 2
    angle = lambda s: mp.acos(max(min((middle - s) / half, mp.mpf(1)), mp.mpf(-1)))
    start, stop = angle(low), angle(high)
    cuts = [start + (stop - start) * i / 4 for i in range(5)]
    value, error = mp.quad(lambda t: f(middle - half * mp.cos(t)) * half * mp.sin(t), cuts, error=True)
    assert error < 1e-16 * max(1, abs(value)), (left, right, error)
    return value


GAMMAS = (1 / 1024, 0.25, 0.5, 0.9375, 1.0, 1.0625, 2.0, 10.0, 1024.0)


def marchenko_pastur():
    for gamma in GAMMAS:
        left, right, density = bulk(gamma)
        put("mp_left", gamma, 0, left)
        put("mp_right", gamma, 0, right)
        mass = integral(density, left, right, left, right)
        assert abs(mass - 1) < 1e-15, (gamma, mass)
        for share in (1e-9, 1e-4, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1 - 1e-4, 1 - 1e-9):
            s = float(left + share * (right - left))
            if not left < s < right:
                continue
            at, slope = density(mp.mpf(s)), abs(mp.diff(density, mp.mpf(s), h=mp.mpf("1e-18")))
            put("mp_density", gamma, s, at, s * slope)
            put("mp_distribution", gamma, s, integral(density, left, right, left, mp.mpf(s)), s * at)


def spikes():
    """W + theta u v^T: with phi(s) = integral of s/(s^2 - t^2) over the law of the d or N singular values
    (zeros included), the outlier solves phi_N(s) phi_d(s) = 1/theta^2."""
    for gamma in GAMMAS:
        left, right, density = bulk(gamma)
        g = mp.mpf(gamma)
        # shares of nonzero singular values among N (left) and among d (right)
        share_n, share_d = min(1 / g, mp.mpf(1)), min(g, mp.mpf(1))

        def both(s):
            part = integral(lambda t: density(t) * s / (s * s - t * t), left, right, left, right)
            return share_n * part + (1 - share_n) / s, share_d * part + (1 - share_d) / s

        def slope(s):
            """The derivative of the product."""
            square = lambda t: (s * s - t * t) ** 2
            part = integral(lambda t: -density(t) * (s * s + t * t) / square(t), left, right, left, right)
            first, second = share_n * part - (1 - share_n) / s**2, share_d * part - (1 - share_d) / s**2
            a, b = both(s)
            return first * b + a * second

        threshold = mp.sqrt(mp.sqrt(g))
        for excess in (0.01, 0.1, 0.5, 2.0, 30.0):
            theta = float(threshold * (1 + excess))
            goal = 1 / mp.mpf(theta) ** 2

            def equation(s):
                a, b = both(s)
                return a * b - goal

            # where the closed formula says; the secant method corrects it if it is wrong
            guess = mp.sqrt((1 + mp.mpf(theta) ** 2) * (g + mp.mpf(theta) ** 2)) / theta
            s = mp.findroot(equation, (guess, guess * (1 + mp.mpf("1e-6"))), tol=1e-36)
            assert s > right
            a, b = both(s)
            derivative = slope(s)
            # squared overlaps -2 phi / (theta^2 D'), left with the N-side transform, right with the d-side
            put("spike_value", gamma, theta, s)
            put("spike_left", gamma, theta, mp.sqrt(-2 * a / (theta**2 * derivative)))
            put("spike_right", gamma, theta, mp.sqrt(-2 * b / (theta**2 * derivative)))


def normal_quantile(p):
    x = mp.mpf(float(special.ndtri(float(p))))
    for _ in range(6):
        x -= (mp.erfc(-x / mp.sqrt(2)) / 2 - p) * mp.sqrt(2 * mp.pi) * mp.exp(x * x / 2)
    return x


def laplace(u):
    """The quantile function of the Laplace law of variance 1, u < 1/2."""
    return mp.log(2 * u) / mp.sqrt(2)


def laws():
    """Moments 2, 4, 6 of the laws of b; unbounded ones cut at the quantiles 1/(2N) and 1 - 1/(2N)."""
    for power in (2, 4, 6):
        put("moment:uniform", 0, power, mp.mpf(3) ** (power // 2) / (power + 1))
        put("moment:rademacher", 0, power, 1)
        for width in (10, 300, 3000, 1000000):
            cut = mp.mpf(1) / (2 * width)
            b = -normal_quantile(cut)
            weight = lambda x: mp.exp(-x * x / 2)
            points = [b * i / 8 for i in range(9)]
            moment = mp.quad(lambda x: x**power * weight(x), points) / mp.quad(weight, points)
            put("moment:gaussian", width, power, moment)
            # in w = -log(2 u)
            moment = mp.quad(lambda w: (w / mp.sqrt(2)) ** power * mp.exp(-w), [0, 5, 10, -mp.log(2 * cut)])
            put("moment:laplace", width, power, moment / (1 - 2 * cut))
    # probabilities of the uniform law, and of the normal law at its own deciles, for what is drawn
    for i in range(1, 10):
        put("quantile:gaussian", i, 0, normal_quantile(mp.mpf(i) / 10))
        put("quantile:uniform", i, 0, mp.sqrt(3) * (mp.mpf(i) / 5 - 1))
        put("quantile:laplace", i, 0, laplace(mp.mpf(i) / 10) if i <= 5 else -laplace(1 - mp.mpf(i) / 10))


def extreme():
    """Narrow bulks, and spikes of every size on them. The value is the fraction below, the slope the density;
    the spikes are the closed formulas in 60 digits."""
    with mp.workdps(60):
        for gamma in (1e-300, 1e-14, 1e-10, 1e-8, 1e-4, 0.01, 0.0625, 0.09, 0.09375, 0.3, 0.999, 1 - 2**-40,
                      1 + 2**-50, 1.001, 4.0, 11.0, 12.0, 1e4, 1e8, 1e12, 1e14, 1e300):
            left, right, density = bulk(gamma)
            for share in (0.001, 0.1, 0.5, 0.7, 0.99):
                s = float(left + share * (right - left))
                x = float((left + share * (right - left)) ** 2)
                # a bulk narrower than the distance between two numbers has none inside
                if left < s < right:
                    below = integral(density, left, right, left, mp.mpf(s))
                    put("mp_extreme_singular", gamma, s, below, density(mp.mpf(s)))
                root = mp.sqrt(mp.mpf(x))
                if left < root < right:
                    below = integral(density, left, right, left, root)
                    put("mp_extreme_eigenvalue", gamma, x, below, density(root) / (2 * root))
            g = mp.mpf(gamma)
            for factor in (1 + 2**-20, 1.5, 100.0, 1e10, 1e100):
                theta = float(mp.root(g, 4) * factor)
                t2 = mp.mpf(theta) ** 2
                put("spike_extreme_value", gamma, theta, mp.sqrt((1 + t2) * (g + t2) / t2))
                put("spike_extreme_left", gamma, theta, mp.sqrt((t2**2 - g) / (t2 * (t2 + g))))
                put("spike_extreme_right", gamma, theta, mp.sqrt((t2**2 - g) / (t2 * (t2 + 1))))


marchenko_pastur()
spikes()
laws()
extreme()
path = Path(__file__).parent.parent / "golden" / "laws.csv"
path.write_text("quantity,a,b,value,slope\n" + "\n".join(rows) + "\n")
print(f"{len(rows)} values in {path}")
