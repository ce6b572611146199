"""The search tells true from false, shrinks what it finds, and confirms it before it accuses."""

from dataclasses import replace

import numpy as np
import pytest
import sympy
from flint import arb, fmpq

from checks.engine.counterexample import text
from checks.engine.experiment import ExperimentError
from checks.engine.gather import gather
from checks.engine.measure import SimulatorError
from checks.engine.refute import shrink
from checks.engine.search import audit, holds_of_everything
from checks.engine.weigh import weigh
from simulators.measurement import Measurements, reals, simulator
from tests.toy import (
    BIASED,
    BLURRED,
    DRAWN,
    EMPTY,
    FALSE,
    SAMPLED,
    THEOREM,
    UNSEEN,
    Parallelogram,
    area,
    height,
    tilt,
    width,
)
from theorems.statement import Claim, Eq, Ge, Le, Ne, Or


@pytest.mark.parametrize(
    ("claim", "kind"),
    [
        (THEOREM.claim("area"), "SURVIVED"),
        (THEOREM.claim("isoperimetric"), "SURVIVED"),
        (THEOREM.claim("a-square"), "WITNESSED"),
        (THEOREM.claim("balance"), "MEASURED"),
        (FALSE, "REFUTED"),
        (BLURRED, "UNDECIDED"),
        (UNSEEN, "UNDECIDED"),
        (EMPTY, "VACUOUS"),
        (BIASED, "REFUTED"),
        (Claim("positive", Ge(area, -1), kind="bound", tight_at="nowhere"), "VACUOUS"),
    ],
    ids=lambda v: v if isinstance(v, str) else v.name,
)
def test_every_verdict_that_a_search_can_reach(claim, kind):
    assert audit(claim, DRAWN, SAMPLED).kind == kind


def test_a_factor_of_one_part_in_a_billion_is_refuted_and_certified():
    claim = Claim("nearly", Eq(area, width * height * (1 + sympy.Rational(1, 10**9))))
    verdict = audit(claim, DRAWN)
    assert verdict.kind == "REFUTED" and verdict.certified and verdict.failure == 0
    assert verdict.simplest.confirmed and verdict.simplest.bits == 256
    assert verdict.simplest.instance == Parallelogram(0.1, 0.1)


def fraction(tenths):
    """The float of so many tenths, exactly."""
    return sympy.Rational(*(tenths / 10).as_integer_ratio())


def test_the_bulk_offender_is_shrunk_although_no_simple_instance_offends():
    claim = Claim("small", Le(area, 60), kind="bound", tight_at="large rectangles")
    verdict = audit(claim, replace(DRAWN, search=0))
    found = verdict.simplest.instance
    assert verdict.kind == "REFUTED" and found.seed == 0 and found.tilt == 0
    assert 60 < found.width * found.height < 62
    worst = verdict.worst.instance
    assert worst.width * worst.height > 90


def test_the_offender_is_handed_to_hypothesis_as_it_was_drawn():
    claim = Claim(
        "all-but-one", Or(Ne(width, fraction(37)), Ne(height, fraction(53))), kind="bound", assumes=(), tight_at=""
    )
    offender = (37, 53, 0, 0)
    assert shrink(claim, DRAWN, offender, "cpu") == Parallelogram(3.7, 5.3)
    assert shrink(claim, DRAWN, (), "cpu") is None


def test_without_its_assumption_the_claim_fails_on_instances_that_certainly_violate_it():
    verdict = audit(THEOREM.claim("area"), DRAWN.without("right_angled"))
    assert verdict.kind == "REFUTED" and verdict.dropped == ("right_angled",)
    assert verdict.simplest.instance.tilt != 0
    kept = audit(THEOREM.claim("isoperimetric"), DRAWN.without("right_angled"))
    assert kept.kind == "SURVIVED"


def test_what_a_claim_does_not_assume_it_claims_where_it_fails():
    verdict = audit(replace(THEOREM.claim("area"), assumes=()), DRAWN)
    assert verdict.kind == "REFUTED" and verdict.dropped == ("right_angled",)


def test_a_claim_that_every_experiment_leaves_out_is_told_from_one_that_none_measures():
    with pytest.raises(ExperimentError, match="leaves out by its `only`"):
        audit(THEOREM.claim("area"), replace(DRAWN, only=("isoperimetric",)))


def test_a_sampled_refutation_says_how_sure_it_is():
    verdict = audit(BIASED, SAMPLED)
    assert not verdict.certified and 0 < verdict.failure <= 1e-8
    assert "at confidence 1 - " in str(verdict)
    assert "1 - 3e-9" in replace(verdict, failure=2.1e-9).how_sure


def test_a_radius_that_claims_to_be_a_proof_and_is_not_is_an_error_of_the_simulator():
    @simulator("width height tilt area corners is_square", limited_by="rounding", precisely=DRAWN.observe.precisely)
    def overconfident(batch, *, delta, effort=0, device):
        table = DRAWN.observe(batch, delta=delta, effort=effort, device=device)
        off = reals(table.columns["area"].mid * (1 + 1e-9), 0.0)
        return Measurements({**table.columns, "area": off}, table.element)

    with pytest.raises(SimulatorError, match="256 bits allow"):
        audit(THEOREM.claim("area"), replace(DRAWN, observe=overconfident))


def test_close_rows_are_measured_again_before_they_count():
    @simulator("width height tilt area corners is_square", limited_by="rounding", precisely=DRAWN.observe.precisely)
    def coarse(batch, *, delta, effort=0, device):
        table = DRAWN.observe(batch, delta=delta, effort=effort, device=device)
        mid = table.columns["area"].mid
        return Measurements({**table.columns, "area": reals(mid * (1 + 0.9e-3), 1e-3 * mid)}, table.element)

    few = replace(DRAWN, observe=coarse, examples=(), search=0, bulk=20)
    assert weigh(THEOREM.claim("area"), few, gather(few)).resolution.median > 1e-5
    assert audit(THEOREM.claim("area"), few).resolution.median < 1e-15


def test_evidence_is_the_same_in_every_run_and_is_gathered_once():
    first = gather(DRAWN)
    assert gather(DRAWN) is first
    again = gather(replace(DRAWN, name="drawn", chunk=7))
    assert again is not first and again.instances == first.instances
    assert np.array_equal(again.measurements.columns["area"].mid, first.measurements.columns["area"].mid)


def test_a_claim_that_no_experiment_measures_is_a_clear_error():
    claim = Claim("sampled", BIASED.relation, kind="bound", assumes=(), tight_at="nowhere")
    with pytest.raises(ExperimentError, match="symbols that one experiment measures"):
        audit(claim, DRAWN)


def test_what_holds_of_everything_is_not_a_claim():
    assert holds_of_everything(Claim("vacuous", Ge(width * width, 0), kind="bound", tight_at="nowhere"))
    assert not holds_of_everything(THEOREM.claim("isoperimetric"))


def test_the_refutation_reads_like_a_textbook_counterexample():
    text = str(audit(FALSE, DRAWN))
    assert text.startswith("REFUTED   rectangle / half-area    certified, ")
    assert "simplest counterexample   Parallelogram(width=0.1, height=0.1)" in text
    assert "claimed    Eq(area, height*width/2)" in text
    assert "right side 0.005\n" in text and "left side  0.01\n" in text


def coarse(limited_by, precisely):
    """The area to one part in a thousand, sixteen times finer with each effort."""

    @simulator("width height tilt area corners is_square", limited_by=limited_by, precisely=precisely)
    def look(batch, *, delta, effort=0, device):
        table = DRAWN.observe(batch, delta=delta, effort=effort, device=device)
        mid = table.columns["area"].mid
        return Measurements({**table.columns, "area": reals(mid, 1e-3 * mid / 16**effort)}, table.element)

    return replace(DRAWN, observe=look, examples=(), search=0, bulk=20)


@pytest.mark.parametrize(
    ("limited_by", "precisely", "bits"), [("rounding", DRAWN.observe.precisely, 256), ("discretisation", None, 53)]
)
def test_what_only_a_finer_look_excludes_is_refuted(limited_by, precisely, bits):
    claim = Claim("nearly", Eq(area, width * height * (1 + sympy.Rational(1, 2000))))
    verdict = audit(claim, coarse(limited_by, precisely))
    assert verdict.kind == "REFUTED" and verdict.simplest.bits == bits


def test_violations_that_do_not_come_back_are_told_from_a_survival():
    @simulator("width height tilt area corners is_square", limited_by="discretisation")
    def passing(batch, *, delta, effort=0, device):
        table = DRAWN.observe(batch, delta=delta, device=device)
        off = 1.5 if effort == 0 else 1.0
        return Measurements({**table.columns, "area": reals(table.columns["area"].mid * off, 1e-9)}, table.element)

    verdict = audit(THEOREM.claim("area"), replace(DRAWN, observe=passing))
    assert verdict.kind == "UNDECIDED" and "did not come back at the 16 worst" in verdict.reason


def test_a_shrink_that_runs_out_of_looks_ends_with_an_offender(monkeypatch):
    monkeypatch.setattr("checks.engine.refute.LOOKS", 5)
    assert audit(FALSE, replace(DRAWN, search=0)).kind == "REFUTED"


def test_a_dropped_assumption_known_by_an_allowance_certifies_nothing():
    @simulator("width height tilt area corners is_square", limited_by="discretisation")
    def allowed(batch, *, delta, effort=0, device):
        table = DRAWN.observe(batch, delta=delta, effort=effort, device=device)
        tilt = reals(table.columns["tilt"].mid, 0.0, proved=False)
        return Measurements({**table.columns, "tilt": tilt}, table.element)

    verdict = audit(THEOREM.claim("area"), replace(DRAWN, observe=allowed).without("right_angled"))
    assert verdict.kind == "REFUTED" and not verdict.certified
    assert verdict.how_sure == "not certified"


def test_a_claim_of_two_unequal_quantities_can_survive():
    claim = Claim("unequal", Ne(area, tilt))
    assert audit(claim, DRAWN).kind == "SURVIVED"
    assert not holds_of_everything(Claim("generic", Ne(tilt, 1)))


def test_a_claim_that_is_undefined_on_most_rows_does_not_survive():
    claim = Claim("logarithm", Le(sympy.log(width - 6), width), kind="bound", tight_at="nowhere")
    verdict = audit(claim, DRAWN)
    assert verdict.kind == "UNDECIDED" and verdict.outside > verdict.rows


@pytest.mark.parametrize("proved", [True, False])
def test_a_witness_by_unproved_error_bars_says_so(proved):
    @simulator("width height tilt area corners is_square", limited_by="rounding")
    def seen(batch, *, delta, effort=0, device):
        table = DRAWN.observe(batch, delta=delta, device=device)
        bounded = reals(table.columns["area"].mid, 1e-9, proved=proved)
        return Measurements({**table.columns, "area": bounded}, table.element)

    verdict = audit(Claim("small", Le(area, 1), kind="existence"), replace(DRAWN, observe=seen))
    assert verdict.kind == "WITNESSED" and ("not proved" in verdict.reason) == (not proved)


def test_an_example_that_has_no_hash_is_a_clear_error():
    with pytest.raises(ExperimentError, match="frozen"):
        replace(DRAWN, examples=([1.0, 2.0],))


@pytest.mark.parametrize("wrong", [{"observe": len}, {"search": -1}, {"bulk": -1}, {"batch": 0}, {"chunk": 0}])
def test_an_experiment_that_cannot_run_is_a_clear_error(wrong):
    with pytest.raises(ExperimentError, match="of experiment drawn"):
        replace(DRAWN, **wrong)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (fmpq(1, 3), ("1/3", "")),
        (fmpq(10**30 + 1, 10**30), ("1", "")),
        (fmpq(10**400, 3), ("3.33333333333333e+399", "")),
        (fmpq(-1, 3 * 10**400), ("-3.33333333333333e-401", "")),
        (arb(2) ** 13_000, ("2.45439033311296e+3913", "")),
        (arb(2) ** -13_000, ("4.07433156213452e-3914", "")),
        (arb(0.5, 2.0**-10), ("0.5", "0.001")),
        (True, ("True", "")),
    ],
)
def test_values_beyond_floats_are_shown_in_decimals(value, shown) -> None:
    """A counterexample with L = 2^13000, or a ratio of such, is described and not an error."""
    assert text(value) == shown
