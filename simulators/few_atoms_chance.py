"""Generators that repeat m random images: exact laws of what one feature, or a table, sees of them.

Equal cells: all sequences of m draws are counted through the multiset of how often each cell came up, one draw at a time.
One feature with two values: a training set is drawn from the law, and m of its n images without replacement.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import comb, isfinite
from typing import Any

import flint
import numpy as np
import torch

from .few_atoms import table
from .few_atoms_table import largest_at_corners
from .measurement import MeasurementError, Measurements, balls, integers, reals, simulator

TERMS = 2.0**-80
"""A tail is summed until its terms are this share of the first; the rest is at most a geometric series."""


DRAWS = 500
"""Draws that are counted one by one."""


@dataclass(frozen=True)
class Equal:
    """m independent draws from p equally likely cells, each of weight 1/m."""

    p: int
    m: int


@lru_cache(maxsize=4096)
def occupancies(p: int, m: int) -> dict[tuple[int, ...], int]:
    """How many of the p^m sequences of draws give each multiset of counts (sorted, p entries)."""
    if m == 0:
        return {(0,) * p: 1}
    found: Counter[tuple[int, ...]] = Counter()
    for counts, ways in occupancies(p, m - 1).items():
        for value in set(counts):
            place = counts.index(value)
            drawn = tuple(sorted((*counts[:place], value + 1, *counts[place + 1 :])))
            found[drawn] += ways * counts.count(value)
    return dict(found)


def _equal(case: Equal, element: int) -> list[dict[str, Any]]:
    p, m = case.p, case.m
    if type(p) is not int or type(m) is not int or p < 1 or not 1 <= m <= DRAWS:
        raise MeasurementError(f"{p} cells, {m} draws", f"whole cells, and 1 to {DRAWS} draws", "mean_gap", element)
    ways = occupancies(p, m)
    total = p**m
    # a cell has the real mass 1/p and the share c/m of the draws: times p m, integers
    gaps = {counts: largest_at_corners((m - p * c for c in counts), element) for counts in ways}
    missing = sum(many * gaps[counts] for counts, many in ways.items())
    exact = sum(many for counts, many in ways.items() if gaps[counts] == 0)
    return [
        {
            "p": p,
            "m": m,
            "times_each": m // p,
            "P_exact": flint.fmpq(exact, total),
            "mean_gap": flint.fmpq(missing, total * p * m),
        }
    ]


@simulator("p m times_each P_exact mean_gap", limited_by="exact")
def observe_equal(batch: tuple[Equal, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each case: the probability that no table tells the draws from the law, and the mean of the largest
    gap over tables.  Rationals, exact.
    """
    torch.empty(0, device=device)  # rationals live on no device; an absent one is an error all the same
    return table([_equal(case, k) for k, case in enumerate(batch)], observe_equal.observables, "case")


@dataclass(frozen=True)
class TwoSizes:
    """One feature that is 1 for a share ``ones`` / ``of`` of all images and 0 for the rest.

    The generator repeats m images of a training set of n_small, or of n_large, drawn without replacement; it wins where
    its mean is within ``margin`` / m of the share.
    """

    ones: int
    of: int
    m: int
    n_small: int
    n_large: int
    margin: float = 0.0


def win_probability(theta: Fraction, n: int, m: int, within: Fraction) -> Fraction:
    """P(|mean of m of the n images - θ| ≤ within) over training sets of n and the choice of m of them."""
    won = Fraction(0)
    for ones in range(n + 1):
        chance = comb(n, ones) * theta**ones * (1 - theta) ** (n - ones)
        hits = (j for j in range(m + 1) if abs(Fraction(j, m) - theta) <= within)
        won += chance * Fraction(sum(comb(ones, j) * comb(n - ones, m - j) for j in hits), comb(n, m))
    return won


def _two_sizes(case: TwoSizes, element: int) -> list[dict[str, Any]]:
    whole = (case.ones, case.of, case.m, case.n_small, case.n_large)
    if any(type(v) is not int for v in whole) or not (
        0 < case.ones < case.of and 1 <= case.m <= case.n_small < case.n_large
    ):
        raise MeasurementError(f"{case}", "integers, 0 < ones < of and 1 <= m <= n_small < n_large", "P_small", element)
    if not (isfinite(case.margin) and case.margin >= 0):
        raise MeasurementError(f"margin {case.margin}", "a finite number of at least 0", "P_small", element)
    theta, within = Fraction(case.ones, case.of), Fraction(case.margin) / case.m
    row: dict[str, Any] = {"n_small": case.n_small, "n_large": case.n_large}
    for name, n in (("P_small", case.n_small), ("P_large", case.n_large)):
        value = win_probability(theta, n, case.m, within)
        row[name] = flint.fmpq(value.numerator, value.denominator)
    return [row]


@simulator("P_small P_large n_small n_large", limited_by="exact")
def observe_two_sizes(
    batch: tuple[TwoSizes, ...], *, delta: float, effort: int = 0, device: torch.device
) -> Measurements:
    """One row for each case: the probability of a win with training sets of two sizes.  Rationals, exact."""
    torch.empty(0, device=device)
    return table([_two_sizes(case, k) for k, case in enumerate(batch)], observe_two_sizes.observables, "case")


@dataclass(frozen=True)
class Subsample:
    """m of n training images without replacement, ``ones`` of which have feature 1, and at least ``hits`` of the m."""

    n: int
    ones: int
    m: int
    hits: int


def tail(case: Subsample, element: int) -> Any:
    """P(at least ``hits`` ones among the m), as a ball at the precision in force."""
    n, ones, m, hits = case.n, case.ones, case.m, case.hits
    last = min(ones, m)
    if any(type(v) is not int for v in (n, ones, m, hits)) or not (
        0 <= ones <= n and 1 <= m <= n and hits <= last and hits * n >= ones * m and hits >= m - (n - ones)
    ):
        raise MeasurementError(f"{case}", "a whole number of ones that can be drawn, not below its mean", "t", element)

    def log_choose(a: int, b: int) -> Any:
        return flint.arb(a + 1).lgamma() - flint.arb(b + 1).lgamma() - flint.arb(a - b + 1).lgamma()

    first = (log_choose(ones, hits) + log_choose(n - ones, m - hits) - log_choose(n, m)).exp()
    total, term, j, floor = flint.arb(1), flint.arb(1), hits, flint.arb(TERMS)
    while j < last:
        ratio = flint.arb((ones - j) * (m - j)) / ((j + 1) * (n - ones - m + j + 1))
        if term < floor and ratio < 1:  # ratios fall with j: what is left is below a geometric series
            total += (term * ratio / (1 - ratio)).union(flint.arb(0))
            break
        term *= ratio
        total += term
        j += 1
    return first * total


def _log_tail(case: Subsample, element: int) -> tuple[Any, Any]:
    mean = Fraction(case.hits, case.m) - Fraction(case.ones, case.n)
    return tail(case, element).log(), flint.fmpq(mean.numerator, mean.denominator)


def observe_subsample_precisely(case: Subsample, bits: int) -> Measurements:
    """The columns of `observe_subsample` for one case, as balls of ``bits`` bits."""
    with flint.ctx.workprec(bits + 64):
        log_tail, t = _log_tail(case, 0)
    return Measurements(
        {"n": integers([case.n]), "m": integers([case.m]), "t": balls([t]), "log_tail": balls([log_tail])}, np.zeros(1)
    )


@simulator("n m t log_tail", limited_by="rounding", precisely=observe_subsample_precisely)
def observe_subsample(
    batch: tuple[Subsample, ...], *, delta: float, effort: int = 0, device: torch.device
) -> Measurements:
    """One row for each case: how far the mean of the m exceeds that of the n, ``t``, and the logarithm of the probability
    that it exceeds it by as much.  Radii are rounding, of balls of 128 bits read as floats.
    """
    torch.empty(0, device=device)
    with flint.ctx.workprec(128):
        found = [_log_tail(case, k) for k, case in enumerate(batch)]
        middle = np.array([float(value.mid()) for value, _ in found])
        radius = np.array(
            [float((value - flint.arb(mid)).abs_upper()) for (value, _), mid in zip(found, middle, strict=True)]
        )
    columns = {
        "n": integers(case.n for case in batch),
        "m": integers(case.m for case in batch),
        "t": balls(t for _, t in found),
        "log_tail": reals(middle, np.nextafter(radius, np.inf)),
    }
    return Measurements(columns, np.arange(len(batch)))
