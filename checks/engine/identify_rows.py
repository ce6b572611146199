"""The rows that speak of a claim with unknown constants, each ready to be asked about a box of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from flint import arb, ctx, fmpq
from sympy.logic import boolalg

from theorems.statement import Claim, Observable

from .evaluate import BITS, Row, Term, Undefined
from .evidence import Evidence
from .identify_forms import Form, Impossible, Logarithm, NoSlope, Unavailable, forms
from .identify_terms import Slots, Unknown, free_of, renamed
from .judge import Judgement, compile_claim, rows
from .measure import select
from .setup import Setup
from .stored import spread
from .weigh import admitted, failure_of

Box = tuple[tuple[float, float], ...]
COMPARISONS = (sympy.Eq, sympy.Le, sympy.Lt, sympy.Ge, sympy.Gt)


class Question:
    """A claim with unknowns, compiled: its judge, the premises of its conclusions, and the forms of its comparisons."""

    def __init__(self, claim: Claim, unknowns: Sequence[str], whole: Box) -> None:
        self.claim, self.unknowns = claim, tuple(unknowns)
        self.names = {name: at for at, name in enumerate(unknowns)}
        kinds = {
            name: Unknown(name, domain="nonnegative" if low >= 0 else "real")
            for name, (low, _) in zip(unknowns, whole, strict=True)
        }
        relation = _either(renamed(claim.relation, kinds), self.names)
        self.slots = Slots({})
        self.observables = tuple(o.name for o in claim.observables)
        self._judge = compile_claim(relation, BITS)
        self.demands: list[tuple[tuple[Any, ...], tuple[Form, ...]]] = []
        self.whole = self._read(relation, ())
        self.terms: dict[str, Term] = self.slots.terms()

    def _read(self, relation: Any, premises: tuple[Any, ...]) -> bool:
        """Collect the comparisons that every constant must obey; whether they are all that the relation says."""
        if isinstance(relation, COMPARISONS):
            if free_of(relation, self.names):
                return False
            found = forms(relation.func, relation.lhs, relation.rhs, self.names, self.slots)
            self.demands.append((premises, found))
            return True
        if isinstance(relation, boolalg.And):
            parts = [
                self._read(part, premises) for part in relation.args
            ]  # every one, also after one that is not whole
            return all(parts)
        if isinstance(relation, boolalg.Implies) and free_of(relation.args[0], self.names):
            return self._read(relation.args[1], (*premises, compile_claim(relation.args[0], BITS)))
        return False

    @property
    def equalities(self) -> bool:
        """Whether some demand is an equality, so that what is allowed is thin."""
        return any(found[0].equality for _, found in self.demands)

    @property
    def logs(self) -> tuple[bool, ...]:
        """Which unknowns are plain factors wherever they occur: those are moved by their logarithm."""
        first = [found[0] for _, found in self.demands]
        if not self.whole or not all(isinstance(form, Logarithm) for form in first):
            return (False,) * len(self.unknowns)
        inside = {k for form in first if isinstance(form, Logarithm) for k in form.left.inside | form.right.inside}
        return tuple(k not in inside for k in range(len(self.unknowns)))

    def judge(self, row: Row) -> Judgement:
        """The claim on a row whose unknowns are balls or numbers."""
        return self._judge(row)


def _either(relation: Any, names: Mapping[str, int]) -> Any:
    """A premise with unknowns fails for some of them: then it is known to say nothing, which `Implies` does not tell."""
    if isinstance(relation, boolalg.And):
        return boolalg.And(*(_either(part, names) for part in relation.args), evaluate=False)
    if isinstance(relation, boolalg.Implies):
        premise, conclusion = relation.args
        if free_of(premise, names):
            return boolalg.Implies(premise, _either(conclusion, names), evaluate=False)
        return boolalg.Or(boolalg.Not(premise, evaluate=False), conclusion, evaluate=False)
    return relation


@dataclass(eq=False)
class Line:
    """One row: where it comes from, and what it says of constants.

    ``demands``: the forms that are available on it.  ``hard``: the claim says more on this row than they do, so that the
    judge is asked as well.
    """

    question: Question
    values: Row
    source: int
    row: int
    element: int
    failure: float
    proved: bool
    demands: list[tuple[Form, ...]]
    hard: bool
    env: Row
    defined: bool | None = None

    @property
    def key(self) -> tuple[int, int]:
        """The instance that the row speaks of."""
        return self.source, self.element

    def at(self, constants: Mapping[str, Any]) -> Judgement:
        """The claim on this row with the unknowns at a box or a point."""
        return self.question.judge({**self.values, **constants})

    def differs(self, constants: Mapping[str, Any], sizes: bool = False) -> float:
        """How many error bars the row excludes these constants by; 0 or below: it allows them."""
        judgement = self.at(constants)
        if judgement.status == "violated":
            return max(judgement.excess, 1.0)
        return judgement.excess if sizes and judgement.status == "consistent" else 0.0


def lines_of(
    question: Question, setup: Setup, evidence: Evidence, source: int, limit: int | None, skip: int = 0
) -> tuple[list[Line], int, int]:
    """The rows that count, in an order of which every beginning is spread; how many were silent, and how many counted."""
    table = evidence.measurements
    order = spread(evidence)[skip:]
    found: list[Line] = []
    silent = counted = 0
    for start in range(0, len(order), 512):
        block = order[start : start + 512]
        part = select(table, block)
        numbers = np.flatnonzero(admitted(question.claim, setup, part))
        chosen = select(part, numbers)
        proved = all(table.columns[name].proved for name in question.observables)
        for number, values in zip(numbers.tolist(), rows(chosen, question.observables), strict=True):
            counted += 1
            row = int(block[number])
            failure = failure_of(question.claim, table, row, setup)
            line = _line(question, values, source, row, int(table.element[row]), failure, proved)
            if line is None:
                silent += 1
            else:
                found.append(line)
            if limit is not None and len(found) >= limit:
                return found, silent, counted
    return found, silent, counted


def _line(
    question: Question, values: Row, source: int, row: int, element: int, failure: float, proved: bool
) -> Line | None:
    """The row, or None where it is silent whatever the constants are."""
    undecided = any(isinstance(v, tuple) or v is None for v in values.values())
    demands: list[tuple[Form, ...]] = []
    env = dict(values)
    hard = not question.whole
    if undecided:
        return Line(question, values, source, row, element, failure, proved, [], True, env)
    before, ctx.prec = ctx.prec, BITS
    try:
        for name, term in question.terms.items():
            try:
                env[name] = term(values)
            except Undefined:
                continue
        for premises, found in question.demands:
            if not all(_certain(premise, values) for premise in premises):
                continue
            usable = tuple(f for f in found if f.needs <= env.keys())
            if usable:  # else it is undefined whatever the constants are, and says nothing
                demands.append(usable)
    finally:
        ctx.prec = before
    if question.whole and not demands and not hard:
        return None
    return Line(question, values, source, row, element, failure, proved, demands, hard, env)


def relined(line: Line, values: Row) -> Line | None:
    """The line with other values of its observables; None where it would be silent."""
    return _line(line.question, values, line.source, line.row, line.element, line.failure, line.proved)


def _certain(premise: Any, values: Row) -> bool:
    return bool(premise(values).certain)


def constants(box: Box, names: Sequence[str]) -> dict[str, Any]:
    """A box as balls, its points as exact numbers."""
    return {name: _side(low, high) for name, (low, high) in zip(names, box, strict=True)}


def _side(low: float, high: float) -> Any:
    if low == high:
        numerator, denominator = low.as_integer_ratio()
        return fmpq(numerator, denominator)
    return arb(low).union(arb(high))


def excluded(line: Line, box: Box, whole: Box) -> bool:
    """Whether the row excludes every constant of a box, by values alone.

    A box on which the claim is certainly undefined is excluded where the row knows a constant of the ``whole`` box for which it
    is defined: constants that leave the claim without a meaning on what was measured are not constants of it.
    """
    sides = constants(box, line.question.unknowns)
    before, ctx.prec = ctx.prec, BITS
    open_ = line.hard or not line.demands
    try:
        line.env.update(sides)
        for demand in line.demands:
            spoke = False
            for form in demand:
                try:
                    found = form.dual(line.env)
                except Impossible:
                    return True
                except (Unavailable, NoSlope, Undefined):
                    continue
                spoke = True
                if found is not None and (not ball_contains_zero(found[0]) if form.equality else bool(found[0] > 0)):
                    return True
            open_ |= not spoke
    finally:
        ctx.prec = before
    if not open_:
        return False
    judgement = line.at(sides)
    if judgement.status == "outside":
        return _defined_somewhere(line, whole)
    return judgement.status == "violated"


def ball_contains_zero(value: Any) -> bool:
    """Whether 0 is among the values that a ball allows."""
    return bool(value.contains(0)) if isinstance(value, arb) else bool(value == 0)


def _defined_somewhere(line: Line, whole: Box) -> bool:
    if line.defined is None:
        points = _samples(whole)
        line.defined = any(
            line.at(constants(p, line.question.unknowns)).status in ("consistent", "violated") for p in points
        )
    return line.defined


def _samples(whole: Box) -> Iterator[Box]:
    """The middle of a box and points on its diagonals, a little inside."""
    for share in (0.5, 0.25, 0.75, 0.0625, 0.9375):
        for turned in range(1 << (len(whole) - 1)):
            shares = [share if not turned >> at & 1 else 1 - share for at in range(len(whole))]
            yield tuple((low + s * (high - low),) * 2 for (low, high), s in zip(whole, shares, strict=True))


__all__ = ["Box", "Line", "Observable", "Question", "ball_contains_zero", "constants", "excluded", "lines_of"]
