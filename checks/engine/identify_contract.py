"""A box of constants made smaller by everything that the rows say of it: interval Newton over many rows at once.

On the box every demand is g(x) = g(m) + g'(ξ)(x - m), in balls over the box and over the error bars.  A linear program in floats
chooses weights; the weighted sum of the demands, in balls, bounds one unknown or shows that nothing is left.  Unknowns
that are plain factors are moved by their logarithm, in which such demands are linear.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from flint import arb

from .evaluate import Undefined, Value, ball
from .identify_forms import Form, Impossible, Logarithm, NoSlope, Unavailable
from .identify_program import largest
from .identify_rows import Box, Line, ball_contains_zero, constants, excluded

ROUNDS = 60
SHRUNK = 0.9
LINEAR = 1e-11
ULPS = 8


@dataclass
class Contracted:
    """A box made smaller, with its extreme points and the rows behind every end.

    ``straight``: the demands are linear on it up to their error bars; ``settled``: and no row is without a value there, so that
    splitting it brings nothing; ``sure``: all of it obeys.  ``idle``: unknowns that no demand depends on there.
    """

    box: Box
    straight: bool = False
    settled: bool = False
    sure: bool = False
    idle: tuple[int, ...] = ()
    points: list[tuple[float, ...]] = field(default_factory=list)
    limits: dict[tuple[int, int], Line] = field(default_factory=dict)


@dataclass(eq=False)
class _Demand:
    line: Line
    equality: bool
    middle: Value
    slopes: list[Value | None]


def contract(lines: Sequence[Line], box: Box, whole: Box, logs: Sequence[bool]) -> Contracted | None:
    """The box that is left of ``box``; None where the rows exclude all of it.  The precision is the caller's."""
    found = Contracted(box)
    for _ in range(ROUNDS):
        nearer = _off_zero(lines, found.box, logs)
        if nearer is None:
            return None
        found.box = nearer
        again = _once(lines, found.box, whole, logs, found.limits)
        if again is None:
            return None
        shrunk = any(b - a < SHRUNK * (d - c) for (a, b), (c, d) in zip(again.box, found.box, strict=True))
        found = again
        if found.sure or not shrunk:
            break
    return found


def _once(
    lines: Sequence[Line], box: Box, whole: Box, logs: Sequence[bool], limits: dict[tuple[int, int], Line]
) -> Contracted | None:
    size = len(box)
    by_log = [logs[k] and (box[k][0] > 0 or box[k][1] < 0) for k in range(size)]
    middle = tuple(_middle(side, log) for side, log in zip(box, by_log, strict=True))
    demands, sure, complete = _demands(lines, box, middle, whole, by_log)
    if demands is None:
        return None
    found = Contracted(box, sure=sure, limits=dict(limits))
    if sure or not demands:
        return found
    steps = [_steps(side, m, log) for side, m, log in zip(box, middle, by_log, strict=True)]
    half = np.array([max(float(abs(s).upper()), 1e-300) for s in steps])
    slopes = np.array([[_float(s) for s in d.slopes] for d in demands])
    blurs = np.array([[_rad(s) for s in d.slopes] for d in demands])
    values = np.array([_float(d.middle) for d in demands])
    bars = np.array([_rad(d.middle) for d in demands])
    equal = np.array([d.equality for d in demands])
    scaled, curved = slopes * half, blurs @ half
    norms = np.abs(scaled).sum(axis=1)
    if not any(line.hard for line in lines):
        moved = (np.abs(slopes) + blurs)[(equal | ~(values + bars + norms + curved < 0))].sum(axis=0)
        found.idle = tuple(np.flatnonzero(moved == 0).tolist()) if (moved > 0).any() else ()
    finite = np.isfinite(norms) & np.isfinite(values) & np.isfinite(bars) & np.isfinite(curved)
    usable = finite & (norms > 0)
    number = np.concatenate([np.flatnonzero(usable), np.flatnonzero(usable & equal)])
    signs = np.concatenate([np.ones(int(usable.sum())), -np.ones(int((usable & equal).sum()))])
    rows = scaled[number] * signs[:, None] / norms[number, None]
    ends = (bars[number] + curved[number] - signs * values[number]) / norms[number]
    # what is certainly obeyed on all of the box limits nothing, however curved it is
    matters = equal | ~(values + bars + norms + curved < 0)
    straight = finite & (curved <= np.maximum(2 * bars, LINEAR * norms))
    settled = bool((straight | ~matters).all())
    sides = [list(side) for side in box]
    for k in range(size):
        if box[k][0] == box[k][1] or not usable.any():
            continue
        for way in (1, -1):
            objective = np.zeros(size)
            objective[k] = way
            best = largest(rows, ends, objective)
            chosen = [
                (int(r), float(w)) for r, w in zip(best.rows, best.weights, strict=True) if w > 0 and r < len(rows)
            ]
            behind = [(demands[number[r]], float(signs[r] * w / norms[number[r]])) for r, w in chosen]
            total, slope = _weighted(behind, size)
            if not best.feasible:
                if (total + sum((s * d for s, d in zip(slope, steps, strict=True)), arb(0))) > 0:
                    found.limits[k, way] = behind[-1][0].line
                    return None
                settled = False
                continue
            found.points.append(_point(best.vertex * half, middle, by_log, box))
            if not behind:
                continue
            end = _end(total, slope, steps, k)
            if end is None:
                continue
            side, moved = _moved(end[1], end[0], middle[k], by_log[k])
            if (side > 0 and moved < sides[k][1]) or (side < 0 and moved > sides[k][0]):
                sides[k][side > 0] = moved
                found.limits[k, side] = demands[number[max(chosen, key=lambda c: c[1])[0]]].line
            if sides[k][0] > sides[k][1]:
                return None
    found.box = tuple((low, high) for low, high in sides)
    found.straight = settled or all(_thin(side) for side in found.box)
    found.settled = found.straight and complete
    return found


def _demands(
    lines: Sequence[Line], box: Box, middle: tuple[float, ...], whole: Box, by_log: Sequence[bool]
) -> tuple[list[_Demand] | None, bool, bool]:
    """Every demand on the box; None where one excludes it.

    And whether all rows are certainly obeyed on all of it; and whether all that they say is in the demands.
    """
    found: list[_Demand] = []
    names = lines[0].question.unknowns if lines else ()
    sides, centre = constants(box, names), constants(tuple((m, m) for m in middle), names)
    sure = complete = True
    for line in lines:
        if line.hard:
            if excluded(line, box, whole):
                return None, False, False
            certain = line.at(sides).certain
            sure, complete = sure and certain, complete and certain
        for demand in line.demands:
            spoke = False
            for form in demand:
                line.env.update(sides)
                try:
                    dual = form.dual(line.env)
                    if dual is None:
                        spoke = True
                        break
                    value, slopes, orientation = dual
                    if form.partial:
                        meaning = line.at(sides).status
                        if meaning == "outside" and excluded(line, box, whole):
                            return None, False, False
                        complete = complete and meaning in ("consistent", "violated")
                    if not ball_contains_zero(value) if form.equality else value > 0:
                        return None, False, False
                    line.env.update(centre)
                    at = form.point(line.env, orientation)
                except Impossible:
                    return None, False, False
                except (Unavailable, NoSlope, Undefined):
                    continue
                spoke = True
                sure = sure and not form.equality and bool(value <= 0)
                found.append(_Demand(line, form.equality, at, by_coordinate(slopes, sides, names, by_log)))
                break
            if not spoke:
                sure = complete = False
                if not line.hard and excluded(line, box, whole):
                    return None, False, False
    return found, sure, complete


def by_coordinate(slopes: Any, sides: Any, names: Sequence[str], by_log: Sequence[bool]) -> list[Value | None]:
    """Slopes by the coordinates moved: the unknown, or its logarithm."""
    out: list[Value | None] = []
    for k, log in enumerate(by_log):
        plain, logged = slopes.get(k), slopes.get(~k)
        x = sides[names[k]]
        if log:
            plain = None if plain is None else plain * x
        elif logged is not None:
            logged = logged / ball(x) if not ball_contains_zero(x) else arb(0, math.inf)
        parts = [p for p in (plain, logged) if p is not None]
        out.append(parts[0] + parts[1] if len(parts) == 2 else (parts[0] if parts else None))
    return out


def _off_zero(lines: Sequence[Line], box: Box, logs: Sequence[bool]) -> Box | None:
    """The box with factors that touch 0 moved off it, where rows say how small they can be; None: no sign is left."""
    for k, (low, high) in enumerate(box):
        if not logs[k] or low > 0 or high < 0 or low == high:
            continue
        left: list[tuple[float, float]] = []
        for sign, far in ((1, high), (-1, -low)):
            least = _least(lines, box, k, sign) if far > 0 else None
            if least is not None and least <= far:
                left.append((least, far) if sign > 0 else (-far, -least))
        if not left:
            return None
        new = (min(a for a, _ in left), max(b for _, b in left))
        box = (*box[:k], new, *box[k + 1 :])
    return box


def _least(lines: Sequence[Line], box: Box, k: int, sign: int) -> float | None:
    """How small |x_k| can be for this sign; None where no constant of it obeys."""
    if not lines:
        return 0.0
    least = 0.0
    sides = constants(box, lines[0].question.unknowns)
    sides[lines[0].question.unknowns[k]] = ball(sign)
    for line in lines:
        for demand in line.demands:
            form: Form = demand[0]
            if not isinstance(form, Logarithm) or not form.equality:
                continue
            line.env.update(sides)
            try:
                dual = form.dual(line.env)
            except Impossible:
                return None
            except (Unavailable, NoSlope, Undefined):
                continue
            if dual is None or k in dual[1] or not ball(dual[1].get(~k, 0)).is_exact() or dual[1].get(~k, 0) == 0:
                continue
            log = -dual[0] / dual[1][~k]
            if log.is_finite() and log.lower() > -700:
                least = max(least, _down(log.exp()))
    return least


def _weighted(behind: Sequence[tuple[_Demand, float]], size: int) -> tuple[arb, list[arb]]:
    total, slopes = arb(0), [arb(0)] * size
    for demand, weight in behind:
        total = total + demand.middle * arb(weight)
        for k, slope in enumerate(demand.slopes):
            if slope is not None:
                slopes[k] = slopes[k] + slope * arb(weight)
    return total, slopes


def _end(total: arb, slopes: Sequence[arb], steps: Sequence[arb], k: int) -> tuple[int, arb] | None:
    """total + Σ slopes·d <= 0, as a bound of d_k: its side and the ball it lies in."""
    rest = total
    for j, (slope, step) in enumerate(zip(slopes, steps, strict=True)):
        if j != k:
            rest = rest + slope * step
    if slopes[k] > 0:
        return 1, (-rest) / slopes[k]
    if slopes[k] < 0:
        return -1, (-rest) / slopes[k]
    return None


def _middle(side: tuple[float, float], log: bool) -> float:
    low, high = side
    if low == high:
        return low
    if log:
        return math.copysign(math.exp((math.log(abs(low)) + math.log(abs(high))) / 2), low)
    return low + (high - low) / 2


def _steps(side: tuple[float, float], middle: float, log: bool) -> arb:
    low, high = arb(side[0]), arb(side[1])
    if log:
        return (low / middle).log().union((high / middle).log())
    return (low - middle).union(high - middle)


def _moved(bound: arb, side: int, middle: float, log: bool) -> tuple[int, float]:
    """Which end of an unknown a bound of its coordinate moves, and where to, rounded outward."""
    value = bound.exp() * middle if log else bound + middle
    if log and middle < 0:  # the logarithm of |x| grows where x falls
        side = -side
    if not value.is_finite():
        return side, math.inf * side
    return side, _up(value) if side > 0 else _down(value)


def _point(step: np.ndarray, middle: Sequence[float], by_log: Sequence[bool], box: Box) -> tuple[float, ...]:
    out = []
    for d, m, log, (low, high) in zip(step.tolist(), middle, by_log, box, strict=True):
        out.append(min(max(m * math.exp(d) if log else m + d, low), high))
    return tuple(out)


def _thin(side: tuple[float, float]) -> bool:
    low, high = side
    return high - low <= ULPS * math.ulp(max(abs(low), abs(high)))


def _up(value: arb) -> float:
    """The upper end, rounded up unless it is a float."""
    end = value.upper()
    near = float(end)
    return near if end <= arb(near) else math.nextafter(near, math.inf)


def _down(value: arb) -> float:
    end = value.lower()
    near = float(end)
    return near if end >= arb(near) else math.nextafter(near, -math.inf)


def _float(value: Value | None) -> float:
    return 0.0 if value is None else float(ball(value).mid())


def _rad(value: Value | None) -> float:
    return 0.0 if value is None else float(ball(value).rad())
