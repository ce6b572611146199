"""New instances where the remaining candidates differ most: drawn from an experiment's family, measured in batches."""

from __future__ import annotations

from collections.abc import Sequence

from .draw import bulk
from .evidence import Evidence
from .experiment import Experiment
from .identify_prune import Point
from .identify_rows import Line, Question, constants, lines_of
from .measure import BUDGET, look

BATCH = 64
ROUNDS = 4
KEPT = 8


class Asking:
    """Draws from the families of experiments, each instance once; every interval it measures is accounted for."""

    def __init__(self, question: Question, experiments: Sequence[Experiment], first: int, device: str) -> None:
        self.question, self.experiments, self.first, self.device = question, list(experiments), first, device
        self.drawn = self.rounds = self.silent = 0
        self.evidence: list[Evidence] = []

    def draw(self) -> list[Line]:
        """The lines of the next batch of every experiment."""
        found: list[Line] = []
        planned = 2 * BATCH * ROUNDS * len(self.experiments)
        for experiment in self.experiments:
            numbers = range(self.rounds * BATCH, (self.rounds + 1) * BATCH)
            drawn = [bulk(experiment.instances, f"{experiment.name}:identify:{n}", **experiment.flags) for n in numbers]
            table = look(experiment, [i for i, _ in drawn], delta=BUDGET / planned, device=self.device)
            evidence = Evidence(
                experiment.theorem.name, experiment.name, "asked", experiment.observe.source_hash,
                tuple(i for i, _ in drawn), tuple(made or (0,) for _, made in drawn), table,
                limited_by=experiment.limited_by, dropped=experiment.dropped, only=experiment.only,
            )  # fmt: skip
            lines, silent = lines_of(self.question, experiment, evidence, self.first + len(self.evidence))
            self.evidence.append(evidence)
            self.drawn += len(drawn)
            self.silent += silent
            found += lines
        self.rounds += 1
        return found


def telling(lines: Sequence[Line], candidates: Sequence[Point]) -> list[Line]:
    """The lines of the instances that exclude candidates by the most error bars: a few for each, most telling first."""
    chosen: dict[int, Line] = {}
    for point in candidates:
        at = constants(tuple((x, x) for x in point), lines[0].question.unknowns) if lines else {}
        rated: list[tuple[float, int]] = []
        for number, line in enumerate(lines):
            by = line.differs(at)
            if by > 0:
                rated.append((-by, number))
        for _, number in sorted(rated)[:KEPT]:
            chosen[number] = lines[number]
    return list(chosen.values())
