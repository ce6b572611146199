"""A proved claim says over which domain, and what the search alone found."""

from dataclasses import replace
from typing import ClassVar

from checks.engine.experiment import Audit, Experiment
from checks.items import claim_verdict
from tests.toy import BLURRED, DRAWN, SAMPLED, THEOREM, area, height, width
from theorems.statement import Eq, Ge, Step, observable

n = observable("n", "count", "positive integer")
STEPS = (
    Step("few", "for few", "exact", Ge(n**2, n), domain={"n": (1, 2, 3)}),
    Step("all", "for all", "symbolic", Eq(width * height, height * width)),
)


def proved(claim, *steps):
    """The verdict on a claim that is said to follow from steps."""
    stated = replace(claim, follows_from=steps)
    theorem = replace(THEOREM, name="derived", claims=(stated,), derivation=STEPS, sayings=())

    class Derived(Audit):
        experiments: ClassVar[list[Experiment]] = [
            replace(e, theorem=theorem, search=1, bulk=20) for e in (DRAWN, SAMPLED)
        ]

    return claim_verdict(Derived, claim.name)


def test_the_domain_of_a_finite_proof_is_told():
    verdict = proved(THEOREM.claim("area"), "few", "all")
    assert verdict.kind == "PROVED"
    assert verdict.reason == "derived: few (all 3 cases hold, n from 1 to 3), all"


def test_a_search_that_could_not_tell_is_told_beside_the_proof():
    verdict = proved(BLURRED, "all")
    assert verdict.kind == "PROVED" and "the search alone is UNDECIDED" in verdict.reason


def test_a_refutation_is_not_overruled_by_a_proof():
    verdict = proved(replace(BLURRED, relation=Eq(area, 2 * width * height)), "all")
    assert verdict.kind == "REFUTED" and "although derived" in verdict.reason
