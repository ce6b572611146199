"""What a table of p numbers in [0, 1] sees of a generator of few images: the supremum over all tables, exactly.

An image lies in one of p cells and D_v(x) is the number v of its cell.  E_μ D_v - E_ν D_v is linear in each number, so that
its supremum is taken at 0 or 1 cell by cell.  All laws are integer masses; every result is a rational number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint
import torch

from .few_atoms import table
from .measurement import MeasurementError, Measurements, simulator


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


def largest_gap(real: Sequence[Fraction], generated: Sequence[Fraction], cells: Sequence[int]) -> Fraction:
    """The supremum of E_μ D_v - E_ν D_v over tables v in [0, 1]^p."""
    excess = dict.fromkeys(cells, Fraction(0))
    for cell, a, b in zip(cells, real, generated, strict=True):
        excess[cell] += a - b
    return sum((value for value in excess.values() if value > 0), Fraction(0))


def _rational(value: Fraction) -> Any:
    return flint.fmpq(value.numerator, value.denominator)


def _seen(case: Table, element: int) -> list[dict[str, Any]]:
    n = len(case.masses)
    real, made = _shares(case.masses, n, element), _shares(case.generated, n, element)
    cells = case.cells or tuple(range(n))
    if len(cells) != n:
        raise MeasurementError(f"{len(cells)} cells for {n} images", "as many, or none", "gap", element)
    support = [i for i in range(n) if made[i] > 0]
    apart: dict[int, Fraction] = dict.fromkeys(cells, Fraction(0))
    for cell, a, b in zip(cells, real, made, strict=True):
        apart[cell] += a - b
    values = {
        "gap": largest_gap(real, made, cells),
        "distance": sum((abs(value) for value in apart.values()), Fraction(0)),
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
    real, training, made = (_shares(m, n, element) for m in (case.masses, case.training, case.generated))
    if any(g > t for g, t in zip(case.generated, case.training, strict=True)):
        raise MeasurementError(f"{case.generated} of {case.training}", "a part of the training set", "gap", element)
    cells = range(n)
    gaps = {
        "gap": largest_gap(real, made, cells),
        "gap_training": largest_gap(real, training, cells),
        "gap_copy": largest_gap(training, made, cells),
    }
    return [{name: _rational(value) for name, value in gaps.items()}]


@simulator("gap gap_training gap_copy", limited_by="exact")
def observe_trained(batch: tuple[Trained, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each case: the suprema between the law and the generator, the law and the training set, and the
    training set and the generator, over tables with a number for each image.  Rationals, exact.
    """
    torch.empty(0, device=device)
    return table([_trained(case, k) for k, case in enumerate(batch)], observe_trained.observables, "case")
