"""A tight bound is found tight, a loose one loose, a false one is refuted, and what cannot be asked gets a line."""

import json
import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
import sympy

from checks.engine.draw import Draw
from checks.engine.experiment import Experiment
from checks.engine.gather import Gathering, gather
from checks.engine.plainly import decode
from checks.engine.search import audit
from checks.engine.store import Store
from checks.engine.stored import recall
from checks.engine.tightness import tightness
from simulators.measurement import Measurements, integers, reals, simulator
from tests.toy import DRAWN, SAMPLED, THEOREM, Parallelogram, area, height, observe, width
from theorems.statement import And, Assumption, Claim, Eq, Ge, Implies, Le, Lt, Theorem, observable

ISOPERIMETRIC = THEOREM.claim("isoperimetric")


def bound(relation, name="bound", assumes=()):
    return Claim(name, relation, "bound", assumes=assumes, tight_at="squares")


def oblong(draw: Draw) -> Parallelogram:
    """Rectangles of which few are squares."""
    return Parallelogram(draw.decimal(0.001, 9.999, 3), draw.decimal(0.001, 9.999, 3))


FEW = Experiment("few", THEOREM, oblong, observe, search=0, bulk=30)


def test_a_given_example_attains_the_bound_and_the_verdict_names_the_same():
    found = tightness(ISOPERIMETRIC, DRAWN)
    assert found.kind == "attained" and found.reached.exactly and found.ratio == 1 and found.looks == 0
    assert found.reached.found_by == "example" and found.reached.instance == Parallelogram(1.0, 1.0)
    verdict = audit(ISOPERIMETRIC, DRAWN)
    assert verdict.tightest == found.reached.instance and verdict.tightness > 1 - 1e-12


def test_the_ascent_reaches_what_the_search_missed():
    alone = tightness(ISOPERIMETRIC, FEW, ascend=False)
    found = tightness(ISOPERIMETRIC, FEW)
    assert alone.kind == "approached" and alone.ratio < 1 - 1e-6
    assert found.on_evidence == alone.reached and found.kind == "attained" and found.reached.exactly
    assert found.reached.found_by == "ascent" and found.reached.instance.width == found.reached.instance.height
    assert 1 <= found.looks <= 24 and found.climbed <= 64 * found.looks


def test_the_instance_found_is_made_of_its_choices():
    from checks.engine.ascent import Replayed

    reached = tightness(ISOPERIMETRIC, FEW).reached
    assert FEW.instances(Replayed(reached.choices)) == reached.instance


def test_it_is_the_same_every_time():
    assert tightness(ISOPERIMETRIC, FEW) == tightness(ISOPERIMETRIC, replace(FEW, chunk=7))


def test_a_bound_that_is_too_loose_by_a_factor_is_not_attained_and_the_factor_is_a_hint():
    loose = bound(Le(area, ((width + height) / 2) ** 2 * sympy.Rational(5, 4)))
    found = tightness(loose, FEW)
    assert found.kind == "not attained" and found.at_most == pytest.approx(0.8) and found.enough == pytest.approx(0.8)
    assert "0.8 times the right side" in str(found) and "no proof" in str(found)
    below = bound(Ge(((width + height) / 2) ** 2 * sympy.Rational(5, 4), area))
    assert tightness(below, FEW).enough == pytest.approx(1.25)
    negative = bound(Le(-(((width + height) / 2) ** 2) * sympy.Rational(5, 4), -area))
    assert tightness(negative, FEW).enough == pytest.approx(1.25)


def test_a_bound_that_only_the_ascent_exceeds_is_refuted():
    false = bound(Le(area, ((width + height) / 2) ** 2 * sympy.Rational(999_999, 10**6)))
    assert tightness(false, FEW, ascend=False).kind == "approached"
    found = tightness(false, FEW)
    assert found.kind == "refuted" and found.refutation.kind == "REFUTED" and found.refutation.certified
    assert found.refutation.simplest.confirmed and "REFUTED" in str(found)


def test_a_bound_that_the_evidence_exceeds_is_refuted_without_an_ascent():
    found = tightness(bound(Le(area, width * height / 2)), DRAWN)
    assert (
        found.kind == "refuted" and found.looks == 0 and found.refutation.simplest.instance == Parallelogram(0.1, 0.1)
    )


n = observable("n", "a size", domain="positive integer")
share = observable("share", "n / (n + 1), nearly 1", domain="probability")
level = observable("level", "a level", domain="positive")
whole = observable("whole", "its ceiling", domain="positive")


@dataclass(frozen=True)
class Size:
    """A size and a level below 1."""

    n: int
    level: float = 0.5


@simulator("n share level whole", limited_by="exact")
def measured(batch, *, delta, effort=0, device):
    sizes = [i.n for i in batch]
    levels = np.array([i.level for i in batch])
    return Measurements(
        {
            "n": integers(sizes),
            "share": reals([k / (k + 1) for k in sizes], 1e-15),
            "level": reals(levels, 0.0),
            "whole": reals(np.where(levels > 0.75, 0.5, 1.0), 0.0),
        },
        np.arange(len(batch)),
    )


def sizes(draw: Draw) -> Size:
    return Size(draw.integer(1, 10**9), draw.decimal(0.1, 0.7, 1))


LIMIT = Theorem(
    "limit", "A limit", (Claim("below", Lt(share, 1), "bound", tight_at="n grows", assumes=()),),
    (Assumption("low", "the level is low", Le(level, sympy.Rational(3, 4))),),
)  # fmt: skip
SIZES = Experiment("sizes", LIMIT, sizes, measured, (Size(1), Size(3)), search=0, bulk=20)


def test_a_bound_that_is_only_approached_is_shown_by_a_sequence():
    found = tightness(LIMIT.claim("below"), SIZES)
    ratios = [ratio for ratio, _ in found.approach]
    assert found.kind == "approached" and found.reached.instance.n == 10**9 and not found.reached.attained
    assert len(ratios) >= 3 and ratios == sorted(ratios)
    assert len({math.floor(math.log10(1 - ratio)) for ratio in ratios}) == len(ratios)
    assert ratios[-1] <= found.ratio < 1 and str(found).count("approach ") == len(ratios)


def test_refining_beyond_the_grid_stays_apart_and_within_what_is_measured_of_the_assumptions():
    claim = Claim("level", Le(level, whole), "bound", tight_at="the level is 3/4", assumes=("low",))
    found = tightness(claim, SIZES)
    assert found.reached.instance.level == 0.7 and found.ratio == pytest.approx(0.7)
    assert 0.74 < found.refined.ratio <= 0.75 and "outside the family's grid" in str(found)
    assert found.exceeded is None and found.kind == "not attained"
    assert tightness(replace(claim, assumes=()), SIZES).exceeded.level > 0.75  # told, and no refutation


def test_a_claim_of_two_bounds_is_as_tight_as_the_weaker():
    both = bound(And(Le(area, ((width + height) / 2) ** 2), Le(area, 2 * width * height)))
    found = tightness(both, DRAWN)
    assert {part.kind for part in found.parts} == {"attained", "not attained"} and found.kind == "not attained"
    (loose,) = [part for part in found.parts if part.kind == "not attained"]
    assert loose.enough == pytest.approx(0.5) and "0.5 times the right side" in str(found)


def test_only_rows_whose_premise_holds_count():
    conditional = bound(Implies(Le(width, 1), Le(area, ((width + height) / 2) ** 2)))
    found = tightness(conditional, FEW)
    assert found.kind == "attained" and found.reached.instance.width <= 1 and found.instances < 30


def test_where_a_side_is_zero_the_slack_in_error_bars_counts():
    found = tightness(bound(Ge((width - height) ** 2, 0)), DRAWN)
    assert found.kind == "attained" and not found.signed and math.isnan(found.ratio)
    away = tightness(bound(Ge(area, 0)), SAMPLED, DRAWN)
    assert away.kind == "not attained" and "error bars away" in str(away) and math.isnan(away.enough)


@pytest.mark.parametrize(
    ("claim", "line"),
    [
        (THEOREM.claim("area"), "an identity has no slack"),
        (THEOREM.claim("a-square"), "no inequality to be attained"),
    ],
    ids=lambda v: getattr(v, "name", ""),
)
def test_identities_are_told_in_one_line(claim, line):
    found = tightness(claim, DRAWN)
    assert found.kind == "no question" and line in str(found) and "\n" not in str(found)
    assert "schema" in found.to_json()


def test_what_no_row_speaks_of_is_not_measured():
    silent = bound(Implies(Le(width, -1), Le(area, height)))
    found = tightness(silent, DRAWN)
    assert found.kind == "not measured" and math.isnan(found.ratio) and "no row" in str(found)


def test_ctrl_c_gives_the_best_so_far(monkeypatch):
    looks = []

    def interrupted(self, batch):
        if self.planned != 30:  # the ascent, not the gathering of evidence
            looks.append(batch)
            if len(looks) == 2:
                raise KeyboardInterrupt
        return visit(self, batch)

    visit = Gathering.visit
    monkeypatch.setattr(Gathering, "visit", interrupted)
    loose = bound(Le(area, ((width + height) / 2) ** 2 * 2))
    found = tightness(loose, replace(FEW, name="few-interrupted"))
    assert found.interrupted and found.climbed == len(looks[0]) and found.reached is not None
    assert found.ratio >= found.on_evidence.ratio and "interrupted" in str(found)


def test_ctrl_c_while_evidence_is_gathered_gives_what_it_says_so_far(monkeypatch):
    def interrupted(self, batch):
        if len(self.instances) >= 60:
            raise KeyboardInterrupt
        return visit(self, batch)

    visit = Gathering.visit
    monkeypatch.setattr(Gathering, "visit", interrupted)
    slow = replace(FEW, name="few-slow", bulk=200, chunk=20)
    found = tightness(ISOPERIMETRIC, slow)
    assert found.interrupted and found.instances == 60 and found.looks == 0 and found.kind == "approached"
    with pytest.raises(KeyboardInterrupt):
        monkeypatch.setattr(Gathering, "visit", lambda self, batch: interrupt())
        tightness(ISOPERIMETRIC, replace(slow, name="few-none"))


def interrupt():
    raise KeyboardInterrupt


def test_stored_evidence_gives_the_same_without_the_experiment(tmp_path):
    store = Store(tmp_path / ".audit")
    store.save(gather(DRAWN))
    (recalled,) = recall(THEOREM, store)
    stored, fresh = tightness(ISOPERIMETRIC, recalled), tightness(ISOPERIMETRIC, DRAWN)
    assert stored.kind == "attained" and stored.instances == len(gather(DRAWN).instances) and stored.looks == 0
    assert stored.reached.ratio > 1 - 1e-12 and "Parallelogram(width=1.0, height=1.0)" in str(stored)
    kept = tightness(ISOPERIMETRIC, DRAWN, store=store)
    assert kept.reached == fresh.reached


def test_the_document_holds_the_instance_exactly():
    data = json.loads(json.dumps(tightness(ISOPERIMETRIC, FEW).to_json()))
    assert data["schema"] == "theorem-audit/tightness" and data["kind"] == "attained" and data["ratio"] == 1
    back = decode(data["reached"]["instance"], {"Parallelogram": Parallelogram})
    assert back == tightness(ISOPERIMETRIC, FEW).reached.instance
    assert data["reached"]["choices"] and data["looks"] >= 1 and data["approach"]


def test_an_equation_beside_a_bound_is_left_to_the_audit():
    mixed = bound(And(Le(area, ((width + height) / 2) ** 2), Eq(width, width)))
    assert tightness(mixed, DRAWN).kind == "attained"
