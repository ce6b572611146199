"""The exact gap of half-planes beside the best of 20 000 directions, which is a lower bound; seconds of one thread's work."""

from __future__ import annotations

import time
from statistics import median

import numpy as np
import torch
from scipy.special import ndtr

from simulators.vc_half_planes_gaussian import SCALE, Normal, drawn, gaps

REPEATS = 5
DIRECTIONS = 20_000
BLOCK = 1000


def swept(points: np.ndarray) -> float:
    """The largest gap over the directions, a block at a time."""
    m, best = len(points), 0.0
    rank = np.arange(m)[:, None]
    angles = np.linspace(0, np.pi, DIRECTIONS, endpoint=False)
    for start in range(0, DIRECTIONS, BLOCK):
        some = angles[start : start + BLOCK]
        mass = ndtr(np.sort(points @ np.stack([np.cos(some), np.sin(some)]), axis=0))
        best = max(best, float(np.maximum((rank + 1) / m - mass, mass - rank / m).max()))
    return best


def run() -> list[tuple[str, float, float]]:
    """Samples per second of 200 and 800 points, and the speed relative to the directions at 200."""
    torch.set_num_threads(1)
    figures = []
    for m, reach in ((200, 40.0), (800, 3.0)):
        sample = drawn(Normal(m), torch.device("cpu"))
        ours, peer, batch = [], [], sample[None].expand(max(1, 1600 // m), m, 2)
        for _ in range(REPEATS):
            start = time.process_time()
            found = float(gaps(batch)[0])
            ours.append((time.process_time() - start) / len(batch))
            if m == 200:
                start = time.process_time()
                brute = swept(sample.numpy() / SCALE)
                peer.append(time.process_time() - start)
                if not 0 <= found - brute <= 1e-3:
                    raise AssertionError(
                        f"got {found} exactly and {brute} by directions; expected no less, and near it"
                    )
        figures.append((f"exact gaps of half-planes a second, {m} points", 1 / median(ours), reach))
        if peer:
            figures.append((f"the same against {DIRECTIONS} directions (speed)", median(peer) / median(ours), 4.0))
    return figures
