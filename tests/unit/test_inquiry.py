"""A conjecture on its way to a verdict: from the disk, from a first look, from a search; and interrupted at any of these."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks import attempt
from checks.engine.conjecture import conjecture
from checks.engine.gather import gather
from checks.engine.inquiry import Inquiry
from checks.engine.parse import parse
from checks.engine.store import Store
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
