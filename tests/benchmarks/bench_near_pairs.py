"""The search for near pairs beside the distances of `scipy.spatial.distance.pdist`, 64 numbers a sample, one thread."""

from __future__ import annotations

import time
from statistics import median

import numpy as np
import torch
from scipy.spatial.distance import pdist

from simulators.near_pairs import search

REPEATS = 5
LARGE, SMALL, NUMBERS = 16_000, 4_000, 64
RADIUS = 6.5
"""Few pairs of standard normal samples are so close: as in a batch that is to have about one."""


def run() -> list[tuple[str, float, float]]:
    """Batches a minute of processor time, and pairs a second over the peer's: medians of interleaved repeats."""
    torch.set_num_threads(1)
    device = torch.device("cpu")
    samples = np.random.default_rng(0).standard_normal((LARGE, NUMBERS))
    ours, peers = [], []
    for _ in range(REPEATS):
        start = time.process_time()
        search(samples, RADIUS, device=device)
        ours.append(time.process_time() - start)
        start = time.process_time()
        near = int((pdist(samples[:SMALL]) <= RADIUS).sum())
        peers.append(time.process_time() - start)
        found = search(samples[:SMALL], RADIUS, device=device).near
        if found != near:
            raise AssertionError(f"got {found} near pairs and {near} of pdist; expected the same number")
    pairs = LARGE * (LARGE - 1) / (SMALL * (SMALL - 1))
    return [
        (
            f"batches of {LARGE} × {NUMBERS} searched for near pairs, exactly (a processor minute)",
            60 / median(ours),
            60.0,
        ),
        ("near pairs against scipy's pdist (pairs a second)", pairs * median(peers) / median(ours), 4.0),
    ]
