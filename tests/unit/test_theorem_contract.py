"""Every theorem of the catalogue is stated, printed, placed in the talk and covered by experiments."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
from functools import lru_cache

import pytest
import sympy
from sympy.core.function import AppliedUndef
from sympy.logic.boolalg import BooleanAtom, BooleanFunction

from checks.engine.lint import lint
from checks.engine.lint_rows import lint_setups
from tests.audits import audits
from theorems import all_theorems, get
from theorems.statement import Eq, Observable, StatementError, Theorem, observable, observables_of
from theorems.talk import STATUSES, statements

THEOREMS = all_theorems()
AUDITS = {audit.theorem().name: audit for audit in audits()}
SHORT = {"Equality": "Eq", "Unequality": "Ne", "GreaterThan": "Ge", "LessThan": "Le"} | {
    "StrictGreaterThan": "Gt",
    "StrictLessThan": "Lt",
}


def relations(theorem: Theorem) -> dict[str, sympy.Basic]:
    """Every relation of a theorem, by where it stands."""
    parts = {"claim": theorem.claims, "assumption": theorem.assumptions, "step": theorem.derivation}
    parts["saying"] = theorem.sayings
    return {
        f"{part} {item.name}": item.relation
        for part, items in parts.items()
        for item in items
        if item.relation is not None
    }


CASES = [
    pytest.param(theorem, relation, id=f"{theorem.name}-{where}".replace(" ", "-"))
    for theorem in THEOREMS.values()
    for where, relation in relations(theorem).items()
]
each_theorem = pytest.mark.parametrize("theorem", THEOREMS.values(), ids=THEOREMS.keys())


@lru_cache
def source_of(theorem: Theorem) -> str:
    """The file of a theorem and the files of the same room that it is made of."""
    modules, sources = [importlib.import_module(f"theorems.{theorem.name.replace('-', '_')}")], {}
    while modules:
        module = modules.pop()
        sources[module.__name__] = inspect.getsource(module)
        parts = [n.module for n in ast.walk(ast.parse(sources[module.__name__])) if isinstance(n, ast.ImportFrom)]
        names = {f"theorems.{part.removeprefix('theorems.')}" for part in parts if part} - {"theorems.statement"}
        modules += [sys.modules[name] for name in names - set(sources) if name in sys.modules]
    return "\n".join(sources.values())


def flaws_of(text: str, relation: sympy.Basic) -> list[str]:
    """What keeps LaTeX from compiling or from naming the observables."""
    flaws = [f"no {o.name}" for o in relation.free_symbols if sympy.latex(o) not in text]
    if text.count("{") != text.count("}"):
        flaws.append("unbalanced braces")
    if re.search(r"\^(\{[^{}]*\}|\\?\w+)\^", text):
        flaws.append("double superscript")
    return flaws


@lru_cache
def names_in(source: str) -> frozenset[str]:
    """Every name and attribute of a program, in lower case (`abs` writes sympy's `Abs`)."""
    nodes = list(ast.walk(ast.parse(source)))
    names = {node.id.lower() for node in nodes if isinstance(node, ast.Name)}
    return frozenset(names | {node.attr.lower() for node in nodes if isinstance(node, ast.Attribute)})


def heads_never_written(relation: sympy.Basic, source: str) -> list[str]:
    """Functions, relations and connectives of a tree that its file never names: sympy put them there."""
    written = names_in(source)
    heads = (sympy.Function, sympy.core.relational.Relational, BooleanFunction, sympy.Sum, sympy.Product, BooleanAtom)
    nodes = [node for node in sympy.preorder_traversal(relation) if isinstance(node, heads)]
    names = [type(node).__name__ for node in nodes if not isinstance(node, AppliedUndef)]
    return [name for name in names if SHORT.get(name, name).lower() not in written]


@pytest.mark.parametrize(("theorem", "relation"), CASES)
def test_a_relation_prints_as_latex_that_names_its_observables(theorem, relation):
    assert flaws_of(sympy.latex(relation), relation) == []


@pytest.mark.parametrize(("theorem", "relation"), CASES)
def test_what_is_printed_is_what_was_written(theorem, relation):
    assert heads_never_written(relation, source_of(theorem)) == []


@pytest.mark.parametrize(("theorem", "relation"), CASES)
def test_no_comparison_is_of_a_thing_with_itself(theorem, relation):
    found = [r for r in relation.atoms(sympy.core.relational.Relational) if r.lhs == r.rhs]
    assert found == [], "sympy simplified both sides to one: write times(…) or plus(…) of theorems.statement"


x = observable("x", "a real number")


def test_latex_that_would_not_compile_is_noticed():
    assert flaws_of("a^{2}^{3} = {y", Eq(x, 0)) == ["no x", "unbalanced braces", "double superscript"]
    assert flaws_of(sympy.latex(Eq((x**2) ** x, 0)), Eq(x, 0)) == []


def test_what_sympy_made_of_a_statement_is_noticed():
    plain = sympy.Symbol("y", real=True)
    assert heads_never_written(Eq(sympy.sqrt(plain**2), x), "Eq(sqrt(y**2), x)") == ["Abs"]
    assert heads_never_written(sympy.Eq(x, x), "Eq(x, x)") == ["BooleanTrue"]
    assert heads_never_written(Eq(x, abs(plain)), "Eq(x, abs(y))") == []
    assert heads_never_written(Eq(x, abs(plain)), "Eq(x, Abs(y))") == []


@pytest.mark.parametrize(("theorem", "relation"), CASES)
def test_two_observables_of_a_relation_never_look_alike(theorem, relation):
    printed = [sympy.latex(o) for o in observables_of(relation)]
    assert len(set(printed)) == len(printed)


@each_theorem
def test_the_linter_finds_nothing_in_a_theorem_of_the_catalogue(theorem):
    assert [str(found) for found in (*lint(theorem), *lint_setups(theorem, AUDITS[theorem.name].experiments))] == []


@each_theorem
def test_every_observable_says_what_it_is(theorem):
    assert [o.name for o in theorem.observables if not o.meaning] == []


@each_theorem
def test_a_theorem_is_complete_for_a_reader(theorem):
    assert theorem.title
    assert theorem.sources
    assert theorem.non_claims
    assert theorem.derivation
    assert all(claim.words for claim in theorem.claims)
    assert all(a.words and a.relation is not None for a in theorem.assumptions)
    assert get(theorem.name) is theorem
    assert inspect.getdoc(importlib.import_module(f"theorems.{theorem.name.replace('-', '_')}"))


@each_theorem
def test_every_saying_has_its_place_in_the_talk(theorem):
    placed = {saying for s in statements() for j in s.judges if j.theorem == theorem.name for saying in j.sayings}
    assert {saying.name for saying in theorem.sayings} <= placed
    assert all(saying.place and saying.words for saying in theorem.sayings)


def test_the_talk_names_only_what_exists():
    for statement in statements():
        assert statement.status in STATUSES
        for judge in statement.judges:
            theorem = get(judge.theorem)
            assert set(judge.claims) <= {c.name for c in theorem.claims}
            assert set(judge.sayings) <= {s.name for s in theorem.sayings}
        assert bool(statement.judges) == (statement.status not in ("open", "definition"))


def test_every_theorem_has_its_audit():
    assert set(AUDITS) == set(THEOREMS)


@each_theorem
def test_every_claim_and_saying_is_covered_by_an_experiment(theorem):
    experiments = AUDITS[theorem.name].experiments
    judged = [*theorem.claims, *(s.as_claim() for s in theorem.sayings)]
    assert [claim.name for claim in judged if not any(e.covers(claim) for e in experiments)] == []
    assert [e.name for e in experiments if not any(e.covers(claim) for claim in judged)] == []


@each_theorem
def test_every_assumption_can_be_dropped_where_a_claim_needs_it(theorem):
    experiments = AUDITS[theorem.name].experiments
    for assumption in theorem.assumptions:
        needing = [c for c in theorem.claims if assumption.name in theorem.assumed_by(c)]
        droppers = [e for e in experiments if assumption.name in e.assumptions]
        assert any(e.covers(claim) for e in droppers for claim in needing), assumption.name
        measured = {o.name for o in assumption.relation.free_symbols if isinstance(o, Observable)}
        assert all(measured <= set(e.observe.observables) for e in droppers), assumption.name


@each_theorem
def test_experiments_of_a_theorem_share_it_and_have_names_of_their_own(theorem):
    experiments = AUDITS[theorem.name].experiments
    assert all(e.theorem is theorem for e in experiments)
    assert len({e.name for e in experiments}) == len(experiments)


def test_an_unknown_theorem_lists_the_known_ones():
    with pytest.raises(StatementError, match="expected one of"):
        get("singular-values")
