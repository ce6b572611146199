"""Kernels of nets drawn exactly in law beside explicit nets: ReLU, width 256, two inputs, float32, one thread.

Both draw the nets and take their kernels by layerwise products; the explicit ones hold all of their weights.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median

import torch

from simulators import wide_net_explicit
from simulators.wide_net import coordinates
from simulators.wide_net_law import Drawn, ensemble

WIDTH, REPEATS = 256, 7
NETS = {2: (8000, 200), 5: (2500, 64)}
"""Depth: nets of a repeat, in law and explicit."""


def mean(drawn: Iterator[Drawn], nets: int) -> tuple[float, float]:
    """Nets per second, and their mean kernel between the inputs."""
    start, total = time.perf_counter(), 0.0
    for d in drawn:
        total += float(d.kernel(0, 1).sum())
    return nets / (time.perf_counter() - start), total / nets


def run() -> list[tuple[str, float, float]]:
    """Nets per second over those of explicit nets: medians of interleaved repeats."""
    torch.set_num_threads(1)
    X = coordinates(((1.0, 0.0), (1.0, 60.0)), torch.device("cpu"))
    rows = []
    for depth, (many, few) in NETS.items():
        widths, ours, theirs, means = (WIDTH,) * depth, [], [], []
        for k in range(REPEATS):
            rate, kernel = mean(ensemble(X, widths, "relu", "bench", k).draw(many), many)
            ours.append(rate)
            means.append(kernel)
            rate, kernel = mean(wide_net_explicit.draw(X, widths, "relu", few, "bench", k), few)
            theirs.append(rate)
            means.append(kernel)
        if max(means) > 1.2 * min(means):
            raise AssertionError(f"got mean kernels {means}; expected them to agree")
        what = f"nets exact in law against explicit nets, m = 256, L = {depth} (nets per second)"
        rows.append((what, median(ours) / median(theirs), 20.0))
    return rows
