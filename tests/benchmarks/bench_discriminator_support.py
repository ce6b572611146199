"""Instances of the support theorem, drawn, measured and judged under its claims, one thread; and a peer.

The peer is the usual way to a probability: numpy draws, and a Clopper-Pearson interval.  It is given one finite class of
65 coins and 100 images, and as many draws as refute a probability that is 2 % off at a failure probability of 1e-9.
Seconds are of the process, which has one thread.
"""

from __future__ import annotations

import time
from statistics import median

import numpy as np
import torch

from checks.engine.draw import bulk
from checks.engine.weigh import admitted, judge_table
from checks.test_discriminator_support import BITS, CLASSES, THEOREM
from simulators import discriminator_class
from simulators.discriminator_class import FiniteClass
from simulators.intervals import proportion

REPEATS, INSTANCES, DRAWS, BLOCK = 5, 2048, 200_000, 5000


def _rate(experiment) -> float:  # type: ignore[no-untyped-def]
    start = time.process_time()
    batch = tuple(bulk(experiment.instances, f"bench-{n}")[0] for n in range(INSTANCES))
    table = experiment.observe(batch, delta=0.0, device=torch.device("cpu"))
    for claim in THEOREM.claims:
        if experiment.covers(claim):
            found = [j.status for _, j in judge_table(claim, table, admitted(claim, experiment, table))]
            if "violated" in found:
                raise AssertionError(f"got {claim.name} violated; expected none of {INSTANCES} rows to be")
    return INSTANCES / (time.process_time() - start)


def _peer(random: np.random.Generator, eps: float) -> tuple[float, float, float]:
    """Seconds, and the interval, of the drawn probability."""
    start, above = time.process_time(), 0
    for _ in range(DRAWS // BLOCK):
        counts = random.binomial(100, 0.5, (BLOCK, 65))
        above += int((np.abs(counts / 100 - 0.5).max(axis=1) > eps).sum())
    low, high = proportion(above, DRAWS, 1e-9)
    return time.process_time() - start, float(low), float(high)


def run() -> list[tuple[str, float, float]]:
    """Instances per second (medians of repeats), and seconds of the peer over seconds of one exact law in a batch."""
    torch.set_num_threads(1)
    classes = median(_rate(CLASSES) for _ in range(REPEATS))
    tables = median(_rate(BITS) for _ in range(REPEATS))
    case = FiniteClass(65, 0, 100, 0.7)
    start = time.process_time()
    row = discriminator_class.observe((case,) * INSTANCES, delta=0.0, device=torch.device("cpu"))
    ours = (time.process_time() - start) / INSTANCES
    chance, eps = float(np.exp(row.columns["log_P"].mid[0])), float(row.columns["eps"].mid[0])
    seconds, low, high = _peer(np.random.default_rng(0), eps)
    if not low <= chance <= high:
        raise AssertionError(f"got P = {chance} and a drawn interval of {low} to {high}; expected them to agree")
    return [
        ("finite classes under two claims of the support theorem (instances per second)", classes, 1000.0),
        ("bit tables under three claims of the support theorem (instances per second)", tables, 1000.0),
        ("the exact law of one class against 200 000 numpy draws (times faster)", seconds / ours, 1000.0),
    ]
