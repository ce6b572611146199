"""What is wrong with a statement before anything is searched: findings, each with what was got, expected, and what to do.

Values of the domains are tried on the relations; nothing is measured.  An *error* makes a search pointless, a *warning* is
shown with the verdict.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sympy
from sympy.core.relational import Relational
from sympy.logic import boolalg

from theorems.statement import And, Assumption, Claim, Ge, Le, Observable, Theorem

from .evaluate import EvaluationError, Row
from .judge import compile_claim
from .lint_form import cancelled, mismatch, undefined_at
from .lint_values import (
    Literal,
    alternatives,
    boundary_rows,
    exception_of,
    judge,
    rows_of,
    satisfy,
    space_of,
)

TRIED = 24
LOOSER: dict[Any, Any] = {sympy.Lt: Le, sympy.Gt: Ge}


@dataclass(frozen=True)
class Lint:
    """One finding: ``text`` says got, expected and what to do; ``at`` shows it, by values or by an instance."""

    rule: str
    where: str
    severity: str
    text: str
    at: str = ""

    def __str__(self) -> str:
        at = f" (at {self.at})" if self.at else ""
        return f"{self.severity:<9} {self.where}: {self.text}{at}"


class LintError(ValueError):
    """A statement on which nothing is searched, in one line: got, expected, remedy."""

    def __init__(self, findings: tuple[Lint, ...]) -> None:
        self.findings = findings
        first = findings[0]
        at = f" (at {first.at})" if first.at else ""
        more = f"; and {len(findings) - 1} more: {', '.join(f.rule for f in findings[1:])}" if findings[1:] else ""
        super().__init__(f"{first.where}: {first.text}{at}{more}")


def refuse(findings: Iterable[Lint]) -> tuple[Lint, ...]:
    """The warnings among the findings.  Raises `LintError` when there is an error."""
    listed = tuple(findings)
    errors = tuple(f for f in listed if f.severity == "error")
    if errors:
        raise LintError(errors)
    return listed


def lint(theorem: Theorem) -> tuple[Lint, ...]:
    """Every finding about a theorem's claims, without any instance.  Sayings are loose on purpose and are left out."""
    return tuple(dict.fromkeys(found for claim in theorem.claims for found in lint_claim(theorem, claim)))


def lint_claim(theorem: Theorem, claim: Claim, unknowns: Iterable[str] = ()) -> tuple[Lint, ...]:
    """Every finding about one claim in the setting of a theorem; ``unknowns`` are constants that are to be identified."""
    return _lint_claim(theorem, claim, frozenset(unknowns))


@lru_cache(maxsize=2048)
def _lint_claim(theorem: Theorem, claim: Claim, unknowns: frozenset[str]) -> tuple[Lint, ...]:
    where = f"{theorem.name} / {claim.name}"
    found = [*_symbols(where, claim, unknowns)] or [*_whitelist(where, claim)]
    if found:
        return tuple(found)
    assumed = tuple(a for a in (theorem.assumption(n) for n in theorem.assumed_by(claim)) if a.relation is not None)
    return (*_contradictions(theorem.name, assumed), *_values(where, claim, assumed), *_form(where, claim, assumed))


def _symbols(where: str, claim: Claim, unknowns: frozenset[str]) -> Iterator[Lint]:
    bare = {s.name for s in claim.relation.free_symbols if not isinstance(s, Observable)}
    for name in sorted(bare - unknowns):
        text = (
            f"got {name}, which is no observable and no constant to identify; expected a number or an observable;"
            f" write its value, or --unknown {name}=0:10"
        )
        yield Lint("symbol", where, "error", text)
    for name in sorted(unknowns - bare):
        text = f"got the unknown {name}, which the relation does not contain; expected it there; leave --unknown {name} out"
        yield Lint("unknown", where, "error", text)


def _whitelist(where: str, claim: Claim) -> Iterator[Lint]:
    for infinite in (sympy.zoo, sympy.nan, sympy.oo, -sympy.oo, sympy.I):
        if claim.relation.has(infinite):
            text = (
                f"got {infinite} in {claim.relation}; expected real numbers; look for a division by 0 or a root of -1"
            )
            yield Lint("number", where, "error", text)
            return
    try:
        compile_claim(claim.relation)
    except EvaluationError as problem:
        yield Lint("function", where, "error", str(problem))


@lru_cache(maxsize=512)
def _contradictions(name: str, assumed: tuple[Assumption, ...]) -> tuple[Lint, ...]:
    """An assumption that no value satisfies, else a pair that none satisfies, else all of them together."""
    sizes = sorted({n for n in (1, 2, len(assumed)) if 0 < n <= len(assumed)})
    for size in sizes:
        found = []
        for group in itertools.combinations(assumed, size):
            relations = [a.relation for a in group]
            impossible = _impossible(And(*relations) if size > 1 else relations[0])
            if impossible:
                names = " and ".join(repr(a.name) for a in group)
                text = (
                    f"got the assumption{'s' * (size > 1)} {names}, {', '.join(map(str, relations))}, which no value"
                    f" {'tried ' * (impossible == 'likely')}satisfies{' together' * (size > 1)};"
                    " expected an instance that satisfies them; check signs and numbers, or drop one"
                )
                severity = "error" if impossible == "certain" else "warning"
                found.append(Lint("assumption", name, severity, text))
        if found:
            return tuple(found)
    return ()


def _impossible(relation: Any) -> str:
    """`certain` or `likely` where no value tried satisfies a relation; empty where one does.

    What is said of one symbol, by inequalities or by an equation with a number, leaves nothing to chance.
    """
    space, ways = space_of(relation), alternatives(relation)
    if any(j is not None and j.certain for _, j in rows_of(space, relation, TRIED)):
        return ""
    if satisfy(ways, space, "possible", 4 * TRIED) is not None:
        return ""
    if any(j.certain for _, j in rows_of(space, relation)):
        return ""
    return "certain" if all(_certainly_not(way) for way in ways) else "likely"


def _certainly_not(way: tuple[Literal, ...]) -> bool:
    """Whether literals of one symbol alone contradict each other."""
    for symbol in sorted({s for leaf, _ in way for s in leaf.free_symbols}, key=str):
        own = tuple((leaf, wanted) for leaf, wanted in way if leaf.free_symbols == {symbol})
        plain = [x for x in own if not _thin(*x) or symbol in x[0].args]
        if plain and satisfy([plain], space_of(*(leaf for leaf, _ in plain)), "alone", 2 * TRIED) is None:
            return True
    return False


def _thin(leaf: Any, wanted: bool) -> bool:
    return leaf.func is (sympy.Eq if wanted else sympy.Ne)


def _values(where: str, claim: Claim, assumed: tuple[Assumption, ...]) -> Iterator[Lint]:
    relation = claim.relation
    if not relation.free_symbols:
        if claim.kind != "existence" and not claim.follows_from:
            text = f"got {relation}, which speaks of no observable; expected a relation of what is measured; name one"
            yield Lint("no observable", where, "error", text)
        return
    if isinstance(relation, boolalg.Implies):
        premise = relation.args[0]
        given = [a.relation for a in assumed]
        alone = _impossible(premise)
        if alone or (given and _impossible(And(premise, *given)) and not _impossible(And(*given))):
            where_not = "" if alone else f" together with {', '.join(repr(a.name) for a in assumed)}"
            text = (
                f"got the premise {premise}, which no value {'tried ' * (alone != 'certain')}satisfies{where_not}; expected"
                " one that some instance meets, or nothing is claimed; check its signs and numbers"
            )
            yield Lint("premise", where, "error" if alone == "certain" else "warning", text)
            return
    if claim.follows_from:  # a lemma that the derivation proves may hold of all values
        return
    exception = exception_of(relation)
    if exception is None:
        text = (
            f"got {relation}, which holds of every value of its observables; expected what a measurement could exclude;"
            " drop the claim, or compare with a number or an observable that may lie on the other side"
        )
        yield Lint("always true", where, "error", text)
    elif _never(claim):
        text = (
            f"got {relation}, which no value tried of its observables satisfies; expected what could hold;"
            " check its signs, its numbers and the domains"
        )
        yield Lint("never true", where, "error" if claim.kind == "existence" else "warning", text)
    else:
        yield from _strict(where, relation, exception)
        yield from _idle(where, relation)


def _never(claim: Claim) -> bool:
    relation, space = claim.relation, space_of(claim.relation)
    hopeless = ("violated", "outside", "undefined")
    if any(judged.status not in hopeless for _, judged in rows_of(space, relation)):
        return False
    if satisfy(alternatives(relation), space, "never", TRIED) is not None:
        return False
    judged = [judge(relation, row) for row in boundary_rows(relation, space)]
    statuses = {j.status for j in judged if j is not None} | {j.status for _, j in rows_of(space, relation)}
    return statuses <= set(hopeless) and "violated" in statuses


def _strict(where: str, relation: Any, exception: Row | str) -> Iterator[Lint]:
    """A strict relation whose loosened form says nothing: all that it claims is that there is no tie."""
    if isinstance(exception, str):
        return
    strict = {leaf: LOOSER[leaf.func](*leaf.args) for leaf in relation.atoms(sympy.Lt, sympy.Gt)}
    if not strict or all(_end_of_domain(leaf) for leaf in strict):
        return
    loose = relation.xreplace(strict)
    if exception_of(loose) is None:
        text = (
            f"got {relation}, which says no more than that two sides differ: {loose} holds of every value; expected a"
            " relation that fails elsewhere too; if a tie is what it excludes, write Ne(left, right)"
        )
        yield Lint("strict", where, "warning", text, shown(exception))


def _end_of_domain(leaf: Any) -> bool:
    """Whether a comparison says that an observable is not at an end of its domain, as in P < 1: a claim like any other."""
    left, right = leaf.args
    return (isinstance(left, Observable) and right.is_number) or (isinstance(right, Observable) and left.is_number)


def _idle(where: str, relation: Any) -> Iterator[Lint]:
    """Parts of a relation that are true, or false, of every value."""
    if isinstance(relation, Relational):
        return
    for leaf in sorted(relation.atoms(Relational), key=str):
        if not leaf.free_symbols:
            continue
        if exception_of(leaf) is None:
            said, remedy = "holds of every value", "leave it out, or check its number"
        elif _never(Claim("part", leaf)):
            said, remedy = "no value tried satisfies", "check its sign and its number"
        else:
            continue
        text = f"got the part {leaf}, which {said}; expected a part that says something; {remedy}"
        yield Lint("idle part", where, "warning", text)


def _form(where: str, claim: Claim, assumed: tuple[Assumption, ...]) -> Iterator[Lint]:
    relation = claim.relation
    space = space_of(relation, *(a.relation for a in assumed))
    for leaf in sorted(relation.atoms(Relational), key=str):
        found = mismatch(leaf)
        if found is not None:
            left, its, right, other = found.sides
            text = (
                f"got {left} ({its}) beside {right} ({other}); expected one unit; multiply by what is missing, or declare"
                " the units of the observables as they are"
            )
            yield Lint("unit", where, "warning", text)
        gone = list(cancelled(leaf, space))
        if gone:
            text = (
                f"got {', '.join(gone)}, on which {leaf} does not depend: it cancels; expected a relation that changes with"
                " it; leave it out, or check where it belongs"
            )
            yield Lint("cancels", where, "warning", text)
    if claim.follows_from:  # proved where both of its sides are defined
        return
    if relation.free_symbols and _nowhere_defined(relation):
        text = (
            f"got {relation}, which no value tried of its observables defines; expected real numbers on both sides;"
            " look for a root or a logarithm of what is negative, or a division by 0"
        )
        yield Lint("undefined", where, "error", text)
        return
    given = And(*(a.relation for a in assumed)) if assumed else sympy.true
    # the box of a constant is its domain, and is not known here
    bare = {s.name for s in relation.free_symbols if not isinstance(s, Observable)}
    places = [place for place in undefined_at(relation, given, space) if not place[1] or not bare.issuperset(place[1])]
    if places:
        words, row = places[0]
        others = "".join(f"; it allows {other} too, at {shown(at)}" for other, at in places[1:3] if other != words)
        names = ", ".join(sorted(row))
        text = (
            f"got {words}, which the domain of {names} allows; expected a relation that is defined of all values;"
            f" multiply it out, write Implies(…) with a premise that excludes it, or declare the domain of {names} positive"
            f"{others}"
        )
        yield Lint("undefined", where, "warning", text, shown(row))


def _nowhere_defined(relation: Any) -> bool:
    tried = 0
    for _, judged in rows_of(space_of(relation), relation):
        if judged.status not in ("outside", "undefined"):
            return False
        tried += 1
    return tried > 0


def shown(row: Row) -> str:
    """A row of values in words."""
    return ", ".join(f"{name} = {value}" for name, value in sorted(row.items()))
