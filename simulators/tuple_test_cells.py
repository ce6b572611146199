"""A generator that no function of a cell can tell from the real law, and the tuple test on it.

The real law has no atoms; a partition cuts it into cells of given masses.  The generator is uniform on finitely many
images of the cells.  Discriminators of one image see the cell only: they score it.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint
import numpy as np
import torch

from .measurement import MeasurementError, Measurements, balls, integers, simulator
from .tuple_test import TupleTest, advantages, observe_precisely, rationals

LOGARITHM = 0
BITS = 128


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


def _laws(case: Spread, element: int) -> tuple[list[Fraction], list[Fraction], list[Fraction]]:
    cells = len(case.masses)
    if not cells or {len(case.images), len(case.scores)} != {cells}:
        raise MeasurementError(f"{case}", "as many masses, numbers of images and scores", "single_gap", element)
    if min(case.masses) < 1 or min(case.images) < 0 or not any(case.images) or min(case.scores) <= 0:
        raise MeasurementError(f"{case}", "masses and scores > 0, at least one image", "single_gap", element)
    real = [Fraction(w, sum(case.masses)) for w in case.masses]
    fake = [Fraction(c, sum(case.images)) for c in case.images]
    return real, fake, [Fraction(repr(float(x))) for x in case.scores]


def _measured(law: list[Fraction], scores: list[Fraction], power: int, bits: int) -> Any:
    """The mean of the measuring function: a rational, or a ball of the logarithm."""
    if power != LOGARITHM:
        mean = sum((p * x**power for p, x in zip(law, scores, strict=True)), Fraction(0))
        return flint.fmpq(mean.numerator, mean.denominator)
    with flint.ctx.workprec(bits):
        terms = [
            flint.arb(flint.fmpq(p.numerator, p.denominator)) * flint.arb(flint.fmpq(x.numerator, x.denominator)).log()
            for p, x in zip(law, scores, strict=True)
        ]
        return sum(terms, flint.arb(0))


def _span(scores: list[Fraction], power: int, bits: int) -> Any:
    """Largest less least value that the measuring function takes on the scores."""
    ends = [_measured([Fraction(1)], [x], power, bits) for x in (max(scores), min(scores))]
    with flint.ctx.workprec(bits):
        return abs(ends[0] - ends[1])


def _exactly(case: Spread, element: int, bits: int) -> dict[str, Any]:
    real, fake, scores = _laws(case, element)
    return {
        "s": case.s,
        "m": sum(case.images),
        "cells": len(case.masses),
        "single_gap": sum((abs(p - q) for p, q in zip(real, fake, strict=True)), Fraction(0)) / 2,
        "real_measured": _measured(real, scores, case.power, bits),
        "fake_measured": _measured(fake, scores, case.power, bits),
        "span": _span(scores, case.power, bits),
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
    """One row a case: the gap of the whole class of functions of a cell with values in [0, 1] (half the distance of the
    cells' masses), the mean of the measuring function under both laws, its span, and the advantage of the tuple test.

    Only ``advantage`` and logarithms carry error bars, of a few roundings.
    """
    rows = [_exactly(case, k, BITS) for k, case in enumerate(batch)]
    advantage = advantages(tuple(_test(case) for case in batch), torch.device(device))
    return Measurements({**_columns(rows), "advantage": advantage}, np.arange(len(rows)))
