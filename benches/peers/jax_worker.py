"""JAX's contestant, on the CPU: pure functions, each task one compiled call."""

import os

os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp

from protocol import NOISE, Task, mean_sum, norm, second_moments, serve

jax.config.update("jax_enable_x64", True)


def generate(key, beta, n):
    inputs, errors = jax.random.split(key)
    x = jax.random.normal(inputs, (n, len(beta)), beta.dtype)
    y = jnp.tanh(1.5 * (x @ beta) + 0.5) + NOISE * jax.random.normal(errors, (n,), beta.dtype)
    return x, y


def ascended(w, a, x, y, eta):
    s = jnp.tanh(w @ x.T)
    r = y - (a @ s) / len(a) ** 0.5
    return w + eta / len(y) * ((a[:, None] * r * (1 - s * s)) @ x)


def compiled(function, *arguments, check, prepare=lambda: ()):
    """The task `function(*arguments, *prepare())`; arrays live on the device before it starts."""
    function, arguments = jax.jit(function), jax.device_put(arguments)
    return Task(
        lambda more: jax.block_until_ready(function(*arguments, *more)),
        check,
        lambda: jax.block_until_ready(prepare()),
    )


def fresh_keys():
    """A function that gives a new key at each call."""
    root, runs = jax.random.key(1), iter(range(1_000_000))
    return lambda: (jax.random.fold_in(root, next(runs)),)


def two_steps(inputs):
    def work(w, a, beta, key):
        for eta, key in zip(inputs.etas, jax.random.split(key)):
            w = ascended(w, a, *generate(key, beta, inputs.n), eta)
        return w

    arguments = (*inputs.network(), inputs.read("beta"))
    return compiled(work, *arguments, check=norm, prepare=fresh_keys())


def two_steps_given(inputs):
    def work(w, a, batches):
        for eta, (x, y) in zip(inputs.etas, batches):
            w = ascended(w, a, x, y, eta)
        return w

    return compiled(work, *inputs.network(), inputs.batches(), check=norm)


def products(inputs):
    def work(w, xs):
        return [(w @ x.T) @ x for x in xs]

    xs = [x for x, _ in inputs.batches()]
    return compiled(work, inputs.read("w0"), xs, check=lambda gs: norm(*gs))


def singular_values(inputs):
    def work(w):
        return jnp.linalg.svd(w, compute_uv=False)

    return compiled(work, inputs.read("w2"), check=lambda s: float(s.astype(float).sum()))


def one_batch(inputs):
    def work(beta, key):
        return generate(key, beta, inputs.n)

    return compiled(work, inputs.read("beta"), check=second_moments, prepare=fresh_keys())


def tanh(inputs):
    def work(z):
        value = jnp.tanh(z)
        return value, 1 - value * value

    return compiled(work, inputs.read("x1"), check=mean_sum)


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
        lambda: f"JAX {jax.__version__} on {jax.devices()[0].platform}, LAPACK of SciPy",
    )
