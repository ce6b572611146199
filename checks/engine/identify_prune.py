"""Branch and prune: boxes of constants are contracted, and split where that alone does not settle them."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from flint import ctx

from .evaluate import BITS
from .identify_contract import Contracted, contract
from .identify_rows import Box, Line

Point = tuple[float, ...]


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


def prune(
    lines: Sequence[Line], start: Sequence[Box], whole: Box, logs: Sequence[bool], effort: int, narrow: float = 1e-9
) -> Left:
    """What the lines leave of the boxes ``start``, looking at no more than ``effort`` boxes.

    Parts are split until they are settled or narrower than ``narrow`` times the ``whole``.  Interrupted, it returns what
    is left so far.
    """
    before, ctx.prec = ctx.prec, BITS
    left = Left([])
    waiting = [(-_width(box, whole, logs), number, box) for number, box in enumerate(start)]
    heapq.heapify(waiting)
    number = len(waiting)
    parts: list[tuple[Box, Contracted | None]] = []
    try:
        while waiting and left.looked < effort:
            _, _, box = waiting[0]
            found = contract(lines, box, whole, logs)
            left.looked += 1
            heapq.heappop(waiting)
            if found is None:
                continue
            if found.sure or found.settled or _width(found.box, whole, logs) <= narrow:
                parts.append((found.box, found))
                continue
            for half in _halves(found.box, whole, logs):
                number += 1
                heapq.heappush(waiting, (-_width(half, whole, logs), number, half))
    except KeyboardInterrupt:
        left.stopped = True
    finally:
        ctx.prec = before
    left.whole = not waiting
    left.boxes = [box for box, _ in parts] + [box for _, _, box in sorted(waiting, key=lambda w: w[1])]
    for _, found in parts:
        if found is not None:
            left.points += found.points
            left.limits.update(found.limits)
    if waiting or len(parts) > 1:
        left.points += [tuple(_centre(side) for side in box) for box in _extreme(left.boxes)]
    return left


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


def _halves(box: Box, whole: Box, logs: Sequence[bool]) -> tuple[Box, Box]:
    k = max(range(len(box)), key=lambda j: (_share(box[j], whole[j], logs[j]), -j))
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
