"""Strength on the theorems' own claims: planted errors that an audit must notice, on fresh small evidence."""

from dataclasses import replace

import pytest

from checks.engine.kill import kill_matrix, strength
from checks.engine.prove import prove
from checks.items import audits
from theorems.statement import Eq


def evidence(experiment):
    from checks.engine.gather import gather

    return gather(replace(experiment, search=4, bulk=min(experiment.bulk, 200)))


@pytest.mark.parametrize(
    ("theorem", "claim"),
    [
        ("singular-value-ode", "rate"),
        ("birthday", "uniform"),
        ("birthday", "exponential"),
        ("first-order-optimality", "pythagoras"),
    ],
)
def test_every_mutant_of_a_claim_is_killed_or_excused(theorem, claim):
    audit = audits()[theorem]
    stated = audit.theorem().claim(claim)
    chosen = next(e for e in audit.experiments if e.covers(stated))
    found = kill_matrix(stated, [chosen], [evidence(chosen)])
    assert strength(found) == (sum(o.kind == "killed" for o in found), 0), [o for o in found if o.kind == "surviving"]
    assert all(o.reason for o in found) and sum(o.kind == "killed" for o in found) >= 5


def test_no_step_of_a_derivation_fails():
    for audit in audits().values():
        proofs = [prove(step, audit.theorem()) for step in audit.theorem().derivation]
        assert not [p for p in proofs if p.kind == "FAILED"]


def test_a_symbolic_step_with_a_planted_error_fails():
    for audit in audits().values():
        steps = [s for s in audit.theorem().derivation if s.method == "symbolic" and s.relation.func is Eq(1, 2).func]
        broken = [
            replace(s, relation=Eq(s.relation.lhs, 2 * s.relation.rhs + 1)) for s in steps if s.relation.rhs.is_scalar
        ]
        assert broken and all(prove(s).kind == "FAILED" for s in broken)
