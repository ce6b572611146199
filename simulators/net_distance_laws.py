"""Discrete laws in exact rationals, all samples that may be drawn from them, and their total variation distance.

A law is a tuple of integer weights over atoms; its probabilities are the weights over their sum.  Atoms and parameters
are read as the decimals that they print as (0.1 is 1/10), so that expectations have no error bar.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import comb
from typing import Any

import flint

from .interpolation_net import ZERO, Vector, rationals
from .measurement import MeasurementError

BITS = 192
"""Bits of the balls that roots and kernels are computed with."""


def probabilities(weights: Sequence[int], atoms: int, element: int | None = None) -> list[Any]:
    """The probabilities of a law over ``atoms`` atoms; raises `MeasurementError` for weights that are none."""
    whole = all(isinstance(w, int) and w >= 0 for w in weights)
    if len(weights) != atoms or not whole or sum(weights) == 0:
        raise MeasurementError(
            f"weights {weights} for {atoms} atoms", "as many integers of at least 0, not all 0", "distance", element
        )
    total = sum(weights)
    return [flint.fmpq(w, total) for w in weights]


def points(atoms: Sequence[Sequence[float]], element: int | None = None) -> list[Vector]:
    """Atoms as rational vectors of one length; raises `MeasurementError` where they are none."""
    if not atoms or not atoms[0] or any(len(x) != len(atoms[0]) for x in atoms):
        raise MeasurementError(f"atoms {atoms}", "at least one, all of one size", "distance", element)
    return [rationals(x, "distance", element) for x in atoms]


def difference(one: Sequence[Any], other: Sequence[Any]) -> list[Any]:
    """The signed measure between two laws on the same atoms."""
    return [p - q for p, q in zip(one, other, strict=True)]


def variation(signed: Sequence[Any]) -> Any:
    """The total variation of a signed measure of mass 0: what its positive part weighs."""
    return sum((c for c in signed if c > 0), ZERO)


def means(signed: Sequence[Any], values: Sequence[Vector]) -> list[Any]:
    """Σ_i c_i ψ(x_i), coordinate by coordinate."""
    return [sum((c * x[j] for c, x in zip(signed, values, strict=True)), ZERO) for j in range(len(values[0]))]


def samples(law: Sequence[Any], draws: int) -> Iterator[tuple[Any, list[Any]]]:
    """(probability, empirical law) of every outcome of that many independent draws, as counts of the atoms."""
    for counts in _compositions(draws, len(law)):
        chance, left = flint.fmpq(1), draws
        for count, p in zip(counts, law, strict=True):
            chance *= comb(left, count) * p**count
            left -= count
        if chance != 0:
            yield chance, [flint.fmpq(count, draws) for count in counts]


def _compositions(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    if parts == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in _compositions(total - first, parts - 1):
            yield (first, *rest)


def pair_dependence(law: Sequence[Any], copies: int) -> Any:
    """Total variation distance of the law of two samples, one draw of which each is a copy if ``copies`` > 1, from the
    product of their laws."""
    if copies == 1:
        return ZERO
    together = [[p if i == j else ZERO for j in range(len(law))] for i, p in enumerate(law)]
    return variation([together[i][j] - p * q for i, p in enumerate(law) for j, q in enumerate(law)])
