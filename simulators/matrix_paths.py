"""Explicit paths of matrices W(t) that gradient flow can follow, where singular values meet.

At depth 1 gradient flow is any path downhill: on a linear loss it is a straight line, and a smooth curve that is
never at rest is the flow of some smooth loss (take minus the speed squared, integrated along the curve, on a tube
around it).  So statements about singular values in time can be put to the test on paths given in closed form.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from flint import arb, ctx, fmpq, fmpz

from .measurement import Measurements, balls, booleans, reals, simulator

BITS = 128


@dataclass(frozen=True)
class Crossing:
    """W(t) = diag(starts + slopes t): the flow at depth 1 of the linear loss -Σ slopes_r W_rr, looked at near t = 0."""

    starts: tuple[float, ...]
    slopes: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.starts) != len(self.slopes) or not self.starts:
            raise ValueError(
                f"got {len(self.starts)} starts and {len(self.slopes)} slopes; expected one each, at least one"
            )


@dataclass(frozen=True)
class Turning:
    """W(t) = 2 I + [[a, b], [b, -a]], two singular values that meet at t = 0, seen at t = 1/late and t = 1/early.

    Analytic: (a, b) = t ``first`` + t² ``second``.  Otherwise Rellich's smooth path
    (a, b) = exp(-1/t²) (cos 2/t, sin 2/t), whose derivatives at 0 all vanish (Kato, Perturbation Theory, II.5.3).
    """

    late: int
    early: int
    first: tuple[int, int] = (1, 0)
    second: tuple[float, float] = (0.0, 0.0)
    analytic: bool = True

    def __post_init__(self) -> None:
        if not 3 <= self.late < self.early:
            raise ValueError(
                f"got late {self.late}, early {self.early}; expected 3 <= late < early (times 1/late > 1/early)"
            )
        if self.first == (0, 0) or max(map(abs, self.second)) > 1:
            raise ValueError(f"got {self}; expected first not 0 and second within [-1, 1]²")


def _one_sided(crossing: Crossing) -> list[tuple[float, float]]:
    """Left and right derivative at t = 0 of each sorted singular value, largest first."""
    after, before = [], []
    for start, slope in zip(crossing.starts, crossing.slopes, strict=True):
        rate = slope if start > 0 else -slope
        after.append((abs(start), abs(slope) if start == 0 else rate))
        before.append((abs(start), -abs(slope) if start == 0 else rate))
    right = [rate for _, rate in sorted(after, key=lambda pair: (-pair[0], -pair[1]))]
    left = [rate for _, rate in sorted(before, key=lambda pair: (-pair[0], pair[1]))]
    return list(zip(left, right, strict=True))


@simulator("rate_before rate_after analytic_loss", limited_by="exact")
def observe_crossings(
    batch: tuple[Crossing, ...], *, delta: float, effort: int = 0, device: torch.device
) -> Measurements:
    """Rows (path, r): left and right time derivative of the r-th largest non-negative singular value, exactly."""
    torch.empty(0, device=device)
    rows = [(element, r, *rates) for element, path in enumerate(batch) for r, rates in enumerate(_one_sided(path))]
    columns = {
        "rate_before": reals([row[2] for row in rows], 0.0),
        "rate_after": reals([row[3] for row in rows], 0.0),
        "analytic_loss": booleans(True for _ in rows),
    }
    return Measurements(columns, np.array([row[0] for row in rows]), {"r": np.array([row[1] for row in rows])})


def _direction(path: Turning, inverse_time: int) -> tuple[arb, arb]:
    """Twice the angle of the leading singular direction at t = 1/inverse_time, as a unit vector."""
    if not path.analytic:
        return arb(2 * inverse_time).cos(), arb(2 * inverse_time).sin()
    pairs = zip(path.first, path.second, strict=True)
    a, b = (arb(p + fmpq(*(fmpz(i) for i in q.as_integer_ratio())) / inverse_time) for p, q in pairs)
    length = (a * a + b * b).sqrt()
    return a / length, b / length


def _turn(path: Turning) -> arb:
    """|sin δ/2| = |sin δ| / √(2 + 2 cos δ) of the angle between the leading singular directions, δ twice that angle."""
    (a, b), (c, d) = _direction(path, path.late), _direction(path, path.early)
    return abs(a * d - b * c) / (2 + 2 * (a * c + b * d)).sqrt()


def precise_turn(path: Turning, bits: int) -> Measurements:
    """`observe_turning` at ``bits`` bits."""
    with ctx.workprec(bits):
        turn = _turn(path)
    columns = {"turn": balls([turn]), "t": balls([fmpq(1, path.late)]), "analytic_loss": booleans([path.analytic])}
    return Measurements(columns, np.zeros(1))


@simulator("turn t analytic_loss", limited_by="rounding", precisely=precise_turn)
def observe_turning(batch: tuple[Turning, ...], *, delta: float, effort: int = 0, device: torch.device) -> Measurements:
    """One row a path: the sine of the angle by which the leading singular direction turns from t = 1/early to 1/late."""
    torch.empty(0, device=device)
    with ctx.workprec(BITS):
        turns = [_turn(path) for path in batch]
        middle, radius = zip(*(_rounded(turn) for turn in turns), strict=True)
        times, wide = zip(*(_rounded(arb(1) / path.late) for path in batch), strict=True)
    columns = {
        "turn": reals(list(middle), list(radius)),
        "t": reals(list(times), list(wide)),
        "analytic_loss": booleans(path.analytic for path in batch),
    }
    return Measurements(columns, np.arange(len(batch)))


def _rounded(value: arb) -> tuple[float, float]:
    """The ball as float64 midpoint and radius, the rounding of both included."""
    middle = float(value.mid())
    radius = (value - arb(middle)).abs_upper()
    return middle, math.nextafter(float(radius) * (1 + 2.0**-50), math.inf) if radius else 0.0
