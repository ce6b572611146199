"""The law of the gap of thresholds for any law on a line, in exact rationals: samples of a few points.

The gap of a sample stays below ε if and only if, at finitely many places of the line, the number of points so far lies in
a window: for an atomless law between the places where an empirical distribution function may cross the edges F ± ε, for a
law of finitely many atoms at every atom.  The numbers of points in disjoint cells are multinomial, so that

    P(all windows kept) = m! [z^m] of the product of exp(width z), cut to the window after every cell.

Nothing is rounded.  One-sided and two-sided gaps differ in their windows only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import ceil, factorial, floor
from typing import Any

import flint
import numpy as np
import torch

from .measurement import Measurement, MeasurementError, Measurements, balls, integers, simulator

LONGEST = 64
"""Points of the largest sample: beyond it the rationals grow long."""
Window = tuple[Fraction, int, int]
"""A place (mass up to it) and the least and the greatest number of points up to there."""


@dataclass(frozen=True)
class Thresholds:
    """A sample of ``m`` points, and an edge ε = half_steps/(2 m).

    ``weights``: integer weights of the atoms of the law, in their order on the line; empty for an atomless law.
    ``doubled``: half of the sample (m even) repeats the other half.
    """

    m: int
    half_steps: int
    weights: tuple[int, ...] = ()
    doubled: bool = False

    @property
    def drawn(self) -> int:
        """How many independent points the sample has."""
        return self.m // 2 if self.doubled else self.m

    @property
    def eps(self) -> Fraction:
        """The edge."""
        return Fraction(self.half_steps, 2 * self.m)


def _sound(case: Thresholds, element: int) -> Thresholds:
    whole = (case.m, case.half_steps, *case.weights)
    if any(not isinstance(x, int) for x in whole) or not 1 <= case.m <= LONGEST or any(w < 1 for w in case.weights):
        raise MeasurementError(f"{case}", f"whole numbers, weights >= 1 and 1 <= m <= {LONGEST}", "m", element)
    if not 1 <= case.half_steps <= 2 * case.m or (case.doubled and case.m % 2):
        raise MeasurementError(f"{case}", "an edge in (0, 1], m even if doubled", "eps", element)
    return case


def kept(m: int, windows: Iterable[Window]) -> Fraction:
    """P(every window is kept) for m independent uniform points on [0, 1]."""
    state, before = flint.fmpq_poly([1]), Fraction(0)
    for place, least, greatest in [*sorted(windows), (Fraction(1), m, m)]:
        if least > greatest:
            return Fraction(0)
        if place > before:
            width = _rational(place - before)
            state *= flint.fmpq_poly([width**k / factorial(k) for k in range(m + 1)])
            before = place
        cut = state.coeffs()[: greatest + 1]
        state = flint.fmpq_poly([flint.fmpq(0)] * min(least, len(cut)) + cut[least:])
    chance = state[m] * factorial(m)
    return Fraction(int(chance.p), int(chance.q))


def _atomless(m: int, eps: Fraction) -> tuple[list[Window], list[Window]]:
    """Windows of F_m - F < ε (the i-th point lies beyond i/m - ε) and of F - F_m < ε."""
    above = [(Fraction(i, m) - eps, 0, i - 1) for i in range(1, m + 1) if Fraction(i, m) > eps]
    below = [(Fraction(i - 1, m) + eps, i, m) for i in range(1, m + 1) if Fraction(i - 1, m) + eps < 1]
    return above, below


def _atomic(m: int, eps: Fraction, weights: Sequence[int]) -> tuple[list[Window], list[Window]]:
    """The same for atoms: windows at every atom but the last."""
    mass = [Fraction(s, sum(weights)) for s in np.cumsum(weights).tolist()[:-1]]
    above = [(q, 0, min(ceil(m * (q + eps)) - 1, m)) for q in mass]
    below = [(q, max(floor(m * (q - eps)) + 1, 0), m) for q in mass]
    return above, below


def gap_law(m: int, eps: Fraction, weights: Sequence[int]) -> tuple[Fraction, Fraction]:
    """(P(sup F_m - F >= ε), P(sup |F_m - F| >= ε)); no weights: an atomless law."""
    above, below = _atomic(m, eps, weights) if weights else _atomless(m, eps)
    return 1 - kept(m, above), 1 - kept(m, [*above, *below])


def mean_gap(m: int, weights: Sequence[int]) -> Fraction:
    """E sup |F_m - F| for a law of atoms: the gap takes finitely many values."""
    total = sum(weights)
    mass = [Fraction(s, total) for s in np.cumsum(weights).tolist()[:-1]]
    values = sorted({abs(Fraction(i, m) - q) for q in mass for i in range(m + 1)} - {Fraction(0)})
    steps = [b - a for a, b in pairwise([Fraction(0), *values])]
    return sum((s * gap_law(m, v, weights)[1] for s, v in zip(steps, values, strict=True)), Fraction(0))


def _rational(value: Fraction) -> Any:
    return flint.fmpq(value.numerator, value.denominator)


def _columns(cases: tuple[Thresholds, ...]) -> dict[str, Measurement]:
    laws = [gap_law(c.drawn, c.eps, c.weights) for c in cases]
    free = [
        gap_law(c.m, c.eps, ())[0] if c.weights or c.doubled else law[0] for c, law in zip(cases, laws, strict=True)
    ]
    return {
        "m": integers(c.m for c in cases),
        "eps": balls([_rational(c.eps) for c in cases]),
        "atoms": integers(len(c.weights) for c in cases),
        "repeated": integers(c.m - c.drawn for c in cases),
        "P_above": balls([_rational(above) for above, _ in laws]),
        "P_one": balls([_rational(both) for _, both in laws]),
        "P_free": balls([_rational(above) for above in free]),
    }


@simulator("m eps atoms repeated P_above P_one P_free", limited_by="exact")
def observe(cases: tuple[Thresholds, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """A row a case, exact: P_above = P(sup F_m - F >= eps) and P_one = P(sup |F_m - F| >= eps).

    ``atoms`` counts the atoms of the law (0 for an atomless one), ``repeated`` the points that repeat others; P_free is
    P_above of m independent points of an atomless law.
    """
    torch.empty(0, device=torch.device(device))  # rationals live on no device, but an absent one is an error
    return Measurements(_columns(tuple(_sound(c, k) for k, c in enumerate(cases))), np.arange(len(cases)))


@simulator("m eps atoms repeated P_above P_one P_free mean members", limited_by="exact")
def observe_mean(cases: tuple[Thresholds, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """The columns of `observe` for laws of atoms, the exact mean of the gap, and how many thresholds tell atoms apart."""
    torch.empty(0, device=torch.device(device))
    cases = tuple(_sound(c, k) for k, c in enumerate(cases))
    for k, case in enumerate(cases):
        if len(case.weights) < 2:
            raise MeasurementError(f"{case}", "at least two atoms", "mean", k)
    means = balls([_rational(mean_gap(c.drawn, c.weights)) for c in cases])
    members = integers(len(c.weights) - 1 for c in cases)
    return Measurements({**_columns(cases), "mean": means, "members": members}, np.arange(len(cases)))
