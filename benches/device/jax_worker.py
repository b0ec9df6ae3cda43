"""JAX's part of run.sh: pure functions, each task one compiled call, products in the highest
precision."""

import jax
import jax.numpy as jnp

from peers import NOISE, etas, measured, requests

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_default_matmul_precision", "highest")
NAME = f"JAX {jax.__version__}"


def unit_rows(key, rows, columns, dtype):
    w = jax.random.normal(key, (rows, columns), dtype)
    return w / jnp.linalg.norm(w, axis=1, keepdims=True)


def generate(key, beta, n):
    inputs, errors = jax.random.split(key)
    x = jax.random.normal(inputs, (n, len(beta)), beta.dtype)
    y = jnp.tanh(1.5 * (x @ beta) + 0.5) + NOISE * jax.random.normal(errors, (n,), beta.dtype)
    return x, y


def ascended(w, a, x, y, eta):
    s = jnp.tanh(w @ x.T)
    r = y - (a @ s) / len(a) ** 0.5
    return w + eta / len(y) * ((a[:, None] * r * (1 - s * s)) @ x)


def two_steps_given(w, a, batches):
    for eta, (x, y) in zip(etas(len(a)), batches):
        w = ascended(w, a, x, y, eta)
    return w


def run(task, size, precision):
    N, d, n, _ = size
    dtype = {"f32": jnp.float32, "f64": jnp.float64}[precision]
    keys = jax.random.split(jax.random.key(1), 5)
    w = unit_rows(keys[0], N, d, dtype)
    a = jax.random.normal(keys[1], (N,), dtype) / N**0.5
    beta = unit_rows(keys[2], 1, d, dtype)[0]

    def drawn(w, a, beta, key):
        for eta, key in zip(etas(N), jax.random.split(key)):
            w = ascended(w, a, *generate(key, beta, n), eta)
        return w

    def timed(function, *arguments, check):
        function = jax.jit(function)
        work = lambda: jax.block_until_ready(function(*arguments))
        measured(NAME, task, precision, size, work, check)

    norm = lambda w: float(jnp.linalg.norm(w))
    if task == "two steps, given":
        draw = jax.jit(lambda key: generate(key, beta, n))
        batches = [jax.block_until_ready(draw(key)) for key in jax.random.split(keys[4])]
        return timed(two_steps_given, w, a, batches, check=norm)
    if task == "two steps, generated":
        return timed(drawn, w, a, beta, keys[3], check=norm)
    gram = jax.jit(lambda w: w.T @ w if N >= d else w @ w.T)
    values = lambda w: jnp.sqrt(jnp.maximum(jnp.linalg.eigvalsh(gram(w)), 0))
    timed(values, w, check=lambda s: float(s.max()))


if __name__ == "__main__":
    for size, task, precision in requests():
        run(task, size, precision)
