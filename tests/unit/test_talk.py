"""The talk's page and the catalogue point at each other."""

from __future__ import annotations

import pytest

from theorems import all_theorems
from theorems.talk import STATUSES, Statement, statements

THEOREMS = all_theorems()
AUDITED = [s for s in statements() if s.theorem]
PASSING = {"PROVED", "SURVIVED", "WITNESSED", "MEASURED"}


def expected(statement: Statement) -> set[str]:
    """The verdicts that the statement's sayings expect."""
    sayings = {s.name: s for s in THEOREMS[statement.theorem].sayings}
    return {sayings[name].expected for name in statement.sayings}


@pytest.mark.parametrize("theorem", THEOREMS.values(), ids=THEOREMS)
def test_every_saying_has_a_place_in_the_talk(theorem) -> None:
    placed = {name for s in AUDITED if s.theorem == theorem.name for name in s.sayings}
    assert placed == {s.name for s in theorem.sayings}


@pytest.mark.parametrize("statement", AUDITED, ids=lambda s: s.words[:40])
def test_what_a_statement_names_exists(statement: Statement) -> None:
    theorem = THEOREMS[statement.theorem]
    assert set(statement.claims) <= {c.name for c in theorem.claims}
    assert statement.claims or statement.sayings


@pytest.mark.parametrize("statement", AUDITED, ids=lambda s: s.words[:40])
def test_a_status_says_what_the_sayings_expect(statement: Statement) -> None:
    verdicts = expected(statement)
    if statement.status == "stands":
        assert verdicts <= PASSING
    elif statement.status == "stands corrected":
        assert "REFUTED" in verdicts, "nothing to correct"
        assert statement.claims, "the theorem that says it right is not named"
    else:
        assert statement.status == "false"
        assert "REFUTED" in verdicts


def test_what_no_theorem_audits_is_open() -> None:
    for statement in statements():
        assert statement.status in STATUSES
        assert bool(statement.theorem) == (statement.status in ("stands", "stands corrected", "false"))
        if not statement.theorem:
            assert not statement.claims
            assert not statement.sayings


def test_every_theorem_of_the_catalogue_is_in_the_talk() -> None:
    assert {s.theorem for s in AUDITED} == set(THEOREMS)


def test_the_talk_keeps_its_order_and_says_nothing_twice() -> None:
    said = statements()
    words = [s.words for s in said]
    assert len(words) == len(set(words))
    parts = list(dict.fromkeys(s.part for s in said))
    assert [s.part for s in said] == sorted((s.part for s in said), key=parts.index)
    assert parts[0] == "Opening"
    assert all(s.words.strip() == s.words and s.slide for s in said)
