"""Which sets of points hold how much of a law, beside its probability of a duplicate.

Sets are made of the heaviest points: with integer weights, their numbers and masses are integers and rationals, exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint
import numpy as np
import torch

from simulators.collisions import Law, checked, distinct_exactly, probabilities, rationals
from simulators.measurement import Measurement, MeasurementError, Measurements, balls, integers, simulator


@dataclass(frozen=True)
class Weighed:
    """A law, and the mass in per cent that a set of its points is to have."""

    law: Law
    percent: int = 99


def _ordered(law: Law) -> list[tuple[int, int]]:
    """Pairs (weight, number of points), heaviest first."""
    return sorted(law.atoms, reverse=True)


def _heaviest(law: Law, number: int) -> int:
    """The weight of so many heaviest points."""
    total = 0
    for weight, count in _ordered(law):
        taken = min(count, number)
        total, number = total + taken * weight, number - taken
    return total


def _needed(law: Law, percent: int, element: int) -> int:
    """How many of the heaviest points have that mass; raises `MeasurementError` where the atomless part leaves none."""
    wanted, number = Fraction(percent * law.total, 100), 0
    for weight, count in _ordered(law):
        taken = min(count, max(0, -(-wanted // weight)))
        wanted, number = wanted - taken * weight, number + taken
    if wanted > 0:
        raise MeasurementError(f"{law}", f"points of {percent} % of the mass", "n_rho", element)
    return number


def _values(case: Weighed, element: int) -> dict[str, Any]:
    law, total = checked(case.law, element), case.law.total
    squares = sum(c * w * w for w, c in law.atoms)
    kappa = Fraction(squares, total**2)
    level = [(w, c) for w, c in law.atoms if 2 * w * total >= squares]  # p >= κ/2
    urn = law.returned - 1
    return {
        "N": sum(c for _, c in law.atoms),
        "s": law.s,
        "kappa": kappa,
        "top": Fraction(_heaviest(law, -(-(total**2) // squares)), total),  # the ⌈1/κ⌉ heaviest
        "n": sum(c for _, c in level),
        "m": Fraction(sum(w * c for w, c in level), total),
        "atomless": Fraction(law.atomless, total),
        "dependence": abs(urn) * (1 - kappa) / (total + urn) if urn else Fraction(0),
    }


def _with_mass(case: Weighed, element: int) -> dict[str, Any]:
    if type(case.percent) is not int or not 1 <= case.percent <= 100:
        raise MeasurementError(f"percent {case.percent}", "an integer from 1 to 100", "rho", element)
    needed = _needed(checked(case.law, element), case.percent, element)
    return {"rho": Fraction(case.percent, 100), "n_rho": needed}


WHOLE = {"N", "s", "n", "n_rho"}


def _table(cases: tuple[Weighed, ...], rows: list[dict[str, Any]], device: torch.device) -> Measurements:
    columns: dict[str, Measurement] = {
        name: integers(row[name] for row in rows) if name in WHOLE else rationals(row[name] for row in rows)
        for name in (rows[0] if rows else {})
    }
    distinct, duplicate = probabilities(tuple(case.law for case in cases), device)
    return Measurements({**columns, "P_none": distinct, "P_dup": duplicate}, np.arange(len(cases)))


def _precise(case: Weighed, row: dict[str, Any]) -> Measurements:
    distinct = distinct_exactly(case.law)
    exact = {name: Fraction(value) for name, value in row.items()} | {"P_none": distinct, "P_dup": 1 - distinct}
    return Measurements({n: balls([flint.fmpq(v.numerator, v.denominator)]) for n, v in exact.items()}, np.zeros(1))


def observe_precisely(case: Weighed, bits: int) -> Measurements:
    """The columns of `observe` for one law, as exact rationals (``bits`` is not needed)."""
    return _precise(case, _values(case, 0))


def observe_mass_precisely(case: Weighed, bits: int) -> Measurements:
    """The columns of `observe_mass` for one law, as exact rationals (``bits`` is not needed)."""
    return _precise(case, {**_values(case, 0), **_with_mass(case, 0)})


NAMES = "N s kappa top n m atomless dependence P_none P_dup"


@simulator(NAMES, limited_by="rounding", precisely=observe_precisely)
def observe(cases: tuple[Weighed, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each law: N points, κ = Σp², and the probability of distinct samples and of a duplicate.

    ``top``: mass of the ⌈1/κ⌉ heaviest points; ``n`` and ``m``: number and mass of the points with p >= κ/2.
    A malformed law raises `MeasurementError`.
    """
    return _table(cases, [_values(case, k) for k, case in enumerate(cases)], torch.device(device))


@simulator(NAMES + " rho n_rho", limited_by="rounding", precisely=observe_mass_precisely)
def observe_mass(cases: tuple[Weighed, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """The columns of `observe`, ρ, and the least number of points of mass ρ; an error where no finite number has it."""
    rows = [{**_values(case, k), **_with_mass(case, k)} for k, case in enumerate(cases)]
    return _table(cases, rows, torch.device(device))
