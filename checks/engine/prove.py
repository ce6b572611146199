"""The steps of a derivation, each checked by the method that it names.

*symbolic*: sympy proves the relation for all values of its typed symbols.  *exact*: a closed relation, or every
case of a finite domain, in rationals (balls of up to 1024 bits for what is not rational).  *certified*: every part of
a box, in balls.  *searched* and *cited* steps are not checked here, and are never part of a proof.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import sympy
from flint import fmpq

from theorems.statement import StatementError, Step, Theorem

from .certify import certify, rational
from .evaluate import Row
from .judge import Judgement, compile_claim
from .symbolic import decide

PROVED, FAILED, SEARCHED, CITED = "PROVED", "FAILED", "SEARCHED", "CITED"
CASES = 1_000_000
PRECISIONS = (128, 256, 1024)
SETTLED = frozenset({"violated", "outside", "silent"})


@dataclass(frozen=True)
class Proof:
    """What became of one step: PROVED, FAILED (``reason`` says what was found), SEARCHED or CITED."""

    step: str
    method: str
    kind: str
    reason: str
    seconds: float = 0.0


def prove(step: Step, theorem: Theorem | None = None) -> Proof:
    """Check one step of a derivation by its own method."""
    started = time.perf_counter()
    try:
        kind, reason = _check(step)
    except (ValueError, NotImplementedError) as problem:  # an unknown function, a missing or malformed domain
        kind, reason = FAILED, str(problem)
    return Proof(step.name, step.method, kind, reason, time.perf_counter() - started)


def _check(step: Step) -> tuple[str, str]:
    if step.method == "cited":
        return CITED, f"not checked here: {step.source}"
    if step.method == "searched":
        return SEARCHED, f"searched by claim {step.claim!r}"
    if step.method == "symbolic":
        holds, reason = decide(step.relation)
    elif step.method == "exact":
        holds, reason = _exact(step)
    else:
        holds, reason = _certified(step)
    return (PROVED if holds else FAILED), reason


def dark(theorem: Theorem, proofs: Iterable[Proof]) -> frozenset[str]:
    """The steps that are proved together with all of their ancestors."""
    proved = {p.step for p in proofs if p.kind == PROVED}
    parents = {s.name: s.depends_on for s in theorem.derivation}
    settled: dict[str, bool] = {}

    def complete(name: str) -> bool:
        if name not in settled:
            settled[name] = False  # a step that rests on itself proves nothing
            settled[name] = name in proved and all(complete(parent) for parent in parents[name])
        return settled[name]

    return frozenset(name for name in parents if complete(name))


def proved_claims(theorem: Theorem, proofs: Iterable[Proof]) -> frozenset[str]:
    """The claims that follow from steps which are all dark."""
    finished = dark(theorem, proofs)
    return frozenset(c.name for c in theorem.claims if c.follows_from and set(c.follows_from) <= finished)


def _symbols(step: Step) -> dict[str, Any]:
    """The free symbols of the step's relation, by name."""
    free = step.relation.free_symbols if step.relation is not None else set()
    names = {s.name: s for s in sorted(free, key=str)}
    missing = [name for name in names if name not in step.domain]
    if missing:
        raise StatementError(
            f"step {step.name} without a domain for {', '.join(missing)}",
            "values of every free symbol",
            f"add {missing[0]!r} to the step's domain",
        )
    return names


def _exact(step: Step) -> tuple[bool, str]:
    """Every case of the domain (one case where the relation is closed)."""
    names = _symbols(step)
    values = [[_value(v) for v in _listed(step, name)] for name in names]
    cases = prod(len(v) for v in values)
    if cases > CASES:
        return False, f"{cases} cases; expected at most {CASES}; shorten the domain"
    if cases == 0:
        return False, "the domain is empty: nothing was checked"
    counted = 0
    for chosen in product(*values):
        row = dict(zip(names, chosen, strict=True))
        judgement = _judged(step.relation, row)
        if judgement.certain:
            counted += 1
            continue
        if judgement.status == "silent":
            if _judged(_beside(step.relation), row).certain:
                counted += not isinstance(step.relation, sympy.Implies)  # one of several cases still speaks
                continue
            judgement = _judged(step.relation, row, SETTLED - {"silent"})  # a premise that more bits may decide
            if judgement.certain:
                counted += 1
                continue
        at = ", ".join(f"{n} = {v}" for n, v in row.items()) or "the closed relation"
        if judgement.status == "consistent" and _closed(step.relation, names, row):
            counted += 1
            continue
        undecided = f"undecided at {PRECISIONS[-1]} bits"
        what = {"violated": "it fails", "consistent": undecided, "silent": undecided}.get(judgement.status, "undefined")
        return False, f"{what} at {at}"
    if counted == 0:
        return False, "its premise holds in no case of the domain: nothing was checked"
    over = "; ".join(f"{name} from {_ends(each)}" for name, each in zip(names, values, strict=True))
    return True, f"all {counted} cases hold, {over}" if names else "the closed relation holds"


def _ends(values: Sequence[Any]) -> str:
    return f"{min(values)} to {max(values)}"


def _beside(relation: Any) -> Any:
    """What must certainly hold where a relation is silent: that its premise fails, or that its other parts hold."""
    if isinstance(relation, sympy.Implies):
        return sympy.Not(relation.args[0], evaluate=False)
    if isinstance(relation, (sympy.And, sympy.Or)):
        return relation.func(*(_either(part) for part in relation.args), evaluate=False)
    return sympy.false


def _either(part: Any) -> Any:
    """An implication as a disjunction, which is certain where its premise is certainly false."""
    if isinstance(part, sympy.Implies):
        return sympy.Or(sympy.Not(part.args[0], evaluate=False), part.args[1], evaluate=False)
    return part


def _judged(relation: Any, row: Row, settled: Set[str] = SETTLED) -> Judgement:
    for bits in PRECISIONS:
        judgement = compile_claim(relation, bits)(row)
        if judgement.certain or judgement.status in settled:
            return judgement
    return judgement


def _closed(relation: Any, symbols: Mapping[str, Any], row: Row) -> bool:
    """An equality between irrational numbers: balls never confirm it, sympy may."""
    values = {symbols[n]: sympy.Rational(int(v.p), int(v.q)) for n, v in row.items() if isinstance(v, fmpq)}
    return len(values) == len(row) and decide(relation.xreplace(values))[0]


def _value(value: Any) -> Any:
    return value if isinstance(value, bool) else rational(value)


def _listed(step: Step, name: str) -> Sequence[Any]:
    given = step.domain[name]
    if not isinstance(given, (int, float, str, sympy.Basic, Iterable)):
        raise StatementError(f"{name} = {given!r} in the domain of step {step.name}", "a value or values", "list them")
    return [given] if isinstance(given, (int, float, str, sympy.Basic)) else list(given)


def _certified(step: Step) -> tuple[bool, str]:
    """Every part of the box; an integer symbol (or a range or list) runs over its values."""
    whole: dict[str, Any] = {}
    box: dict[str, tuple[Any, Any]] = {}
    for name, symbol in _symbols(step).items():
        given = step.domain[name]
        integral = "integer" in getattr(symbol, "domain", "") or symbol.is_integer
        if isinstance(given, tuple) and len(given) == 2:
            ends = [rational(end) for end in given]
            if integral and any(end.q != 1 for end in ends):
                raise StatementError(f"{name} in {given} in step {step.name}", "whole ends", "it is an integer")
            if integral:
                whole[name] = range(int(ends[0].p), int(ends[1].p) + 1)
            else:
                box[name] = given
        else:
            whole[name] = _listed(step, name)
    result = certify(step.relation, box, whole)
    over = ", ".join(f"{n} in {list(v) if isinstance(v, tuple) else v}" for n, v in {**box, **whole}.items())
    if result.holds:
        return True, f"holds on {over or 'the closed relation'} ({result.boxes} boxes)"
    return False, f"{result.where} ({result.boxes} boxes)"
