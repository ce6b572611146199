"""One ReLU neuron as the discriminator: the exact supremum of |E_μ D_v - E_ν D_v|, by breakpoints.

D_v(x) = max(v·(x, 1), 0) with v in the box [-1, 1]^p, p = d + 1.  The objective is linear in v wherever no atom changes side,
so that it is largest at a vertex of the arrangement of the planes v·(x_i, 1) = 0 within the box: a point where p of these
planes and of the faces v_j = ±1 meet.  All of them are visited in rationals, for p ≤ 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, product
from typing import Any

import flint

from .interpolation_net import ONE, ZERO, Vector, dot
from .measurement import MeasurementError

LARGEST = 3
"""Parameters of a neuron at most."""


def lifted(values: Sequence[Vector]) -> list[Vector]:
    """(x, 1) for each atom."""
    return [(*x, ONE) for x in values]


def corners(size: int) -> Iterator[Vector]:
    """The corners of the box."""
    yield from (tuple(flint.fmpq(s) for s in signs) for signs in product((1, -1), repeat=size))


def neurons(values: Sequence[Vector]) -> list[Vector]:
    """Every vertex of the arrangement on the surface of the box, for lifted atoms of at most three entries."""
    size = len(values[0])
    if not 1 <= size <= LARGEST:
        raise MeasurementError(f"a neuron of {size} parameters", f"at most {LARGEST}", "neuron_distance")
    found = set(corners(size))
    for z in values:  # one plane, the other entries at ±1
        for free in range(size):
            if z[free] != 0:
                for signs in corners(size - 1):
                    v = [*signs[:free], ZERO, *signs[free:]]
                    v[free] = -dot(v, z) / z[free]
                    found.add(tuple(v))
    if size == 3:  # the line in which two planes meet, where it leaves the box
        for y, z in combinations(values, 2):
            along = (y[1] * z[2] - y[2] * z[1], y[2] * z[0] - y[0] * z[2], y[0] * z[1] - y[1] * z[0])
            longest = max(abs(a) for a in along)
            if longest != 0:
                found |= {tuple(a / (s * longest) for a in along) for s in (1, -1)}
    return sorted(v for v in found if all(abs(a) <= 1 for a in v))


def output(v: Sequence[Any], z: Sequence[Any]) -> Any:
    """max(v·z, 0)."""
    return max(dot(v, z), ZERO)


def gap(v: Sequence[Any], signed: Sequence[Any], values: Sequence[Vector]) -> Any:
    """E_μ D_v - E_ν D_v for lifted atoms."""
    return sum((c * output(v, z) for c, z in zip(signed, values, strict=True) if c != 0), ZERO)


def supremum(signed: Sequence[Any], values: Sequence[Vector]) -> Any:
    """The largest |E_μ D_v - E_ν D_v| over the box, for lifted atoms of at most three entries: a rational."""
    heard = [z for c, z in zip(signed, values, strict=True) if c != 0]
    if not heard:
        return ZERO
    return max(abs(gap(v, signed, values)) for v in neurons(heard))
