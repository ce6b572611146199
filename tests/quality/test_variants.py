"""Variants that a theorist would type: no true one is ever accused, every false one is refuted.

The tables in `variants/` say of each why it is true, or why somebody would believe it.  They are judged on what `make audit`
stored, where today's simulators made it, else on what is gathered here.  `python -m tests.statistics.variants thorough` judges
them on every row of a larger search.
"""

from __future__ import annotations

import pytest

from tests.variants import EVERY, TABLES, Variant, judged, variants_of


@pytest.mark.parametrize("theorem", sorted(TABLES))
def test_true_variants_are_not_accused(theorem):
    accused = [(v, judged(v)) for v in variants_of(theorem) if v.holds]
    wrong = {v.relation: str(found) for v, found in accused if found.kind == "REFUTED"}
    assert not wrong, "\n".join(wrong.values())


@pytest.mark.parametrize("theorem", sorted(TABLES))
def test_false_variants_are_refuted(theorem):
    false = [v for v in variants_of(theorem) if not v.holds and not v.below and v.profile == "quick"]
    missed = [(v, judged(v, rows=EVERY)) for v in false]
    assert [f"{v.relation} ({v.why}): {found}" for v, found in missed if found.kind != "REFUTED"] == []


@pytest.mark.parametrize("theorem", sorted(TABLES))
def test_what_is_below_the_resolution_is_said_to_be(theorem):
    below = [(v, judged(v)) for v in variants_of(theorem) if v.below]
    assert [v.relation for v, found in below if found.kind == "REFUTED"] == []


@pytest.mark.parametrize("theorem", sorted(TABLES))
def test_every_variant_says_something_else(theorem):
    found = variants_of(theorem)
    texts = [(v.relation, v.drop) for v in found]
    assert len(set(texts)) == len(texts) and all(v.why for v in found)
    assert any(v.holds for v in found) and any(not v.holds for v in found)


def test_a_table_that_is_wrong_would_be_noticed():
    right = next(v for v in variants_of("singular-value-ode") if v.holds)
    wrong = Variant(right.theorem, "sigma_dot = -N*(sigma**2)**(1 - 2/N)*g", False, "an exponent", "", "quick")
    assert judged(wrong).kind == "REFUTED" and judged(right).kind != "REFUTED"
