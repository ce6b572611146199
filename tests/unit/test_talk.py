"""The talk's page and the catalogue point at each other."""

from __future__ import annotations

import pytest

from theorems import all_theorems
from theorems.talk import STATUSES, Statement, statements

THEOREMS = all_theorems()
AUDITED = [s for s in statements() if s.judges]
PASSING = {"PROVED", "SURVIVED", "WITNESSED", "MEASURED"}


def expected(statement: Statement) -> set[str]:
    """The verdicts that the statement's sayings expect, but for variants that the page says are not the talk's words."""
    return {
        saying.expected
        for judge in statement.judges
        for saying in THEOREMS[judge.theorem].sayings
        if saying.name in judge.sayings and not saying.words.startswith("Variant, not the talk's words")
    }


@pytest.mark.parametrize("theorem", THEOREMS.values(), ids=THEOREMS)
def test_every_saying_has_a_place_in_the_talk(theorem) -> None:
    placed = {name for s in AUDITED for j in s.judges if j.theorem == theorem.name for name in j.sayings}
    assert placed == {s.name for s in theorem.sayings}


@pytest.mark.parametrize("statement", AUDITED, ids=lambda s: s.words[:40])
def test_what_a_statement_names_exists(statement: Statement) -> None:
    for judge in statement.judges:
        theorem = THEOREMS[judge.theorem]
        assert set(judge.claims) <= {c.name for c in theorem.claims}
        assert set(judge.sayings) <= {s.name for s in theorem.sayings}
        assert judge.claims or judge.sayings


@pytest.mark.parametrize("statement", AUDITED, ids=lambda s: s.words[:40])
def test_a_status_says_what_the_sayings_expect(statement: Statement) -> None:
    verdicts = expected(statement)
    if statement.status == "stands":
        assert verdicts <= PASSING
    elif statement.status == "stands corrected":
        assert "REFUTED" in verdicts, "nothing to correct"
        assert any(judge.claims for judge in statement.judges), "the theorem that says it right is not named"
    else:
        assert statement.status == "false"
        assert "REFUTED" in verdicts


def test_what_no_theorem_audits_is_open() -> None:
    for statement in statements():
        assert statement.status in STATUSES
        assert bool(statement.judges) == (statement.status in ("stands", "stands corrected", "false"))


def test_every_theorem_of_the_catalogue_is_in_the_talk() -> None:
    assert {judge.theorem for s in AUDITED for judge in s.judges} == set(THEOREMS)


def test_the_talk_keeps_its_order_and_says_nothing_twice() -> None:
    said = statements()
    words = [s.words for s in said]
    assert len(words) == len(set(words))
    parts = list(dict.fromkeys(s.part for s in said))
    assert [s.part for s in said] == sorted((s.part for s in said), key=parts.index)
    assert parts[0] == "Opening"
    assert all(s.words.strip() == s.words and s.slide for s in said)
