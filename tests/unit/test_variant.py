"""A theorist's variant is asked for what its own claims rest on, a theorem for everything it states."""

from __future__ import annotations

from dataclasses import replace

from checks.engine.experiment import Audit
from checks.families_deep_linear import RATES
from checks.items import Item, items
from tests.audits import audits
from theorems.singular_value_ode import THEOREM
from theorems.statement import Eq


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
