"""The test that looks at s images at once and says "two of them are equal": how much likelier of a generator than of real images.

Nothing in it is trained.  Its probability under a law is that of a duplicate among s draws (`simulators.collisions`), which
for equally likely images is a product of quotients (m - k)/m: statements of that product are judged on
`simulators.tuple_test_factors` instead, which counts another way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint
import numpy as np
import torch

from . import collisions
from .collisions import Law
from .doubled import UNIT
from .measurement import Measurement, MeasurementError, Measurements, balls, integers, reals, simulator

Groups = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class TupleTest:
    """Tuples of ``s`` images, real or from a generator.

    ``generator``: pairs (weight of each image, number of such images), at least one.  ``real``: such pairs of the real
    law, and ``atomless`` the weight of its part without atoms.  ``returned``: what goes back into the generator's urn of
    weights after a draw (1: images of a tuple are independent; 0: drawn without replacement; 2: Pólya's urn).
    """

    generator: Groups
    s: int
    real: Groups = ()
    atomless: int = 1
    returned: int = 1


def law_of_generator(test: TupleTest) -> Law:
    """The law of a tuple from the generator."""
    return Law(test.generator, test.s, returned=test.returned)


def law_of_real(test: TupleTest) -> Law | None:
    """The real law where it has atoms."""
    return Law(test.real, test.s, atomless=test.atomless) if test.real else None


def power_sum(groups: Groups, atomless: int, power: int) -> Fraction:
    """Σ p^power over the atoms of a law."""
    total = sum(w * c for w, c in groups) + atomless
    return Fraction(sum(c * w**power for w, c in groups), total**power)


def sound(test: TupleTest, element: int) -> None:
    """Raises `MeasurementError` where there is no real law."""
    if test.atomless < 0 or (not test.real and test.atomless < 1):
        raise MeasurementError(f"atomless {test.atomless}", "a real law of positive weight", "advantage", element)


def rationals(values: Iterable[Fraction]) -> Measurement:
    """Exact rationals as a column without error bars."""
    return balls(flint.fmpq(value.numerator, value.denominator) for value in values)


def exact_columns(test: TupleTest) -> dict[str, Any]:
    """The columns that hold no probability of a duplicate."""
    total = sum(w * c for w, c in test.generator)
    pairs, urn = power_sum(test.generator, 0, 2), test.returned - 1
    return {
        "s": test.s,
        "m": sum(c for _, c in test.generator),
        "pi2": pairs,
        "pi3": power_sum(test.generator, 0, 3),
        "pi4": power_sum(test.generator, 0, 4),
        "kappa": power_sum(test.real, test.atomless, 2),
        # total variation distance of two draws from two independent ones
        "dependence": abs(urn) * (1 - pairs) / (total + urn) if urn else Fraction(0),
    }


def advantages(tests: tuple[TupleTest, ...], device: torch.device) -> Measurement:
    """P(two images of a tuple are equal), of the generator less of the real law, with radii from rounding."""
    mid, rad = np.zeros(len(tests)), np.zeros(len(tests))
    for sign, laws in ((1, [law_of_generator(t) for t in tests]), (-1, [law_of_real(t) for t in tests])):
        where = [k for k, law in enumerate(laws) if law is not None]
        if where:
            chosen = tuple(law for law in laws if law is not None)
            found = collisions.observe(chosen, delta=0.0, device=device).columns["P_dup"]
            mid[where] += sign * found.mid
            rad[where] += found.rad * (1 + 2 * UNIT)
    subtracted = np.array([bool(t.real) for t in tests], dtype=bool)
    return reals(mid, rad + np.where(subtracted, 2 * UNIT * np.abs(mid), 0.0))


NAMES = "s m pi2 pi3 pi4 kappa dependence advantage"
WHOLE = ("s", "m")


def table(rows: list[dict[str, Any]], advantage: Measurement) -> Measurements:
    """The columns of all rows, and the advantages beside them."""
    columns = {
        name: (integers if name in WHOLE else rationals)(row[name] for row in rows)
        for name in NAMES.split()
        if name != "advantage"
    }
    return Measurements({**columns, "advantage": advantage}, np.arange(len(rows)))


def observe_precisely(test: TupleTest, bits: int) -> Measurements:
    """The columns of `observe` for one test, as exact rationals (``bits`` is not needed)."""
    sound(test, 0)
    real = law_of_real(test)
    none = Fraction(1) if real is None else collisions.distinct_exactly(real)
    return table([exact_columns(test)], rationals([none - collisions.distinct_exactly(law_of_generator(test))]))


@simulator(NAMES, limited_by="rounding", precisely=observe_precisely)
def observe(batch: tuple[TupleTest, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row a test: tuple size s, number m of the generator's images, its power sums Σp², Σp³, Σp⁴, the real law's
    Σp² over its atoms, and the test's advantage.

    ``advantage`` has a radius of a few roundings, everything else is exact.  A malformed law raises `MeasurementError`.
    """
    for k, test in enumerate(batch):
        sound(test, k)
    advantage = advantages(batch, torch.device(device))
    return table([exact_columns(test) for test in batch], advantage)
