"""Ascent over choices: from the instances where a bound is nearest to where it is nearer.

Every instance is made of a list of integer choices (`engine.draw`), so whatever list is replayed, clamped to the ranges that the
family asks for, gives an instance of the family that satisfies its assumptions.  Simulators take plain values and hand back
plain values, also those that compute with torch: there is nothing to differentiate through.  What stands for a gradient are the
differences to neighbours measured in one batch; the moves that gained are then made together.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from theorems.statement import Claim

from .draw import Draw
from .experiment import Experiment
from .gather import Gathering
from .judge import Judgement
from .weigh import admitted, judge_table

NEIGHBOURS = 64
TOGETHER = 8
JUMPS = 8
FEW = 8
Fitness = Callable[[Judgement], float]


class Replayed(Draw):
    """Makes the choices of a list, each clamped to the range that is asked for; beyond its end the simplest ones."""

    def __init__(self, wanted: Sequence[int]) -> None:
        self._wanted = wanted
        self.choices: list[int] = []
        self.ranges: list[tuple[int, int]] = []

    def integer(self, low: int, high: int) -> int:
        """The next choice of the list."""
        place = len(self.choices)
        value = min(max(self._wanted[place] if place < len(self._wanted) else 0, low), high)
        self.choices.append(value)
        self.ranges.append((low, high))
        return value


@dataclass(frozen=True)
class Point:
    """An instance, the choices that made it, the ranges they were made in, and how fit it was found (None: not measured)."""

    instance: Any
    choices: tuple[int, ...]
    ranges: tuple[tuple[int, int], ...]
    fitness: float = float("-inf")


Move = tuple[tuple[int, int], ...]  # (place, change) pairs that are made at once


@dataclass
class Climb:
    """One ascent: where it stands, how far it steps (as a share of each range), and the moves that gained last time."""

    at: Point
    share: float = 0.25
    gained: list[tuple[float, Move]] = field(default_factory=list)
    stuck: bool = False

    def neighbours(self, chance: random.Random) -> list[tuple[tuple[int, ...], Move]]:
        """Choices to look at next, and the move that leads to each."""
        choices, ranges = self.at.choices, self.at.ranges
        single: list[Move] = []
        for place, (low, high) in enumerate(ranges):
            if high - low < FEW:
                single += [((place, value - choices[place]),) for value in range(low, high + 1)]
            else:
                step = max(1, round(self.share * (high - low)))
                single += [((place, step),), ((place, -step),), ((place, low - choices[place]),)]
                single += [((place, high - choices[place]),), ((place, choices[place] - low),)]
                single += [((place, -((choices[place] - low) // 2)),)]
        chance.shuffle(single)
        alike = [
            ((i, choices[j] - choices[i]),)
            for i, r in enumerate(ranges)
            for j in range(len(ranges))
            if ranges[j] == r and choices[i] != choices[j]
        ]
        chance.shuffle(alike)
        jumps = [_jump(chance, choices, ranges) for _ in range(JUMPS)] if choices else []
        moves = self._together() + jumps + alike[:JUMPS] + single
        return [(_moved(choices, move), move) for move in moves]

    def _together(self) -> list[Move]:
        """The move that was made once more, and twice as far; and those that gained less, on top of it: the next, the next two, …"""
        if not self.gained:
            return []
        made, *others = (move for _, move in sorted(self.gained, key=lambda g: -g[0]))
        sums = [tuple(pair for move in others[:k] for pair in move) for k in range(1, min(len(others), TOGETHER) + 1)]
        return [made, tuple((place, 2 * change) for place, change in made), *sums]

    def learn(self, seen: list[tuple[Point, Move]]) -> None:
        """Take a look's points in: go to the fittest, or look nearer."""
        self.gained = [(p.fitness - self.at.fitness, move) for p, move in seen if p.fitness > self.at.fitness]
        if self.gained:
            self.at, self.share = max((p for p, _ in seen), key=lambda p: p.fitness), min(2 * self.share, 0.5)
            return
        finest = all(self.share * (high - low) <= 1 for low, high in self.at.ranges)
        self.stuck = finest or not seen
        self.share /= 4


def _moved(choices: Sequence[int], move: Move) -> tuple[int, ...]:
    """The choices after the move; an instance of fewer choices leaves out what would change those it lacks."""
    moved = list(choices)
    for place, change in move:
        if place < len(moved):
            moved[place] += change
    return tuple(moved)


def _jump(chance: random.Random, choices: Sequence[int], ranges: Sequence[tuple[int, int]]) -> Move:
    """A few choices made anew at once: what no single change reaches."""
    places = chance.sample(range(len(choices)), min(len(choices), chance.randint(2, 4)))
    return tuple((place, chance.randint(*ranges[place]) - choices[place]) for place in places)


class Ascent:
    """Climbs from several starts in turn, ``NEIGHBOURS`` instances a look; what was measured so far is kept at any time."""

    def __init__(self, claim: Claim, gathering: Gathering, fitness: Fitness) -> None:
        self.claim, self.gathering, self.fitness = claim, gathering, fitness
        self.looks = 0
        self.fittest: list[tuple[float, Any]] = []
        self._seen: set[tuple[int, ...]] = set()
        self._instances: set[Any] = set()

    @property
    def experiment(self) -> Experiment:
        """Where it climbs."""
        return self.gathering.experiment

    def run(self, starts: Sequence[tuple[tuple[int, ...], float]], looks: int, done: Callable[[], bool]) -> None:
        """Climb from the starts (choices, fitness) for at most so many looks, or until ``done``, or until all are stuck."""
        chance = random.Random(f"{self.experiment.name}:{self.claim.name}:ascent")
        climbs = [Climb(self._replay(choices, value)) for choices, value in starts]
        while climbs and self.looks < looks and not done():
            for climb in climbs:
                if self.looks >= looks or done():
                    break
                climb.learn(self._look(climb.neighbours(chance)))
            climbs = [c for c in climbs if not c.stuck]

    def _replay(self, choices: Sequence[int], fitness: float = float("-inf")) -> Point:
        draw = Replayed(choices)
        instance = self.experiment.instances(draw, **self.experiment.flags)
        return Point(instance, tuple(draw.choices), tuple(draw.ranges), fitness)

    def _look(self, wanted: list[tuple[tuple[int, ...], Move]]) -> list[tuple[Point, Move]]:
        """Measure the first new ones in a batch, and how fit each is."""
        batch: list[tuple[Point, Move]] = []
        for choices, move in wanted:
            if len(batch) == NEIGHBOURS:
                break
            point = self._replay(choices)
            if point.choices in self._seen or point.instance in self._instances:
                continue
            self._seen.add(point.choices)
            self._instances.add(point.instance)
            batch.append((point, move))
        if not batch:
            return []
        self.looks += 1
        table = self.gathering.visit([(point.instance, point.choices) for point, _ in batch])
        fitness = [float("-inf")] * len(batch)
        for row, judgement in judge_table(self.claim, table, admitted(self.claim, self.experiment, table)):
            element = int(table.element[row])
            fitness[element] = max(fitness[element], self.fitness(judgement))
        found = [
            (Point(point.instance, point.choices, point.ranges, value), move)
            for (point, move), value in zip(batch, fitness, strict=True)
        ]
        self.fittest += [(point.fitness, point.instance) for point, _ in found]
        return found
