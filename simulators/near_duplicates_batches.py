"""How often a Clopper-Pearson bound of a birthday test is right: exact binomial sums over all that may be counted.

B batches are looked at and each has a hit with probability P, so that the hits are binomial.  The two one-sided ends of
the interval are functions of the hits; the probability that an end lies on its side of P is a finite sum.  What is
measured is the interval that the tool uses, `simulators.intervals.proportion`, floats as they come.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import comb
from typing import Any

import flint
import numpy as np
import torch

from simulators.collisions import rationals
from simulators.intervals import proportion
from simulators.measurement import MeasurementError, Measurements, balls, integers, simulator


@dataclass(frozen=True)
class Batches:
    """``batches`` batches of which each has a hit with the same probability, and one-sided bounds at level ``percent``.

    The probability is placed by ``hits`` and ``side``: at the lower (or upper) end of the interval after that many hits,
    moved outward by a share ``beyond`` of itself; a ``probability`` that is not 0 is taken as it is.  Each batch is looked
    at ``repeats`` times and counted as often, in which case ``batches`` is a multiple of it.
    """

    batches: int
    hits: int = 1
    side: str = "lower"
    beyond: float = 0.0
    percent: float = 5.0
    repeats: int = 1
    probability: float = 0.0


@lru_cache(maxsize=256)
def _ends(batches: int, percent: float) -> tuple[tuple[Fraction, ...], tuple[Fraction, ...]]:
    """The lower and the upper end after 0..batches hits, each wrong with probability ``percent``/100 at most."""
    low, high = proportion(np.arange(batches + 1), batches, 2 * percent / 100)
    return tuple(Fraction(float(x)) for x in low), tuple(Fraction(float(x)) for x in high)


def _sound(case: Batches, element: int) -> Batches:
    if any(type(x) is not int for x in (case.batches, case.hits, case.repeats)):
        raise MeasurementError(f"{case}", "integers for batches, hits and repeats", "B", element)
    if not (case.batches >= 1 and case.repeats >= 1 and case.batches % case.repeats == 0):
        raise MeasurementError(f"{case}", "batches >= 1, a multiple of repeats >= 1", "B", element)
    if not 0 < case.percent < 50:
        raise MeasurementError(f"percent {case.percent}", "a percentage between 0 and 50", "level", element)
    if not (0 <= case.hits <= case.batches and case.side in ("lower", "upper")):
        raise MeasurementError(f"{case}", "0 <= hits <= batches and side lower or upper", "P", element)
    if not (0 <= case.probability <= 1 and 0 <= case.beyond < 1):
        raise MeasurementError(f"{case}", "a probability, and beyond in [0, 1)", "P", element)
    return case


def _values(case: Batches) -> dict[str, Any]:
    lower, upper = _ends(case.batches, case.percent)
    beyond = Fraction(case.beyond)
    if case.probability:
        hit = Fraction(case.probability)
    elif case.side == "lower":
        hit = lower[case.hits] * (1 - beyond)
    else:
        hit = upper[case.hits] + beyond * (1 - upper[case.hits])
    top, whole, tried = hit.numerator, hit.denominator, case.batches // case.repeats
    miss = whole - top
    weights = [comb(tried, h) * top**h * miss ** (tried - h) for h in range(tried + 1)]
    total = whole**tried
    below = sum(w for h, w in enumerate(weights) if lower[h * case.repeats] <= hit)
    above = sum(w for h, w in enumerate(weights) if upper[h * case.repeats] >= hit)
    return {
        "B": case.batches,
        "repeats": case.repeats,
        "level": Fraction(case.percent) / 100,
        "P": hit,
        "right_below": Fraction(below, total),
        "right_above": Fraction(above, total),
    }


def observe_precisely(case: Batches, bits: int) -> Measurements:
    """The columns of `observe` for one case, as exact rationals (``bits`` is not needed)."""
    exact = {name: Fraction(value) for name, value in _values(_sound(case, 0)).items()}
    return Measurements({n: balls([flint.fmpq(v.numerator, v.denominator)]) for n, v in exact.items()}, np.zeros(1))


@simulator("B repeats level P right_below right_above", limited_by="rounding", precisely=observe_precisely)
def observe(cases: tuple[Batches, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each case: the probability that the lower (upper) end is at most (at least) P; exact sums.

    ``level`` is the probability that either end may be wrong.  Malformed cases raise `MeasurementError`.
    """
    torch.empty(0, device=device)  # a device that is absent is an error even where integers decide
    rows = [_values(_sound(case, k)) for k, case in enumerate(cases)]
    columns: dict[str, Any] = {name: integers(row[name] for row in rows) for name in ("B", "repeats")}
    for name in ("level", "P", "right_below", "right_above"):
        columns[name] = rationals(row[name] for row in rows)
    return Measurements(columns, np.arange(len(cases)))
