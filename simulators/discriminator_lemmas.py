"""The lemmas of the support theorem one by one: a moment, a net, and how far a discriminator and its means move.

Everything is rational but the moment.  A net of a cube is laid out and counted: its points are shown to cover the cube,
cell by cell between the faces of their neighbourhoods, and as many points further apart than two radii, pair by pair, show
that no fewer would do.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import lcm

import numpy as np
import torch
from flint import arb, ctx, fmpq

from simulators.discriminator_class import rational
from simulators.measurement import MeasurementError, Measurements, balls, integers, simulator

BITS = 160
COUNTED = 300


@dataclass(frozen=True)
class Toss:
    """A variable with two values ``span`` apart, the upper one with probability ``chance``, and an exponent."""

    chance: float = 0.5
    exponent: float = 0.1
    span: float = 1.0


def _moment(toss: Toss, bits: int) -> arb:
    """log E exp(s (X - E X))."""
    with ctx.workprec(bits):
        q, s = rational(toss.chance), rational(toss.exponent) * rational(toss.span)
        return (1 - q + q * arb(s).exp()).log() - q * s


@simulator("s log_moment reach", limited_by="exact")
def observe_moment(batch: tuple[Toss, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each variable: s and log E exp(s (X - E X)), in balls of 160 bits."""
    _present(device)
    for k, toss in enumerate(batch):
        if not 0 <= toss.chance <= 1 or not abs(toss.exponent * toss.span) <= 1e4 or not toss.span > 0:
            raise MeasurementError(f"{toss}", "a probability, an exponent of at most 1e4, a positive span", "s", k)
    return Measurements(
        {
            "s": balls([rational(toss.exponent) for toss in batch]),
            "log_moment": balls([_moment(toss, BITS) for toss in batch]),
            "reach": balls([rational(toss.span) for toss in batch]),
        },
        np.arange(len(batch)),
    )


@dataclass(frozen=True)
class Cube:
    """The parameters [-R, R]^p, a Lipschitz constant in the largest coordinate, and a resolution of the net."""

    radius: tuple[int, int] = (1, 1)
    lipschitz: tuple[int, int] = (1, 1)
    resolution: tuple[int, int] = (1, 2)
    parameters: int = 1


def _along(edge: int, step: int, k: int) -> list[int]:
    """Where intervals of length ``step`` start that cover [0, edge], laid one after the other."""
    starts = [0]
    while starts[-1] + step < edge:
        starts.append(starts[-1] + step)
        if len(starts) > COUNTED:
            raise MeasurementError(f"an edge of {edge} in steps of {step}", f"at most {COUNTED} points", "net", k)
    return starts


def covers(corners: np.ndarray, step: int, edge: int) -> bool:
    """Whether boxes of edge ``step`` at the ``corners`` (points, dimensions) cover [0, edge]^dimensions: each cell between
    their faces is in one."""
    faces = [np.unique(np.clip(np.concatenate([c, c + step, [0, edge]]), 0, edge)) for c in corners.T]
    inside = [(f[:-1] >= c[:, None]) & (f[1:] <= c[:, None] + step) for f, c in zip(faces, corners.T, strict=True)]
    letters = "abcd"[: len(inside)]
    boxes = np.einsum(",".join(f"z{x}" for x in letters) + "->" + letters, *(x.astype(np.int64) for x in inside))
    return bool((boxes > 0).all())


def apart(points: np.ndarray, least: int) -> bool:
    """Whether every two of the points (points, dimensions) differ by more than ``least`` in some coordinate."""
    far = (np.abs(points[:, None, :] - points[None, :, :]) > least).any(axis=2)
    return bool(far[np.triu_indices(len(points), 1)].all())


def _counted(cube: Cube, k: int) -> int:
    """Points of a smallest net: a cover, and as many points of which no two are in one of its boxes."""
    half, steep, fine = (Fraction(*pair) for pair in (cube.radius, cube.lipschitz, cube.resolution))
    if min(half, steep, fine) <= 0 or not 1 <= cube.parameters <= 4:
        raise MeasurementError(f"{cube}", "positive numbers and 1 to 4 parameters", "net", k)
    wide, width = 2 * half, 2 * fine / steep
    unit = lcm(wide.denominator, width.denominator)
    edge, step = int(wide * unit), int(width * unit)
    along = _along(edge, step, k)
    gaps = max(len(along) - 1, 1)
    if len(along) ** cube.parameters > COUNTED or max(edge, step) * gaps > 2**60:
        raise MeasurementError(f"{cube}", f"at most {COUNTED} points and small denominators", "net", k)
    corners = np.array(list(product(along, repeat=cube.parameters)), dtype=np.int64)
    even = np.array(list(product(range(len(along)), repeat=cube.parameters)), dtype=np.int64) * edge
    if not covers(corners, step, edge) or not apart(even, step * gaps):
        raise MeasurementError(f"{cube}", "a cover and as many points apart", "net", k)
    return len(corners)


@simulator("p L R r net", limited_by="exact")
def observe_net(batch: tuple[Cube, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each cube: the size of its smallest net at radius r/L in the largest coordinate.

    Products of nets of the edges cover; products of points further apart than 2r/L show that no fewer do.
    """
    _present(device)
    return Measurements(
        {
            "p": integers(cube.parameters for cube in batch),
            "L": balls([fmpq(*cube.lipschitz) for cube in batch]),
            "R": balls([fmpq(*cube.radius) for cube in batch]),
            "r": balls([fmpq(*cube.resolution) for cube in batch]),
            "net": integers(_counted(cube, k) for k, cube in enumerate(batch)),
        },
        np.arange(len(batch)),
    )


@dataclass(frozen=True)
class Segment:
    """Two parameters v and w of an interpolated row of bits, for the images x of a law and of a sample.

    ``rows``: the bits of each image; ``masses``: its integer weight in the law; ``drawn``: how often it is in the sample.
    ``knots`` = (knots, units) of so many knots in so many units of length: the discriminators are L-Lipschitz for L their
    ratio; what is declared may be less by a factor ``steeper``.
    """

    rows: tuple[tuple[int, ...], ...] = ((0, 1), (1, 0))
    masses: tuple[int, ...] = (1, 1)
    drawn: tuple[int, ...] = (1, 0)
    v: tuple[int, int] = (0, 1)
    w: tuple[int, int] = (1, 2)
    knots: tuple[int, int] = (1, 1)
    steeper: int = 1

    @property
    def density(self) -> Fraction:
        """Knots in a unit of length."""
        return Fraction(*self.knots)


def _value(row: tuple[int, ...], at: Fraction) -> Fraction:
    """The straight line through the bits, at ``at`` knots from the first."""
    left = min(int(at), len(row) - 2)
    return row[left] + (at - left) * (row[left + 1] - row[left])


def _steepest(case: Segment) -> Fraction:
    """The largest slope from a knot to the next, of values at both."""
    apart = 1 / case.density
    pairs = [(row, Fraction(j)) for row in case.rows for j in range(len(row) - 1)]
    return max(abs(_value(row, j + 1) - _value(row, j)) / apart for row, j in pairs)


def _sound_segment(case: Segment, k: int) -> Segment:
    lengths = {len(row) for row in case.rows}
    fits = len(case.rows) == len(case.masses) == len(case.drawn) and len(lengths) == 1 and min(lengths) >= 2
    if not fits or min(case.masses) < 1 or min(case.drawn) < 0 or not sum(case.drawn) or min(case.knots) < 1:
        raise MeasurementError(f"{case}", "rows of equal length, each with a mass and a count", "moved", k)
    places = [Fraction(*pair) * case.density for pair in (case.v, case.w)]
    if not all(0 <= place <= len(case.rows[0]) - 1 for place in places) or case.steeper < 1:
        raise MeasurementError(f"v, w = {case.v}, {case.w}", "parameters within the row of bits", "distance", k)
    return case


@simulator("L steepest distance changed moved", limited_by="exact")
def observe_segment(batch: tuple[Segment, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row for each pair: |v - w|, the largest |D_v(x) - D_w(x)|, and how far E D - mean D moves; exact rationals."""
    _present(device)
    distances, changes, moves, slopes = [], [], [], []
    for k, case in enumerate(batch):
        _sound_segment(case, k)
        v, w = Fraction(*case.v), Fraction(*case.w)
        change = [_value(row, v * case.density) - _value(row, w * case.density) for row in case.rows]
        law = sum((m * c for m, c in zip(case.masses, change, strict=True)), Fraction(0)) / sum(case.masses)
        mean = sum((n * c for n, c in zip(case.drawn, change, strict=True)), Fraction(0)) / sum(case.drawn)
        slopes.append(_steepest(case))
        distances.append(abs(v - w))
        changes.append(max(abs(c) for c in change))
        moves.append(abs(law - mean))
    return Measurements(
        {
            "L": balls([_exact(case.density / case.steeper) for case in batch]),
            "steepest": balls([_exact(x) for x in slopes]),
            "distance": balls([_exact(x) for x in distances]),
            "changed": balls([_exact(x) for x in changes]),
            "moved": balls([_exact(x) for x in moves]),
        },
        np.arange(len(batch)),
    )


def _exact(value: Fraction) -> fmpq:
    return fmpq(value.numerator, value.denominator)


def _present(device: torch.device) -> None:
    """Exact arithmetic needs no device; one that is absent is an error all the same."""
    torch.empty(0, device=torch.device(device))
