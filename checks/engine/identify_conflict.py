"""Instances that contradict each other: together they allow no constant of the box, and none of them can be left out."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from .identify_prune import prune
from .identify_rows import Box, Line

PAIRED = 12
EFFORT, THOROUGH = 24, 150
SETS = 300
Key = tuple[int, int]


@dataclass
class Conflict:
    """Instances (source, element) and their lines; ``minimal``: leaving any out leaves a constant, as far as was seen."""

    groups: list[list[Line]]
    alone: list[Box | None]
    others: list[Box | None]
    minimal: bool = True


class _Seen:
    """What sets of instances leave, each looked at once."""

    def __init__(self, groups: dict[Key, list[Line]], whole: Box, logs: Sequence[bool], effort: int) -> None:
        self.groups, self.whole, self.logs, self.effort = groups, whole, logs, effort
        self.known: dict[frozenset[Key], Box | None] = {}
        self.open = 0

    def left(self, keys: Sequence[Key]) -> Box | None:
        chosen = frozenset(keys)
        if chosen not in self.known:
            lines = [line for key in keys for line in self.groups[key]]
            left = prune(lines, [self.whole], self.whole, self.logs, self.effort)
            self.known[chosen] = left.hull
            self.open += not left.whole
        return self.known[chosen]

    def contradict(self, keys: Sequence[Key]) -> bool:
        return len(self.known) < SETS and self.left(keys) is None


def conflict(lines: Sequence[Line], whole: Box, logs: Sequence[bool], effort: int) -> Conflict:
    """A smallest contradiction that is found among lines that together exclude everything.

    First instances that contradict themselves, then pairs, then a set that loses one instance at a time.
    """
    groups: dict[Key, list[Line]] = {}
    for line in lines:
        groups.setdefault(line.key, []).append(line)
    quick = _Seen(groups, whole, logs, EFFORT)
    keys = list(groups)
    first = next((key for key in keys if quick.contradict([key])), None)
    if first is not None:
        return _described(quick, [first], True)
    pair = _pair(quick, keys)
    if pair is not None:
        return _described(quick, pair, True)
    seen = _Seen(groups, whole, logs, min(effort, THOROUGH))
    least = _least(seen, [], keys, False)
    for found in itertools.combinations(least, 2):
        if len(least) > 2 and quick.contradict(found):
            return _described(quick, list(found), True)
    minimal = len(seen.known) < SETS and all(
        seen.left([k for k in least if k != key]) is not None for key in least if len(least) > 1
    )
    return _described(seen, least, minimal)


def _pair(seen: _Seen, keys: Sequence[Key]) -> list[Key] | None:
    """Two instances whose own enclosures are apart, else two of the first that contradict each other when put together."""
    alone = {key: seen.left([key]) for key in keys}
    for k in range(len(seen.whole)):
        boxes = [(key, box) for key, box in alone.items() if box is not None]
        if len(boxes) < 2:
            return None
        lowest = min(boxes, key=lambda entry: entry[1][k][1])
        highest = max(boxes, key=lambda entry: entry[1][k][0])
        if lowest[1][k][1] < highest[1][k][0]:
            apart = [entry for entry in boxes if entry[1][k][0] > lowest[1][k][1]]
            return [lowest[0], apart[0][0] if apart else highest[0]]
    if seen.open > len(keys) // 2:  # curves that few boxes do not settle: two of them will not either
        return None
    for pair in itertools.combinations(keys[:PAIRED], 2):
        if seen.contradict(pair):
            return list(pair)
    return None


def _least(seen: _Seen, needed: list[Key], keys: list[Key], contradicts: bool) -> list[Key]:
    """Those of ``keys`` that are needed beside ``needed`` for a contradiction: halves are dropped where they can be."""
    if contradicts and seen.contradict(needed):
        return []
    if len(keys) <= 1:
        return keys
    half = len(keys) // 2
    first, second = keys[:half], keys[half:]
    from_second = _least(seen, needed + first, second, bool(first))
    from_first = _least(seen, needed + from_second, first, bool(from_second))
    return from_first + from_second


def _described(seen: _Seen, keys: list[Key], minimal: bool) -> Conflict:
    alone = [seen.left([key]) for key in keys]
    others = [seen.left([k for k in keys if k != key]) if len(keys) > 2 else None for key in keys]
    return Conflict([seen.groups[key] for key in keys], alone, others, minimal)
