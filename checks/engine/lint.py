"""What is wrong with a statement before anything is searched: findings, each with what was got, expected, and what to do.

Values of the domains are tried on the relations; nothing is measured.  An *error* makes a search pointless, a *warning* is
shown with the verdict.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sympy
from sympy.logic import boolalg

from theorems.statement import Claim, Observable, Theorem

from .evaluate import EvaluationError, Row
from .judge import compile_claim
from .lint_values import (
    alternatives,
    boundary_rows,
    exception_of,
    judge,
    rows_of,
    satisfy,
    space_of,
)

SEVERITIES = ("error", "warning")
TRIED = 24


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
    return tuple(found for claim in theorem.claims for found in lint_claim(theorem, claim))


def lint_claim(theorem: Theorem, claim: Claim, unknowns: Iterable[str] = ()) -> tuple[Lint, ...]:
    """Every finding about one claim in the setting of a theorem; ``unknowns`` are constants that are to be identified."""
    where = f"{theorem.name} / {claim.name}"
    found = _symbols(where, claim, set(unknowns)) or _whitelist(where, claim)
    return tuple(found or _values(where, claim))


def _symbols(where: str, claim: Claim, unknowns: set[str]) -> list[Lint]:
    bare = {s.name for s in claim.relation.free_symbols if not isinstance(s, Observable)}
    left, unused = sorted(bare - unknowns), sorted(unknowns - bare)
    if left:
        text = (
            f"got {left[0]}, which is no observable and no constant to identify; expected a number or an observable;"
            f" write its value, or --unknown {left[0]}=0:10"
        )
        return [Lint("symbol", where, "error", text)]
    if unused:
        text = f"got the unknown {unused[0]}, which the relation does not contain; expected its place; leave it out"
        return [Lint("unknown", where, "error", text)]
    return []


def _whitelist(where: str, claim: Claim) -> list[Lint]:
    for infinite in (sympy.zoo, sympy.nan, sympy.oo, -sympy.oo, sympy.I):
        if claim.relation.has(infinite):
            text = (
                f"got {infinite} in {claim.relation}; expected real numbers; look for a division by 0, or a root of -1"
            )
            return [Lint("number", where, "error", text)]
    try:
        compile_claim(claim.relation)
    except EvaluationError as problem:
        return [Lint("function", where, "error", str(problem))]
    return []


def _values(where: str, claim: Claim) -> list[Lint]:
    relation = claim.relation
    if claim.follows_from:  # a lemma that the derivation proves may be an identity of all values
        return []
    if not relation.free_symbols:
        if claim.kind == "existence":
            return []
        text = f"got {relation}, which speaks of no observable; expected a relation of what is measured; name one"
        return [Lint("no observable", where, "error", text)]
    return _premise(where, relation) or _always(where, relation) or _never(where, claim)


def _premise(where: str, relation: Any) -> list[Lint]:
    if not isinstance(relation, boolalg.Implies):
        return []
    premise = relation.args[0]
    space = space_of(relation)
    if satisfy(alternatives(premise), space, "premise", 4 * TRIED) is not None:
        return []
    if any(judged.certain for _, judged in rows_of(space, premise)):
        return []
    text = (
        f"got the premise {premise}, which no value tried satisfies; expected one that some instance meets, or nothing is"
        " claimed; check its signs and numbers"
    )
    return [Lint("premise", where, "warning", text)]


def _always(where: str, relation: Any) -> list[Lint]:
    if exception_of(relation) is not None:
        return []
    text = (
        f"got {relation}, which holds of every value of its observables; expected a relation that a measurement could"
        " exclude; drop the claim, or compare with a number or an observable that may be on the other side"
    )
    return [Lint("always true", where, "error", text)]


def _never(where: str, claim: Claim) -> list[Lint]:
    relation = claim.relation
    space = space_of(relation)
    for _, judged in rows_of(space, relation):
        if judged.status != "violated" and judged.status not in ("outside", "undefined"):
            return []
    if satisfy(alternatives(relation), space, "never", TRIED) is not None:
        return []
    if any(
        (j := judge(relation, row)) is not None and j.status == "consistent" for row in boundary_rows(relation, space)
    ):
        return []
    text = (
        f"got {relation}, which no value tried of its observables satisfies; expected one that could hold;"
        " check its signs and numbers"
    )
    return [Lint("never true", where, "error" if claim.kind == "existence" else "warning", text)]


def shown(row: Row) -> str:
    """A row of values in words."""
    return ", ".join(f"{name} = {value}" for name, value in sorted(row.items()))
