"""Suprema over one neuron, enclosed, beside scipy's global optimiser by intervals of values: DIRECT, which certifies nothing.

Both look for the largest |E_μ D_v - E_ν D_v| of tanh neurons of three parameters on five atoms; ours also proves that there
is none larger, to 1e-6.  Each line is instances per second over those of the peer, whose values must not be above ours.
"""

from __future__ import annotations

import random
import time
from statistics import median

import numpy as np
import torch
from scipy.optimize import direct, dual_annealing

from simulators.net_distance_neuron import Neuron, observe

REPEATS, OURS, THEIRS = 3, 40, 4
SIDE = 1.0


def instances(count: int, seed: int) -> tuple[Neuron, ...]:
    """Five atoms of the plane with short decimals, and two laws on them."""
    draw = random.Random(seed)
    found = []
    for _ in range(count):
        atoms = tuple((draw.randint(-20, 20) / 10, draw.randint(-20, 20) / 10) for _ in range(5))
        one, other = (tuple(draw.randint(1, 4) for _ in range(5)) for _ in range(2))
        found.append(Neuron(atoms, one, (*other[:-1], other[-1] + 5), "tanh", SIDE))
    return tuple(found)


def searched(case: Neuron, how: str) -> float:
    """The largest value that a peer finds."""
    z = np.column_stack([np.array(case.atoms), np.ones(5)])
    c = np.array(case.one) / sum(case.one) - np.array(case.other) / sum(case.other)

    def lost(v: np.ndarray) -> float:
        return -abs(float(c @ np.tanh(z @ v)) / 2)

    box = [(-SIDE, SIDE)] * 3
    if how == "direct":
        return float(-direct(lost, box, maxfun=20000, maxiter=5000, vol_tol=1e-18).fun)
    return float(-dual_annealing(lost, box, seed=0, maxiter=200).fun)


def run() -> list[tuple[str, float, float]]:
    """Medians of interleaved repeats."""
    torch.set_num_threads(1)
    rates: dict[str, list[float]] = {"ours": [], "direct": [], "dual annealing": []}
    for repeat in range(REPEATS):
        cases = instances(OURS, repeat)
        start = time.perf_counter()
        found = observe(cases, delta=0.0, device=torch.device("cpu")).columns["distance"]
        rates["ours"].append(OURS / (time.perf_counter() - start))
        for peer in ("direct", "dual annealing"):
            start = time.perf_counter()
            theirs = [searched(case, peer) for case in cases[:THEIRS]]
            rates[peer].append(THEIRS / (time.perf_counter() - start))
            for k, value in enumerate(theirs):
                if value > found.mid[k] + found.rad[k] + 1e-12:
                    raise AssertionError(f"got {value} by {peer}; expected at most {found.mid[k] + found.rad[k]}")
    ours = median(rates["ours"])
    return [
        (f"enclosed suprema of tanh neurons, p = 3, against {peer} of scipy (instances per second)",
         ours / median(rates[peer]), 3.0)
        for peer in ("direct", "dual annealing")
    ]  # fmt: skip
