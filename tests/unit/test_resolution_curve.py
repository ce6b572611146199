"""The curve says after how many instances a deviation is refuted: planted deviations are refuted there, and not before."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from sympy import Rational

from checks.engine.comparisons import comparisons
from checks.engine.evidence import Evidence
from checks.engine.experiment import ExperimentError
from checks.engine.gather import gather
from checks.engine.resolution_curve import curve_of, ladder, resolution_curve
from checks.engine.weigh import judge_evidence
from checks.items import audit_named
from simulators.measurement import Measurements, integers, reals
from tests.toy import DRAWN, THEOREM, area, corners, height, is_square, width
from theorems.statement import And, Claim, Eq, Ge, Implies, Le, Lt, Or, times

LADDER = [Rational(37, 10**k) for k in (1, 2, 3, 4, 6, 8, 12, 14, 16, 18, 60)]
PLANTED = [
    ("singular-value-ode", "rate"),  # an equation, with error bars of rounding
    ("birthday", "exponential"),  # a bound from below
    ("birthday", "at-most-uniform-closed"),  # a bound from above, exact
    ("birthday", "effective-support"),  # under a premise
    ("few-atoms", "without-replacement"),  # of negative sides
    ("tuple-discriminators", "half"),  # from below, under a premise
    ("tangent-kernel", "cauchy-schwarz"),
]


def known(theorem, name):
    audit = audit_named(theorem)
    stated = audit.theorem().claim(name)
    experiment = next(e for e in audit.experiments if e.covers(stated))
    return stated, replace(experiment, examples=(), search=1, bulk=60, chunk=60)


def deviated(claim, factor):
    """The claim with the right side of its comparison multiplied."""
    (part,) = comparisons(claim)
    relation = part.relation.func(part.relation.lhs, times(part.relation.rhs, factor), evaluate=False)
    return replace(claim, relation=relation if part.premise is None else Implies(part.premise, relation))


def refuted_after(claim, experiment, evidence):
    """The number of instances, in the order tried, after which a row excludes the claim (None: none does)."""
    return min((j.element + 1 for j in judge_evidence(claim, experiment, evidence).violations), default=None)


@pytest.mark.parametrize(("theorem", "name"), PLANTED, ids=lambda v: v)
def test_a_planted_deviation_is_refuted_by_the_instance_that_the_curve_names_and_by_none_before(theorem, name):
    claim, experiment = known(theorem, name)
    evidence = gather(experiment)
    curve = curve_of(claim, experiment, evidence)
    negative = name == "without-replacement"
    (part,) = comparisons(claim)
    sharper = 1 if part.upward == negative else -1
    factors = {"sharper": sharper} if part.is_bound else {"more": 1, "less": -1}
    found = []
    for rho in LADDER:
        for direction, sign in factors.items():
            seen = refuted_after(deviated(claim, 1 + sign * rho), experiment, evidence)
            assert seen == curve.first(float(rho), direction), (rho, direction)
            found.append(seen)
    assert len(set(found)) > 1  # the ladder crosses the curve: some steps are seen earlier than others, or never


def table(**columns):
    rows = len(next(iter(columns.values())))
    return Measurements(columns, np.arange(rows))


def evidence_of(**columns):
    measured = table(**columns)
    instances = tuple(range(len(measured)))
    return Evidence("rectangle", "drawn", "quick", "", instances, ((),) * len(instances), measured)


def test_an_equation_is_as_fine_as_its_worse_direction():
    evidence = evidence_of(area=reals([1.01, 0.99], [0.001, 0.001]), corners=integers([1, 1]))
    curve = curve_of(Claim("one", Eq(area, corners), assumes=()), DRAWN, evidence)
    assert curve.first(1e-2, "less") == 1 and curve.first(1e-2, "more") == 2
    assert (
        curve.at(1) == pytest.approx(0.011) and curve.at(2) == 0
    )  # each sees one direction at once: both are violated
    assert curve.first(0.5) == 1 and curve.first(1e-2) == 2 and curve.shares[-1] == (0.0, 0.0, 0.0)


def test_a_bound_is_seen_in_the_direction_that_makes_it_sharper_and_through_its_slack():
    evidence = evidence_of(area=reals([0.5, 0.9, 1.0], [0.0, 0.01, 1e-9]), corners=integers([1, 1, 1]))
    above = curve_of(Claim("at-most", Le(area, corners), "bound", tight_at="1", assumes=()), DRAWN, evidence)
    assert above.points == ((1, 0.5), (2, pytest.approx(0.11)), (3, pytest.approx(1e-9)))
    below = curve_of(Claim("at-least", Ge(corners, area), "bound", tight_at="1", assumes=()), DRAWN, evidence)
    assert below.at(1) == 1.0 and below.at(2) == pytest.approx(0.11 / 0.89)
    assert above.shares[-1] == (pytest.approx(1 / 3),) * 3


def test_what_is_zero_sees_nothing_and_a_sign_is_changed_by_more_than_the_whole():
    evidence = evidence_of(area=reals([0.0], [0.1]), corners=integers([1]))
    zero = curve_of(Claim("zero", Eq(corners, area), assumes=()), DRAWN, evidence)
    assert zero.at(1) == math.inf and zero.first(10.0) is None and "none" in str(zero)
    blurred = curve_of(Claim("nil", Le(area, corners), "bound", tight_at="", assumes=()), DRAWN, evidence)
    assert blurred.at(1) == pytest.approx(1.1)


def test_every_comparison_of_a_conjunction_must_be_seen():
    evidence = evidence_of(area=reals([0.5], [0.0]), width=reals([1.0], [0.0]), corners=integers([1]))
    both = And(Le(area, corners), Eq(width, corners))
    curve = curve_of(Claim("both", both, assumes=()), DRAWN, evidence)
    assert set(curve.records) == {"more 1", "less 1", "sharper 2"} and curve.at(1) == 0.5


def test_a_premise_that_fails_or_a_strict_bound():
    evidence = evidence_of(area=reals([0.5, 0.5], [0.0, 0.0]), corners=integers([2, 1]))
    claim = Claim("strict", Implies(Le(corners, 1), Lt(area, corners)), "bound", tight_at="", assumes=())
    assert curve_of(claim, DRAWN, evidence).points == ((1, math.inf), (2, 0.5))


def test_the_curve_of_a_search_falls_and_is_a_table_a_page_and_a_document():
    curve = resolution_curve(THEOREM.claim("area"), replace(DRAWN, search=2, bulk=100))
    deviations = [d for _, d in curve.points]
    assert deviations == sorted(deviations, reverse=True) and deviations[-1] < 1e-14
    assert [n for n, _ in curve.points] == list(ladder(curve.instances)) and curve.shares[-1][0] == 1.0
    assert f"{curve.instances:>9}" in str(curve) and len(curve.sparkline) == len(curve.points)
    assert curve._repr_html_().count("<tr>") == len(curve.points) + 1
    data = json.loads(json.dumps(curve.to_json()))
    assert data["schema"] == "theorem-audit/resolution-curve" and data["points"][-1]["instances"] == curve.instances


def test_ladders():
    assert ladder(60) == (1, 2, 5, 10, 20, 50, 60) and ladder(1) == (1,) and ladder(0) == ()


@pytest.mark.parametrize("relation", [is_square, Or(Eq(width, height), Le(area, 1))])
def test_without_a_comparison_there_is_no_curve(relation):
    with pytest.raises(ExperimentError, match="equations or inequalities"):
        resolution_curve(Claim("none", relation, "existence"), DRAWN)
