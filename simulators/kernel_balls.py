"""Error bars of the layers of H*: rounding carried through the recursion, or the halving of a quadrature.

Everything is first order in the unit roundoff u; `UP` covers the rest.  sqrt is correctly rounded; `FUNCTIONS` bounds the
other functions of the library.  For ReLU the error is carried in the angle t, in which a layer is a contraction:
dt'/dt = (1 - t/π) sin t/sin t' lies between 0 and 1.  A leak of at most 0.1 leaves a bend of 0.8 or more: then y stays below
0.6 after a layer, and the constants below cover it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from .dual_activations import Activation
from .kernel_geometry import NEAR
from .kernel_recursion import Angle
from .measurement import MeasurementError

UNIT = 2.0**-53
UP = 1 + 2.0**-20
FUNCTIONS = 8 * UNIT
"""Relative error of asin, atan2 and rsqrt: four units in the last place."""
HALVING = 10
"""Share of the difference of two quadratures that counts as the error of the finer one: an allowance."""


@dataclass(frozen=True, eq=False)
class Radii:
    """Radii of Σ^(h), Σ̇^(h) and Θ^(h), and for ReLU of the angle after h layers, each of the shape of the pairs."""

    sigma: Tensor
    sigma_dot: Tensor
    theta: Tensor
    angle: Tensor | None = None


def radii(
    pairs: Angle, features: int, activation: Activation, sigma: Tensor, dot: Tensor, theta: Tensor
) -> Iterator[Radii]:
    """Radii of the layers (L + 1, n, m) that `kernel_recursion` computed for ``pairs`` of inputs of ``features`` numbers."""
    if activation.form not in SCHEMES:
        raise MeasurementError(f"activation {activation.name!r}", "one with a closed form: relu, leaky_relu or erf")
    return SCHEMES[activation.form](pairs, features, activation, sigma, dot, theta)


def norm_error(features: int) -> float:
    """Relative error of a computed norm: squares, their sum, the root, two scalings."""
    return (features / 2 + 5) * UNIT


def angle_error(pairs: Angle, features: int) -> Tensor:
    """Bound on the error of t, from y and z.

    Unit vectors err by their norms and two divisions, a product of two of them by d u more; what passes through a
    difference (or sum) of vectors errs like the vectors.
    """
    y, z = pairs.y, pairs.z
    across = (features + 7) * UNIT / torch.sqrt(y * z).clamp_min(NEAR**0.5 / 2)
    near = torch.full_like(y, (features + 16) * UNIT)
    return torch.where((y < NEAR) | (z < NEAR), near, across) + 28 * UNIT


def _relu(
    pairs: Angle, features: int, activation: Activation, sigma: Tensor, dot: Tensor, theta: Tensor
) -> Iterator[Radii]:
    both, norms = pairs.a * pairs.b, 2 * norm_error(features) + 4 * UNIT
    keep, scale, depth = activation.keep, 1.0, len(sigma) - 1
    turn = angle_error(pairs, features)
    # of the kernels of unit vectors, scaled at the end
    off = torch.full_like(turn, (2 * features + 17) * UNIT)
    whole = off
    nothing = torch.zeros_like(turn)
    yield _scaled(off, nothing, whole, both, norms, sigma[0], theta[0], turn)
    unit = torch.where(both > 0, both, 1.0)
    for h in range(1, depth + 1):
        slope_off = keep * (turn / math.pi + 10 * UNIT)
        # What y and z do not agree in counts once, at the first layer; later ones start from y alone.
        turn = turn + (2.2 * features + 30 if h == 1 else 16) * UNIT
        scale *= keep
        cosine = (sigma[h] / (unit * scale)).abs()
        sine = torch.sqrt((1 - cosine.square()).clamp_min(0) + 1e-15)
        off = scale * ((sine + turn) * turn + (3 + h) * UNIT)
        size = theta[h - 1].abs() / unit
        whole = whole * dot[h] + size * slope_off + off + 10 * UNIT * (size * keep + scale)
        yield _scaled(off, slope_off + nothing, whole, both, norms, sigma[h], theta[h], turn)


def _scaled(
    sigma: Tensor,
    dot: Tensor,
    theta: Tensor,
    both: Tensor,
    norms: float,
    sigma_mid: Tensor,
    theta_mid: Tensor,
    turn: Tensor,
) -> Radii:
    whole = (theta * both + theta_mid.abs() * norms) * UP
    return Radii((sigma * both + sigma_mid.abs() * norms) * UP, dot * UP, whole, turn * UP)


def _erf(
    pairs: Angle, features: int, activation: Activation, sigma: Tensor, dot: Tensor, theta: Tensor
) -> Iterator[Radii]:
    across, norm = activation.c * 2 / math.pi, norm_error(features)
    y, z, a, b = pairs
    both, turn = a * b, angle_error(pairs, features)
    off = both * (2 * features + 18 + 2 * norm / UNIT) * UNIT
    whole, nothing = off, torch.zeros_like(turn)
    yield Radii(off * UP, nothing, whole * UP)
    xx, yy, rough = a.square(), b.square(), 2 * norm + 2 * UNIT
    for h in range(1, len(sigma)):
        square = (1 + 2 * xx) * (1 + 2 * yy)
        before, before_off = sigma[h - 1].abs(), off
        if h == 1:
            part = 16 * y * z * both.square()
            root = torch.sqrt(1 + 2 * xx + 2 * yy + part)
            swing = 16 * both.square() * (torch.sqrt(y * z) * turn + turn.square() / 4)
            root_off = (swing + (root.square()) * (2 * rough + 8 * UNIT)) / (2 * root)
            angle_off = (2 * root * before_off + 2 * before * root_off) / square
            slope_off = dot[h] * (root_off / root + FUNCTIONS)
        else:
            narrow = square - 4 * before.square()
            ratio_off = 2 * before_off / square.sqrt() + 2 * before / square.sqrt() * (rough + 2 * FUNCTIONS)
            angle_off = ratio_off * torch.sqrt(square / narrow)
            narrow_off = square * (2 * rough + 8 * UNIT) + 8 * before * before_off
            slope_off = dot[h] * (narrow_off / (2 * narrow) + 2 * FUNCTIONS)
        off = across * angle_off + sigma[h].abs() * 2 * FUNCTIONS
        size = theta[h - 1].abs()
        whole = whole * dot[h] + size * slope_off + off + 3 * UNIT * (size * dot[h] + sigma[h].abs())
        # A step maps relative errors of Σ_xx to no larger ones: its angle is concave through 0.
        xx, yy = (across * torch.atan2(2 * x, torch.sqrt(1 + 4 * x)) for x in (xx, yy))
        rough += 2 * FUNCTIONS
        yield Radii(off * UP, slope_off * UP, whole * UP)


SCHEMES = {"relu": _relu, "erf": _erf}
