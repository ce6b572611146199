"""Half-planes against the standard normal law of the plane: the exact gap of a sample, up to the rounding of Φ.

A line is turned about every sample point p as in `vc_half_planes`.  Between two directions the points to its left are the
same, and the mass of a side is Φ(∓h) with h the signed distance of the line from 0, a sinusoid of the angle: it is extreme
where the line passes another point, or where it is orthogonal to p.  The latter is one more direction to stop at, so that

    gap = max (L + 1)/m - Φ(-h),  Φ(-h) - L/m    over every p, every direction, just before it and just after,

with L the number of other points to the left: O(m² log m), batched.  Coordinates are whole multiples of 2^-16, so that the
order of directions is exact and L is never off by one.  Any normal law of full rank is an affine image of this one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import flint
import numpy as np
import torch
from torch import Tensor

from .measurement import MeasurementError, Measurements, balls, integers, reals, simulator
from .streams import normals
from .vc_half_planes import CELLS, LARGEST, turned

SCALE = 2**16
"""Whole numbers that stand for 1."""
NEAR = 1e-9
"""Candidates this close to the largest, in float64, are taken in balls: their rounding is a millionth of it."""
RADIUS = 2.0**-49
"""h errs relatively by 4 u, which moves Φ by less than u; Φ itself is trusted to eight units in the last place of 1."""


@dataclass(frozen=True)
class Normal:
    """A sample of ``m`` points of the standard normal law in the plane, drawn by ``seed``."""

    m: int
    seed: int = 0


def drawn(case: Normal, device: torch.device) -> Tensor:
    """The points, (m, 2) int64 in units of 1/SCALE."""
    return whole(normals((case.m, 2), "normal sample", case.m, case.seed, device=device))


def whole(points: Tensor) -> Tensor:
    """Points in the plane as whole multiples of 1/SCALE, int64; raises where one is 16 or more from an axis."""
    rounded = (points * SCALE).round().long()
    if int(rounded.abs().max()) >= LARGEST:
        raise MeasurementError("a normal number of 16 or more", "one that occurs", "gap")
    return rounded


def _stops(points: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Numerators and squared denominators of h at every direction, and the number L before and after it.

    Shapes (batch, m, m), the last of two layers, -1 where a layer does not count (amid parallel directions).
    """
    differences = points[:, None, :, :] - points[:, :, None, :]
    m = points.shape[1]
    own = torch.stack([points[..., 1], -points[..., 0]], dim=-1)  # orthogonal to the point; it passes nothing
    same = torch.eye(m, dtype=torch.bool, device=points.device)
    other = ((differences != 0).any(-1) & ~same).long()  # a second point in the same place is never passed
    directions = torch.where(same[None, :, :, None], own[:, :, None, :], differences)
    order, side, ends = turned(directions)
    counted = other.gather(-1, order)
    twins = (m - 1 - other.sum(-1, keepdim=True)).clamp(min=0)
    after = (counted * (side > 0)).sum(-1, keepdim=True) - (counted * side).cumsum(-1)
    before = torch.cat([(counted * (side > 0)).sum(-1, keepdim=True), after[..., :-1]], dim=-1)
    begins = torch.cat([torch.ones_like(ends[..., :1]), ends[..., :-1]], dim=-1)
    x, y = (directions[..., k].gather(-1, order) * side for k in (0, 1))
    top = x * points[..., 1, None] - y * points[..., 0, None]
    # a second point in the same place gives no direction to stop at, unless h is 0 in all of them
    real = ((x != 0) | (y != 0)) | (points == 0).all(-1)[..., None]
    layers = [torch.where(flag & real, left, -1) for flag, left in ((begins, before), (ends, after))]
    return top, x * x + y * y, torch.stack([*layers, twins.expand_as(top)])


def _candidates(points: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
    """The gap at every stop (2, batch, m, m), of the layers before and after, and what `_stops` says of it."""
    m = points.shape[1]
    top, square, lefts = _stops(points)
    distance = torch.where(square == 0, 0.0, top.double() / (square.clamp(min=1).double().sqrt() * SCALE))
    # whole numbers over whole numbers would be float32
    mass, twins, counts = torch.special.ndtr(-distance), lefts[2].double(), lefts[:2].double()
    values = [torch.maximum((n + 1 + twins) / m - mass, mass - n / m) for n in counts]
    return torch.stack([torch.where(n < 0, -1.0, v) for n, v in zip(lefts[:2], values, strict=True)]), (
        top,
        square,
        lefts,
    )


def gaps(points: Tensor) -> Tensor:
    """The gap of half-planes on samples ``points`` (batch, m, 2), within `RADIUS`."""
    size = max(1, CELLS // points.shape[1] ** 2)
    parts = [_candidates(part)[0].amax(dim=(0, -1, -2)) for part in points.split(size)]
    return torch.cat(parts)


def _along(points: Tensor) -> Tensor:
    """The larger of the two gaps of stumps, (batch,)."""
    m = points.shape[1]
    mass = torch.special.ndtr(points.double().sort(dim=1).values / SCALE)
    rank = torch.arange(m, device=points.device, dtype=torch.float64)[None, :, None]
    return torch.maximum((rank + 1) / m - mass, mass - rank / m).amax(dim=(1, 2))


def _mass(top: int, square: int) -> Any:
    """Φ(-h) as a ball."""
    h = flint.arb(top) / (flint.arb(square).sqrt() * SCALE) if square else flint.arb(0)
    return (h / flint.arb(2).sqrt()).erfc() / 2


def observe_precisely(case: Normal, bits: int) -> Measurements:
    """The columns of `observe` for one sample: candidates near the largest, in balls at ``bits`` bits."""
    device = torch.device("cpu")
    points = drawn(_sound(case, 0), device)[None]
    values, (top, square, lefts) = _candidates(points)
    with flint.ctx.workprec(bits):
        found = []
        for layer, _, i, j in torch.nonzero(values >= values.max() - NEAR).tolist():
            mass = _mass(int(top[0, i, j]), int(square[0, i, j]))
            n, twins = int(lefts[layer, 0, i, j]), int(lefts[2, 0, i, j])
            found.append((flint.arb(n + 1 + twins) / case.m - mass).max(mass - flint.arb(n) / case.m))
        stumps = []
        for axis in (0, 1):
            for rank, x in enumerate(sorted(points[0, :, axis].tolist())):
                mass = _mass(-x, 1)
                stumps.append((flint.arb(rank + 1) / case.m - mass).max(mass - flint.arb(rank) / case.m))
        gap, stump = (_largest(some) for some in (found, stumps))
    return Measurements({"m": integers([case.m]), "gap": balls([gap]), "stump": balls([stump])}, np.zeros(1))


def _largest(values: list[Any]) -> Any:
    best = values[0]
    for value in values[1:]:
        best = best.max(value)
    return best


def _sound(case: Normal, element: int) -> Normal:
    if case.m < 1:
        raise MeasurementError(f"{case}", "m >= 1", "m", element)
    return case


@simulator("m gap stump", limited_by="rounding", precisely=observe_precisely)
def observe(cases: tuple[Normal, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """A row a sample: the gap of half-planes, and that of half-planes bounded by x = t or y = t (``stump``)."""
    device = torch.device(device)
    samples = [drawn(_sound(c, k), device) for k, c in enumerate(cases)]
    tops = np.zeros((2, len(cases)))
    for k, points in enumerate(samples):
        tops[:, k] = float(gaps(points[None])[0]), float(_along(points[None])[0])
    # Φ is not proved to the last places: no certificate may rest on this radius
    columns = {name: reals(top, RADIUS, proved=False) for name, top in zip(("gap", "stump"), tops, strict=True)}
    return Measurements({"m": integers(c.m for c in cases), **columns}, np.arange(len(cases)))
