"""Refining beyond a family's grid: families draw short decimals, and between two of them a bound may be nearer.

What is found lies outside the family: it is told apart from what the family reaches, and refutes nothing.  Only rows
count that are measured to be consistent with every assumption of the claim.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from theorems.statement import Claim, observables_of

from .experiment import Experiment
from .judge import Judgement, compile_claim, rows
from .measure import BUDGET, SimulatorError, look
from .weigh import judge_table

LOOKS = 8
NEIGHBOURS = 64
FIRST = 0.125
Path = tuple[Any, ...]


def nudged(
    claim: Claim, experiment: Experiment, instance: Any, fitness: Callable[[Judgement], float], device: str
) -> tuple[Any, int, Any]:
    """The best instance that differs in its floats alone (None: none is better), the looks taken, and one that exceeds the bound."""
    if not _verifiable(claim, experiment):
        return None, 0, None
    best, value, share, looks, exceeded = instance, -math.inf, FIRST, 0, None
    better = None
    while looks < LOOKS:
        batch = [best, *_neighbours(best, share)][:NEIGHBOURS]
        if len(batch) == 1:
            break
        looks += 1
        try:
            table = look(experiment, batch, delta=BUDGET / (4 * LOOKS * NEIGHBOURS), device=device)
        except (SimulatorError, ValueError, ArithmeticError):  # it may well leave the simulator's domain
            break
        found, refused = [-math.inf] * len(batch), set[int]()
        for row, judgement in judge_table(claim, table, _satisfied(claim, experiment, table)):
            element = int(table.element[row])
            if judgement.status == "violated":
                exceeded = exceeded or batch[element]
                refused.add(element)
            elif judgement.status == "consistent" and element not in refused:
                found[element] = max(found[element], fitness(judgement))
        found = [-math.inf if element in refused else value for element, value in enumerate(found)]
        value = max(value, found[0])
        top = int(np.argmax(found))
        if found[top] > value:
            best = better = batch[top]
            value = found[top]
        else:
            share /= 8
    return better, looks, exceeded


def _verifiable(claim: Claim, experiment: Experiment) -> bool:
    """Whether every assumption of the claim is measured: elsewhere nothing says that a changed instance still satisfies it."""
    theorem = experiment.theorem
    relations = [theorem.assumption(name).relation for name in theorem.assumed_by(claim)]
    measured = set(experiment.observables)
    return not experiment.dropped and all(
        relation is not None and {o.name for o in observables_of(relation)} <= measured for relation in relations
    )


def _satisfied(claim: Claim, experiment: Experiment, table: Any) -> np.ndarray:
    theorem = experiment.theorem
    mask = np.ones(len(table), dtype=bool)
    for name in theorem.assumed_by(claim):
        relation = theorem.assumption(name).relation
        judge = compile_claim(relation)
        names = [o.name for o in observables_of(relation)]
        mask &= np.array([judge(row).status == "consistent" for row in rows(table, names)], dtype=bool)
    return mask


def _neighbours(instance: Any, share: float) -> Iterator[Any]:
    for path in _floats(instance):
        value = _at(instance, path)
        for factor in (1 + share, 1 - share):
            try:
                yield _with(instance, path, value * factor)
            except ValueError:  # an instance that refuses the value
                continue


def _floats(value: Any, path: Path = ()) -> Iterator[Path]:
    """Where the non-zero floats are: a zero is mostly meant."""
    if isinstance(value, float):
        if value and math.isfinite(value):
            yield path
    elif isinstance(value, tuple):
        for place, part in enumerate(value):
            yield from _floats(part, (*path, place))
    elif dataclasses.is_dataclass(value):
        for f in dataclasses.fields(value):
            if f.init:
                yield from _floats(getattr(value, f.name), (*path, f.name))


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = getattr(value, step) if isinstance(step, str) else value[step]
    return value


def _with(value: Any, path: Path, new: Any) -> Any:
    if not path:
        return new
    step, *rest = path
    if isinstance(step, str):
        return dataclasses.replace(value, **{step: _with(getattr(value, step), tuple(rest), new)})
    return (*value[:step], _with(value[step], tuple(rest), new), *value[step + 1 :])
