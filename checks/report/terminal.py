"""Theorems and verdicts as text for a terminal."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import click
import sympy

from theorems import get, titles
from theorems.statement import VERDICTS, Claim, Theorem, observables_of

from ..engine.verdict import MEANING_NOT
from .wording import METHOD_WORDS, VERDICT_WORDS


class UnknownName(click.ClickException):
    """A name that is not in the list: one line with suggestions, exit code 2."""

    exit_code = 2


def known(name: str) -> Theorem:
    """The theorem of that name; `UnknownName` with suggestions for any other."""
    found = titles()
    if name not in found:
        raise UnknownName(f"unknown theorem {name!r}; {_meant(name, found)}")
    return get(name)


def _meant(name: str, choices: Iterable[str]) -> str:
    choices = list(choices)
    near = difflib.get_close_matches(name, choices, n=3, cutoff=0.6) or [c for c in choices if name and name in c]
    return f"did you mean {' or '.join(near)}?" if near else f"expected one of {', '.join(choices)}"


def statement(theorem: Theorem) -> str:
    """The whole statement, formulas in one line each."""
    blocks = [f"{theorem.name}: {theorem.title}"]
    for title, lines in (
        (
            "claims",
            [
                _entry(f"{c.name} ({c.kind}; {_assumes(theorem, c)})", sympy.sstr(c.relation), c.words)
                for c in theorem.claims
            ],
        ),
        ("quantities", [f"  {o.name}: {o.meaning} ({o.domain})" for o in theorem.observables]),
        (
            "assumptions",
            [
                _entry(a.name, sympy.sstr(a.relation) if a.relation is not None else "", a.words)
                for a in theorem.assumptions
            ],
        ),
        (
            "derivation",
            [
                _entry(
                    f"{s.name} ({METHOD_WORDS[s.method]})",
                    sympy.sstr(s.relation) if s.relation is not None else "",
                    s.words,
                )
                for s in theorem.derivation
            ],
        ),
        (
            "the talk's words",
            [
                _entry(
                    f"{s.name} ({s.place}; expected {s.expected}; {_assumes(theorem, s.as_claim())})",
                    sympy.sstr(s.relation),
                    f'"{s.words}"',
                )
                for s in theorem.sayings
            ],
        ),
        ("not claimed", [f"  {words}" for words in theorem.non_claims]),
        ("sources", [f"  {source}" for source in theorem.sources]),
    ):
        if lines:
            blocks.append("\n".join([title, *lines]))
    return "\n\n".join(blocks)


def one_claim(theorem: Theorem, name: str) -> str:
    """One claim or saying with the quantities and assumptions that it speaks of; `UnknownName` for any other name."""
    stated = [*theorem.claims, *(s.as_claim() for s in theorem.sayings)]
    claim = next((c for c in stated if c.name == name), None)
    if claim is None:
        raise UnknownName(f"unknown claim {name!r} of {theorem.name}; {_meant(name, [c.name for c in stated])}")
    assumed = [theorem.assumption(a) for a in theorem.assumed_by(claim)]
    relations = [claim.relation, *(a.relation for a in assumed if a.relation is not None)]
    spoken = {o.name: o for relation in relations for o in observables_of(relation)}
    head = f"{claim.name} ({claim.kind}; {_assumes(theorem, claim)})"
    lines = [f"{theorem.name}: {theorem.title}", _entry(head, sympy.sstr(claim.relation), claim.words)]
    lines += [_entry(a.name, "" if a.relation is None else sympy.sstr(a.relation), a.words) for a in assumed]
    lines += [f"  {o.name}: {o.meaning} ({o.domain})" for o in spoken.values()]
    return "\n".join([*lines, f"  tight at: {claim.tight_at}"] if claim.tight_at else lines)


def _assumes(theorem: Theorem, claim: Claim) -> str:
    return f"assumes {', '.join(theorem.assumed_by(claim)) or 'nothing'}"


def _entry(name: str, formula: str, words: str) -> str:
    return "\n".join(
        line for line in (f"  {name}", f"    {words}" if words else "", f"    {formula}" if formula else "") if line
    )


def explanation(verdict: str) -> str:
    """When a verdict is given and what it does not mean; `UnknownName` for any other word."""
    kind = verdict.upper()
    if kind not in VERDICTS:
        raise UnknownName(f"unknown verdict {verdict!r}; {_meant(kind, VERDICTS)}")
    return f"{kind}: {VERDICT_WORDS[kind]}.\n{MEANING_NOT[kind]}"
