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
    return min(value, 1.0), value * relative * 1.01


def _scaled(power: Tensor, scale: int) -> tuple[Tensor, int]:
    """The matrix over a power of two near its largest entry, and the exponent: no rounding."""
    exponent = int(torch.frexp(power.max()).exponent)
    return torch.ldexp(power, torch.tensor(-exponent, device=power.device)), scale + exponent


def staying_precisely(m: int, a: int) -> Any:
    """P(gap < a/m) as a ball at the precision in force: the same power, whose radius the balls carry."""
    if a >= m:
        return flint.arb(1)
    size = 2 * a - 1
    inverse = [flint.arb(1) / flint.fmpz(factorial(k)) for k in range(size + 1)] + [flint.arb(0)]
    step = flint.arb_mat([[inverse[max(j - i + 1, -1)] for j in range(size)] for i in range(size)])
    return (step**m)[a - 1, a - 1] * flint.arb(flint.fmpz(factorial(m))) / flint.arb(m) ** m


def _law(cases: tuple[Stumps, ...], device: torch.device) -> tuple[Measurement, Measurement]:
    """P(gap >= ε) of stumps on all coordinates and on one."""
    known: dict[tuple[int, int], tuple[float, float]] = {}
    out = np.zeros((4, len(cases)))
    for k, case in enumerate(cases):
        key = case.drawn, case.level
        if key not in known:
            known[key] = staying(*key, device)
        below, radius = known[key]
        out[2:, k] = 1 - below, radius + UNIT * (below != 1)
        count = case.coordinates - case.copied
        if below == 0 or count == 1:
            out[:2, k] = out[2:, k]
            continue
        # (below + r)^count by exp and log1p: the radius is that of the logarithm, which is spread by the mean value
        low, high = max(below - radius, 5e-324), min(below + radius, 1.0)
        ends = [-np.expm1(count * np.log1p(q - 1)) for q in (high, low)]
        out[0, k] = (ends[0] + ends[1]) / 2
        slope = abs(count * np.log1p(low - 1)) + 1
        out[1, k] = (ends[1] - ends[0]) / 2 + 16 * UNIT * slope * min(1.0, ends[1] + UNIT)
    return reals(out[0], out[1]), reals(out[2], out[3])


def observe_precisely(case: Stumps, bits: int) -> Measurements:
    """The columns of `observe` for one case, in balls at ``bits`` bits and exact numbers."""
    case = _sound(case, 0)
    with flint.ctx.workprec(bits):
        below = staying_precisely(case.drawn, case.level)
        both = 1 - below ** (case.coordinates - case.copied), 1 - below
    probabilities = {"P": balls([both[0]]), "P_one": balls([both[1]])}
    return Measurements({**_given((case,)), **probabilities}, np.zeros(1))


def _given(cases: tuple[Stumps, ...]) -> dict[str, Measurement]:
    return {
        "m": integers(c.m for c in cases),
        "d": integers(c.coordinates for c in cases),
        "copied": integers(c.copied for c in cases),
        "repeated": integers(c.m - c.drawn for c in cases),
        "eps": balls([flint.fmpq(c.a, c.m) for c in cases]),
    }


@simulator("m d copied repeated eps P P_one", limited_by="rounding", precisely=observe_precisely)
def observe(cases: tuple[Stumps, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """A row a case: P = P(gap >= eps) for stumps on all coordinates, P_one for thresholds on one of them.

    All radii are rounding; a malformed case raises `MeasurementError`.
    """
    cases, device = tuple(_sound(c, k) for k, c in enumerate(cases)), torch.device(device)
    every, one = _law(cases, device)
    return Measurements({**_given(cases), "P": every, "P_one": one}, np.arange(len(cases)))
