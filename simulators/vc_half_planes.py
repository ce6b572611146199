"""Half-planes against a law on finitely many atoms of the plane: the exact gap, by turning a line about every atom.

With c_i of the m sample points on atom i of mass p_i/P, the gap is the largest |Σ_{i in H} w_i|/(m P) over half-planes H,
where w_i = c_i P - m p_i are integers.  Every set that a half-plane cuts off is an atom i together with the atoms to the left
of a line through i and no other atom: a line between the set and the rest is turned a little until it is parallel to no
line through two atoms, and moved until it meets the set.  About each i the others are passed in the order of their
directions, which costs O(n² log n) for n atoms and is done for a batch at once.

Coordinates are whole numbers below 2^20, so that directions are compared exactly: two of them differ by more than a
rounded angle errs, and equal ones are found by a determinant in integers.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import accumulate
from math import gcd

import flint
import numpy as np
import torch
from torch import Tensor

from .measurement import Measurement, MeasurementError, Measurements, balls, integers, simulator

LARGEST = 2**20
"""Coordinates stay below it: determinants of differences stay below 2^43."""
HEAVIEST = 2**62
"""Σ |w_i| stays below it: no sum over some of the atoms, and none of two such sums, leaves int64."""
CELLS = 1 << 19
"""Pairs of atoms that are sorted at once: bounds the memory of a batch."""
Atom = tuple[int, int]


@dataclass(frozen=True)
class Planar:
    """A law on distinct ``atoms`` with integer ``weights``, and how many points of the sample each has (``counts``).

    ``moved``: rows (a, b), (c, d) and a shift (e, f) of an affine map with whole entries and a determinant other than 0.
    """

    atoms: tuple[Atom, ...]
    weights: tuple[int, ...]
    counts: tuple[int, ...]
    moved: tuple[int, int, int, int, int, int] = (1, 0, 0, 1, 0, 0)

    @property
    def signed(self) -> tuple[int, ...]:
        """w_i = c_i P - m p_i."""
        m, total = sum(self.counts), sum(self.weights)
        return tuple(c * total - m * p for c, p in zip(self.counts, self.weights, strict=True))

    @property
    def image(self) -> tuple[Atom, ...]:
        """The atoms after the map."""
        a, b, c, d, e, f = self.moved
        return tuple((a * x + b * y + e, c * x + d * y + f) for x, y in self.atoms)


def _sound(case: Planar, element: int) -> Planar:
    n = len(case.atoms)
    every = (*case.weights, *case.counts, *case.moved, *(v for atom in case.atoms for v in atom))
    if not all(isinstance(v, int) for v in every):
        raise MeasurementError(f"{case}", "whole numbers: multiply by a common denominator", "gap", element)
    if n == 0 or len(case.weights) != n or len(case.counts) != n or len(set(case.atoms)) != n:
        raise MeasurementError(f"{case}", "distinct atoms with a weight and a count each", "gap", element)
    if min(case.weights) < 0 or min(case.counts) < 0 or sum(case.weights) < 1 or sum(case.counts) < 1:
        raise MeasurementError(f"{case}", "weights and counts >= 0 that are not all 0", "gap", element)
    a, b, c, d, _, _ = case.moved
    if a * d == b * c or any(abs(v) >= LARGEST for atom in (*case.atoms, *case.image) for v in atom):
        raise MeasurementError(
            f"{case}", f"a map of determinant other than 0, coordinates below {LARGEST}", "gap", element
        )
    heavy = sum(abs(w) for w in case.signed)
    if heavy >= HEAVIEST:
        raise MeasurementError(
            f"sum |c_i P - m p_i| = {heavy} of {case}", "less than 2^62: divide the weights by a common factor or round "
            "them", "gap", element,
        )  # fmt: skip
    return case


def turned(differences: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Directions (…, n, 2) int64 passed by a line that turns by half a turn: (order, side, ends).

    ``order`` (…, n) sorts them by angle modulo π; ``side`` (…, n), in that order, is 1 for what lies left of the line at the
    start and goes over to the right, -1 for the contrary, 0 for no direction at all; ``ends`` is true for the last of
    several parallel ones.
    """
    x, y = differences[..., 0], differences[..., 1]
    side = torch.where((y > 0) | ((y == 0) & (x > 0)), 1, -1) * ((x != 0) | (y != 0))
    # What has no direction is put first: it moves nothing.
    angle = torch.where(side == 0, -1.0, torch.atan2((y * side).double(), (x * side).double()))
    order = torch.argsort(angle, dim=-1, stable=True)
    side = side.gather(-1, order)
    x, y = x.gather(-1, order), y.gather(-1, order)
    parallel = x[..., 1:] * y[..., :-1] == y[..., 1:] * x[..., :-1]
    last = torch.ones_like(side[..., :1], dtype=torch.bool)
    ends = torch.cat([~(parallel & (side[..., :-1] != 0)), last], dim=-1)
    return order, side, ends


def half_plane_sums(atoms: Tensor, weights: Tensor) -> Tensor:
    """max |Σ_{i in H} w_i| over half-planes, shape (batch,); ``atoms`` (batch, n, 2) and ``weights`` (batch, n) int64.

    The weights of an element add up to 0, so that a set and its complement weigh the same.  Coordinates below `LARGEST` and
    Σ |w_i| below `HEAVIEST` are for the caller to see to: beyond them int64 overflows.
    """
    order, side, ends = turned(atoms[:, None, :, :] - atoms[:, :, None, :])
    weight = weights[:, None, :].expand(order.shape).gather(-1, order)
    start = (weight * (side > 0)).sum(-1, keepdim=True)
    left = start - (weight * side).cumsum(-1)  # to the left of the line once a direction is passed
    own = weights[:, :, None]
    sums = torch.maximum(left.abs(), (left + own).abs()) * ends
    return sums.amax(dim=(-1, -2))


def _grouped(cases: tuple[Planar, ...]) -> dict[int, list[int]]:
    groups = defaultdict(list)
    for k, case in enumerate(cases):
        groups[len(case.atoms)].append(k)
    return groups


def _sums(cases: tuple[Planar, ...], image: bool, device: torch.device) -> list[int]:
    out = [0] * len(cases)
    for n, members in _grouped(cases).items():
        size = max(1, CELLS // n**2)
        for begin in range(0, len(members), size):
            some = members[begin : begin + size]
            placed = [cases[k].image if image else cases[k].atoms for k in some]
            atoms = torch.tensor(placed, dtype=torch.int64, device=device)
            weights = torch.tensor([cases[k].signed for k in some], dtype=torch.int64, device=device)
            for k, value in zip(some, half_plane_sums(atoms, weights).tolist(), strict=True):
                out[k] = value
    return out


def _along(case: Planar, axis: int) -> int:
    """max |Σ w_i| over the half-planes bounded by a line x = t or y = t."""
    sums: dict[int, int] = defaultdict(int)
    for atom, weight in zip(case.atoms, case.signed, strict=True):
        sums[atom[axis]] += weight
    return max(abs(total) for total in accumulate(sums[t] for t in sorted(sums)))


def collinear_triples(atoms: tuple[Atom, ...]) -> int:
    """How many triples of distinct points lie on a line."""
    found = 0
    for i, (x, y) in enumerate(atoms):
        seen: dict[Atom, int] = defaultdict(int)
        for u, v in atoms[i + 1 :]:
            dx, dy = u - x, v - y
            common = gcd(dx, dy) * (1 if (dy, dx) > (0, 0) else -1)
            direction = dx // common, dy // common
            found += seen[direction]
            seen[direction] += 1
    return found


@simulator("places gap moved stump variation degenerate", limited_by="exact")
def observe(cases: tuple[Planar, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """A row a law and sample, exact: the gap of half-planes, and the same after the affine map (``moved``).

    ``stump``: the gap of half-planes bounded by x = t or y = t.  ``variation``: the total variation distance, which is the
    gap of all sets.  ``places``: how many atoms there are; ``degenerate``: how many triples of them are collinear.
    """
    cases, device = tuple(_sound(c, k) for k, c in enumerate(cases)), torch.device(device)
    units = [sum(c.counts) * sum(c.weights) for c in cases]
    tops = {
        "gap": _sums(cases, False, device),
        "moved": _sums(cases, True, device),
        "stump": [max(_along(c, 0), _along(c, 1)) for c in cases],
        "variation": [sum(abs(w) for w in c.signed) // 2 for c in cases],
    }
    columns: dict[str, Measurement] = {
        name: balls([flint.fmpq(v, unit) for v, unit in zip(values, units, strict=True)])
        for name, values in tops.items()
    }
    columns["places"] = integers(len(c.atoms) for c in cases)
    columns["degenerate"] = integers(collinear_triples(c.atoms) for c in cases)
    return Measurements(columns, np.arange(len(cases)))
