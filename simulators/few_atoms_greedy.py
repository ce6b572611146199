"""Images of equal weights, chosen one by one so that the sum of their features stays near that of the mean.

Each time the image is taken that leaves the sum nearest to its share.  Readouts v · ψ with |v| ≤ 1 see the Euclidean distance
of two means: the supremum over v is exact, its square a rational number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import flint
import torch

from .few_atoms import Images, features_of, table
from .measurement import MeasurementError, Measurements, simulator


@dataclass(frozen=True)
class Greedy:
    """m images of equal weights, with repetition, in the place of those of ``case``."""

    case: Images
    m: int


def chosen(rows: list[list[int]], masses: tuple[int, ...], m: int) -> list[int]:
    """The m images: each takes total · (sum of features so far) nearest to its share of Σ mass ψ."""
    total = sum(masses)
    # how far each image moves total · (sum - share of the mean), in integers
    centre = [sum(w * row[j] for w, row in zip(masses, rows, strict=True)) for j in range(len(rows[0]))]
    moves = [[total * value - middle for value, middle in zip(row, centre, strict=True)] for row in rows]
    off, taken = [0] * len(centre), []
    for _ in range(m):
        lengths = [sum((a + b) ** 2 for a, b in zip(off, move, strict=True)) for move in moves]
        best = lengths.index(min(lengths))
        off = [a + b for a, b in zip(off, moves[best], strict=True)]
        taken.append(best)
    return taken


def _greedy(instance: Greedy, element: int) -> list[dict[str, Any]]:
    case, m = instance.case, instance.m
    if type(m) is not int or m < 1:
        raise MeasurementError(f"{m} images", "a whole number of at least 1", "m", element)
    rows = [list(row) for row in features_of(case, element)]
    total, taken = sum(case.masses), chosen(rows, case.masses, m)
    square = variance = flint.fmpq(0)
    for column in zip(*rows, strict=True):
        middle = flint.fmpq(sum(w * x for w, x in zip(case.masses, column, strict=True)), total)
        square += (flint.fmpq(sum(column[i] for i in taken), m) - middle) ** 2
        variance += (
            sum((w * (x - middle) ** 2 for w, x in zip(case.masses, column, strict=True)), flint.fmpq(0)) / total
        )
    return [{"m": m, "square": square, "variance": variance}]


@simulator("m square variance", limited_by="exact")
def observe(batch: tuple[Greedy, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each case: the squared supremum over |v| ≤ 1 of what v · ψ sees of the m images, and the variance of the
    features.  Rationals, exact.
    """
    torch.empty(0, device=device)  # rationals live on no device; an absent one is an error all the same
    return table([_greedy(case, k) for k, case in enumerate(batch)], observe.observables, "case")
