"""The tuple test in exact rationals, by an expansion that adds the images one by one.

s draws without a repetition use s different images once each, in any order: s! times the coefficient of z^s in the product
of one factor 1 + w z for each image, and exp(a z) for a part without atoms of weight a.  The factors are multiplied out;
equal ones by squaring.  No quotient (m - k)/m occurs, unlike in `simulators.collisions`, so that what is said of equally
likely images is compared with another way to count.
"""

from __future__ import annotations

from fractions import Fraction
from math import factorial
from typing import Any

import flint
import torch

from .collisions import Law, checked
from .measurement import MeasurementError, Measurements, simulator
from .tuple_test import NAMES, TupleTest, exact_columns, law_of_generator, law_of_real, rationals, sound, table

LONGEST = 64
"""Most images of a tuple: coefficients are whole numbers of thousands of digits beyond."""


def _product(left: Any, right: Any, length: int) -> Any:
    """The first ``length`` coefficients of a product."""
    return flint.fmpq_poly((left * right).coeffs()[:length])


def _repeated(factor: Any, count: int, length: int) -> Any:
    """``count`` equal factors, multiplied out."""
    found = flint.fmpq_poly([1])
    while count:
        if count % 2:
            found = _product(found, factor, length)
        factor, count = _product(factor, factor, length), count // 2
    return found


def distinct(law: Law) -> Fraction:
    """P(no two of the s draws are equal), of independent draws or from an urn."""
    length = law.s + 1
    series = flint.fmpq_poly([flint.fmpq(flint.fmpz(law.atomless) ** j, factorial(j)) for j in range(length)])
    for weight, count in law.atoms:
        series = _product(series, _repeated(flint.fmpq_poly([1, weight]), count, length), length)
    top = series[law.s] * factorial(law.s)
    draws = 1
    for k in range(law.s):
        draws *= law.total + k * (law.returned - 1)
    return Fraction(int(top.p), int(top.q)) / draws


def _advantage(test: TupleTest, element: int) -> Fraction:
    sound(test, element)
    if test.s > LONGEST:
        raise MeasurementError(f"tuples of {test.s}", f"at most {LONGEST}", "advantage", element)
    real = law_of_real(test)
    none = Fraction(1) if real is None else distinct(checked(real, element))
    return none - distinct(checked(law_of_generator(test), element))


@simulator(NAMES, limited_by="exact")
def observe(batch: tuple[TupleTest, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """The columns of `simulators.tuple_test.observe`, all of them exact.

    A malformed law, or a tuple of more than `LONGEST` images, raises `MeasurementError`.
    """
    torch.empty(0, device=device)  # rationals live on no device; an absent one is an error all the same
    advantage = rationals([_advantage(test, k) for k, test in enumerate(batch)])
    return table([exact_columns(test) for test in batch], advantage)
