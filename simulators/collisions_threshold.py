"""The least number of samples from equally likely points that have a duplicate with probability at least one half.

s samples are distinct in N (N - 1) … (N - s + 1) of N^s ways: the comparison of twice the one with the other is one of
integers.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
import torch

from simulators.measurement import MeasurementError, Measurements, integers, simulator

MOST = 10**7
"""The largest number of points: integers of a hundred thousand bits."""


@dataclass(frozen=True)
class Points:
    """So many equally likely points."""

    number: int


def least(points: int) -> int:
    """The least s with 2 N (N - 1) … (N - s + 1) <= N^s; doubling brackets it, bisection finds it."""

    def likely(s: int) -> bool:
        return 2 * prod(range(points - s + 1, points + 1)) <= points**s if s <= points else True

    low, high = 1, 2
    while not likely(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if likely(middle) else (middle, high)
    return high


def observe_precisely(case: Points, bits: int) -> Measurements:
    """The columns of `observe`, which are exact."""
    return _table((case,))


def _table(cases: tuple[Points, ...]) -> Measurements:
    for k, case in enumerate(cases):
        if not (type(case.number) is int and 1 <= case.number <= MOST):
            raise MeasurementError(f"{case}", f"1 to {MOST} points", "N", k)
    columns = {"N": integers(c.number for c in cases), "s_half": integers(least(c.number) for c in cases)}
    return Measurements(columns, np.arange(len(cases)))


@simulator("N s_half", limited_by="exact", precisely=observe_precisely)
def observe(cases: tuple[Points, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each number N of points: the least sample size of which a duplicate has probability at least ½."""
    torch.empty(0, device=device)  # a device that is absent is an error even where integers decide
    return _table(cases)
