"""A typed relation becomes a claim: which claim it is like, of what kind, under which assumptions, and where it differs."""

from __future__ import annotations

import pytest

from checks.engine.conjecture import conjecture, differences, nearest
from checks.engine.experiment import ExperimentError
from checks.engine.parse import parse
from checks.engine.search import fitting
from checks.experiments import experiments_of
from theorems import all_theorems, get
from theorems.statement import StatementError

ODE = get("singular-value-ode")
WRONG = "sigma_dot = -N*(sigma**2)**(1 - 2/N)*g"


def test_kind_goal_and_assumptions_are_those_of_the_nearest_claim():
    rate = ODE.claim("rate")
    found = conjecture(ODE, parse(WRONG, ODE))
    assert (found.parent.name, found.claim.like) == ("rate", "rate")
    assert (found.claim.kind, found.claim.goal, found.claim.assumes) == ("identity", rate.goal, rate.assumes)
    assert found.difference == (("-1/N", "-2/N"),)


@pytest.mark.parametrize(
    ("typed", "kind"),
    [("sigma_dot <= -N*(sigma**2)**(1 - 1/N)*g", "bound"), ("Implies(N > 2, sigma_dot = -N*g)", "identity")],
)
def test_what_is_typed_decides_between_identity_and_bound(typed, kind):
    assert conjecture(ODE, parse(typed, ODE)).claim.kind == kind


@pytest.mark.parametrize(("typed", "kind"), [("p_first = p_truth", "identity"), ("p_first != p_truth", "existence")])
def test_what_contradicts_a_witnessed_saying_is_said_of_every_instance(typed, kind):
    theorem = get("first-order-optimality")
    found = conjecture(theorem, parse(typed, theorem))
    assert (found.parent.name, found.claim.kind) == ("up-to-projection", kind)


def test_a_saying_that_something_exists_gives_way_to_claims_on_every_instance():
    theorem = get("lazy-training")
    found = conjecture(theorem, parse("drift_a = 4*drift_b", theorem))
    assert (found.parent.name, found.claim.kind) == ("drift-kinked", "limit")


def test_every_claim_typed_again_is_a_variant_of_itself():
    missed = [
        (theorem.name, claim.name)
        for theorem in all_theorems().values()
        for claim in theorem.claims
        if nearest(theorem, claim.relation).relation != claim.relation
    ]
    assert missed == []


def test_an_assumption_is_dropped_and_one_that_is_not_made_cannot_be():
    assert conjecture(ODE, parse(WRONG, ODE), drop=("balanced",)).claim.assumes == ("gradient_flow",)
    with pytest.raises(StatementError, match="one that this claim makes: balanced, gradient_flow"):
        conjecture(ODE, parse(WRONG, ODE), drop=("analytic",))
    with pytest.raises(StatementError, match="'wide'"):
        conjecture(ODE, parse(WRONG, ODE), drop=("wide",))


def test_another_claim_can_be_named():
    assert conjecture(ODE, parse(WRONG, ODE), like="conserved").claim.assumes == ("gradient_flow",)
    with pytest.raises(StatementError, match="'rates'"):
        conjecture(ODE, parse(WRONG, ODE), like="rates")


@pytest.mark.parametrize(
    ("theirs", "yours", "expected"),
    [
        ("sigma_dot = g", "sigma_dot = g", ()),
        ("sigma_dot = N*g", "sigma_dot = N*g*sigma", (("N*g", "N*g*sigma"),)),
        ("sigma_dot = N*g", "sigma_dot <= N*g", (("Eq(sigma_dot, N*g)", "sigma_dot <= N*g"),)),
        ("sigma_dot = exp(N)*g", "sigma_dot = exp(N + 1)*g", (("exp(N)", "exp(N + 1)"),)),
        (
            "Implies(N >= 2, sigma_dot = g)",
            "Implies(N >= 3, sigma_dot = -g)",
            (("N >= 2", "N >= 3"), ("Eq(sigma_dot, g)", "Eq(sigma_dot, -g)")),
        ),
    ],
)
def test_differences_are_shown_where_they_are(theirs, yours, expected):
    assert differences(parse(theirs, ODE), parse(yours, ODE)) == expected


def test_a_variant_is_judged_by_the_experiments_that_judge_what_it_is_like():
    """Columns of one name mean other nets there: a variant of the ReLU layer is no claim about erf nets."""
    theorem = get("tangent-kernel")
    claim = conjecture(theorem, theorem.claim("relu-layer").relation, like="relu-layer").claim
    erf = {e.name for e in experiments_of("tangent-kernel") if e.only and "erf-layer" in e.only}
    judging = {e.name for e in experiments_of("tangent-kernel") if e.covers(claim)}
    assert erf and judging and not erf & judging


def test_claims_that_are_as_near_and_assume_something_else_are_named():
    theorem = get("neural-net-distance")
    found = conjecture(theorem, parse("mean <= 1/(2*sqrt(m))", theorem))
    assert (found.parent.name, [c.name for c in found.as_near]) == ("kernel-mean-distance", ["mean-distance"])
    assert conjecture(theorem, found.claim.relation, like="mean-distance").as_near == ()
    assert conjecture(theorem, theorem.claim("mean-distance").relation).as_near == ()
    assert conjecture(ODE, parse(WRONG, ODE)).as_near == ()


def test_a_variant_of_a_claim_that_is_judged_elsewhere_is_told_which_claims_are_judged_where_its_observables_are():
    theorem = get("neural-net-distance")
    found = conjecture(theorem, parse("mean = sqrt(spread/m)", theorem))
    with pytest.raises(
        ExperimentError, match=r"'kernel-mean-distance' over m, mean, spread; .*: mean-square, .*; name one by --like"
    ):
        fitting(found.claim, experiments_of(theorem.name))


def test_a_comparison_with_its_sides_exchanged_is_judged_where_the_claim_is():
    """Else a true claim would be tried where it is not claimed, or a claim of existence on every instance."""
    for theorem in all_theorems().values():
        for claim in theorem.claims:
            if not claim.relation.is_Relational:
                continue
            turned = claim.relation.reversed.func(claim.relation.rhs, claim.relation.lhs, evaluate=False)
            found = conjecture(theorem, turned)
            assert set(theorem.assumed_by(claim)) <= set(found.claim.assumes or ()), claim.name
            assert (found.claim.kind == "existence") == (claim.kind == "existence"), claim.name


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("simultaneous > start", "existence"),
        ("start < simultaneous", "existence"),
        ("simultaneous > 4*start", "existence"),
        ("start > simultaneous", "bound"),
        ("simultaneous < start", "bound"),
        ("simultaneous >= start", "bound"),
    ],
)
def test_the_opposite_of_what_exists_is_said_of_every_instance(typed, kind):
    theorem = get("gan-equilibrium")
    found = conjecture(theorem, parse(typed, theorem))
    assert (found.parent.name, found.claim.kind) == ("gradient-training-may-leave", kind)
