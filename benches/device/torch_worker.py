"""PyTorch's part of run.sh: the usual eager operations, products in full precision."""

import torch

from peers import NOISE, etas, measured, requests

NAME = f"PyTorch {torch.__version__.split('+')[0]}"
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
torch.set_float32_matmul_precision("highest")
torch.set_grad_enabled(False)


def done(result):
    if DEVICE == "cuda":
        torch.cuda.synchronize()
    return result


def normal(*shape, dtype):
    return torch.randn(shape, dtype=dtype, device=DEVICE)


def generate(beta, n):
    x = normal(n, len(beta), dtype=beta.dtype)
    return x, torch.tanh(1.5 * (x @ beta) + 0.5) + NOISE * normal(n, dtype=beta.dtype)


def ascended(w, a, x, y, eta):
    s = torch.tanh(w @ x.T)
    r = y - (a @ s) / len(a) ** 0.5
    s.square_().neg_().add_(1).mul_(a[:, None]).mul_(r)
    return torch.addmm(w, s, x, alpha=eta / len(y))


def two_steps(w, a, batches):
    for eta, batch in zip(etas(len(a)), batches):
        w = ascended(w, a, *batch, eta)
    return w


def run(task, size, precision):
    N, d, n, _ = size
    dtype = {"f32": torch.float32, "f64": torch.float64}[precision]
    w = torch.nn.functional.normalize(normal(N, d, dtype=dtype))
    a = normal(N, dtype=dtype) / N**0.5
    beta = torch.nn.functional.normalize(normal(d, dtype=dtype), dim=0)

    def timed(work, check):
        measured(NAME, task, precision, size, lambda: done(work()), check)

    norm = lambda w: float(torch.linalg.norm(w))
    if task == "two steps, given":
        batches = [generate(beta, n) for _ in range(2)]
        return timed(lambda: two_steps(w, a, batches), norm)
    if task == "two steps, generated":
        drawn = lambda: two_steps(w, a, (generate(beta, n) for _ in range(2)))
        return timed(drawn, norm)
    values = lambda: torch.linalg.eigvalsh(w.T @ w if N >= d else w @ w.T).clamp_(0).sqrt_()
    timed(values, lambda s: float(s.max()))


if __name__ == "__main__":
    torch.manual_seed(1)
    for size, task, precision in requests():
        run(task, size, precision)
