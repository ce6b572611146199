"""The layerwise tangent kernel beside torch.func's Jacobian: ReLU, L = 3, m = 256, n = 64 inputs, float32, one thread.

The peer is `vmap(jacrev(net))` over the inputs, then the products of the Jacobians of each layer of weights: the
faster of its two usual forms (the other one first joins them to one matrix).
"""

from __future__ import annotations

import time
from statistics import median

import torch
from torch import Tensor
from torch.func import jacrev, vmap

from simulators.empirical_kernel import empirical_tangent_kernel
from simulators.streams import normals

WIDTHS, INPUTS, DIMENSION, REPEATS, EACH = (256, 256, 256), 64, 17, 9, 10


def net(weights: list[Tensor], x: Tensor) -> Tensor:
    """The talk's net at one input."""
    h = x
    for w in weights[:-1]:
        h = (2 / w.shape[0]) ** 0.5 * torch.relu(w @ h)
    return (weights[-1] @ h)[0]


def by_jacobians(weights: list[Tensor], X: Tensor) -> Tensor:
    """The kernel from the Jacobians of every layer."""
    jacobians = vmap(jacrev(net), (None, 0))(weights, X)
    total = torch.zeros(len(X), len(X), device=X.device)
    for j in jacobians:
        flat = j.reshape(len(X), -1)
        total = total + flat @ flat.mT
    return total


def run() -> list[tuple[str, float, float]]:
    """Kernels per second over those of the peer: medians of interleaved repeats."""
    torch.set_num_threads(1)
    device = torch.device("cpu")
    sizes = list(zip((*WIDTHS, 1), (DIMENSION, *WIDTHS), strict=True))
    weights = [normals(s, "bench", k, device=device, dtype=torch.float32) for k, s in enumerate(sizes)]
    X = normals((INPUTS, DIMENSION), "bench inputs", device=device, dtype=torch.float32)
    ours, theirs = [], []
    for _ in range(REPEATS):
        start = time.perf_counter()
        for _ in range(EACH):
            mine = empirical_tangent_kernel(weights, X)
        ours.append(EACH / (time.perf_counter() - start))
        start = time.perf_counter()
        peer = by_jacobians(weights, X)
        theirs.append(1 / (time.perf_counter() - start))
        if (mine - peer).abs().max() > 1e-4 * peer.abs().max():
            raise AssertionError("got two kernels; expected one")
    return [
        (
            "empirical kernel against torch.func, jacrev and vmap (kernels per second)",
            median(ours) / median(theirs),
            20.0,
        )
    ]
