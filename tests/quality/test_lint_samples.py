"""The linter on measured rows, in an audit, and on a theorist's file: it says what it saw, and changes no verdict that stands."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import sympy

from checks.engine.evidence import Evidence
from checks.engine.gather import gather
from checks.engine.lint import LintError
from checks.engine.lint_rows import lint_rows, lint_sample, lint_setups
from checks.findings import find, remarks
from checks.items import Item, claim_verdict, mutant_outcomes
from simulators.measurement import Measurements, integers, reals
from tests.toy import DRAWN, SAMPLED, THEOREM, RectangleAudit, area, corners, height, rectangles, tilt, variant, width
from tests.unit.test_plugin import run
from theorems.statement import Assumption, Claim, Eq, Ge, Gt, Implies, Le, Lt, Ne, Theorem, observable


def right_angled(draw):
    """Rectangles alone: a family that drops nothing fits a theorem of any assumptions."""
    return rectangles(draw)


FEW = replace(DRAWN, instances=right_angled, search=0, bulk=60)
STRANGER = observable("stranger", "what nobody measures")


def seen(claim, theorem=THEOREM, experiment=FEW):
    """The findings about a claim on rows of rectangles, as rule: severity."""
    return {f.rule: f for f in lint_rows(claim, replace(experiment, theorem=theorem), gather(experiment))}


def assuming(*relations):
    """The rectangle theorem under other assumptions; the names count from 0."""
    assumed = tuple(Assumption(f"a{n}", "…", relation) for n, relation in enumerate(relations))
    claim = Claim("area", Eq(area, width * height))
    return Theorem("rectangle", "Rectangles", (claim,), assumed), claim


@pytest.mark.parametrize(
    ("relations", "named"),
    [
        ((Ge(area, 1000),), "'a0'"),
        ((Eq(tilt, 0), Eq(corners, 5)), "'a1'"),
        ((Le(width, 1), Ge(width, 2)), "'a0' and 'a1'"),
        ((Le(width, 3), Le(height, 9), Ge(width, 4)), "'a0' and 'a2'"),
        ((Le(width, 5), Le(height, 5), Ge(width + height, 11)), "'a0' and 'a1' and 'a2'"),
    ],
)
def test_assumptions_without_a_witness_are_named_the_fewest_that_contradict_each_other(relations, named):
    theorem, claim = assuming(*relations)
    found = seen(claim, theorem)["assumption"]
    assert found.severity == "error" and f"{named}, which none of 61 instances" in found.text
    assert found.at == "experiment drawn"


@pytest.mark.parametrize(
    "relations",
    [(), (Eq(tilt, 0),), (Eq(area, width * height),), (Le(width, 1), Le(height, 1)), (Le(STRANGER, -1),)],
    ids=["none", "exact", "within its error bars", "a small rectangle", "not measured"],
)
def test_assumptions_with_a_witness_are_left_alone(relations):
    theorem, claim = assuming(*relations)
    assert seen(claim, theorem) == {}


def test_a_strict_sign_that_only_ties_refute_is_told_with_the_instance():
    found = seen(Claim("no-square", Lt(2 * width * height, width**2 + height**2), assumes=()))["strict"]
    assert found.severity == "warning" and "2*height*width <= height**2 + width**2" in found.text
    assert re.search(r"Parallelogram\(width=(.*), height=\1[,)]", found.at)
    found = seen(Claim("sides", Ne(width, height), assumes=()))["strict"]
    assert "write Implies(…) with a premise" in found.text


@pytest.mark.parametrize(
    "relation",
    [
        Le(2 * width * height, width**2 + height**2),
        Lt(width * height, width**2 + height**2),
        Lt(width, height),
        Ne(area, tilt),
        Ne(corners, 4),
    ],
    ids=["not strict", "strict with room", "refuted apart from ties", "never equal", "always equal"],
)
def test_other_signs_are_left_alone(relation):
    assert seen(Claim("claim", relation, assumes=())) == {}


def test_rows_on_which_a_claim_is_not_defined_are_counted_with_an_instance():
    claim = Claim("inverse", Le(1 / (width - height), 1000 * area), assumes=())
    found = seen(claim)["undefined"]
    assert found.severity == "warning" and re.search(r"not defined on \d+ of 61 rows", found.text)
    assert re.search(r"Parallelogram\(width=(.*), height=\1[,)]", found.at)
    assert seen(replace(claim, follows_from=("step",))) == {}
    assert seen(replace(claim, relation=Implies(Ne(width, height), claim.relation))) == {}


def test_rows_of_a_dropped_assumption_need_no_witness_of_it():
    without = DRAWN.without("right_angled")
    few = replace(without, search=0, bulk=20)
    assert lint_rows(THEOREM.claim("area"), few, gather(few)) == ()


def test_no_row_is_no_finding():
    table = Measurements({"width": reals([], 0.0), "corners": integers([])}, np.zeros(0))
    nothing = Evidence("rectangle", "drawn", "quick", "", (), (), table)
    theorem, claim = assuming(Ge(width, 1000))
    assert lint_rows(replace(claim, relation=Gt(width, 0)), replace(FEW, theorem=theorem), nothing) == ()


def test_what_no_experiment_measures_is_named():
    theorem = THEOREM.variant(
        Claim("strange", Eq(area, STRANGER), assumes=()),
        Claim("apart", Eq(THEOREM.claim("balance").observables[0], area), assumes=()),
        THEOREM.claim("area"),
    )
    first, second = lint_setups(theorem, [replace(e, theorem=theorem) for e in (DRAWN, SAMPLED)])
    assert first.severity == "error" and "got stranger, which no experiment measures;" in first.text
    assert "what no experiment measures together" in second.text
    assert lint_setups(THEOREM, [DRAWN, SAMPLED]) == ()


def test_a_sound_theorem_is_silent_on_a_small_sample():
    assert lint_sample(THEOREM, [FEW]) == lint_setups(THEOREM, [FEW])
    theorem, _ = assuming(Ge(area, 1000))
    (found,) = lint_sample(theorem, [replace(FEW, theorem=theorem)], draws=5)
    assert found.rule == "assumption" and "none of 6 instances" in found.text


def test_an_error_ends_the_item_before_anything_is_gathered(monkeypatch):
    audit = variant(Claim("square", Ge(tilt**2, 0), kind="bound", tight_at="0"), THEOREM.claim("area"))
    with monkeypatch.context() as held:
        held.setattr("checks.items.judge", None)
        held.setattr("checks.items.gather", None)
        with pytest.raises(LintError, match="rectangle-variant / square: got tilt"):
            claim_verdict(audit, "square")
        assert mutant_outcomes(audit, "square") == ()
        finding = find(audit, Item("mutants", "square"), "quick", "cpu")
    assert finding.passed is None and "cannot be judged" in finding.text


def test_an_assumption_is_judged_by_the_claims_that_are_well_stated():
    audit = variant(Claim("square", Ge(tilt**2, 0), kind="bound", tight_at="0"))
    found = find(audit, Item("needed", "right_angled"), "quick", "cpu")
    assert found.passed is None and "not well stated" in found.text


def test_remarks_stand_beside_a_verdict_and_a_rule_is_said_once():
    audit = variant(Claim("strict", Gt(tilt**2, -(tilt**2)), kind="bound", tight_at="0", assumes=()))
    (found,) = remarks(audit, Item("claim", "strict"), "quick", "cpu")
    assert found.rule == "strict" and found.at == "tilt = 0"
    assert all(remarks(RectangleAudit, Item("claim", c.name), "quick", "cpu") == () for c in THEOREM.claims)


MINE = """
from dataclasses import replace
from checks.engine.experiment import Audit
from theorems.statement import Claim, Ge, Gt
from tests.toy import DRAWN, THEOREM, area, tilt

VARIANT = THEOREM.variant(Claim("square", Ge(tilt**2, 0)), Claim("positive", Gt(tilt**2, 0), assumes=()))

class TestMine(Audit):
    experiments = [replace(DRAWN, theorem=VARIANT, search=1, bulk=20)]
"""


def test_a_theorist_s_file_gets_one_line_with_file_and_line(tmp_path):
    from tests.unit.test_plugin import ROOT

    (tmp_path / "test_mine.py").write_text(MINE)
    ran = run(tmp_path, "pytest", "-k", "claim", PYTHONPATH=str(ROOT))
    assert ran.returncode == 1 and "Traceback" not in ran.stdout
    assert "ERROR     test_mine.py:9: rectangle / square: got tilt**2 >= 0, which holds of every value" in ran.stdout
    assert (
        "warning   rectangle / positive: got tilt**2 > 0, which says no more than that two sides differ" in ran.stdout
    )
    assert sympy.sstr(Gt(tilt**2, 0)) in ran.stdout
