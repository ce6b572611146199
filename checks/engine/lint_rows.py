"""What is wrong with a statement by what was measured: no witness of its assumptions, ties, undefined rows, unmeasured symbols.

Nothing is searched here: the rows are those of evidence that exists, or of a small sample of draws.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy

from theorems.statement import Assumption, Claim, Theorem, observables_of

from .evidence import Evidence
from .judge import Judgement, compile_claim, rows
from .lint import LOOSER, Lint
from .measure import select
from .setup import Setup
from .stored import GLANCE, spread
from .verdict import describe
from .weigh import admitted, judge_table

if TYPE_CHECKING:
    from .experiment import Experiment

BLOCK = 64
DRAWS = 64


def lint_rows(claim: Claim, setup: Setup, evidence: Evidence) -> tuple[Lint, ...]:
    """Findings about a claim on measured rows: assumptions that no instance satisfies, strictness at a tie, undefined rows."""
    where = f"{setup.theorem.name} / {claim.name}"
    order = spread(evidence)
    return (*_witnesses(where, claim, setup, evidence, order), *_rows(where, claim, setup, evidence, order[:GLANCE]))


def lint_setups(theorem: Theorem, setups: Iterable[Setup]) -> tuple[Lint, ...]:
    """Claims that nothing proves and no experiment covers: which of their observables none measures."""
    setups = tuple(setups)
    everything = {name for setup in setups for name in setup.observables}
    found = []
    for claim in theorem.claims:
        if claim.follows_from or any(setup.covers(claim) for setup in setups):
            continue
        missing = [o.name for o in claim.observables if o.name not in everything]
        what = (
            f"{', '.join(missing)}, which no experiment measures" if missing else "what no experiment measures together"
        )
        text = (
            f"got {what}; expected an experiment whose simulator fills every column of the claim"
            f" ({', '.join(o.name for o in claim.observables) or 'none'}); add a column, or name the claim in `only`"
        )
        found.append(Lint("unmeasured", f"{theorem.name} / {claim.name}", "error", text))
    return tuple(found)


def lint_sample(theorem: Theorem, experiments: Iterable[Experiment], draws: int = DRAWS) -> tuple[Lint, ...]:
    """Findings on a small sample: the examples of each experiment and a few draws, measured."""
    from dataclasses import replace

    from .gather import gather

    experiments = tuple(experiments)
    found: list[Lint] = list(lint_setups(theorem, experiments))
    for experiment in experiments:
        few = replace(experiment, search=0, bulk=min(draws, experiment.bulk) if experiment.examples else draws)
        evidence = gather(few)
        for claim in theorem.claims:
            if few.covers(claim):
                found += lint_rows(claim, few, evidence)
    return tuple(dict.fromkeys(found))


def _witnesses(where: str, claim: Claim, setup: Setup, evidence: Evidence, order: np.ndarray) -> Iterator[Lint]:
    """An assumption of the claim that no instance satisfies, else two that none satisfies together, else all of them."""
    table, theorem = evidence.measurements, setup.theorem
    assumed = [theorem.assumption(n) for n in theorem.assumed_by(claim) if n not in setup.dropped]
    assumed = [a for a in assumed if a.relation is not None and _names(a) <= set(table.columns)]
    if not assumed or not len(order):
        return
    names = sorted(set().union(*map(_names, assumed)))
    judges = [compile_claim(a.relation) for a in assumed]
    met = []
    for start in range(0, len(order), BLOCK):
        for row in rows(select(table, order[start : start + BLOCK]), names):
            held = [_holds(a, judge(row)) for a, judge in zip(assumed, judges, strict=True)]
            if all(held):
                return
            met.append(held)
    group = _smallest(np.array(met), [a.name for a in assumed])
    text = (
        f"got the assumption{'s' * (len(group) > 1)} {' and '.join(map(repr, group))}, which none of"
        f" {len(evidence.instances)} instances satisfies{' together' * (len(group) > 1)}; expected a witness;"
        " give the experiment an example that satisfies them, or correct the relation"
    )
    yield Lint("assumption", where, "error", text, f"experiment {setup.name}")


def _names(assumption: Assumption) -> set[str]:
    return {o.name for o in observables_of(assumption.relation)}


def _holds(assumption: Assumption, judged: Judgement) -> bool:
    """Certainly, or, of an equation, as far as its error bars tell."""
    relation: Any = assumption.relation
    return judged.certain or (judged.status == "consistent" and relation.has(sympy.Eq))


def _smallest(met: np.ndarray, names: list[str]) -> list[str]:
    alone = [name for name, column in zip(names, met.T, strict=True) if not column.any()]
    if alone:
        return alone[:1]
    for i in range(len(names)):
        for j in range(i):
            if not (met[:, i] & met[:, j]).any():
                return [names[j], names[i]]
    return names


def _rows(where: str, claim: Claim, setup: Setup, evidence: Evidence, order: np.ndarray) -> Iterator[Lint]:
    """Rows at which only a strict sign fails, and rows at which the claim is not defined."""
    strict = claim.relation.atoms(sympy.Lt, sympy.Gt, sympy.Ne)
    partial = claim.relation.atoms(sympy.Pow, sympy.log, sympy.acos, sympy.asin, sympy.atanh, sympy.acosh)
    if claim.kind == "existence" or not (strict or any(not p.is_number for p in partial)):
        return
    table = select(evidence.measurements, order)
    judged = list(judge_table(claim, table, admitted(claim, setup, table)))

    def instance(row: int) -> str:
        return describe(evidence.instances[int(table.element[row])])

    outside = [row for row, j in judged if j.status == "outside"]
    if outside and not claim.follows_from:  # what is derived is proved where both of its sides are defined
        text = (
            f"got {claim.relation}, which is not defined on {len(outside)} of {len(judged)} rows; expected it to be defined"
            " wherever it is claimed; multiply it out, or write Implies(…) with a premise that excludes them"
        )
        yield Lint("undefined", where, "warning", text, instance(outside[0]))
    violated = [row for row, j in judged if j.status == "violated"]
    if not (strict and violated) or len(violated) == len(judged):
        return
    loose = claim.relation.xreplace({s: LOOSER[s.func](*s.args) if s.func in LOOSER else sympy.true for s in strict})
    judge = compile_claim(loose)
    if all(judge(row).certain for row in rows(select(table, np.array(violated)), [o.name for o in claim.observables])):
        other = f"write {loose}, or Implies(…)" if loose != sympy.true else "write Implies(…)"
        text = (
            f"got {claim.relation}, which fails only where two sides are equal, on {len(violated)} of {len(judged)} rows;"
            f" expected a strict sign only where equality is excluded; {other} with a premise that excludes the ties"
        )
        yield Lint("strict", where, "warning", text, instance(violated[0]))
