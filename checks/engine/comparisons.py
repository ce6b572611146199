"""The comparisons that a claim makes, each with the premise under which it makes it, and their two sides on a row."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import sympy
from flint import ctx, fmpq
from sympy.logic import boolalg
from sympy.logic.boolalg import Boolean

from simulators.measurement import Measurements
from theorems.statement import And, Claim, Implies

from .evaluate import BITS, Row, Term, Undefined, Value, compile_term
from .judge import COMBINATIONS, compile_claim, rows
from .measure import select

INEQUALITIES = (sympy.Le, sympy.Lt, sympy.Ge, sympy.Gt)


@dataclass(frozen=True)
class Comparison:
    """An equation or inequality that a claim makes wherever its ``premise`` certainly holds (None: everywhere)."""

    of: Claim
    relation: Any
    premise: Boolean | None = None

    @property
    def is_bound(self) -> bool:
        """Whether it is an inequality."""
        return self.relation.func in INEQUALITIES

    @property
    def upward(self) -> bool:
        """Whether its right side is a bound from above."""
        return self.relation.func in (sympy.Le, sympy.Lt)

    @cached_property
    def claim(self) -> Claim:
        """The claim that says this alone."""
        stated = self.relation if self.premise is None else Implies(self.premise, self.relation)
        return replace(self.of, relation=stated, like=self.of.like or self.of.name)

    def sides(self, table: Measurements, numbers: np.ndarray, bits: int = BITS) -> Iterator[list[tuple[Value, Value]]]:
        """Left and right side on each of the rows; several where integers are undecided, none where it says nothing."""
        left, right = compile_term(self.relation.lhs), compile_term(self.relation.rhs)
        premise = None if self.premise is None else compile_claim(self.premise, bits)
        for row in rows(select(table, numbers), [o.name for o in self.claim.observables]):
            before, ctx.prec = ctx.prec, bits
            try:
                spoken = [r for r in _decided(row) if premise is None or premise(r).certain]
                pairs = _both(spoken, left, right)
            finally:
                ctx.prec = before
            yield pairs


def comparisons(claim: Claim) -> tuple[Comparison, ...]:
    """The comparisons that a claim makes together; none where it makes a choice between them, or none at all."""
    return tuple(Comparison(claim, leaf, premise) for premise, leaf in _leaves(claim.relation, None))


def _leaves(relation: Any, premise: Boolean | None) -> Iterator[tuple[Boolean | None, Any]]:
    if relation.func is boolalg.And:
        for part in relation.args:
            yield from _leaves(part, premise)
    elif relation.func is boolalg.Implies:
        given, then = relation.args
        yield from _leaves(then, given if premise is None else And(premise, given))
    elif relation.func in (*INEQUALITIES, sympy.Eq):
        yield premise, relation


def _decided(row: Row) -> list[Row]:
    open_names = [name for name, value in row.items() if isinstance(value, tuple)]
    if not open_names:
        return [row]
    combinations = list(itertools.islice(itertools.product(*(row[n] for n in open_names)), COMBINATIONS + 1))
    if len(combinations) > COMBINATIONS:
        return []
    return [{**row, **dict(zip(open_names, (fmpq(v) for v in c), strict=True))} for c in combinations]


def _both(spoken: list[Row], left: Term, right: Term) -> list[tuple[Value, Value]]:
    try:
        return [(left(row), right(row)) for row in spoken]
    except Undefined:
        return []
