"""One parameter that tells a finite set of rational images from the uniform law on [0, 1]: D_v(x) = 1[sin(π v x) ≥ 0].

The mean of D_v over [0, 1] is the length on which π v x lies in a half-wave above 0, a rational number.  For images a/q the
parameter v = 2 q N + s turns every wave at an image into the first half of the wave of s: that D_v is 1 there is not taken
from this, but from the sign of the sine in balls.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Any

import flint
import torch

from .few_atoms import table
from .measurement import MeasurementError, Measurements, simulator

BITS = 256


@dataclass(frozen=True)
class Waves:
    """Images a/``q`` strictly between 0 and 1, and v = 2 ``q`` ``turns`` + ``share`` with a share in (0, 1]."""

    numerators: tuple[int, ...]
    q: int
    turns: int
    share: float = 1.0


def above(v: Fraction) -> Fraction:
    """The length of {x in [0, 1]: sin(π v x) ≥ 0}: half-waves of length 1/v, the first above."""
    whole = floor(v)
    ups = (whole + 1) // 2 + (v - whole if whole % 2 == 0 else 0)
    return Fraction(ups) / v


def _waves(case: Waves, element: int) -> list[dict[str, Any]]:
    if any(type(v) is not int for v in (*case.numerators, case.q, case.turns)):
        raise MeasurementError(f"{case}", "whole numerators, q and turns", "v", element)
    if not case.numerators or any(not 0 < a < case.q for a in case.numerators):
        raise MeasurementError(
            f"images {case.numerators} / {case.q}", "some, strictly between 0 and 1", "seen", element
        )
    if case.turns < 1 or not 0 < case.share <= 1:
        raise MeasurementError(f"turns {case.turns}, share {case.share}", "at least 1, and in (0, 1]", "v", element)
    v = 2 * case.q * case.turns + Fraction(case.share)
    exact = flint.fmpq(v.numerator, v.denominator)
    ups = 0
    with flint.ctx.workprec(BITS):
        for a in case.numerators:
            sine = flint.arb.sin_pi(flint.arb(exact * a / case.q))
            if not (sine > 0 or sine < 0):
                raise MeasurementError(f"sin(π v {a}/{case.q}) = {sine}", "a sign that balls decide", "seen", element)
            ups += int(sine > 0)
    real = above(v)
    gap = Fraction(ups, len(case.numerators)) - real
    return [{"v": exact, "m": len(case.numerators), "seen": flint.fmpq(gap.numerator, gap.denominator)}]


@simulator("v m seen", limited_by="exact")
def observe(batch: tuple[Waves, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each case: E_ν D_v - E_μ D_v for ν uniform on the m images and μ uniform on [0, 1], at this v.

    A lower bound of the supremum over v.  Rational, exact.
    """
    torch.empty(0, device=device)  # rationals live on no device; an absent one is an error all the same
    return table([_waves(case, k) for k, case in enumerate(batch)], observe.observables, "case")
