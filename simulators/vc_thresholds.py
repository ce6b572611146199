"""Thresholds on a line and stumps in d dimensions: the law of their gap, with a radius from rounding alone.

The gap sup_t |F_m(t) - F(t)| of a sample of m points from an atomless law is the statistic of Kolmogorov and Smirnov.
It stays below a/m if and only if the number N_t of points in the first t of m cells of mass 1/m obeys |N_t - t| < a for
every t: both one-sided extremes sit at points whose boundaries are multiples of 1/m.  Cell after cell the vector of
probabilities is multiplied by a matrix of 2a - 1 rows with entries 1/(j - i + 1)!, so that

    P(gap < a/m) = m!/m^m  (H^m)[a, a].

Every entry is non-negative: nothing cancels, and the m-th power by squaring errs relatively by at most m times the error
of one product (Durbin 1973; Marsaglia, Tsang and Wang 2003).  A stump is a threshold on one of d coordinates: where they
are independent, the largest of d gaps stays below a/m with the d-th power of that probability.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial, lgamma, log
from typing import Any

import flint
import numpy as np
import torch
from torch import Tensor

from .measurement import Measurement, MeasurementError, Measurements, balls, integers, reals, simulator

UNIT = 2.0**-53
"""The unit roundoff of float64."""
ROWS = 4000
"""Rows of H above which a power is refused: it would take minutes."""


@dataclass(frozen=True)
class Stumps:
    """A sample of ``m`` points with ``coordinates`` of one atomless law each, looked at by stumps; ε = a/m.

    ``copied`` of the coordinates repeat the first one, the others are independent of each other.  ``doubled``: half of
    the sample (m even) repeats the other half.
    """

    m: int
    a: int
    coordinates: int = 1
    copied: int = 0
    doubled: bool = False

    @property
    def drawn(self) -> int:
        """How many independent points the sample has."""
        return self.m // 2 if self.doubled else self.m

    @property
    def level(self) -> int:
        """a of the independent points: a/m = level/drawn, which must be whole."""
        return self.a // 2 if self.doubled else self.a


def _sound(case: Stumps, element: int) -> Stumps:
    whole = (case.m, case.a, case.coordinates, case.copied)
    if any(not isinstance(x, int) for x in whole) or not 1 <= case.a <= case.m or 2 * case.a > ROWS:
        raise MeasurementError(f"{case}", f"whole numbers with 1 <= a <= m and a <= {ROWS // 2}", "P", element)
    if not 0 <= case.copied < case.coordinates or (case.doubled and (case.m % 2 or case.a % 2)):
        raise MeasurementError(f"{case}", "fewer copied than coordinates, m and a even if doubled", "P", element)
    return case


def _step(a: int, device: torch.device) -> Tensor:
    """H, shape (2a - 1, 2a - 1): from N_t - t = i - a to N_{t+1} - (t + 1) = j - a with j - i + 1 new points."""
    size = 2 * a - 1
    inverse = torch.zeros(2 * size + 2, dtype=torch.float64, device=device)
    for k in range(min(size + 1, 171)):  # 171! overflows, and its inverse is far below what a float sum can tell
        inverse[k] = 1 / factorial(k)
    at = torch.arange(size, device=device)
    return inverse[(at[None, :] - at[:, None] + 1).clamp(min=-1)]  # position -1 holds 0


def staying(m: int, a: int, device: torch.device) -> tuple[float, float]:
    """P(gap < a/m) and its radius."""
    if a >= m:
        return 1.0, 0.0
    size = 2 * a - 1
    base, power, scale, base_scale = _step(a, device), None, 0, 0
    left = m
    while left:
        if left & 1:
            power = base if power is None else power @ base
            scale += base_scale
            power, scale = _scaled(power, scale)
        left >>= 1
        if left:
            base, base_scale = _scaled(base @ base, 2 * base_scale)
    assert power is not None
    entry = float(power[a - 1, a - 1])
    logarithm = log(entry) + scale * log(2.0) + lgamma(m + 1) - m * log(m)
    value = float(np.exp(logarithm))
    # H errs by one rounding and each of m - 1 products by `size` more (any order of summation); what is dropped or
    # underflows of the factorials is far below 2^-900 of a row.  The logarithms add up magnitudes of m ln m, with 8
    # roundings: lgamma is trusted to four units in the last place.
    relative = m * (size + 2) * UNIT * 1.01 + 16 * UNIT * (m * log(m) + abs(scale) + 1)
    return min(value, 1.0), value * relative * 1.01 + 5e-324


def _scaled(power: Tensor, scale: int) -> tuple[Tensor, int]:
    """The matrix over a power of two near its largest entry, and the exponent: no rounding."""
    exponent = int(torch.frexp(power.max()).exponent)
    return power * 2.0**-exponent, scale + exponent


def staying_precisely(m: int, a: int) -> Any:
    """P(gap < a/m) as a ball at the precision in force: the same power, whose radius the balls carry."""
    if a >= m:
        return flint.arb(1)
    size = 2 * a - 1
    inverse = [flint.arb(1) / flint.fmpz(factorial(k)) for k in range(size + 1)] + [flint.arb(0)]
    step = flint.arb_mat([[inverse[max(j - i + 1, -1)] for j in range(size)] for i in range(size)])
    return (step**m)[a - 1, a - 1] * flint.arb(flint.fmpz(factorial(m))) / flint.arb(m) ** m


def _law(cases: tuple[Stumps, ...], device: torch.device) -> dict[str, Measurement]:
    """P and 1 - P of stumps on all coordinates, and P of one of them."""
    known: dict[tuple[int, int], tuple[float, float]] = {}
    out = np.zeros((3, 2, len(cases)))
    for k, case in enumerate(cases):
        key = case.drawn, case.level
        if key not in known:
            known[key] = staying(*key, device)
        below, radius = known[key]
        out[0, :, k] = 1 - below, radius + UNIT * (below != 1)
        ends = [
            _powers(q, case.coordinates - case.copied) for q in (max(below - radius, 0.0), min(below + radius, 1.0))
        ]
        for row, (low, high) in enumerate(((ends[1][0], ends[0][1]), (ends[0][2], ends[1][3])), start=1):
            wide = low != high
            out[row, :, k] = (low + high) / 2, (high - low) * (0.5 + UNIT) + (2 * UNIT * high + 1e-323) * wide
    return {name: reals(*row) for name, row in zip(("P_one", "P", "within"), out, strict=True)}


def _powers(q: float, count: int) -> tuple[float, float, float, float]:
    """1 - q^count and q^count, each with a lower and an upper end."""
    if q in (0.0, 1.0):
        return 1 - q, 1 - q, q, q
    # the logarithm errs by two roundings; what it moves by s, exp multiplies by less than 1 + 2 s
    exponent = count * log(q)
    shift = 4 * UNIT * (abs(exponent) + 1)
    low, high = (float(np.exp(min(exponent + sign * shift, 0.0))) for sign in (-1, 1))
    near, far = (float(-np.expm1(min(exponent + sign * shift, 0.0))) for sign in (1, -1))
    return near * (1 - 4 * UNIT), far * (1 + 4 * UNIT), low * (1 - 4 * UNIT), high * (1 + 4 * UNIT) + 5e-324


def observe_precisely(case: Stumps, bits: int) -> Measurements:
    """The columns of `observe` for one case, in balls at ``bits`` bits and exact numbers."""
    case = _sound(case, 0)
    with flint.ctx.workprec(bits):
        below = staying_precisely(case.drawn, case.level)
        within = below ** (case.coordinates - case.copied)
        values = {"P": 1 - within, "within": within, "P_one": 1 - below}
    return Measurements({**_given((case,)), **{name: balls([v]) for name, v in values.items()}}, np.zeros(1))


def _given(cases: tuple[Stumps, ...]) -> dict[str, Measurement]:
    return {
        "m": integers(c.m for c in cases),
        "d": integers(c.coordinates for c in cases),
        "copied": integers(c.copied for c in cases),
        "repeated": integers(c.m - c.drawn for c in cases),
        "eps": balls([flint.fmpq(c.a, c.m) for c in cases]),
    }


@simulator("m d copied repeated eps P within P_one", limited_by="rounding", precisely=observe_precisely)
def observe(cases: tuple[Stumps, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """A row a case: P = P(gap >= eps) for stumps on all coordinates, within = 1 - P to relative
    precision, P_one = P(gap >= eps) for thresholds on one of them.

    All radii are rounding; a malformed case raises `MeasurementError`.
    """
    cases, device = tuple(_sound(c, k) for k, c in enumerate(cases)), torch.device(device)
    return Measurements({**_given(cases), **_law(cases, device)}, np.arange(len(cases)))
