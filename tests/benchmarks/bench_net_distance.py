"""Suprema over one neuron, enclosed, beside global optimisers of scipy, DIRECT and dual annealing, which certify nothing.

All look for the largest |E_μ D_v - E_ν D_v| of neurons on five atoms; ours also proves that there is none larger, to 1e-6.
Two lines are instances per second over those of a peer, whose values must not be above ours; the others are enclosures per
second, with the share that is wider than 2e-6 in the words.  Times are of the process, one thread: others may use the machine.
"""

from __future__ import annotations

import random
import time
from statistics import median

import numpy as np
import torch
from scipy.optimize import direct, dual_annealing

from simulators.net_distance_branch import enclose
from simulators.net_distance_neuron import KEPT, ROUNDS, TOLERANCE, Neuron, observe, problem_of, sound

CPU = torch.device("cpu")
RATES = ((2, "relu", 100, 200.0), (2, "tanh", 100, 200.0), (3, "relu", 100, 100.0), (3, "tanh", 100, 50.0),
         (4, "tanh", 20, 5.0), (6, "tanh", 4, 0.1))  # fmt: skip
"""Parameters, activation, instances and the rate aimed at."""
REPEATS, OURS, THEIRS = 3, 40, 4
SIDE = 1.0


def instances(count: int, seed: int, parameters: int = 3, activation: str = "tanh") -> tuple[Neuron, ...]:
    """Five atoms with short decimals, and two laws on them."""
    draw = random.Random(seed)
    found = []
    for _ in range(count):
        atoms = tuple(tuple(draw.randint(-20, 20) / 10 for _ in range(parameters - 1)) for _ in range(5))
        one, other = (tuple(draw.randint(1, 4) for _ in range(5)) for _ in range(2))
        found.append(Neuron(atoms, one, (*other[:-1], other[-1] + 5), activation, SIDE, cells=2))
    return tuple(found)


def enclosures(parameters: int, activation: str, count: int) -> tuple[str, float]:
    """What was measured, in words, and enclosures per second."""
    cases = instances(count, 100, parameters, activation)
    prepared = [(case, *sound(case, k)) for k, case in enumerate(cases)]
    problem, cap = problem_of(prepared, CPU), torch.ones(count, dtype=torch.float64)
    start = time.process_time()
    low, high = enclose(problem, cap, TOLERANCE, ROUNDS, KEPT[parameters - 1])
    rate = count / (time.process_time() - start)
    wide = float((high - low > 2 * TOLERANCE).double().mean())
    what = f"enclosed suprema of {activation} neurons, p = {parameters} (a second; {wide:.0%} wide, at most {float((high - low).max()):.0e})"
    return what, rate


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
        start = time.process_time()
        found = observe(cases, delta=0.0, device=CPU).columns["distance"]
        rates["ours"].append(OURS / (time.process_time() - start))
        for peer in ("direct", "dual annealing"):
            start = time.process_time()
            theirs = [searched(case, peer) for case in cases[:THEIRS]]
            rates[peer].append(THEIRS / (time.process_time() - start))
            for k, value in enumerate(theirs):
                if value > found.mid[k] + found.rad[k] + 1e-12:
                    raise AssertionError(f"got {value} by {peer}; expected at most {found.mid[k] + found.rad[k]}")
    ours = median(rates["ours"])
    rows = [(*enclosures(parameters, activation, count), reach) for parameters, activation, count, reach in RATES]
    return rows + [
        (f"enclosed suprema of tanh neurons, p = 3, against {peer} of scipy (instances per second)",
         ours / median(rates[peer]), 3.0)
        for peer in ("direct", "dual annealing")
    ]  # fmt: skip
