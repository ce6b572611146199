"""What a table of p numbers in [0, 1] sees of a generator of few images: the supremum over all tables, exactly.

An image lies in one of p cells and D_v(x) is the number v of its cell.  E_μ D_v - E_ν D_v is linear in v, so that its
supremum over the cube is taken at a corner: every value that a corner gives is found, and the largest taken.  No formula for
it is used.  All laws are integer masses; every result is a rational number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint
import torch

from .few_atoms import table
from .measurement import MeasurementError, Measurements, simulator

VALUES = 2**14
"""Different values at the corners of a cube, of which the largest is taken: fourteen cells, or more with like ones."""


@dataclass(frozen=True)
class Table:
    """A law on n images and a generator's law on them, as integer masses, and the cell of each image.

    ``cells`` empty: every image has a cell of its own.
    """

    masses: tuple[int, ...]
    generated: tuple[int, ...]
    cells: tuple[int, ...] = ()


@dataclass(frozen=True)
class Trained:
    """A law on n images, how often each was drawn for the training set, and how often the generator repeats each."""

    masses: tuple[int, ...]
    training: tuple[int, ...]
    generated: tuple[int, ...]


def _shares(masses: Sequence[int], size: int, element: int) -> list[Fraction]:
    total = sum(masses)
    if len(masses) != size or size == 0 or total < 1 or any(type(m) is not int or m < 0 for m in masses):
        raise MeasurementError(f"masses {masses}", f"{size} integers of at least 0, not all 0", "gap", element)
    return [Fraction(m, total) for m in masses]


def largest_at_corners(gains: Iterable[int], element: int) -> int:
    """The largest Σ v gain over all corners v in {0, 1}^p, among the values of all of them.

    A value that several corners share is kept once.  Raises `MeasurementError` for more than `VALUES` different ones.
    """
    reached = {0}
    for gain in gains:
        reached |= {value + gain for value in reached}
        if len(reached) > VALUES:
            raise MeasurementError(
                f"more than {VALUES} different values at corners", "fewer cells, or more like ones", "gap", element
            )
    return max(reached)


def _excess(masses: Sequence[int], generated: Sequence[int], cells: Sequence[int]) -> dict[int, int]:
    """What each cell has more under the first law than under the second, times the totals of both."""
    whole, made = sum(masses), sum(generated)
    found = dict.fromkeys(cells, 0)
    for cell, a, b in zip(cells, masses, generated, strict=True):
        found[cell] += a * made - b * whole
    return found


def largest_gap(masses: Sequence[int], generated: Sequence[int], cells: Sequence[int], element: int) -> Fraction:
    """The supremum of E_μ D_v - E_ν D_v over tables v in [0, 1]^p, for two laws as integer masses."""
    gains = _excess(masses, generated, cells)
    return Fraction(largest_at_corners(gains.values(), element), sum(masses) * sum(generated))


def _rational(value: Fraction) -> Any:
    return flint.fmpq(value.numerator, value.denominator)


def _seen(case: Table, element: int) -> list[dict[str, Any]]:
    n = len(case.masses)
    real, made = _shares(case.masses, n, element), _shares(case.generated, n, element)
    cells = case.cells or tuple(range(n))
    if len(cells) != n or any(type(cell) is not int for cell in cells):
        raise MeasurementError(f"cells {cells} of {n} images", "as many integers, or none", "gap", element)
    support = [i for i in range(n) if made[i] > 0]
    apart = _excess(case.masses, case.generated, cells)
    both = sum(case.masses) * sum(case.generated)
    values = {
        "gap": largest_gap(case.masses, case.generated, cells, element),
        "distance": Fraction(sum(abs(value) for value in apart.values()), both),
        "covered": sum((real[i] for i in support), Fraction(0)),
        "heaviest": sum(sorted(real)[n - len(support) :], Fraction(0)),
    }
    whole = {
        "k": len(support), "n": n, "p": len(apart), "largest_mass": max(case.masses), "smallest_mass": min(case.masses),
    }  # fmt: skip
    return [{**whole, **{name: _rational(value) for name, value in values.items()}}]


@simulator("gap distance covered heaviest k n p largest_mass smallest_mass", limited_by="exact")
def observe(batch: tuple[Table, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each case: the supremum ``gap`` over tables, the ℓ₁ ``distance`` of the laws of the cell, the real mass
    ``covered`` by the generator's ``k`` images, and that of the ``k`` ``heaviest`` ones.  Rationals, exact.

    ``largest_mass`` and ``smallest_mass`` are the largest and the smallest integer mass of an image.
    """
    torch.empty(0, device=device)  # rationals live on no device; an absent one is an error all the same
    return table([_seen(case, k) for k, case in enumerate(batch)], observe.observables, "case")


def _trained(case: Trained, element: int) -> list[dict[str, Any]]:
    n = len(case.masses)
    for masses in (case.masses, case.training, case.generated):
        _shares(masses, n, element)
    if any(g > t for g, t in zip(case.generated, case.training, strict=True)):
        raise MeasurementError(f"{case.generated} of {case.training}", "a part of the training set", "gap", element)
    cells = range(n)
    gaps = {
        "gap": largest_gap(case.masses, case.generated, cells, element),
        "gap_training": largest_gap(case.masses, case.training, cells, element),
        "gap_copy": largest_gap(case.training, case.generated, cells, element),
    }
    return [{name: _rational(value) for name, value in gaps.items()}]


@simulator("gap gap_training gap_copy", limited_by="exact")
def observe_trained(batch: tuple[Trained, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each case: the suprema between the law and the generator, the law and the training set, and the
    training set and the generator, over tables with a number for each image.  Rationals, exact.
    """
    torch.empty(0, device=device)
    return table([_trained(case, k) for k, case in enumerate(batch)], observe_trained.observables, "case")
