"""A conjecture on its way to a verdict: from the disk, from a first look, from a search; and interrupted at any of these."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks import attempt
from checks.engine.conjecture import conjecture
from checks.engine.gather import first_look, gather
from checks.engine.inquiry import Inquiry, made_like
from checks.engine.lint import LintError
from checks.engine.parse import parse
from checks.engine.store import Store
from checks.engine.stored import current_hash, recall, spread
from checks.experiments import experiments_of
from theorems import get

BIRTHDAY = get("birthday")
TRUE = "1 - P_dup <= exp(-s*(s - 1)/(2*N))"
WRONG = "P_dup >= 1 - exp(-s**2/(2*N))"
SUBTLE = "P_dup >= 1 - exp(-1.001*s*(s - 1)/(2*N))"


def small(name="laws"):
    """An experiment of the birthday theorem, small enough for a test."""
    found = next(e for e in experiments_of("birthday") if e.name == name)
    return replace(found, search=2, bulk=64)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / ".audit")


@pytest.fixture
def stored(store):
    store.save(gather(small()))
    return store


def inquiry(store, text=WRONG):
    return Inquiry(conjecture(BIRTHDAY, parse(text, BIRTHDAY)), store)


def test_stored_evidence_refutes_at_a_glance(stored):
    verdict = inquiry(stored).look()
    assert verdict is not None and verdict.kind == "REFUTED" and verdict.certified
    assert verdict.simplest is not None and not verdict.simplest.confirmed
    assert "as stored" in verdict.reason and str(verdict.simplest.instance).startswith("Law(")


def test_what_a_glance_refutes_is_measured_again_and_shrunk(stored):
    asked = inquiry(stored)
    asked.look()
    verdict = asked.settle([small()])
    assert verdict.kind == "REFUTED" and verdict.simplest is not None and verdict.simplest.confirmed
    assert [line.split("(")[-1] for line in asked.tried][-1].startswith("measured again and shrunk")
    assert len(str(verdict.simplest.instance)) <= len(str(asked.verdicts[0].simplest.instance))


def test_without_stored_evidence_a_first_look_refutes_what_is_plainly_wrong(store):
    asked = inquiry(store)
    assert asked.look() is None
    verdict = asked.settle([small()])
    assert verdict.kind == "REFUTED" and "a first look" in asked.tried[-1] and not list(store.root.glob("*.npz"))


def test_a_true_variant_survives_all_stored_evidence_and_a_search_of_its_own(stored):
    asked = inquiry(stored, TRUE)
    asked.look()
    verdict = asked.settle([small()])
    assert verdict.kind == "SURVIVED"
    whole = len(gather(small()).instances)
    assert verdict.instances == whole + 2 * small().batch  # all that was stored, and the search of its own
    assert [line.split("(")[-1].split(")")[0] for line in asked.tried] == [
        "at a glance",
        "stored",
        "searched for this claim",
    ]


def test_what_is_gathered_is_kept_for_the_next_claim(store):
    asked = inquiry(store, TRUE)
    asked.look()
    asked.settle([small()])
    assert inquiry(store).look().kind == "REFUTED"


def test_stale_evidence_is_not_judged(store, monkeypatch):
    store.save(replace(gather(small()), simulator="of another day"))
    assert inquiry(store).look() is None


def test_a_simulator_that_was_edited_a_moment_ago_is_another_one(tmp_path, monkeypatch):
    file = tmp_path / "mine_of_today.py"
    file.write_text("observe = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    before = current_hash("mine_of_today:observe")
    file.write_text("observe = 2\n")
    assert before and current_hash("mine_of_today:observe") not in ("", before)
    assert current_hash("nobodys_module:observe") == ""


def test_another_profile_is_a_glance_but_no_verdict(stored):
    asked = replace(inquiry(stored, TRUE), profile="thorough")
    assert asked.look().kind == "SURVIVED"
    asked.settle([small()])
    assert any("(gathered)" in line for line in asked.tried)


@pytest.mark.parametrize("looks", [1, 3])
def test_an_interrupted_search_says_what_it_saw(store, looks):
    asked = inquiry(store, TRUE)
    asked.look()
    seen = []

    def interrupted(gathering):
        seen.append(len(gathering.instances))
        if len(seen) == looks:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asked.settle(
            [replace(small(), bulk=70 + looks)], interrupted
        )  # another one than what this process has gathered
    assert asked.so_far is not None and asked.so_far.kind in ("SURVIVED", "UNDECIDED")
    assert 0 < asked.so_far.instances <= sum(seen)
    assert not list(store.root.glob("*.npz"))  # what is half gathered is not stored


def test_before_anything_is_judged_nothing_is_known(store):
    assert inquiry(store).so_far is None


def test_a_folder_that_cannot_be_written_costs_a_line_not_the_verdict(tmp_path):
    (tmp_path / "file").write_text("")
    told = []
    asked = inquiry(Store(tmp_path / "file" / ".audit", tell=told.append), TRUE)
    asked.look()
    assert asked.settle([small()]).kind == "SURVIVED" and "not kept" in told[0]


def test_attempt_is_try_from_python(stored):
    assert attempt("birthday", WRONG, small(), store=stored.root).kind == "REFUTED"
    assert attempt(BIRTHDAY, parse(TRUE, BIRTHDAY), small(), store=stored.root).kind == "SURVIVED"


def test_a_search_guided_by_the_claim_finds_what_chance_does_not(store):
    """Off by a thousandth: only two samples of a large set tell."""
    assert attempt("birthday", SUBTLE, replace(small(), search=20), store=store.root).kind == "REFUTED"


def contests(text, **fields):
    """What is typed about gradient training of two players, and the experiment that judges it, made small."""
    theorem = get("gan-equilibrium")
    found = next(e for e in experiments_of(theorem.name) if "gradient-training-may-leave" in (e.only or ()))
    return conjecture(theorem, parse(text, theorem)), replace(found, **{"search": 2, "batch": 8, "bulk": 16, **fields})


def test_what_is_said_to_exist_is_not_refuted_by_an_instance_and_is_searched_for(store):
    found, plays = contests("simultaneous > 10**12*start")
    store.save(gather(plays))
    asked = Inquiry(found, store)
    asked.look()
    verdict = asked.settle([plays])
    assert (found.claim.kind, verdict.kind, verdict.simplest) == ("existence", "UNDECIDED", None)
    assert any("searched for this claim" in line for line in asked.tried)


def test_one_witness_is_enough_wherever_it_is(store):
    found, plays = contests("simultaneous > start")
    asked = Inquiry(found, store)
    asked.settle([plays])
    small_part, large_part = asked.verdicts[-1], replace(asked.verdicts[0], rows=10**6, kind="UNDECIDED", witness=None)
    asked.verdicts[:] = [large_part, small_part]
    together = asked._together(plays.name)
    assert small_part.kind == together.kind == "WITNESSED" and together.witness is not None


def test_until_all_is_judged_the_glance_is_what_is_known(stored, monkeypatch):
    def interrupted(*given):
        raise KeyboardInterrupt

    asked = inquiry(stored, TRUE)
    glance = asked.look()
    monkeypatch.setattr("checks.engine.search.examine", interrupted)
    with pytest.raises(KeyboardInterrupt):
        asked.settle([small()])
    assert glance is not None and asked.so_far is not None
    assert (asked.so_far.kind, asked.so_far.instances) == ("SURVIVED", glance.instances)


def test_evidence_of_another_family_is_not_the_experiments(stored):
    """An experiment of the same name in a theorist's file, or a family that was edited: its instances accuse nobody."""
    law = small()
    (recalled,) = [r for r in recall(BIRTHDAY, stored) if r.setup.name == law.name]
    assert made_like(law, recalled)
    others = next(e for e in experiments_of("birthday") if e.name == "uniform").instances
    given = law.examples[1:]
    for edited in (replace(law, instances=others), replace(law, examples=given), replace(law, bulk=10**4)):
        assert not made_like(edited, recalled)
    asked = inquiry(stored)
    asked.look()
    asked.settle([replace(law, examples=given)])
    assert not any("measured again" in line for line in asked.tried)


def test_what_is_dropped_and_nowhere_violated_was_not_tried(store):
    free = conjecture(BIRTHDAY, parse(TRUE, BIRTHDAY), drop=("independent",))
    laws = small()

    def independent_laws(draw, *, concentrated=True):
        return laws.instances(draw, concentrated=concentrated)

    verdict = Inquiry(free, store).settle([replace(laws, instances=independent_laws)])
    assert verdict.kind == "UNDECIDED" and "no instance tried violates independent" in verdict.reason
    assert "no instance" not in Inquiry(free, store).settle([laws]).reason  # which draws copies too


def test_the_confidence_of_a_glance_covers_every_look_behind_it(store):
    store.save(replace(gather(small()), ledger=3e-9))
    assert inquiry(store).look().failure == 3e-9


def test_every_claim_and_every_seed_has_a_search_of_its_own(stored, monkeypatch):
    salts = []

    def watched(gathering, examples, claims, salt=""):
        salts.append(salt)
        first_look(gathering, 1)

    monkeypatch.setattr("checks.engine.gather.explore", watched)
    for text, seed in ((TRUE, "0"), (TRUE, "1"), (f"{TRUE} + 1", "0")):
        asked = replace(inquiry(stored, text), salt=seed)
        asked.look()
        asked.settle([small()])
    assert len(set(salts)) == len(salts) == 3 and all(salts)


def test_what_says_nothing_is_not_attempted(store):
    with pytest.raises(LintError, match="holds of every value"):
        attempt("birthday", "s >= 0", small(), store=store.root)


def test_evidence_that_violates_what_a_claim_assumes_does_not_speak_of_it(store):
    store.save(gather(small().without("independent")))
    assert inquiry(store, TRUE).look() is None
    free = conjecture(BIRTHDAY, parse(TRUE, BIRTHDAY), drop=("independent",))
    assert Inquiry(free, store).look() is not None


def test_evidence_of_an_experiment_that_judges_other_claims_is_left_alone(store):
    store.save(replace(gather(small()), only=("mass-on-S",)))
    assert inquiry(store, TRUE).look() is None


def test_given_examples_are_seen_first_and_every_row_once(stored):
    (recalled,) = recall(BIRTHDAY, stored)
    last = len(recalled.evidence.instances) - 1
    evidence = replace(recalled.evidence, choices=(*(((1,),) * last), ()))
    order, table = spread(evidence), evidence.measurements
    assert table.element[order[0]] == last and sorted(order.tolist()) == list(range(len(table)))
