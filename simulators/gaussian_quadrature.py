"""Gaussian expectations E s(u) s(v) of a pair (u, v) ~ N(0, Λ), for any activation s given as a function.

An activation that is smooth is summed by the trapezoid rule, which converges faster than any power of the step for
analytic integrands; one with a kink at 0 by Gauss–Legendre on the polar sectors between its kinks, where it is
smooth.  Gauss–Hermite is neither: it fails even for erf.  ``level`` halves the step; the difference of two levels is
the error bar, which is an allowance and not a proof.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

REACH = 8.7
"""Where the standard normal density is cut off at level 0: it is below 2e-17 there."""
FURTHER = 1.0
"""How much further each level reaches, so that two levels also differ by what was cut off."""
STEP = 0.3
"""Step of the trapezoid rule at level 0."""
RADIAL, ANGULAR = 24, 8
"""Nodes of a polar sector at level 0."""
CHUNK = 2**20
"""Evaluations of the activation at a time."""

Function = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Pair:
    """Pairs (u, v) of standard deviations ``a`` and ``b`` (P,), with u = a cos-axis and v at ``angle`` t to it.

    The angle is that of the correlation cos t; it keeps its accuracy where u and v nearly agree.
    """

    a: Tensor
    b: Tensor
    angle: Tensor


@dataclass(frozen=True, eq=False)
class Moments:
    """E s(u) s(v), E s'(u) s'(v) and E (s(u)/α - s(v)/β)² of pairs, each (P,)."""

    product: Tensor
    slope: Tensor
    apart: Tensor


def moments(
    function: Function,
    derivative: Function,
    kinked: bool,
    pair: Pair,
    level: int,
    sizes: tuple[Tensor, Tensor] | None = None,
) -> Moments:
    """The three expectations of every pair, float64; ``sizes`` are α and β (None: 1).

    ``kinked``: whether the activation has a kink (or its derivative a jump) at 0.
    """
    alpha, beta = sizes or (torch.ones_like(pair.a), torch.ones_like(pair.b))
    first, second, weight, step = _polar(pair.angle.device, level) if kinked else _plane(pair.angle.device, level)
    parts = []
    for start in range(0, len(pair.a), max(1, CHUNK // step)):
        rows = slice(start, start + max(1, CHUNK // step))
        a, b, angle, size, other = (x[rows, None] for x in (pair.a, pair.b, pair.angle, alpha, beta))
        u, v, mass = (_sectors if kinked else _axes)(first, second, weight, angle)
        u, v = a * u, b * v
        left, right = function(u), function(v)
        slope = derivative(u) * derivative(v)
        parts.append([(mass * x).sum(1) for x in (left * right, slope, (left / size - right / other).square())])
    empty = torch.zeros(0, dtype=torch.float64, device=pair.a.device)
    columns = [torch.cat(column) for column in zip(*parts, strict=True)] if parts else [empty] * 3
    return Moments(*columns)


def second_moment(function: Function, level: int, device: torch.device, kinked: bool = False) -> float:
    """E s(z)² for a standard normal z."""
    one = torch.ones(1, dtype=torch.float64, device=device)
    found = moments(function, torch.zeros_like, kinked, Pair(one, one, torch.zeros_like(one)), level)
    return float(found.product[0])


def _axes(first: Tensor, second: Tensor, weight: Tensor, angle: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Nodes of the plane: u along the first axis, v turned by the angle."""
    return first, torch.cos(angle) * first + torch.sin(angle) * second, weight


def _sectors(radius: Tensor, place: Tensor, weight: Tensor, angle: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Nodes of the four sectors between the lines u = 0 and v = 0, from t - π/2 on.

    ``place`` in [0, 2): whole part the kind of sector (width π - t or t), the rest where in it.
    """
    kind = place >= 1
    width = torch.where(kind, angle, math.pi - angle)
    phi = torch.where(kind, math.pi / 2 + (place - 1) * angle, angle - math.pi / 2 + place * (math.pi - angle))
    u, v = radius * torch.cos(phi), radius * torch.cos(phi - angle)
    mass = weight * width
    return torch.cat([u, -u], 1), torch.cat([v, -v], 1), torch.cat([mass, mass], 1)


def _plane(device: torch.device, level: int) -> tuple[Tensor, Tensor, Tensor, int]:
    x, y, w = (torch.tensor(t, device=device) for t in _trapezoid(level))
    return x, y, w, x.numel()


def _polar(device: torch.device, level: int) -> tuple[Tensor, Tensor, Tensor, int]:
    r, p, w = (torch.tensor(t, device=device) for t in _legendre(level))
    return r, p, w, 2 * r.numel()


@lru_cache(maxsize=8)
def _trapezoid(level: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nodes (1, K) of the plane and their Gaussian weights, those out of reach left out."""
    step, reach = STEP / 2**level, REACH + FURTHER * level
    count = math.ceil(reach / step)
    axis = np.arange(-count, count + 1) * step
    x, y = (g.ravel() for g in np.meshgrid(axis, axis, indexing="ij"))
    inside = x**2 + y**2 <= reach**2
    x, y = x[inside], y[inside]
    return x[None], y[None], (step**2 / (2 * math.pi) * np.exp(-(x**2 + y**2) / 2))[None]


@lru_cache(maxsize=8)
def _legendre(level: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Radii, places and weights (1, K) of half of the sectors: the other half is opposite."""
    radial, radial_weight = np.polynomial.legendre.leggauss(RADIAL * 2**level)
    angular, angular_weight = np.polynomial.legendre.leggauss(ANGULAR * 2**level)
    reach = REACH + FURTHER * level
    r = (radial + 1) / 2 * reach
    density = radial_weight / 2 * reach * r * np.exp(-(r**2) / 2) / (2 * math.pi)
    place = np.concatenate([(angular + 1) / 2, 1 + (angular + 1) / 2])
    share = np.concatenate([angular_weight, angular_weight]) / 2
    radii, places = (g.ravel() for g in np.meshgrid(r, place, indexing="ij"))
    return radii[None], places[None], np.outer(density, share).ravel()[None]
