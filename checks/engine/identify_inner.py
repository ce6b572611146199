"""Constants that every row certainly allows: a box grown from one point, never beyond what every row grants.

An inequality is largest at a corner of the box where its slopes keep their signs, and is evaluated there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flint import ctx

from .evaluate import BITS, Undefined
from .identify_contract import by_coordinate
from .identify_forms import Form, Impossible, NoSlope, Unavailable
from .identify_rows import Box, Line, constants

HALVINGS = 44
ROUNDS = 24
JOINING = 16
DEPTH = (0, 24, 4, 3, 2)
"""How often a box of so many unknowns is halved where only the judge can say whether a row allows it."""
TURNS = (0, 5, 3, 2, 2)
"""How often it is halved where a slope changes its sign, or is too coarse to have one."""
Point = tuple[float, ...]


def obeys(line: Line, box: Box) -> bool:
    """Whether a row certainly allows every constant of a box.  The precision is the caller's."""
    if line.hard or not line.demands:
        return _certain(line, box, DEPTH[len(box)])
    return all(any(_holds(line, form, box, TURNS[len(box)]) for form in demand) for demand in line.demands)


def _holds(line: Line, form: Form, box: Box, depth: int) -> bool:
    """Whether a form certainly holds on a box: at the corner where it is largest, as far as slopes have a sign."""
    names = line.question.unknowns
    sides = constants(box, names)
    line.env.update(sides)
    try:
        if form.partial and line.at(sides).status not in ("consistent", "violated"):
            return False
        found = form.dual(line.env)
        if found is None:
            return True
        value, slopes, orientation = found
        if form.equality:
            return bool(value == 0)
        if value < 0 or (value <= 0 and not form.strict):
            return True
        corner = {}
        for name, slope, (low, high) in zip(
            names, by_coordinate(slopes, sides, names, [False] * len(box)), box, strict=True
        ):
            if slope is None or slope >= 0:
                corner[name] = high
            elif slope <= 0:
                corner[name] = low
        line.env.update(constants(tuple((x, x) for x in corner.values()), tuple(corner)))
        value = form.point(line.env, orientation)
    except (Impossible, Unavailable, NoSlope, Undefined):
        return False
    if value < 0 or (value <= 0 and not form.strict):
        return True
    open_ = [k for k, name in enumerate(names) if name not in corner and box[k][0] < box[k][1]]
    if not open_ or depth == 0:
        return False
    return all(_holds(line, form, half, depth - 1) for half in _halved(box, open_))


def _halved(box: Box, among: Sequence[int]) -> tuple[Box, Box]:
    k = max(among, key=lambda j: box[j][1] - box[j][0])
    low, high = box[k]
    middle = low + (high - low) / 2
    return (*box[:k], (low, middle), *box[k + 1 :]), (*box[:k], (middle, high), *box[k + 1 :])


def _certain(line: Line, box: Box, depth: int) -> bool:
    if line.at(constants(box, line.question.unknowns)).certain:
        return True
    wide = [k for k, (low, high) in enumerate(box) if low < high]
    if depth == 0 or not wide:
        return False
    return all(_certain(line, half, depth - 1) for half in _halved(box, wide))


def grown(lines: Sequence[Line], within: Box, points: Sequence[Point]) -> Box | None:
    """A box inside ``within`` all of whose constants every line certainly allows; None where no start is found.

    It is grown from the middle of ``within`` or from between the ``points``, first evenly and then side by side, on few lines;
    the others then agree or join in.
    """
    before, ctx.prec = ctx.prec, BITS
    try:
        for start in _starts(within, points):
            at = point_box(start)
            speaking = [line for line in lines if _speaks(line, at)]
            if not speaking or not all(obeys(line, at) for line in speaking):
                continue
            used: list[Line] = []
            for _ in range(ROUNDS):
                box = _grow(used, within, start)
                against = [line for line in speaking if not obeys(line, box)]
                if not against:
                    return box
                used += against[:: max(1, len(against) // JOINING)]
            return at
    finally:
        ctx.prec = before
    return None


def point_box(point: Point) -> Box:
    """A point as a box."""
    return tuple((x, x) for x in point)


def _starts(within: Box, points: Sequence[Point]) -> list[Point]:
    middle = tuple(low + (high - low) / 2 for low, high in within)
    inside = [p for p in points if all(low <= x <= high for x, (low, high) in zip(p, within, strict=True))][:8]
    found = [middle]
    if inside:
        found.append(tuple(sum(xs) / len(xs) for xs in zip(*inside, strict=True)))
    found += [tuple((x + m) / 2 for x, m in zip(p, middle, strict=True)) for p in inside]
    return list(dict.fromkeys([*found, *inside]))


def _speaks(line: Line, box: Box) -> bool:
    """Whether a row has a value there: silent and undefined rows say nothing, but one certainly outside objects."""
    return line.at(constants(box, line.question.unknowns)).status not in ("silent", "undefined")


def _grow(lines: Sequence[Line], within: Box, start: Point) -> Box:
    if all(obeys(line, within) for line in lines):
        return within
    box = point_box(start)
    if len(within) > 1:
        box = _furthest(lines, lambda share: _scaled(within, start, share))
    for k in range(len(within)):
        for upper in (True, False):
            box = _furthest(lines, lambda share, box=box, k=k, upper=upper: _pushed(box, within, k, upper, share))
    return box


def _furthest(lines: Sequence[Line], made: Any) -> Box:
    """The largest box of a growing family, of shares from 0 (which is allowed) to 1, that every line allows."""
    if all(obeys(line, made(1.0)) for line in lines):
        whole: Box = made(1.0)
        return whole
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        share = (low + high) / 2
        if all(obeys(line, made(share)) for line in lines):
            low = share
        else:
            high = share
    box: Box = made(low)
    return box


def _scaled(within: Box, start: Point, share: float) -> Box:
    return tuple((x - share * (x - low), x + share * (high - x)) for x, (low, high) in zip(start, within, strict=True))


def _pushed(box: Box, within: Box, k: int, upper: bool, share: float) -> Box:
    low, high = box[k]
    if upper:
        side = (low, within[k][1] if share == 1 else high + share * (within[k][1] - high))
    else:
        side = (within[k][0] if share == 1 else low - share * (low - within[k][0]), high)
    return (*box[:k], side, *box[k + 1 :])
