"""A theorist's variant is asked for what its own claims rest on, a theorem for everything it states."""

from __future__ import annotations

from dataclasses import replace

from checks.engine.experiment import Audit
from checks.families_deep_linear import RATES
from checks.items import Item, items
from tests.audits import audits
from theorems.singular_value_ode import THEOREM
from theorems.statement import Assumption, Eq


def test_a_variant_needs_only_what_its_claims_assume_and_its_experiments_can_drop():
    rate = THEOREM.claim("rate")
    conjecture = THEOREM.variant(replace(rate, name="slower", relation=Eq(rate.relation.lhs, rate.relation.rhs / 2)))
    variant = type("TestVariant", (Audit,), {"experiments": [replace(RATES, theorem=conjecture)]})
    needed = [item.name for item in items(variant) if item.kind == "needed"]
    assert needed == [a.name for a in THEOREM.assumptions if a.name in rate.assumes]
    assert Item("claim", "slower") in items(variant)


def test_a_theorem_of_the_catalogue_must_show_every_assumption_needed():
    for audit in audits():
        needed = {item.name for item in items(audit) if item.kind == "needed"}
        assert needed == {a.name for a in audit.theorem().assumptions}


def test_a_variant_is_stated_by_its_claim_and_other_fields_are_replaced():
    rate = THEOREM.claim("rate")
    conjecture = THEOREM.variant(claim=replace(rate, name="slower"))
    assert [c.name for c in conjecture.claims] == ["slower"] and conjecture.parent == THEOREM.name
    assert conjecture.claims[0].follows_from == () == conjecture.derivation
    retitled = THEOREM.replace(title="Rates")
    assert (retitled.title, retitled.derivation, retitled.parent) == ("Rates", THEOREM.derivation, THEOREM.name)


def test_no_proof_survives_other_claims_or_assumptions():
    changed = THEOREM.replace(assumptions=(*THEOREM.assumptions, Assumption("small", "a small start")))
    assert changed.derivation == () and all(c.follows_from == () for c in changed.claims)
