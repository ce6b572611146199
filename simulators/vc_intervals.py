"""Unions of k intervals against the uniform law on [0, 1]: their exact gap on a sample, for every k at once.

The points cut [0, 1] into pieces.  In order from left to right, a point adds 1/m to what the sample says in excess of the
law, and the piece between two points takes its length away, so that the supremum over unions of at most k intervals is the
largest sum of at most k disjoint runs of a sequence of 2m + 1 numbers.  Runs of one sign are single pieces to start with;
whatever is cheaper, leaving out a run or bridging the hole between two, merges three neighbours into one, and the cost is
the least absolute value among them.  Every merge lowers the number of runs by one: the sums for all k come out of one heap
in O(m log m).  The same of the sequence with its signs changed gives what the law says in excess of the sample.

Points are whole numbers over a grid, so that every sum is an integer over m times the grid: nothing is rounded.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import flint
import numpy as np
import torch

from .measurement import Measurement, MeasurementError, Measurements, balls, integers, simulator
from .streams import stream

LAYOUTS = ("uniform", "even", "clusters", "given")
GRID = 2**30
"""Points are multiples of 1/GRID, or of the layout's own fraction."""


@dataclass(frozen=True)
class Sample:
    """A sample of ``m`` points in [0, 1], looked at by unions of at most ``k`` intervals.

    ``layout``: *uniform*, drawn by ``seed``; *even*, at (i - ½)/m; *clusters*, in ``k`` heaps at (j - ½)/k, as equal as
    they can be; *given*, at ``points``, whole numbers over ``grid``.
    """

    m: int
    k: int
    layout: str = "uniform"
    seed: int = 0
    points: tuple[int, ...] = ()
    grid: int = 1


def _sound(case: Sample, element: int) -> Sample:
    if case.layout not in LAYOUTS or min(case.m, case.k, case.grid) < 1:
        raise MeasurementError(f"{case}", f"m, k, grid >= 1 and a layout of {', '.join(LAYOUTS)}", "gap", element)
    if case.layout == "given" and (len(case.points) != case.m or not all(0 <= p <= case.grid for p in case.points)):
        raise MeasurementError(f"{case}", "m points from 0 to grid", "gap", element)
    return case


def points_of(case: Sample) -> tuple[list[int], int]:
    """The points in order, and the whole number that stands for 1."""
    if case.layout == "even":
        return [2 * i + 1 for i in range(case.m)], 2 * case.m
    if case.layout == "clusters":
        return sorted(2 * (i % case.k) + 1 for i in range(case.m)), 2 * case.k
    if case.layout == "given":
        return sorted(case.points), case.grid
    return sorted(stream("intervals", case.m, case.seed).integers(0, GRID + 1, case.m).tolist()), GRID


def pieces(points: Sequence[int], grid: int) -> list[int]:
    """The sequence of 2m + 1 numbers in units of 1/(m grid): minus a length, a point, minus a length, …"""
    ends = [0, *points, grid]
    out = []
    for left, right in pairwise(ends):
        out += [-len(points) * (right - left), grid]
    return out[:-1]


def largest_sums(values: Sequence[int], most: int) -> list[int]:
    """The largest sum of at most k disjoint runs of ``values``, for k = 0..most."""
    runs: list[int] = []
    for value in values:
        if value and runs and (value > 0) == (runs[-1] > 0):
            runs[-1] += value
        elif value:
            runs.append(value)
    if runs and runs[0] < 0:
        del runs[0]
    if runs and runs[-1] < 0:
        del runs[-1]
    count = (len(runs) + 1) // 2
    best = [0] * (count + 1)
    best[count] = sum(r for r in runs if r > 0)
    before, after = list(range(-1, len(runs) - 1)), list(range(1, len(runs) + 1))
    alive = [True] * len(runs)
    heap = [(abs(r), k) for k, r in enumerate(runs)]
    heapq.heapify(heap)
    for left in range(count - 1, -1, -1):
        while True:
            cost, k = heapq.heappop(heap)
            if alive[k] and cost == abs(runs[k]):
                break
        best[left] = best[left + 1] - cost
        # The run and its neighbours become one; at an end there is one neighbour, a hole, and both vanish.
        first, last = before[k], after[k]
        for side in (first, last):
            if 0 <= side < len(runs):
                alive[side] = False
        outer = (before[first] if first >= 0 else -1, after[last] if last < len(runs) else len(runs))
        if first >= 0 and last < len(runs):
            runs[k] += runs[first] + runs[last]
            heapq.heappush(heap, (abs(runs[k]), k))
            before[k], after[k] = outer
            inner = k, k
        else:
            alive[k] = False
            inner = outer[1], outer[0]
        if outer[0] >= 0:
            after[outer[0]] = inner[0]
        if outer[1] < len(runs):
            before[outer[1]] = inner[1]
    return [best[min(k, count)] for k in range(most + 1)]


def gaps(points: Sequence[int], grid: int, most: int) -> tuple[list[int], list[int]]:
    """(excess, deficit) of unions of at most k intervals for k = 0..most, in units of 1/(m grid)."""
    sequence = pieces(points, grid)
    return largest_sums(sequence, most), largest_sums([-v for v in sequence], most)


def _row(case: Sample) -> dict[str, flint.fmpq]:
    points, grid = points_of(case)
    m, k, unit = case.m, case.k, case.m * grid
    excess, deficit = gaps(points, grid, k + 1)
    gap = [max(pair) for pair in zip(excess, deficit, strict=True)]
    whole = {
        "gap": gap[k],
        "gap_one": gap[1],
        "excess": excess[k],
        "excess_before": excess[k - 1],
        "excess_next": excess[k + 1],
        "above": max(max((i + 1) * grid - m * x for i, x in enumerate(points)), 0),
        "below": max(max(m * x - i * grid for i, x in enumerate(points)), 0),
    }
    # twice m grid, to count half steps: how far the worst point is from (i - 1/2)/m
    uneven = max(abs(2 * m * x - (2 * i + 1) * grid) for i, x in enumerate(points))
    return {**{name: flint.fmpq(v, unit) for name, v in whole.items()}, "uneven": flint.fmpq(uneven, 2 * unit)}


@simulator("m k gap gap_one excess excess_before excess_next above below uneven", limited_by="exact")
def observe(cases: tuple[Sample, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """A row a sample, exact: the gap of unions of at most k intervals, of one interval, and the excess alone.

    ``excess``, ``excess_before`` and ``excess_next``: what the sample says beyond the law, for k, k - 1 and k + 1
    intervals.  ``above`` and ``below``: sup F_m - F and sup F - F_m.  ``uneven``: the largest distance of a point from
    (i - ½)/m.
    """
    torch.empty(0, device=torch.device(device))  # whole numbers live on no device, but an absent one is an error
    cases = tuple(_sound(c, k) for k, c in enumerate(cases))
    rows = [_row(c) for c in cases]
    columns: dict[str, Measurement] = {"m": integers(c.m for c in cases), "k": integers(c.k for c in cases)}
    exact = {name: balls([row[name] for row in rows]) for name in (rows[0] if rows else ())}
    return Measurements({**columns, **exact}, np.arange(len(cases)))
