"""The kill matrix on a terminal: survivors first, from stored evidence without torch or Hypothesis."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import rich.progress  # noqa: F401 - its first import draws from Python's global generator, which tests may not

import checks.experiments
import checks.report.terminal
from checks.__main__ import main
from checks.engine.gather import gather
from checks.engine.store import Store
from checks.engine.stored import recall
from checks.power import UNMOVED, Check, Source, by_experiment, check, incomplete, total
from checks.strength_words import theorem_lines
from tests.toy import DRAWN, SAMPLED, THEOREM, area, height, width
from theorems.statement import Claim, Eq, Implies, Le

WEAK = Claim("at-most", Le(area, 1000 * width * height), kind="bound", tight_at="nowhere", assumes=())
TWICE = replace(DRAWN, name="twice", search=1, bulk=40)


def sources(*experiments: Any) -> list[Source]:
    """Small fresh evidence."""
    small = [replace(e, search=1, bulk=60) for e in experiments or (DRAWN, SAMPLED)]
    return [Source(e, gather(e)) for e in small]


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The toy theorem as if it were in the catalogue, in a folder without evidence."""
    small = [replace(e, search=1, bulk=60) for e in (DRAWN, SAMPLED)]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(checks.report.terminal, "known", lambda name: THEOREM)
    monkeypatch.setattr(checks.experiments, "experiments_of", lambda name: small)
    return tmp_path


def test_a_sound_check_is_green_can_fail_and_kills_its_mutants() -> None:
    found = check(THEOREM, THEOREM.claim("area"), sources())
    assert found.green and found.can_fail and found.counted
    assert found.count("killed") >= 3 and not found.count("surviving")
    assert all("error bars at Parallelogram(" in o.reason for o in found.outcomes if o.kind == "killed")


def test_survivors_come_first_with_what_they_say() -> None:
    theorem = THEOREM.variant(WEAK)
    setups = [replace(DRAWN, theorem=theorem, search=1, bulk=60)]
    found = [check(theorem, WEAK, [Source(e, gather(e)) for e in setups])]
    assert total(found)[1] > 0
    lines = theorem_lines(found, 200, head="")
    first = next(k for k, line in enumerate(lines) if "at-most: " in line)
    assert lines[first - 1] == "  surviving" and "no row excludes it" in lines[first]
    listed = [line.split("  ")[2].strip() for line in lines[lines.index("  at-most") + 1 :] if line.startswith("    ")]
    assert listed.index("surviving") < listed.index("killed")


def test_a_matrix_shows_which_experiment_has_the_power() -> None:
    found = [check(THEOREM, c, sources(DRAWN, TWICE), every=True) for c in THEOREM.claims]
    kills = by_experiment(found)
    assert kills["drawn"][0] == kills["twice"][0] > 0
    assert kills["drawn"][1] == kills["twice"][1] == 0  # the same instances: neither kills what the other does not
    assert "kills nothing that another does not" in "\n".join(theorem_lines(found, 200, head="", matrix=True))
    only = check(THEOREM, THEOREM.claim("area"), sources(DRAWN, SAMPLED), every=True)
    assert {o.killers for o in only.outcomes if o.kind == "killed"} == {("drawn",)}


def test_one_killer_is_named_where_the_others_were_not_asked() -> None:
    found = check(THEOREM, THEOREM.claim("area"), sources(DRAWN, TWICE))
    assert {o.killers for o in found.outcomes if o.kind == "killed"} == {("drawn",)}


def test_limits_are_mutated_on_demand_and_not_counted() -> None:
    limit = replace(THEOREM.claim("area"), kind="limit")
    assert check(THEOREM, limit, sources()).outcomes == ()
    loose = check(THEOREM, limit, sources(), limits=True)
    assert loose.count("killed") >= 3 and not loose.counted and total([loose]) == (0, 0)
    assert "limits, not counted" in "\n".join(theorem_lines([loose], 200, head=""))


@pytest.mark.parametrize(("name", "kind"), [("a-square", "existence"), ("balance", "empirical")])
def test_kinds_that_are_not_mutated_are_named_with_the_reason(name: str, kind: str) -> None:
    found = check(THEOREM, THEOREM.claim(name), sources(), limits=True)
    assert found.outcomes == () and found.green
    assert f"not mutated, {kind}: {name} (" in "\n".join(theorem_lines([found], 200, head=""))


def test_a_false_claim_is_not_green() -> None:
    found = check(THEOREM, replace(WEAK, name="area", relation=Le(area, width * height / 2)), sources())
    assert found.green is False and found.verdict == "REFUTED" and incomplete(THEOREM, [found])


def test_nothing_is_asked_of_a_claim_that_no_evidence_speaks_of() -> None:
    found = check(THEOREM, THEOREM.claim("area"), sources(SAMPLED))
    assert found == Check("rectangle", "area", "identity", ())
    assert found.can_fail is None


def test_a_check_that_cannot_fail_is_named() -> None:
    premise = Implies(Le(area, -1), Eq(area, width * height))
    silent = Claim("silent", premise, assumes=())
    found = check(THEOREM, silent, sources(DRAWN))
    assert found.can_fail is False
    assert found.stuck == UNMOVED and incomplete(THEOREM, [found])
    assert f"silent cannot fail: {UNMOVED}" in "\n".join(theorem_lines([found], 200, head=""))
    numbers = Claim("numbers", Le(1, 2), kind="existence", assumes=())
    assert "speaks of numbers alone" in "\n".join(
        theorem_lines([check(THEOREM, numbers, sources(DRAWN))], 200, head="")
    )


def test_the_command_measures_what_is_missing_once(toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["strength", "rectangle"]) == 0
    first = capsys.readouterr().out
    assert "evidence of 2 experiments, 2 of them measured now" in first
    assert "5 of 5 claims pass" in first and "4 of 5 claims fail under a forced failure" in first
    assert "mean cannot fail: it holds of every value" in first
    assert main(["strength", "rectangle", "--claim", "area", "--matrix"]) == 0
    assert "stored evidence of 2 experiments" in capsys.readouterr().out
    assert {r.setup.name for r in recall(THEOREM, Store(toy / ".audit"))} == {"drawn", "sampled"}


def test_the_command_gives_json(toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["strength", "rectangle", "--json", "--claim", "area", "--no-sanity", "--matrix"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["schema"] == "theorem-audit/strength" and data["surviving"] == 0 < data["killed"]
    (one,) = data["theorems"]
    assert one["power"]["drawn"]["kills"] == data["killed"] and one["checks"][0]["green"] is None


def test_a_survivor_means_exit_code_1(
    toy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    theorem = replace(THEOREM, claims=(WEAK,), sayings=(), derivation=())
    monkeypatch.setattr(checks.report.terminal, "known", lambda name: theorem)
    setups = [replace(DRAWN, theorem=theorem, search=1, bulk=60)]
    monkeypatch.setattr(checks.experiments, "experiments_of", lambda name: setups)
    assert main(["strength", "rectangle"]) == 1
    assert "  surviving" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["strength", "rectangle", "--stored"], "no stored evidence of rectangle"),
        (["strength", "rectangle", "--claim", "volume"], "'volume'"),
        (["strength", "--claim", "area"], "--claim goes with the NAME of a theorem"),
    ],
)
def test_mistakes_are_one_line(toy: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert said in capsys.readouterr().err


def test_an_interruption_prints_what_is_known(
    toy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import checks.power

    whole, seen = checks.power.check, []

    def interrupted(theorem: Any, claim: Claim, *rest: Any, **keywords: Any) -> Check:
        if len(seen) == len(THEOREM.claims) + 2:  # the first round was on no evidence
            raise KeyboardInterrupt
        seen.append(claim.name)
        return whole(theorem, claim, *rest, **keywords)

    monkeypatch.setattr(checks.power, "check", interrupted)
    assert main(["strength", "rectangle"]) == 130
    shown = capsys.readouterr()
    assert "area" in shown.out and "interrupted" in shown.err


def test_stored_evidence_is_judged_without_torch_or_hypothesis(tmp_path: Path) -> None:
    from checks.experiments import experiments_of

    store = Store(tmp_path / ".audit")
    for experiment in experiments_of("small-data"):
        store.save(gather(replace(experiment, search=min(experiment.search, 1), bulk=min(experiment.bulk, 20))))
    told = (
        "import sys; from checks.__main__ import main; code = main(['strength', 'small-data', '--stored']);"
        " sys.exit(code or 10 * bool({'torch', 'hypothesis'} & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", told], cwd=tmp_path, env={"PYTHONPATH": str(root)}, capture_output=True, text=True
    )
    assert done.returncode in (0, 1), done.stderr
    assert "small-data: strength" in done.stdout and "claims fail under a forced failure" in done.stdout
