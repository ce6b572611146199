"""Necessity: needed for one claim and idle for another, needed only jointly, and what nobody can drop."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pytest
import rich.progress  # noqa: F401 - its first import draws from Python's global generator, which tests may not

import checks.experiments
import checks.needs_command
import checks.report.terminal
from checks.__main__ import main
from checks.engine.draw import Draw
from checks.engine.experiment import Audit, Experiment
from checks.engine.gather import gather
from checks.engine.store import Store
from checks.engine.weigh import admitted
from checks.needs import IDLE, JOINTLY, NEEDED, OPEN, UNTRIED, Need, necessity, needs, on_experiments, on_stored
from simulators.measurement import Measurements, integers, reals, simulator
from theorems.statement import Assumption, Claim, Eq, Le, Theorem, observable


@dataclass(frozen=True)
class Room:
    """How often each of three rules of a house was broken, and a size that no rule touches."""

    noise: int = 0
    smoke: int = 0
    hats: int = 0
    size: int = 1


def rooms(draw: Draw, *, quiet: bool = True, clean: bool = True, hatless: bool = True) -> Room:
    """Each rule is kept, or broken up to three times."""
    broken = [0 if kept else draw.integer(1, 3) for kept in (quiet, clean, hatless)]
    return Room(*broken, draw.integer(1, 9))


@simulator("noise smoke hats size complaints fines", limited_by="exact")
def observe(batch: tuple[Room, ...], *, delta: float, effort: int = 0, device: Any) -> Measurements:
    """As many complaints as people, and more for noise; a fine beyond the usual takes noise and smoke together."""
    columns = {name: integers(getattr(r, name) for r in batch) for name in ("noise", "smoke", "hats", "size")}
    columns["complaints"] = integers(r.size + r.noise for r in batch)
    columns["fines"] = reals([float(r.size + min(r.noise, r.smoke)) for r in batch], 0.0)
    return Measurements(columns, np.arange(len(batch)))


@simulator("noise smoke silence", limited_by="exact")
def listen(batch: tuple[Room, ...], *, delta: float, effort: int = 0, device: Any) -> Measurements:
    """Another simulator, of which no experiment can drop anything."""
    columns = {name: integers(getattr(r, name) for r in batch) for name in ("noise", "smoke")}
    return Measurements({**columns, "silence": integers(7 for _ in batch)}, np.arange(len(batch)))


def still_rooms(draw: Draw) -> Room:
    """Rooms where every rule is kept."""
    return Room(size=draw.integer(1, 9))


noise, smoke, hats, size, complaints, silence = (
    observable(name, name, domain="nonnegative integer")
    for name in ("noise", "smoke", "hats", "size", "complaints", "silence")
)
fines = observable("fines", "fines", domain="nonnegative")
THEOREM = Theorem(
    name="house-rules",
    title="House rules",
    claims=(
        Claim("no-complaint", Eq(complaints, size)),
        Claim("no-fine", Eq(fines, size)),
        Claim(
            "room-for-hats",
            Le(size, 9 + hats),
            kind="bound",
            tight_at="the largest room",
            assumes=("hatless",),
            goal=1.0,
        ),
        Claim("silent", Eq(silence, 7), assumes=("quiet",)),
    ),
    assumptions=(
        Assumption("quiet", "nobody is loud", Eq(noise, 0)),
        Assumption("clean", "nobody smokes", Eq(smoke, 0)),
        Assumption("hatless", "nobody wears a hat", Eq(hats, 0)),
    ),
)
ROOMS = Experiment("rooms", THEOREM, rooms, observe, search=4, batch=4, bulk=40)
STILL = Experiment("still", THEOREM, still_rooms, listen, search=1, batch=2, bulk=8)


def audit() -> type[Audit]:
    """Claims that need different assumptions (in a function, so that it is no audit of this suite)."""

    class HouseRules(Audit):
        experiments: ClassVar[list[Experiment]] = [ROOMS, STILL]

    return HouseRules


def kinds(found: tuple[Need, ...]) -> dict[tuple[str, ...], str]:
    """(claim, assumptions…) -> kind."""
    return {(n.claim, *n.dropped): n.kind for n in found}


@pytest.fixture(scope="module")
def found() -> tuple[Need, ...]:
    """The needs of the house, pairs included."""
    return needs(audit(), pairs=True)


def test_an_assumption_is_needed_for_one_claim_and_idle_for_another(found: tuple[Need, ...]) -> None:
    told = kinds(found)
    assert told["no-complaint", "quiet"] == NEEDED
    assert told["no-complaint", "clean"] == told["no-fine", "hatless"] == told["room-for-hats", "hatless"] == IDLE


def test_what_no_experiment_can_drop_where_the_claim_is_measured_is_not_tried(found: tuple[Need, ...]) -> None:
    assert kinds(found)["silent", "quiet"] == UNTRIED
    assert next(n for n in found if n.claim == "silent").verdict is None


def test_two_idle_assumptions_may_be_needed_together(found: tuple[Need, ...]) -> None:
    told = kinds(found)
    assert told["no-fine", "quiet"] == told["no-fine", "clean"] == IDLE
    assert told["no-fine", "quiet", "clean"] == JOINTLY
    assert told["no-fine", "quiet", "hatless"] == told["no-fine", "clean", "hatless"] == IDLE
    assert ("no-complaint", "quiet", "clean") not in told  # quiet is needed alone
    assert told["no-complaint", "clean", "hatless"] == IDLE


def test_a_counterexample_violates_what_is_dropped_and_nothing_else(found: tuple[Need, ...]) -> None:
    for need in found:
        if need.kind not in (NEEDED, JOINTLY):
            continue
        assert need.verdict is not None and need.verdict.simplest is not None
        assert need.verdict.certified and need.verdict.simplest.confirmed
        shown = need.verdict.simplest.instance
        broken = {
            a for a, field in (("quiet", "noise"), ("clean", "smoke"), ("hatless", "hats")) if getattr(shown, field)
        }
        assert broken == set(need.dropped)
        assert max(shown.noise, shown.smoke) == 1 and shown.size == 1  # shrunk


def test_instances_that_violate_another_assumption_do_not_count() -> None:
    table = gather(ROOMS.without("quiet", "clean")).measurements
    assert admitted(THEOREM.claim("no-fine"), ROOMS.without("quiet", "clean"), table).all()
    assert not admitted(THEOREM.claim("no-fine"), ROOMS.without("quiet"), table).any()


def test_error_bars_that_cannot_tell_leave_it_undecided(found: tuple[Need, ...]) -> None:
    verdict = next(n.verdict for n in found if n.kind == IDLE)
    assert verdict is not None
    blurred = replace(verdict, kind="UNDECIDED", reason="too wide")
    judged = necessity(THEOREM, lambda claim, dropped: blurred)
    assert {n.kind for n in judged} == {OPEN}


def test_what_fails_anyway_shows_no_need(found: tuple[Need, ...]) -> None:
    refuted = next(n.verdict for n in found if n.kind == NEEDED)
    assert {n.kind for n in necessity(THEOREM, lambda claim, dropped: refuted)} == {"fails with it too"}


def test_stored_evidence_is_judged_and_what_is_missing_is_measured_and_stored(tmp_path: Any) -> None:
    store = Store(tmp_path)
    claim = THEOREM.claim("no-complaint")
    assert on_stored(THEOREM, store)(claim, ("quiet",)) is None
    first = on_experiments(THEOREM, [ROOMS], store)(claim, ("quiet",))
    assert first is not None and first.kind == "REFUTED"
    again = on_stored(THEOREM, store)(claim, ("quiet",))
    assert again is not None and again.kind == "REFUTED" and again.simplest is not None
    assert again.simplest.instance.noise >= 1
    assert on_stored(THEOREM, store)(claim, ("clean",)) is None


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """The house as if it were in the catalogue."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(checks.report.terminal, "known", lambda name: THEOREM)
    monkeypatch.setattr(checks.experiments, "experiments_of", lambda name: [ROOMS, STILL])


@pytest.mark.usefixtures("house")
def test_the_command_shows_survivors_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["needs", "house-rules", "--pairs"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("house-rules: 3 assumptions; ")
    assert "1 jointly needed" in lines[0] and "1 needed" in lines[0]
    where = {kind: [k for k, line in enumerate(lines[3:]) if f"  {kind}  " in line] for kind in (IDLE, JOINTLY, NEEDED)}
    assert max(where[IDLE]) < min(where[JOINTLY]) < min(where[NEEDED])
    assert any("quiet and clean" in line and "Room(noise=1, smoke=1)" in line for line in lines)


@pytest.mark.usefixtures("house")
def test_the_command_needs_evidence_for_stored_answers_and_gives_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["needs", "house-rules", "--stored", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["schema"] == "theorem-audit/needs" and {n["is"] for n in data["needs"]} == {UNTRIED}
    assert main(["needs", "house-rules", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert {n["is"] for n in data["needs"]} == {IDLE, NEEDED, UNTRIED}
    assert next(n for n in data["needs"] if n["is"] == NEEDED)["verdict"]["kind"] == "REFUTED"


@pytest.mark.usefixtures("house")
def test_an_interruption_prints_the_table_so_far(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = checks.needs_command._search

    def interrupted(*arguments: Any) -> Any:
        yield next(iter(whole(*arguments)))
        raise KeyboardInterrupt

    monkeypatch.setattr(checks.needs_command, "_search", interrupted)
    assert main(["needs", "house-rules"]) == 130
    shown = capsys.readouterr()
    assert "no-complaint" in shown.out and "interrupted; 1 of 8 were judged" in shown.err


def test_an_unknown_theorem_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["needs", "birthdya"]) == 2
    assert "birthday" in capsys.readouterr().err
