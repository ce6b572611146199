"""In how many ways a class cuts up n points, and which of them it shatters: by trying, never by a formula.

A way is a subset of the points, as the bits of a whole number.  Unions of k intervals cut off the subsets that have at most
k runs in the order of the points; half-planes those at which a line, turned about every point, arrives.  A set of points is
shattered if every subset of it is cut off; the dimension of the class on the n points is the size of the largest such set.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cmp_to_key
from itertools import combinations

import numpy as np
import torch

from .measurement import MeasurementError, Measurements, integers, simulator
from .vc_half_planes import Atom, collinear_triples

MOST = 14
"""Points above which the subsets are not enumerated."""


@dataclass(frozen=True)
class Line:
    """Points on a line, whole numbers, and unions of at most ``k`` intervals."""

    points: tuple[int, ...]
    k: int


@dataclass(frozen=True)
class Plane:
    """Points in the plane, with whole coordinates, and half-planes."""

    points: tuple[Atom, ...]


@dataclass(frozen=True)
class Family:
    """A family of subsets of ``n`` points: each a whole number below 2^n."""

    n: int
    members: tuple[int, ...]


def _few(n: int, element: int) -> None:
    if not 1 <= n <= MOST:
        raise MeasurementError(f"{n} points", f"from 1 to {MOST}", "ways", element)


def interval_subsets(case: Line) -> set[int]:
    """Every subset that a union of at most k intervals cuts off: points in one place go together."""
    places = sorted(set(case.points))
    found = set()
    for chosen in range(1 << len(places)):
        runs = (chosen & ~(chosen << 1)).bit_count()
        if runs <= case.k:
            inside = {p for i, p in enumerate(places) if chosen >> i & 1}
            found.add(sum(1 << j for j, p in enumerate(case.points) if p in inside))
    return found


def _turn(one: tuple[int, int, int], other: tuple[int, int, int]) -> int:
    """Negative if the direction of the first comes before that of the second in the upper half-plane."""
    return one[1] * other[0] - one[0] * other[1]


def half_plane_subsets(points: tuple[Atom, ...]) -> set[int]:
    """Every subset that a half-plane cuts off, by a line that is turned about every point in whole arithmetic."""
    full = (1 << len(points)) - 1
    found = {0, full}
    for x, y in points:
        here = sum(1 << j for j, p in enumerate(points) if p == (x, y))
        folded = [(u - x, v - y, 1 << j) for j, (u, v) in enumerate(points) if (u, v) != (x, y)]
        folded = [(u, v, b) if v > 0 or (v == 0 and u > 0) else (-u, -v, -b) for u, v, b in folded]
        folded.sort(key=cmp_to_key(_turn))
        left = sum(b for _, _, b in folded if b > 0)
        for place, (u, v, bit) in enumerate(folded):
            left -= bit
            following = folded[place + 1] if place + 1 < len(folded) else None
            if following is None or u * following[1] != v * following[0]:  # not amid parallel directions
                found |= {left, left | here, full & ~left, full & ~(left | here)}
        found |= {here, full & ~here} if not folded else set()
    return found


def dimension(n: int, subsets: Iterable[int]) -> int:
    """The size of the largest set of points of which every subset is cut off."""
    known = set(subsets)
    for size in range(min(n, len(known).bit_length() - 1), 0, -1):
        for chosen in combinations(range(n), size):
            mask = sum(1 << j for j in chosen)
            if len({s & mask for s in known}) == 1 << size:
                return size
    return 0


def _table(found: list[set[int]], sizes: list[int], **more: Iterable[int]) -> Measurements:
    columns = {"n": integers(sizes), "ways": integers(len(s) for s in found)}
    columns["dimension"] = integers(dimension(n, s) for n, s in zip(sizes, found, strict=True))
    return Measurements({**columns, **{name: integers(v) for name, v in more.items()}}, np.arange(len(found)))


@simulator("n k ways_of_intervals ways dimension degenerate", limited_by="exact")
def observe_line(cases: tuple[Line, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """A row for points on a line: how many subsets unions of k intervals cut off, and the largest shattered set.

    ``degenerate``: how many points are in the place of another.
    """
    torch.empty(0, device=torch.device(device))  # whole numbers live on no device, but an absent one is an error
    for k, case in enumerate(cases):
        _few(len(case.points), k)
        if case.k < 1:
            raise MeasurementError(f"{case}", "k >= 1", "k", k)
    found = [interval_subsets(c) for c in cases]
    more = {"k": [c.k for c in cases], "ways_of_intervals": [len(s) for s in found]}
    twice = [len(c.points) - len(set(c.points)) for c in cases]
    return _table(found, [len(c.points) for c in cases], degenerate=twice, **more)


@simulator("n ways_of_half_planes ways dimension degenerate", limited_by="exact")
def observe_plane(cases: tuple[Plane, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """A row for points in the plane: how many subsets half-planes cut off, and the largest shattered set.

    ``degenerate``: how many triples are collinear, and how many points are in the place of another.
    """
    torch.empty(0, device=torch.device(device))
    for k, case in enumerate(cases):
        _few(len(case.points), k)
    found = [half_plane_subsets(c.points) for c in cases]
    different = [tuple(dict.fromkeys(c.points)) for c in cases]
    amiss = [collinear_triples(d) + len(c.points) - len(d) for c, d in zip(cases, different, strict=True)]
    ways = [len(s) for s in found]
    return _table(found, [len(c.points) for c in cases], degenerate=amiss, ways_of_half_planes=ways)


@simulator("n ways dimension", limited_by="exact")
def observe_family(cases: tuple[Family, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """A row for a family of subsets of n points: how many there are, and the size of the largest shattered set."""
    torch.empty(0, device=torch.device(device))
    for k, case in enumerate(cases):
        _few(case.n, k)
        if not case.members or not all(0 <= s < 1 << case.n for s in case.members):
            raise MeasurementError(f"{case}", "at least one subset, each below 2^n", "ways", k)
    return _table([set(c.members) for c in cases], [c.n for c in cases])
