"""How well uniform mixtures of T generators do against a class of discriminators: every multiset, in exact rationals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations_with_replacement
from math import comb, factorial, lcm, prod
from typing import Any

import numpy as np
import torch

from .measurement import MeasurementError, Measurements, integers, simulator
from .zero_sum_contest import Contest, law_of, payoffs_of, rational_column, scores_of
from .zero_sum_value import least_worst_case

MULTISETS = 5000
"""Most multisets that are enumerated for one instance."""


@dataclass(frozen=True)
class Mixtures:
    """A contest, and how many generators a uniform mixture is made of (the same one may occur several times)."""

    contest: Contest
    size: int


def _worst_cases(payoffs: Sequence[Sequence[Fraction]], size: int) -> tuple[list[tuple[int, ...]], list[int], int]:
    """Every multiset of ``size`` rows, ``size * scale`` times the worst case of its uniform mixture, and ``scale``."""
    scale = lcm(*(entry.denominator for row in payoffs for entry in row))
    whole = [[int(entry * scale) for entry in row] for row in payoffs]  # of any size: no machine word holds them
    columns = list(zip(*whole, strict=True))
    chosen = list(combinations_with_replacement(range(len(payoffs)), size))
    return chosen, [max(sum(column[u] for u in some) for column in columns) for some in chosen], scale


def _observed(case: Mixtures, element: int) -> dict[str, Any]:
    contest, size = case.contest, case.size
    generators = len(contest.generators)
    if size < 1 or comb(generators + size - 1, size) > MULTISETS:
        raise MeasurementError(f"mixtures of {size}", f"1 or more, at most {MULTISETS} of them", "sparse", element)
    laws = [law_of(g, len(contest.real), element) for g in contest.generators]
    real = law_of(contest.real, len(contest.real), element)
    payoffs = payoffs_of(scores_of(contest, element), laws, real)
    ranges = [max(column) - min(column) for column in zip(*payoffs, strict=True)]
    best = least_worst_case(payoffs)
    chosen, worst, scale = _worst_cases(payoffs, size)
    # the draws that give a multiset, times the probability of each
    weight = [
        factorial(size) // prod(factorial(c) for c in Counter(some).values()) * prod(best.mixture[u] for u in some)
        for some in chosen
    ]
    drawn = sum((w * x for w, x in zip(weight, worst, strict=True) if w), Fraction(0))
    return {
        "sparse": Fraction(min(worst), size * scale),
        "drawn": drawn / (size * scale),
        "upper": best.value,
        "width": max(ranges),
        "T": size,
        "discriminators": len(contest.discriminators),
        "strategies": min(generators, len(contest.discriminators)),
    }


WHOLE = ("T", "discriminators", "strategies")


@simulator("sparse drawn upper width T discriminators strategies", limited_by="exact")
def observe(batch: tuple[Mixtures, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row an instance: the best worst case of a uniform mixture of T generators, the mean worst case where the T
    are drawn from a mixture that guarantees most, what that mixture guarantees, and the widest range of one discriminator's payoffs.

    Rationals are exact.  Raises `MeasurementError` where more than `MULTISETS` multisets would be looked at.
    """
    torch.empty(0, device=device)
    rows = [_observed(case, k) for k, case in enumerate(batch)]
    columns = {
        name: (integers if name in WHOLE else rational_column)(row[name] for row in rows)
        for name in observe.observables
    }
    return Measurements(columns, np.arange(len(rows)))
