"""NumPy's contestant: whole-matrix code, in place where it saves a pass or an allocation."""

import numpy as np

from protocol import NOISE, Task, blas, mean_sum, norm, second_moments, serve


def generate(rng, beta, n):
    x = rng.standard_normal((n, len(beta)), dtype=beta.dtype)
    y = np.tanh(1.5 * (x @ beta) + 0.5)
    y += NOISE * rng.standard_normal(n, dtype=beta.dtype)
    return x, y


def gradient_step(w, a, x, y, eta):
    """w += eta G; r goes into X and a into the rows of G, which saves two passes over N x n."""
    z = w @ x.T
    np.tanh(z, out=z)
    r = y - (a @ z) / np.sqrt(len(a), dtype=w.dtype)
    np.multiply(z, z, out=z)
    np.subtract(1, z, out=z)
    g = z @ (x * r[:, None])
    g *= (eta / len(y) * a)[:, None]
    w += g


def two_steps(inputs):
    w0, a = inputs.network()
    beta, rng = inputs.read("beta"), np.random.default_rng(1)

    def work(w):
        for eta in inputs.etas:
            x, y = generate(rng, beta, inputs.n)
            gradient_step(w, a, x, y, eta)
        return w

    return Task(work, norm, w0.copy)


def two_steps_given(inputs):
    w0, a = inputs.network()
    batches = inputs.batches()

    def work(w):
        for eta, (x, y) in zip(inputs.etas, batches):
            gradient_step(w, a, x, y, eta)
        return w

    return Task(work, norm, w0.copy)


def products(inputs):
    w, _ = inputs.network()
    (x1, _), (x2, _) = inputs.batches()
    z = np.empty((inputs.N, inputs.n), inputs.dtype)
    g1, g2 = np.empty_like(w), np.empty_like(w)

    def work(_):
        for x, g in ((x1, g1), (x2, g2)):
            np.matmul(w, x.T, out=z)
            np.matmul(z, x, out=g)
        return g1, g2

    return Task(work, lambda gs: norm(*gs))


def singular_values(inputs):
    w = inputs.read("w2")
    return Task(lambda _: np.linalg.svd(w, compute_uv=False), lambda s: s.sum(dtype=np.float64))


def one_batch(inputs):
    beta, rng = inputs.read("beta"), np.random.default_rng(1)
    return Task(lambda _: generate(rng, beta, inputs.n), second_moments)


def tanh(inputs):
    z = inputs.read("x1")
    value, derivative = np.empty_like(z), np.empty_like(z)

    def work(_):
        np.tanh(z, out=value)
        np.multiply(value, value, out=derivative)
        np.subtract(1, derivative, out=derivative)
        return value, derivative

    return Task(work, mean_sum)


if __name__ == "__main__":
    serve(
        {
            "two_steps": two_steps,
            "two_steps_given": two_steps_given,
            "products": products,
            "singular_values": singular_values,
            "generate": one_batch,
            "tanh": tanh,
        },
        lambda: f"NumPy {np.__version__}, {blas()}",
    )
