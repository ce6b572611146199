"""Rows judged per second on stored measurements, one thread: the rate of the signed singular values."""

from __future__ import annotations

import statistics
import time

import numpy as np

from checks.engine.judge import compile_claim, rows
from simulators.measurement import Measurements, integers, reals
from theorems import get

ROWS = 20_000


def run() -> list[tuple[str, float, float]]:
    """One line: rows a second, median of five."""
    rng = np.random.default_rng(0)
    depth = rng.integers(1, 9, ROWS)
    sigma = rng.uniform(0.05, 1.6, ROWS) * rng.choice([-1, 1], ROWS)
    g = rng.normal(size=ROWS)
    table = Measurements(
        {
            "N": integers(depth),
            "sigma": reals(sigma, 1e-15),
            "g": reals(g, 1e-14),
            "sigma_dot": reals(-depth * np.abs(sigma) ** (2 - 2 / depth) * g, 1e-13),
        },
        np.arange(ROWS),
    )
    claim = get("singular-value-ode").claim("rate")
    judge, names = compile_claim(claim.relation), [o.name for o in claim.observables]
    speeds = []
    for _ in range(5):
        started = time.perf_counter()
        for row in rows(table, names):
            judge(row)
        speeds.append(ROWS / (time.perf_counter() - started))
    return [("rows of the singular-value rate judged per second", statistics.median(speeds), 20_000)]
