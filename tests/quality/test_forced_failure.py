"""Everything red under a forced failure: a check that passes whatever is measured is no check."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from flint import arb, fmpq

from checks.engine.corrupt import Corruption, corrupt, corruptions, forced, forced_failure
from checks.engine.experiment import Experiment
from checks.engine.gather import gather
from checks.engine.judge import compile_claim, rows
from checks.engine.measure import look, look_precisely
from checks.engine.search import audit
from checks.experiments import experiments_of
from checks.items import claim_verdict
from checks.power import EVERY_VALUE, NUMBERS, Source, check, reddened
from simulators.measurement import Measurements, balls, booleans, choices, integers, reals
from tests.toy import DRAWN, SAMPLED, THEOREM, Parallelogram, RectangleAudit, area, width
from theorems import get
from theorems.statement import Claim, Eq, Implies, Le

WAYS = [Corruption(up, far) for up in (True, False) for far in (False, True)]
REAL = ("few-atoms", "near-duplicates", "kernel-trick")
CANNOT = {("near-duplicates", "table"): NUMBERS, ("rectangle", "mean"): EVERY_VALUE}


def small(experiment: Experiment) -> Experiment:
    """A few instances: enough to object to nonsense."""
    return replace(experiment, search=min(experiment.search, 1), batch=4, bulk=min(experiment.bulk, 24))


@pytest.mark.parametrize("name", ["rectangle", *REAL])
def test_every_claim_is_green_unmutated_and_red_under_a_forced_failure(name: str) -> None:
    theorem = THEOREM if name == "rectangle" else get(name)
    experiments = [DRAWN, SAMPLED] if name == "rectangle" else experiments_of(name)
    sources = [Source(e, gather(e)) for e in map(small, experiments)]
    found = [check(theorem, replace(c, kind="limit" if c.kind == "bound" else c.kind), sources) for c in theorem.claims]
    assert [c.claim for c in found if c.verdict == "REFUTED"] == []
    told = {(name, c.claim): c.stuck for c in found if c.experiments and not c.can_fail}
    assert told == {key: why for key, why in CANNOT.items() if key[0] == name}
    assert [(c.claim, r.experiment) for c in found if c.can_fail for r in c.red if not r.corruption] == []


def test_a_simulator_that_is_forced_to_fail_is_noticed_by_the_audit_itself() -> None:
    claim, experiment = THEOREM.claim("area"), replace(DRAWN, search=1, bulk=16)
    assert audit(claim, experiment).kind == "SURVIVED"
    with forced_failure(Corruption(only="area")):
        verdict = audit(claim, experiment)
    assert verdict.kind == "REFUTED" and verdict.certified  # the precise tier is corrupted alike, and confirms
    assert forced() is None and audit(claim, experiment).kind == "SURVIVED"


def test_a_derivation_does_not_hide_a_forced_failure() -> None:
    """A claim that is proved is searched all the same, and the search contradicts it loudly."""
    claim = replace(THEOREM.claim("area"), follows_from=("binomial",))
    theorem = replace(THEOREM, name="derived", claims=(claim,), derivation=THEOREM.derivation[1:2], sayings=())
    experiment = replace(DRAWN, theorem=theorem, search=1, bulk=16)
    audited = type("Derived", (RectangleAudit,), {"experiments": [experiment]})
    assert claim_verdict(audited, "area").kind == "PROVED"
    red = reddened(claim, Source(experiment, gather(experiment)))
    way = next(c for c in corruptions(theorem, claim) if str(c) == red)
    with forced_failure(way):
        verdict = claim_verdict(audited, "area")
    assert verdict.kind == "REFUTED" and "a simulator or a step is wrong" in verdict.reason
    assert claim_verdict(audited, "area").kind == "PROVED"  # what was found meanwhile is not remembered


def test_rows_that_corruption_silences_are_no_objection() -> None:
    evidence = gather(replace(DRAWN, search=1, bulk=16))
    silent = Claim("silent", Implies(Le(area, -1), Eq(area, width)), assumes=())
    assert reddened(silent, Source(DRAWN, evidence)) == ""


TABLE = Measurements(
    {
        "width": reals([1.0, 0.25], 0.01),
        "height": balls([fmpq(1, 3), arb(2, 0.5)]),
        "tilt": reals([-0.5, 0.5], 0.0),
        "area": reals([0.0, 3.0], 0.0),
        "corners": integers([1, 4]),
        "is_square": booleans([True, None]),
        "share": reals([0.0, 1.0], 0.125, failure=1e-9),
        "half": choices([(0,), (0, 1)]),
    },
    np.arange(2),
)
DOMAINS = {
    "width": lambda v: v > 0, "height": lambda v: v > 0, "area": lambda v: v >= 0, "corners": lambda v: v >= 1,
    "share": lambda v: 0 <= v <= 1,
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_corrupted_values_move_and_stay_in_their_domains(way: Corruption) -> None:
    moved = corrupt(TABLE, way, THEOREM)
    for name, inside in DOMAINS.items():
        assert all(inside(v.mid() if isinstance(v, arb) else v) for v in moved.columns[name].mid.tolist()), name
    changed = [n for n, c in moved.columns.items() if str(c.mid.tolist()) != str(TABLE.columns[n].mid.tolist())]
    assert set(changed) == set(TABLE.columns)
    assert moved.columns["is_square"].mid.tolist() == [0, -1]
    assert moved.columns["share"].failure.tolist() == [1e-9, 1e-9]


def test_columns_that_are_spared_stay_and_one_may_be_moved_alone() -> None:
    spared = corrupt(TABLE, Corruption(spared=("tilt",)), THEOREM).columns
    assert spared["tilt"] is TABLE.columns["tilt"] and spared["area"] is not TABLE.columns["area"]
    alone = corrupt(TABLE, Corruption(only="area"), THEOREM).columns
    assert [n for n, c in alone.items() if c is not TABLE.columns[n]] == ["area"]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_repeated_and_a_more_precise_look_agree_on_corrupted_values(way: Corruption) -> None:
    instance = Parallelogram(1.5, 0.7, seed=3)
    with forced_failure(way):
        first, again, precise = look(DRAWN, [instance]), look(DRAWN, [instance]), look_precisely(DRAWN, instance, 128)
    for name in ("area", "width", "corners"):
        assert first.columns[name].mid.tolist() == again.columns[name].mid.tolist()
    names = ["area", "width"]
    coarse, fine = (next(iter(rows(table, names))) for table in (first, precise))
    for name in names:
        assert arb(coarse[name]).overlaps(arb(fine[name])) or abs(arb(coarse[name]) - arb(fine[name])) < 1e-9


def test_what_is_gathered_under_a_forced_failure_is_not_remembered() -> None:
    experiment = replace(DRAWN, name="once", search=1, bulk=8)
    judge = compile_claim(THEOREM.claim("area").relation)

    def agrees(evidence: Any) -> bool:
        return all(
            judge(row).status == "consistent" for row in rows(evidence.measurements, ["area", "height", "width"])
        )

    with forced_failure(Corruption(only="area")):
        assert not agrees(gather(experiment))
    assert agrees(gather(experiment))
    with forced_failure(Corruption(only="area")):
        assert not agrees(gather(experiment))
