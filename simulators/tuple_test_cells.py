"""A generator that no function of a cell can tell from the real law, and the tuple test on it.

The real law is uniform on [0, 1), which a partition cuts into cells of given masses.  The generator is uniform on
finitely many points of the cells.  Discriminators of one image see the cell only: they score it.  Means over the real law are
integrals over the cells; those over the generator are taken point by point, each looked up in the partition.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, product
from typing import Any

import flint
import numpy as np
import torch

from .measurement import MeasurementError, Measurements, balls, integers, simulator
from .tuple_test import TupleTest, advantages, observe_precisely, rationals

LOGARITHM = 0
BITS = 128
CELLS = 12
"""Most cells: every set of them is tried."""


@dataclass(frozen=True)
class Spread:
    """``masses``: weights of the cells under the real law; ``images``: how many images the generator has in each.

    ``scores``: what the discriminator gives each cell, positive.  ``power``: the measuring function t -> t^power, or its
    logarithm (0).  ``s``: images of a tuple.
    """

    masses: tuple[int, ...]
    images: tuple[int, ...]
    s: int
    scores: tuple[float, ...]
    power: int = 1


def _test(case: Spread) -> TupleTest:
    return TupleTest(((1, sum(case.images)),), case.s)


def _sound(case: Spread, element: int) -> None:
    cells = len(case.masses)
    if not 1 <= cells <= CELLS:
        raise MeasurementError(f"{cells} cells", f"1 to {CELLS}", "single_gap", element)
    if {len(case.images), len(case.scores)} != {cells}:
        raise MeasurementError(f"{case}", "as many masses, numbers of images and scores", "single_gap", element)
    if min(case.masses) < 1 or min(case.images) < 0 or not any(case.images) or min(case.scores) <= 0:
        raise MeasurementError(f"{case}", "masses and scores > 0, at least one image", "single_gap", element)


def _edges(case: Spread) -> list[int]:
    """Where the cells begin and where the last one ends, in units of one over the sum of the masses."""
    return [0, *accumulate(case.masses)]


def _places(case: Spread) -> list[Fraction]:
    """The generator's images, in those units: evenly inside each cell."""
    return [
        left + Fraction(2 * i + 1, 2 * count) * mass
        for left, mass, count in zip(_edges(case), case.masses, case.images, strict=False)
        for i in range(count)
    ]


def _cells(case: Spread) -> list[int]:
    """The cell of each of the generator's images, looked up in the partition."""
    edges = _edges(case)
    return [bisect_right(edges, place) - 1 for place in _places(case)]


def _single_gap(case: Spread, cells: list[int]) -> Fraction:
    """The largest gap of an indicator of cells: of a linear function of values in [0, 1] the largest is at a corner."""
    widths = [right - left for left, right in zip(_edges(case), _edges(case)[1:], strict=False)]
    inside = [cells.count(cell) for cell in range(len(widths))]
    whole, number = sum(widths), len(cells)
    largest = max(
        abs(sum(t * (number * w - whole * c) for t, w, c in zip(some, widths, inside, strict=True)))
        for some in product((0, 1), repeat=len(widths))
    )
    return Fraction(largest, whole * number)


def _values(case: Spread) -> list[Any]:
    """The measuring function of each cell's score: rationals, or balls of the logarithm."""
    scores = [flint.fmpq(x.numerator, x.denominator) for x in (Fraction(repr(float(x))) for x in case.scores)]
    return [flint.arb(x).log() if case.power == LOGARITHM else x**case.power for x in scores]


def _exactly(case: Spread, element: int, bits: int) -> dict[str, Any]:
    _sound(case, element)
    cells, edges = _cells(case), _edges(case)
    with flint.ctx.workprec(bits):
        values = _values(case)
        integral = sum((v * (edges[k + 1] - edges[k]) for k, v in enumerate(values)), flint.fmpq(0))
        total = sum((values[cell] for cell in cells), flint.fmpq(0))
        of_scores = dict(zip(case.scores, values, strict=True))
        return {
            "s": case.s,
            "m": len(cells),
            "cells": len(values),
            "single_gap": _single_gap(case, cells),
            "real_measured": integral / edges[-1],
            "fake_measured": total / len(cells),
            # the measuring functions rise or fall throughout
            "span": abs(of_scores[max(case.scores)] - of_scores[min(case.scores)]),
        }


def _columns(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        **{name: integers(row[name] for row in rows) for name in ("s", "m", "cells")},
        "single_gap": rationals(row["single_gap"] for row in rows),
        **{name: balls(row[name] for row in rows) for name in ("real_measured", "fake_measured", "span")},
    }


def observe_spread_precisely(case: Spread, bits: int) -> Measurements:
    """The columns of `observe_spread` for one case, exact but for logarithms."""
    advantage = observe_precisely(_test(case), bits).columns["advantage"]
    return Measurements({**_columns([_exactly(case, 0, bits)]), "advantage": advantage}, np.zeros(1))


@simulator(
    "s m cells single_gap real_measured fake_measured span advantage",
    limited_by="rounding",
    precisely=observe_spread_precisely,
)
def observe_spread(batch: tuple[Spread, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row a case: the gap of the whole class of functions of a cell with values in [0, 1] (the largest over all sets of
    cells), the mean of the measuring function under both laws, its span, and the advantage of the tuple test.

    Only ``advantage`` and logarithms carry error bars, of a few roundings.
    """
    rows = [_exactly(case, k, BITS) for k, case in enumerate(batch)]
    advantage = advantages(tuple(_test(case) for case in batch), torch.device(device))
    return Measurements({**_columns(rows), "advantage": advantage}, np.arange(len(rows)))
