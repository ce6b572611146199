"""The search behind `identify`: few rows first, then those that object to what is left, then new instances, then words."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from .evidence import Evidence
from .identify_answer import BOUNDED, CONTRADICTED, ENCLOSED, UNDECIDED, UNDETERMINED, VACUOUS, Enclosure, End, Party
from .identify_conflict import Conflict, conflict
from .identify_free import free_directions
from .identify_inner import grown
from .identify_prune import Left, Point, prune
from .identify_rows import Box, Line, Question, constants, excluded, lines_of
from .setup import Setup
from .weigh import value_of

FIRST = 40
OBJECTORS = 4
ROUNDS = 40
ENOUGH = 12
PARTS = 32
MEASURED = 3
MANY = 2_000
INNER = 4


class Search:
    """What is known so far: all lines, those in use, and what they leave of the box."""

    def __init__(self, question: Question, whole: Box, goal: float, effort: int, device: str) -> None:
        self.question, self.whole, self.goal, self.effort, self.device = question, whole, goal, effort, device
        self.logs = question.logs
        self.sources: list[tuple[Setup, Evidence]] = []
        self.lines: list[Line] = []
        self.used: list[Line] = []
        self.left = Left([whole])
        self.silent = self.looked = self.asked = self.kept = 0
        self.notes: list[str] = []
        self.interrupted = False
        self._inner_found = False

    def add(self, setup: Setup, evidence: Evidence) -> None:
        """Take in the evidence of one experiment; none once Ctrl-C has come."""
        self.sources.append((setup, evidence))
        if self.interrupted:
            return
        try:
            lines, silent = lines_of(self.question, setup, evidence, len(self.sources) - 1)
        except KeyboardInterrupt:
            self.interrupted = True
            return
        self.lines += lines
        self.silent += silent

    def run(self, asked: Callable[[], Sequence[Any]], started: float) -> Enclosure:
        """Search, and say what was found; ``asked`` gives the experiments to draw new instances from."""
        found: Conflict | None = None
        inner: list[Box] = []
        try:
            if not self.interrupted:
                self._settle(self._first())
            if self.left.boxes and not self.interrupted and self._too_wide():
                self._ask(asked())
            if self.interrupted:
                pass
            elif not self.left.boxes:
                found = conflict(self.used, self.whole, self.logs, self.effort)
            elif not self.question.equalities:
                inner = self._inner()
        except KeyboardInterrupt:
            self.interrupted = True
        return self._answer(found, inner, started)

    def _first(self) -> list[Line]:
        """The first lines of every source, in turns."""
        by_source = [[line for line in self.lines if line.source == n] for n in range(len(self.sources))]
        firm = [[line for line in lines if line.firm] for lines in by_source]  # others join where they object
        by_source = firm if any(firm) else by_source
        each = max(1, FIRST // max(1, len(by_source)))
        return [line for lines in by_source for line in lines[:each]]

    def _settle(self, lines: Sequence[Line]) -> None:
        """Prune with the lines in use, and take in those that object to the ends of what is left, until none does."""
        joining, unchanged = list(lines), 0
        for _ in range(ROUNDS):
            if not joining or unchanged > 1:
                break
            self.used += joining
            before = list(self.left.boxes)
            self._narrow_down(joining)
            if not self.left.boxes or self.interrupted:
                break
            unchanged = unchanged + 1 if self._alike(before) else 0
            joining = self._objecting()

    def _narrow_down(self, joining: Sequence[Line]) -> None:
        """Prune what is left; where that is in many parts, only drop those that a joining line excludes."""
        start, effort = self.left.boxes, max(self.effort - self.looked, 0)
        if len(start) > PARTS:
            start = [box for box in start if not any(excluded(line, box, self.whole) for line in joining)]
        if start and len(start) <= max(PARTS, effort // 4):
            left = prune(self.used, start, self.whole, self.logs, max(effort, len(start)))
            self.looked += left.looked
            self.left = left
            self.interrupted |= left.stopped
        else:
            self.left = replace(self.left, boxes=start)

    def _alike(self, before: Sequence[Box]) -> bool:
        """Whether a round brought nothing: for equalities nothing worth a hundredth of a side."""
        after = self.left.boxes
        if not self.question.equalities or len(before) != len(after):
            return before == after
        return all(
            b - a >= 0.99 * (d - c)
            for one, other in zip(after, before, strict=True)
            for (a, b), (c, d) in zip(one, other, strict=True)
        )

    def _hull(self) -> Box:
        hull = self.left.hull
        return self.whole if hull is None else hull

    def _candidates(self) -> list[Point]:
        """Extreme points of what is left, and the middles of its first and last part.

        Of thousands of rows, where what is left is narrow enough already, the middles: they tell whether any row objects.
        """
        thin = self.question.equalities and len(self.lines) > MANY and not self._too_wide()
        points = dict.fromkeys(() if thin else self.left.points[: 8 * len(self.whole)])
        for part in (self.left.boxes[0], self.left.boxes[-1]):
            points[tuple(low + (high - low) / 2 for low, high in part)] = None
        return list(points)

    def _objecting(self) -> list[Line]:
        """Lines not in use that exclude a candidate, the strongest few for each; not all are looked at where many object."""
        used = {id(line) for line in self.used}
        rest = [line for line in self.lines if id(line) not in used]
        firm = self._against([line for line in rest if line.firm])
        return firm or self._against([line for line in rest if not line.firm])

    def _against(self, rest: Sequence[Line]) -> list[Line]:
        chosen: dict[int, Line] = {}
        for point in self._candidates():
            at = constants(tuple((x, x) for x in point), self.question.unknowns)
            against: list[tuple[float, int]] = []
            for number, line in enumerate(rest):
                by = line.differs(at)
                if by > 0:
                    against.append((-by, number))
                    if len(against) >= ENOUGH:
                        break
            for _, number in sorted(against)[:OBJECTORS]:
                chosen[number] = rest[number]
        return list(chosen.values())

    def _too_wide(self) -> bool:
        return not all(self._narrow(part) for part in self._parts())

    def _narrow(self, part: Box) -> bool:
        for (low, high), (first, last) in zip(part, self.whole, strict=True):
            scale = max(abs(low), abs(high), self.goal * (last - first))
            if high - low > self.goal * scale:
                return False
        return True

    def _ask(self, experiments: Sequence[Any]) -> None:
        """Draw new instances while they tell candidates apart and what is left is too wide."""
        if not experiments:
            return
        from .identify_ask import ROUNDS as TIMES
        from .identify_ask import Asking, telling

        asking = Asking(self.question, experiments, len(self.sources), self.device)
        before = self._hull()
        for _ in range(TIMES):
            lines = asking.draw()
            self.sources += [
                (experiment, e) for experiment, e in zip(experiments, asking.evidence[-len(experiments) :], strict=True)
            ]
            self.lines += lines
            self.asked, self.silent = asking.drawn, self.silent + asking.silent
            asking.silent = 0
            told = telling(lines, self._candidates())
            if not told:
                break
            self.kept += len({line.key for line in told})
            boxes = list(self.left.boxes)
            self._settle(told)
            if self.left.boxes == boxes:
                break
            if not self.left.boxes or self.interrupted or not self._too_wide():
                break
        after = self.left.hull
        brought = "they excluded every constant" if after is None else _brought(self.question.unknowns, before, after)
        self.notes.append(
            f"asked for {self.asked} new instances, {self.kept} of them told the remaining candidates apart: {brought}"
        )

    def _parts(self) -> list[Box]:
        return joined(self.left.boxes)

    def _inner(self) -> list[Box]:
        found = []
        for part in sorted(self._parts(), key=lambda b: -max(h - l for l, h in b))[:INNER]:  # noqa: E741
            box = grown(self.lines, part, self.left.points)
            if box is not None:
                found.append(box)
        return sorted(found)

    def _answer(self, found: Conflict | None, inner: list[Box], started: float) -> Enclosure:
        parts, hull = self._parts(), self.left.hull
        speaking, silent, undefined = self._count(parts)
        free: tuple[Any, ...] = ()
        advice = ""
        kind = self._kind(parts, hull, inner, bool(speaking))
        if kind in (UNDETERMINED, UNDECIDED) and parts and self.lines:
            free, advice = free_directions(self.used or self.lines, parts[0], self.whole, self.logs)
            if kind == UNDECIDED and free:
                kind = UNDETERMINED
        self._inner_found = bool(inner)
        self._remark(kind, hull)
        lines = self.lines
        return Enclosure(
            kind=kind,
            theorem=self.sources[0][0].theorem.name if self.sources else "",
            claim=self.question.claim.name,
            relation=self.question.claim.relation,
            unknowns=self.question.unknowns,
            box=self.whole,
            goal=self.goal,
            outer=hull,
            boxes=tuple(parts) if len(parts) <= PARTS else ((hull,) if hull else ()),
            inner=tuple(inner),
            ends=self._ends(hull) if not self.interrupted else (),
            contradiction=self._parties(found) if found is not None else (),
            minimal=found is None or found.minimal,
            free=free,
            advice=advice,
            notes=tuple(self.notes),
            experiments=tuple(dict.fromkeys(setup.name for setup, _ in self.sources)),
            instances=len({line.key for line in lines}),
            rows=speaking,
            silent=silent + self.silent,
            undefined=undefined,
            # rows are chosen by what they say: where one that may be wrong is in use, all that might have been count
            failure=self._failure() if any(line.failure for line in self.used) else 0.0,
            proved=all(line.proved for line in self.used),
            asked=self.asked,
            kept=self.kept,
            looked=self.looked,
            settled=self.left.whole,
            interrupted=self.interrupted,
            seconds=time.perf_counter() - started,
        )

    def _count(self, parts: Sequence[Box]) -> tuple[int, int, int]:
        """How many lines have a value at the middle of what is left (of the box, where nothing is), and how many have none."""
        at = constants(
            tuple((low + (high - low) / 2,) * 2 for low, high in (parts[0] if parts else self.whole)),
            self.question.unknowns,
        )
        counts = {"silent": 0, "undefined": 0, "outside": 0, "consistent": 0, "violated": 0}
        for line in self.lines:
            counts[line.at(at).status] += 1
        return counts["consistent"] + counts["violated"], counts["silent"], counts["undefined"] + counts["outside"]

    def _kind(self, parts: Sequence[Box], hull: Box | None, inner: Sequence[Box], spoke: bool) -> str:
        if not self.lines or (hull == self.whole and not spoke):
            return VACUOUS
        if hull is None:
            return CONTRADICTED
        if all(self._narrow(part) for part in parts):
            return ENCLOSED
        if not self.question.equalities and (inner or parts != [self.whole]):
            return BOUNDED
        return UNDETERMINED if self.left.whole else UNDECIDED

    def _failure(self) -> float:
        return float(sum(line.failure for line in self.lines))

    def _remark(self, kind: str, hull: Box | None) -> None:
        if kind == VACUOUS:
            self.notes.append("no row speaks of the claim, whatever the constants are")
        elif self._parts() == [self.whole]:
            self.notes.append("nothing of the box is excluded: every row allows some claim at each of its ends")
        if kind == BOUNDED and not self._inner_found and not self.interrupted:
            self.notes.append(
                "no constant is certainly allowed by every row: some rows are ties within their error bars"
            )
        if self._inner_found and not all(line.firm for line in self.lines):
            doubt = f", at confidence 1 - {self._failure():.0e}" if self._failure() else ""
            self.notes.append(f"what is certainly allowed rests on error bars that are not all proofs{doubt}")
        if not self.left.whole and hull is not None:
            self.notes.append(f"{self.looked} boxes were looked at, and splitting on would bring more: raise effort")

    def _ends(self, hull: Box | None) -> tuple[End, ...]:
        """What limits each unknown: where the box given cuts it, else the row that excludes what lies beyond."""
        if hull is None:
            return ()
        found = []
        for k, name in enumerate(self.question.unknowns):
            for upper in (False, True):
                value = hull[k][upper]
                cut = value >= self.whole[k][1] if upper else value <= self.whole[k][0]
                line = None if cut else self._limiting(k, upper)
                instance = None if line is None else self._instance(line)
                found.append(End(name, upper, value, cut, instance, "" if line is None else self._index(line)))
        return tuple(found)

    def _limiting(self, k: int, upper: bool) -> Line | None:
        boxes = self.left.boxes
        part = max(boxes, key=lambda b: b[k][1]) if upper else min(boxes, key=lambda b: b[k][0])
        if len(self.whole) > 1:
            return self.left.limits.get((k, 1 if upper else -1))
        for share in (1e-12, 1e-9, 1e-6, 1e-3, 1e-1):
            step = share * max(self.whole[k][1] - self.whole[k][0], 0.0)
            beyond = part[k][1] + step if upper else part[k][0] - step
            at = constants(((beyond, beyond),), self.question.unknowns)
            against = [(line.differs(at), -n) for n, line in enumerate(self.used)]
            by, number = max(against)
            if by > 0:
                return self.used[-number]
        return None

    def _instance(self, line: Line) -> Any:
        return self.sources[line.source][1].instances[line.element]

    def _index(self, line: Line) -> str:
        index = self.sources[line.source][1].measurements.index
        return "".join(f", {name} = {values[line.row]}" for name, values in index.items())

    def _measured(self, group: Sequence[Line]) -> tuple[str, ...]:
        """The first rows of an instance in words."""
        shown = []
        for line in group[:MEASURED]:
            columns = self.sources[line.source][1].measurements.columns
            values = [f"{name} = {value_of(columns[name], line.row)}" for name in self.question.observables]
            shown.append(", ".join(values) + self._index(line))
        return (*shown, f"and {len(group) - MEASURED} rows more") if len(group) > MEASURED else tuple(shown)

    def _parties(self, found: Conflict) -> tuple[Party, ...]:
        return tuple(
            Party(self._instance(group[0]), alone, others, self._measured(group))
            for group, alone, others in zip(found.groups, found.alone, found.others, strict=True)
        )


def joined(boxes: Sequence[Box]) -> list[Box]:
    """Boxes that touch are put into one box around them; in the order of their lower ends."""
    if len(boxes) > 400:
        return [tuple((min(s[0] for s in sides), max(s[1] for s in sides)) for sides in zip(*boxes, strict=True))]
    parts = sorted(boxes)
    merged = True
    while merged:
        merged = False
        kept: list[Box] = []
        for box in parts:
            for at, other in enumerate(kept):
                if all(a <= d and c <= b for (a, b), (c, d) in zip(box, other, strict=True)):
                    kept[at] = tuple((min(a, c), max(b, d)) for (a, b), (c, d) in zip(box, other, strict=True))
                    merged = True
                    break
            else:
                kept.append(box)
        parts = kept
    return sorted(parts)


def _brought(unknowns: Sequence[str], before: Box, after: Box) -> str:
    if before == after:
        return "what is left stays as it was"
    parts = [
        f"{name} from {b - a:.2g} to {d - c:.2g} wide"
        for name, (a, b), (c, d) in zip(unknowns, before, after, strict=True)
        if (a, b) != (c, d)
    ]
    return ", ".join(parts)
