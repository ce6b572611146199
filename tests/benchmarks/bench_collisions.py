"""Sampled collisions beside a loop of `numpy.unique`, N = 10⁶ points, s = 1000 samples, one thread."""

from __future__ import annotations

import time
from statistics import median

import numpy as np
import torch

from simulators.collision_sampling import BlackBox, count

REPEATS = 9
OURS, LOOPED = 4000, 400


def run() -> list[tuple[str, float, float]]:
    """Trials per second over those of the loop: medians of interleaved repeats, the drawing included in both."""
    torch.set_num_threads(1)
    box, device = BlackBox(10**6, 1000), torch.device("cpu")
    random = np.random.default_rng(0)
    ours, looped = [], []
    for _ in range(REPEATS):
        start = time.perf_counter()
        found = count(box.draw, box.s, OURS, random, device)
        ours.append(OURS / (time.perf_counter() - start))
        start = time.perf_counter()
        peer = sum(np.unique(box.draw(random, (1, box.s))[0]).size < box.s for _ in range(LOOPED))
        looped.append(LOOPED / (time.perf_counter() - start))
        if abs(found / OURS - peer / LOOPED) > 0.2:
            raise AssertionError(f"got {found}/{OURS} and {peer}/{LOOPED} duplicates; expected the same probability")
    return [
        ("sampled collisions against a loop of numpy.unique (trials per second)", median(ours) / median(looped), 8.0)
    ]
