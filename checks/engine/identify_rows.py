"""The rows that speak of a claim with unknown constants, each ready to be asked about a box of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
from .weigh import admitted, names_behind

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
        self._equalities = any(not free_of(part, self.names) for part in relation.atoms(sympy.Eq))
        self.demands: list[tuple[tuple[Any, ...], tuple[Form, ...]]] = []
        self.whole = self._read(relation, ())
        self.terms: dict[str, Term] = self.slots.terms()
        self.premised = any(premises for premises, _ in self.demands)

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
        """Whether some comparison is an equality, so that what is allowed is thin."""
        return self._equalities

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


class Line:
    """One row: where it comes from, and what it says of constants."""

    __slots__ = (
        "_demands",
        "_env",
        "_hard",
        "defined",
        "element",
        "failure",
        "proved",
        "question",
        "row",
        "source",
        "values",
    )

    def __init__(
        self, question: Question, values: Row, source: int, row: int, element: int, failure: float, proved: bool
    ) -> None:
        self.question, self.values, self.source, self.row, self.element = question, values, source, row, element
        self.failure, self.proved = failure, proved
        self.defined: bool | None = None
        self._env: Row | None = None  # of thousands of rows a few hundred are ever asked for more than a judgement
        self._demands: list[tuple[Form, ...]] = []
        self._hard = False

    @property
    def key(self) -> tuple[int, int]:
        """The instance that the row speaks of."""
        return self.source, self.element

    @property
    def firm(self) -> bool:
        """Whether every error bar behind it is a proof, and none an interval that may be wrong."""
        return self.proved and self.failure == 0

    @property
    def env(self) -> Row:
        """The row's values, and those of every term without unknowns."""
        if self._env is None:
            self._env = self._prepare()
        return self._env

    @property
    def demands(self) -> list[tuple[Form, ...]]:
        """For each comparison that counts on this row, the forms that are available."""
        if self._env is None:
            self._env = self._prepare()
        return self._demands

    @property
    def hard(self) -> bool:
        """Whether the claim says more on this row than its demands, so that the judge is asked as well."""
        if self._env is None:
            self._env = self._prepare()
        return self._hard

    @property
    def silent(self) -> bool:
        """Whether it says nothing, whatever the constants are."""
        return self.question.whole and not self.demands and not self.hard

    def with_values(self, values: Row) -> Line:
        """The line with other values of its observables."""
        return Line(self.question, values, self.source, self.row, self.element, self.failure, self.proved)

    def at(self, constants: Mapping[str, Any]) -> Judgement:
        """The claim on this row with the unknowns at a box or a point."""
        return self.question.judge({**self.values, **constants})

    def differs(self, constants: Mapping[str, Any]) -> float:
        """How many error bars the row excludes these constants by; 0: it allows them."""
        judgement = self.at(constants)
        return max(judgement.excess, 1.0) if judgement.status == "violated" else 0.0

    def _prepare(self) -> Row:
        env, question = dict(self.values), self.question
        self._hard = not question.whole
        if any(isinstance(v, tuple) or v is None for v in env.values()):
            self._hard = True
            return env
        before, ctx.prec = ctx.prec, BITS
        try:
            for name, term in question.terms.items():
                try:
                    env[name] = term(self.values)
                except Undefined:
                    continue
            for premises, found in question.demands:
                if not all(_certain(premise, self.values) for premise in premises):
                    continue
                usable = tuple(f for f in found if f.needs <= env.keys())
                if usable:  # else it is undefined whatever the constants are, and says nothing
                    self._demands.append(usable)
        finally:
            ctx.prec = before
        return env


def lines_of(question: Question, setup: Setup, evidence: Evidence, source: int) -> tuple[list[Line], int]:
    """The rows that count, in an order of which every beginning is spread; and how many more were silent."""
    table = evidence.measurements
    failures = np.sum([table.columns[name].failure for name in names_behind(question.claim, setup)], axis=0)
    proved = all(table.columns[name].proved for name in names_behind(question.claim, setup))
    order = spread(evidence)
    order = order[admitted(question.claim, setup, table)[order]]
    found: list[Line] = []
    silent = 0
    for start in range(0, len(order), 512):
        block = order[start : start + 512]
        numbers = zip(block.tolist(), table.element[block].tolist(), failures[block].tolist(), strict=True)
        for (row, element, failure), values in zip(
            numbers, rows(select(table, block), question.observables), strict=True
        ):
            line = Line(question, values, source, row, element, failure, proved)
            if question.premised and line.silent:
                silent += 1
            else:
                found.append(line)
    return found, silent


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
            open_ |= not spoke or demand[0].partial
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
