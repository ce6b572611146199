"""Constants that every row certainly allows: a box grown from one point, never beyond what every row grants."""

from __future__ import annotations

from collections.abc import Sequence

from flint import ctx

from .evaluate import BITS
from .identify_rows import Box, Line, constants

HALVINGS = 48
ROUNDS = 12
Point = tuple[float, ...]


def grown(lines: Sequence[Line], within: Box, points: Sequence[Point]) -> Box | None:
    """A box inside ``within`` all of whose constants every line certainly allows; None where no start is found.

    It is grown from the middle of ``within`` or of the ``points``, first evenly and then side by side, on few lines; the others
    then agree or join in.
    """
    before, ctx.prec = ctx.prec, BITS
    try:
        for start in _starts(within, points):
            speaking = [line for line in lines if _speaks(line, start)]
            if not speaking or not all(_certain(line, tuple((x, x) for x in start)) for line in speaking):
                continue
            used: list[Line] = []
            box = within
            for _ in range(ROUNDS):
                box = _grow(used, within, start)
                against = [line for line in speaking if not _allowed(line, box)]
                if not against:
                    return box
                used += against[:: max(1, len(against) // 16)]
            return tuple((x, x) for x in start)
    finally:
        ctx.prec = before
    return None


def _starts(within: Box, points: Sequence[Point]) -> list[Point]:
    middle = tuple(low + (high - low) / 2 for low, high in within)
    found = [middle]
    inside = [p for p in points if all(low <= x <= high for x, (low, high) in zip(p, within, strict=True))]
    if inside:
        found.append(tuple(sum(xs) / len(xs) for xs in zip(*inside, strict=True)))
    found += [tuple((x + m) / 2 for x, m in zip(p, middle, strict=True)) for p in inside[:8]]
    return [*found, *inside[:8]]


def _speaks(line: Line, point: Point) -> bool:
    """Whether a row has a value there: silent and undefined rows say nothing, but one certainly outside objects."""
    return line.at(constants(tuple((x, x) for x in point), line.question.unknowns)).status not in ("silent", "undefined")


def _certain(line: Line, box: Box) -> bool:
    return line.at(constants(box, line.question.unknowns)).certain


def _allowed(line: Line, box: Box, depth: int = 3) -> bool:
    """Whether a row certainly allows a box, looked at in parts where the whole is too coarse."""
    if _certain(line, box):
        return True
    if depth == 0:
        return False
    k = max(range(len(box)), key=lambda j: box[j][1] - box[j][0])
    low, high = box[k]
    if low == high:
        return False
    middle = low + (high - low) / 2
    halves = (low, middle), (middle, high)
    return all(_allowed(line, (*box[:k], half, *box[k + 1 :]), depth - 1) for half in halves)


def _grow(lines: Sequence[Line], within: Box, start: Point) -> Box:
    if not lines:
        return within
    box = tuple((x, x) for x in start)
    if len(within) > 1:
        low, high = 0.0, 1.0
        for _ in range(HALVINGS // 2):
            share = (low + high) / 2
            box = _scaled(within, start, share)
            if all(_allowed(line, box) for line in lines):
                low = share
            else:
                high = share
        box = _scaled(within, start, low)
    for k in range(len(within)):
        for upper in (True, False):
            box = _reach(lines, within, box, k, upper)
    return box


def _scaled(within: Box, start: Point, share: float) -> Box:
    return tuple(
        (x - share * (x - low), x + share * (high - x)) for x, (low, high) in zip(start, within, strict=True)
    )


def _reach(lines: Sequence[Line], within: Box, box: Box, k: int, upper: bool) -> Box:
    """The box pushed out on one side, in steps that halve where they are not granted."""
    end = within[k][1] if upper else within[k][0]
    step = end - (box[k][1] if upper else box[k][0])
    for _ in range(HALVINGS):
        here = box[k][1] if upper else box[k][0]
        there = min(here + step, end) if upper else max(here + step, end)
        if here == there:
            break
        strip = (*box[:k], (here, there) if upper else (there, here), *box[k + 1 :])
        if all(_allowed(line, strip) for line in lines):
            box = (*box[:k], (box[k][0], there) if upper else (there, box[k][1]), *box[k + 1 :])
            if there == end:
                break
        else:
            step /= 2
    return box
