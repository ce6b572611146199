"""Branch and prune: boxes of constants are contracted, and split where that alone does not settle them."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from flint import ctx

from .evaluate import BITS
from .identify_contract import Contracted, contract
from .identify_inner import obeys
from .identify_rows import Box, Line

Point = tuple[float, ...]
NARROW, REACH = 1e-9, 1e-5  # of several unknowns; one alone is cheap to follow
SPLIT = 1 / 16
"""How narrow a part of several unknowns becomes where only rows without a value there could say more."""


@dataclass
class Left:
    """What is left of a box: parts that together hold every constant that the lines allow.

    ``looked``: how many boxes were looked at; ``whole``: every part is settled; ``stopped``: Ctrl-C came.
    """

    boxes: list[Box]
    points: list[Point] = field(default_factory=list)
    limits: dict[tuple[int, int], Line] = field(default_factory=dict)
    looked: int = 0
    whole: bool = True
    stopped: bool = False

    @property
    def hull(self) -> Box | None:
        """The smallest box around all parts; None where nothing is left."""
        if not self.boxes:
            return None
        return tuple((min(s[0] for s in sides), max(s[1] for s in sides)) for sides in zip(*self.boxes, strict=True))


def prune(lines: Sequence[Line], start: Sequence[Box], whole: Box, logs: Sequence[bool], effort: int) -> Left:
    """What the lines leave of the boxes ``start``, looking at no more than ``effort`` boxes.

    Parts are split until they are settled, narrower than `NARROW` times the ``whole``, or cannot move its ends by `REACH` times
    the ``whole`` because constants that obey lie around them.  Interrupted, it returns what is left so far.
    """
    before, ctx.prec = ctx.prec, BITS
    left = Left([])
    bounds = bool(lines) and not lines[0].question.equalities
    allowed: Box | None = None  # around constants that certainly obey: what lies within cannot move the ends

    def order(box: Box) -> float:
        return -(_width(box, whole, logs) if allowed is None else _beyond(box, allowed, whole))

    waiting = [(order(box), number, box) for number, box in enumerate(start)]
    heapq.heapify(waiting)
    number = len(waiting)
    parts: list[tuple[Box, Contracted | None]] = []
    current: Box | None = None  # a part that an interruption must not lose
    try:
        while waiting and left.looked < effort:
            current = box = waiting[0][2]
            found = contract(lines, box, whole, logs)
            left.looked += 1
            heapq.heappop(waiting)
            if found is None:
                continue
            if bounds:
                allowed = _around(allowed, lines, found)
            beyond = math.inf if allowed is None else _beyond(found.box, allowed, whole)
            enough = SPLIT if found.straight and len(whole) > 1 else NARROW
            if (
                found.sure
                or found.settled
                or beyond <= (REACH if len(whole) > 1 else NARROW)
                or _width(found.box, whole, logs) <= enough
            ):
                parts.append((found.box, found))
                continue
            for half in _halves(found.box, whole, logs, found.idle):
                number += 1
                heapq.heappush(waiting, (order(half), number, half))
        current = None
    except KeyboardInterrupt:
        left.stopped = True
        if current is not None:
            waiting.append((0.0, -1, current))
    finally:
        ctx.prec = before
    left.whole = not waiting
    left.boxes = [box for box, _ in parts] + [box for _, _, box in sorted(waiting, key=lambda w: w[1])]
    for _, found in parts:
        if found is not None:
            left.points += found.points
    for k in range(len(whole) if left.boxes else 0):
        for way, end in ((1, max(b[k][1] for b in left.boxes)), (-1, min(b[k][0] for b in left.boxes))):
            there = [f for b, f in parts if f is not None and b[k][way > 0] == end and (k, way) in f.limits]
            if there:
                left.limits[k, way] = there[0].limits[k, way]
    if waiting or len(parts) > 1:
        left.points += [tuple(_centre(side) for side in box) for box in _extreme(left.boxes)]
    return left


def _around(allowed: Box | None, lines: Sequence[Line], found: Contracted) -> Box | None:
    """The box around constants known to obey, with those of the new part: all of it, or the points tried."""
    middle = tuple((_centre(side),) * 2 for side in found.box)
    corners = [tuple((x, x) for x in point) for point in found.points]
    tried = [found.box] if found.sure else [middle, *corners]
    for box in tried:
        if allowed is not None and _beyond(box, allowed, box) <= 0:
            continue
        if found.sure or all(obeys(line, box) for line in lines):
            allowed = box if allowed is None else _joined(allowed, box)
    return allowed


def _joined(one: Box, other: Box) -> Box:
    return tuple((min(a, c), max(b, d)) for (a, b), (c, d) in zip(one, other, strict=True))


def _beyond(box: Box, allowed: Box, whole: Box) -> float:
    """How far a box reaches out of another one, beside the whole."""
    reach = 0.0
    for (low, high), (first, last), (least, most) in zip(box, allowed, whole, strict=True):
        size = most - least or 1.0
        reach = max(reach, (first - low) / size, (high - last) / size)
    return reach


def _extreme(boxes: Sequence[Box]) -> list[Box]:
    """The boxes at the ends of the hull."""
    found: dict[Box, None] = {}
    for k in range(len(boxes[0])):
        found[min(boxes, key=lambda b: b[k][0])] = None
        found[max(boxes, key=lambda b: b[k][1])] = None
    return list(found)


def _centre(side: tuple[float, float]) -> float:
    return side[0] + (side[1] - side[0]) / 2


def _share(side: tuple[float, float], whole: tuple[float, float], log: bool) -> float:
    """How wide a side is beside the whole; in logarithms for a factor that keeps its sign."""
    if log and (side[0] > 0 or side[1] < 0):
        return min(abs(math.log(side[1] / side[0])) / 10, 1.0)
    return (side[1] - side[0]) / (whole[1] - whole[0]) if whole[1] > whole[0] else 0.0


def _width(box: Box, whole: Box, logs: Sequence[bool]) -> float:
    return max(_share(s, w, log) for s, w, log in zip(box, whole, logs, strict=True))


def _halves(box: Box, whole: Box, logs: Sequence[bool], idle: Sequence[int]) -> tuple[Box, Box]:
    k = max(range(len(box)), key=lambda j: (j not in idle, _share(box[j], whole[j], logs[j]), -j))
    astride = [j for j, (low, high) in enumerate(box) if logs[j] and low < 0 < high]
    k = astride[0] if astride else k
    low, high = box[k]
    if astride:
        middle = 0.0
    elif logs[k] and low > 0 and high / low > 4:
        middle = math.sqrt(low) * math.sqrt(high)
    elif logs[k] and high < 0 and low / high > 4:
        middle = -math.sqrt(-low) * math.sqrt(-high)
    else:
        middle = low + (high - low) / 2
    return (*box[:k], (low, middle), *box[k + 1 :]), (*box[:k], (middle, high), *box[k + 1 :])
