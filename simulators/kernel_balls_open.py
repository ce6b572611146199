"""Rounding of the layers of H* where the activation has no closed form: what angle and norms of a pair pass on.

An error r of the correlation ρ moves Σ = c E σ(u)σ(v) by a b |Σ̇| r (Price), and Σ̇ by a b c |E σ''(u)σ''(v)| r; a relative
error η of a deviation a moves them by at most c η √(E (uσ'(u))² E σ(v)²) and c η √(E (uσ''(u))² E σ'(v)²) (Cauchy–Schwarz).
At norm 300 the first is 10⁵ times the rounding of ρ.  Everything is first order in the unit roundoff, r second; the
root mean squares come from one sum over a line, the same at every level of quadrature.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from .dual_activations import Activation
from .hermite_series import Function, expand
from .kernel_balls import UNIT, UP, Radii, angle_error, norm_error
from .kernel_recursion import Angle

SUM = 16 * UNIT
"""Rounding of a sum over nodes, relative to the root mean squares of its factors; the factor c too."""
NODE = 10 * UNIT
"""Rounding of the argument of σ at a node: cos t, sin t, two products, a sum, the deviation."""
TERM = 4 * UNIT
"""Rounding of a term of a Hermite series for each of its orders: two of Horner's rule, one of each recurrence of h_k."""
REACH, STEP = 3.27, 0.0075
"""The line z = sinh(s), |s| below `REACH`: no two nodes are as far apart, so that no frequency is aliased."""


@dataclass(frozen=True, eq=False)
class _Means:
    """Root mean squares for each deviation: of σ(u), σ'(u), uσ'(u), uσ''(u), σ''(u); and the largest |σ''(u)|."""

    value: Tensor
    slope: Tensor
    swing: Tensor
    slope_swing: Tensor
    bend: Tensor
    sharpest: Tensor


def rounding_radii(
    pairs: Angle, features: int, activation: Activation, level: int, sigma: Tensor, dot: Tensor, theta: Tensor
) -> Iterator[Radii]:
    """Radii of the rounding of layers (L + 1, n, m) that were summed for ``pairs`` of inputs of ``features`` numbers.

    With it goes what the Hermite series of ``level`` cut off: two levels that end at the same term do not show it.
    """
    y, z, a, b = pairs
    c, kinked = activation.c, activation.kinked
    sine, turn = 2 * torch.sqrt(y * z), angle_error(pairs, features)
    # ρ = 1 - 2 y or 2 z - 1: the functions that give t from y and z are not in it.
    wobble = sine * (turn - 28 * UNIT) + turn.square() + (2 * torch.minimum(y, z)).clamp_max(UNIT)
    if kinked:
        wobble = sine * turn + turn.square()
    first, second = (torch.full_like(x, norm_error(features)) for x in (a, b))
    rho, off = (1 - 2 * y).abs(), a * b * wobble + sigma[0].abs() * (first + second + 2 * UNIT)
    whole = off
    if kinked:  # z - y is summed there: near an end it still has the rounding of a product of unit vectors
        whole = off + a * b * 2 * (features + 7) * UNIT
    yield Radii(whole * UP, torch.zeros_like(whole), whole * UP)
    jump = _jump(activation, y.device) if kinked else 0.0
    for h in range(1, len(sigma)):
        one, two = _means(activation, a), _means(activation, b)
        left = first * one.swing + NODE * (one.swing + a * one.slope)
        right = second * two.swing + NODE * (two.swing + b * two.slope)
        bends, slopes, values = one.bend * two.bend, one.slope * two.slope, one.value * two.value
        both = a * b
        # sums over the plane take ρ as the cosine of an angle
        moved = wobble + (0 if kinked else 8 * UNIT * sine + 4 * UNIT * (1 - rho))
        off = both * dot[h].abs() * moved + c * bends * (both * moved).square() / 2
        off = off + c * (left * two.value + one.value * right + SUM * values)
        slope_left = first * one.slope_swing + NODE * (one.slope_swing + a * one.bend)
        slope_right = second * two.slope_swing + NODE * (two.slope_swing + b * two.bend)
        slope_off = c * (slope_left * two.slope + one.slope * slope_right + SUM * slopes)
        if kinked:
            steep = jump * jump / (2 * math.pi) + jump * (one.sharpest * b + two.sharpest * a) / math.sqrt(2 * math.pi)
            slope_off = slope_off + c * (steep + sine * both * bends) * turn
        else:
            off = off + c * (TERM * both * slopes * rho + _cut(activation.function, a, b, rho, level))
            slope_off = slope_off + c * (both * bends * (moved + TERM * rho) + _cut(activation.slope, a, b, rho, level))
        size, through = theta[h - 1].abs(), dot[h].abs()
        whole = (size + whole) * slope_off + through * whole + off + 3 * UNIT * (size * through + sigma[h].abs())
        yield Radii(off * UP, slope_off * UP, whole * UP)
        before = a * one.slope, b * two.slope
        first, second = (_relative(x, m.value) + SUM for x, m in ((left, one), (right, two)))
        a, b = (math.sqrt(c) * m.value for m in (one, two))
        cosine = _relative(sigma[h], a * b).clamp(-1, 1)
        rho = cosine.abs()
        sine = torch.sqrt((1 - rho) * (1 + rho))
        wobble = (_relative(off, a * b) + (first + second) * rho + 4 * UNIT).clamp_max(2)
        if kinked:
            # 2 sin(t'/2) = √(c E (σ(u)/α - σ(v)/β)²) moves by b √(c E σ'(v)²)/β dt: turn u against v, or v against u.
            rate = torch.minimum(
                *(math.sqrt(c) * _relative(x, s) + 0 * rho for x, s in zip(before, (a, b), strict=True))
            )
            half = torch.sqrt((1 + cosine) / 2).clamp_min(math.sqrt(UNIT))
            turn = ((rate * turn + first + second) / half + 30 * UNIT).clamp_max(math.pi)
            wobble = sine * turn + turn.square() / 2


def _relative(off: Tensor, size: Tensor) -> Tensor:
    """off/size; 0 where nothing is there."""
    return torch.where(size > 0, off / torch.where(size > 0, size, 1.0), 0.0)


def _means(activation: Activation, deviation: Tensor) -> _Means:
    distinct, where = torch.unique(deviation.reshape(-1), return_inverse=True)
    points, weights = (torch.tensor(x, device=deviation.device) for x in _line())
    u = distinct[:, None] * points
    near = 1e-4 / distinct.clamp_min(1)[:, None]
    value, slope = activation.function(u), activation.slope(u)
    slope_swing = (activation.slope(u * (1 + near)) - activation.slope(u * (1 - near))) / (2 * near)
    bend = slope_swing / torch.where(u == 0, torch.inf, u)

    def spread(x: Tensor) -> Tensor:
        return torch.sqrt(x.square() @ weights)

    found = (*(spread(x) for x in (value, slope, u * slope, slope_swing, bend)), bend.abs().amax(1))
    return _Means(*(x[where].view(deviation.shape) for x in found))


def _cut(function: Function, a: Tensor, b: Tensor, rho: Tensor, level: int) -> Tensor | float:
    """|ρ|^K √(rest(a) rest(b)) after K terms; 0 where no series converges, so that none was summed."""
    rests = []
    for deviation in (a, b):
        distinct, where = torch.unique(deviation.reshape(-1), return_inverse=True)
        found = expand(function, distinct, level)
        if found is None:
            return 0.0
        rest, floor = found.square - found.coefficients.square().sum(1), SUM * found.square
        rest = torch.where(rest > floor, rest + floor, floor)  # what is smaller is rounding of the two sums
        rests.append((found.coefficients.shape[1], rest[where].view(deviation.shape)))
    (terms, left), (others, right) = rests
    return rho ** min(terms, others) * torch.sqrt(left * right)


def _jump(activation: Activation, device: torch.device) -> float:
    """|σ'(0+) - σ'(0-)|."""
    sides = activation.slope(torch.tensor([-1e-9, 1e-9], dtype=torch.float64, device=device))
    return abs(float(sides[1] - sides[0]))


@lru_cache(maxsize=1)
def _line() -> tuple[np.ndarray, np.ndarray]:
    """Nodes, 0 not among them, and Gaussian weights, both (N,)."""
    count = math.ceil(REACH / STEP)
    s = (np.arange(-count, count) + 0.5) * STEP
    z = np.sinh(s)
    return z, STEP * np.cosh(s) / math.sqrt(2 * math.pi) * np.exp(-(z**2) / 2)
