"""H* of 2000 points in 17 dimensions, five hidden ReLU layers, one thread, against neural-tangents; and its accuracy.

The peer is jitted and its first call left out.  Both take turns in one run, and must agree before their times are
compared.  Accuracy is that of duplicates, near-duplicates and antipodes against 50 digits, relative to √(H_xx H_x'x');
the peer's, printed beside it, loses half of its digits there.
"""

from __future__ import annotations

import time
from statistics import median
from typing import Any

import mpmath
import numpy as np
import torch

from simulators import TangentKernel

from .peer import Peer

POINTS, FEATURES, DEPTH, REPEATS = 2000, 17, 5, 7
REACH = {"float32": 6.0, "float64": 3.5}
ERROR = {"float32": 3e-7, "float64": 1e-12}
AGREEMENT = 1e-2
"""Only a blunder, such as another depth, is that far off: the peer's own error is below it."""

PROGRAM = """
import time
import jax, numpy as np
import jax.numpy as jnp
from neural_tangents import stax

kernels = {}

def kernel(features, depth):
    if (features, depth) not in kernels:
        layers = [stax.Dense(1, W_std=features**0.5)]
        for _ in range(depth):
            layers += [stax.Relu(), stax.Dense(1, W_std=2**0.5)]
        whole = stax.serial(*layers)[2]
        kernels[features, depth] = jax.jit(lambda x: whole(x, None, "ntk"))
    return kernels[features, depth]

def answer(request):
    # with float64 enabled the peer would promote everything to it
    jax.config.update("jax_enable_x64", request["dtype"] == "float64")
    if "repeats" not in request:
        x = jnp.asarray(np.array(request["points"], dtype=request["dtype"]))
        return np.asarray(kernel(x.shape[1], request["depth"])(x), dtype=float).tolist()
    points = np.random.default_rng(request["seed"]).standard_normal(request["points"]).astype(request["dtype"])
    x, f = jnp.asarray(points), kernel(request["points"][1], request["depth"])
    for _ in range(request["repeats"]):
        start = time.perf_counter()
        f(x).block_until_ready()
    return time.perf_counter() - start
"""


def hard(seed: int = 0) -> np.ndarray:
    """Points of many norms with duplicates, near-duplicates (1e-5), antipodes and near-antipodes among them."""
    generator = np.random.default_rng(seed)
    points = generator.standard_normal((6, FEATURES))
    near = 1e-5 * generator.standard_normal((4, FEATURES))
    return np.concatenate(
        [points, points[:2], 2 * points[:1], points[:2] + near[:2], -points[:2], -points[:2] + near[2:], 1e6 * points[:1]]
    )  # fmt: skip


def reference(points: np.ndarray, depth: int) -> tuple[list[list[Any]], list[Any]]:
    """H* and the norms of ReLU nets to 50 digits, from the arc-cosine kernels."""
    with mpmath.workdps(70):
        rows = [[mpmath.mpf(float(v)) for v in row] for row in points]
        norms = [mpmath.sqrt(mpmath.fdot(r, r)) for r in rows]
        return [[_pair(mpmath.fdot(p, q), a * b, depth) for q, b in zip(rows, norms, strict=True)]
                for p, a in zip(rows, norms, strict=True)], norms  # fmt: skip


def _pair(inner: Any, size: Any, depth: int) -> Any:
    theta, pi = inner, mpmath.pi
    for _ in range(depth):
        cosine = max(min(inner / size, mpmath.mpf(1)), mpmath.mpf(-1))
        angle = mpmath.acos(cosine)
        inner = size * (mpmath.sin(angle) + (pi - angle) * cosine) / pi
        theta = theta * (pi - angle) / pi + inner
    return theta


def worst(found: np.ndarray, truth: tuple[list[list[Any]], list[Any]], depth: int) -> float:
    """The largest error relative to the root of the product of the diagonal entries."""
    exact, norms = truth
    return max(
        float(abs(mpmath.mpf(float(found[i, j])) - exact[i][j]) / ((depth + 1) * norms[i] * norms[j]))
        for i in range(len(norms))
        for j in range(len(norms))
    )


def run() -> list[tuple[str, float, float]]:
    """Ratios of times, medians of paired repeats, and how far the errors stay below what was aimed at."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with Peer(PROGRAM) as peer:
            return [row for dtype in REACH for row in _compare(peer, dtype)]
    finally:
        torch.set_num_threads(threads)


def _compare(peer: Peer, dtype: str) -> list[tuple[str, float, float]]:
    kernel = TangentKernel(DEPTH)
    points = hard().astype(dtype)
    truth = reference(points, DEPTH)
    theirs = np.array(peer.ask(points=points.tolist(), dtype=dtype, depth=DEPTH))
    error, other = worst(kernel(points), truth, DEPTH), worst(theirs, truth, DEPTH)
    if other > AGREEMENT:
        raise RuntimeError(f"got another kernel from the peer (off by {other:.1e}); expected the same")
    data = np.random.default_rng(0).standard_normal((POINTS, FEATURES)).astype(dtype)
    question = {"points": data.shape, "seed": 0, "dtype": dtype, "depth": DEPTH}
    peer.ask(**question, repeats=2)
    kernel(data)
    ratios, mine = [], []
    for _ in range(REPEATS):
        seconds = peer.ask(**question, repeats=1)
        start = time.perf_counter()
        kernel(data)
        mine.append(time.perf_counter() - start)
        ratios.append(seconds / mine[-1])
    size = f"n = {POINTS}, d = {FEATURES}, L = {DEPTH}, {dtype}"
    return [
        (f"H* over neural-tangents, {size}; {1e3 * median(mine):.0f} ms", median(ratios), REACH[dtype]),
        (
            f"{ERROR[dtype]:.0e} over the error of H*, {dtype}: {error:.1e} (neural-tangents {other:.1e})",
            ERROR[dtype] / error,
            1.0,
        ),
    ]
