"""A counterexample is judged from scratch wherever its file is read; a file that is none gets one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checks.engine.draw import bulk
from checks.engine.experiment import Experiment
from checks.engine.judge_at import judge_again, judge_at
from checks.engine.plainly import encode
from checks.engine.replay import documents, replay
from checks.engine.search import audit
from checks.engine.verdict import Counterexample, Verdict
from checks.experiments import experiments_in, experiments_of, find_experiment
from tests.replays import TOY, run, travelled
from tests.toy import BIASED, DRAWN, FALSE, SAMPLED, THEOREM, Parallelogram
from theorems.statement import Claim, Eq

ROOT = Path(__file__).resolve().parents[2]
BOTH = (DRAWN, SAMPLED)
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "PYTHONPATH"))}


@pytest.fixture(scope="module")
def verdict() -> Verdict:
    """Half the area, refuted."""
    return audit(FALSE, DRAWN)


@pytest.fixture(scope="module")
def document(verdict: Verdict) -> dict[str, Any]:
    """Its simplest counterexample."""
    return travelled(verdict.simplest.to_json())


def test_by_how_much_it_fails_is_said_in_words(verdict: Verdict) -> None:
    assert verdict.simplest is not None
    found = replace(verdict.simplest, gap=0.25, excess=8.0)
    assert found.fails_by == "0.25, 8 error bars"
    assert replace(found, excess=float("inf")).fails_by == "0.25, exactly"
    assert replace(found, gap=float("inf")).fails_by == "more than any float"


def test_a_counterexample_still_holds(document, tmp_path, capsys) -> None:
    file = tmp_path / "kept.json"
    file.write_text(json.dumps(document))
    code, out, err = run(capsys, file, "--experiments", TOY)
    assert (code, err) == (1, "")
    assert out == (
        "still REFUTED      rectangle / half-area  (certified; fails by 0.005, exactly)\n"
        "  instance   Parallelogram(width=0.1, height=0.1)\n"
        "  claimed    Eq(area, height*width/2)\n"
        "  right side 0.005\n"
        "  left side  0.01\n"
        "  values     agree with those kept, within the error bars of both\n"
    )


@pytest.mark.parametrize("claim", [FALSE, BIASED], ids=lambda c: c.name)
@pytest.mark.parametrize("dropped", [(), ("right_angled",)])
def test_every_counterexample_holds_where_it_was_found(claim: Claim, dropped: tuple[str, ...]) -> None:
    experiments = [e.without(*dropped) if dropped else e for e in BOTH if e.covers(claim)]
    if dropped:  # samples do not see the angle, so that nothing certifies that it is not right
        experiments = [e for e in experiments if "tilt" in e.observables]
    for experiment in experiments:
        found = audit(claim, experiment)
        assert found.kind == "REFUTED"
        for example in (found.simplest, found.worst):
            again = replay(travelled(example.to_json()), BOTH)
            assert again.holds
            assert again.verdict.certified == example.certified
            assert again.kept == example
            assert not again.changed
            assert again.source == example.source


def test_a_repaired_claim_is_no_longer_refuted(document, tmp_path, capsys) -> None:
    mended = {**document, "claim": {**document["claim"], "relation": "area = height*width"}, "source": "0123"}
    mended["exactly"] = {**document["exactly"], "area": ["0x1p-1", ""], "is_square": ["False", ""]}
    file = tmp_path / "kept.json"
    file.write_text(json.dumps([mended, mended]))
    code, out, err = run(capsys, file, "--experiments", TOY)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "no longer refuted  rectangle / half-area  (SURVIVED)"
    assert lines[4:] == [  # the first effort is that of floats
        f"  simulators 0123 then, {DRAWN.observe.source_hash} now",
        f"  area       0.5 then, {replay(mended, BOTH).changed['area'][1]} now",
        "  is_square  False then, True now",
    ]
    assert abs(float(lines[5].split(" then, ")[1].split(" ± ")[0]) - 0.01) < 1e-9


def test_an_instance_that_obeys_no_assumption_is_not_judged(document, tmp_path, capsys) -> None:
    tilted = {**document, "instance": encode(Parallelogram(1.0, 1.0, 0.5), exactly=True)}
    file = tmp_path / "kept.json"
    file.write_text(json.dumps(tilted))
    code, out, _ = run(capsys, file, "--experiments", TOY)
    assert code == 3
    assert out.startswith("no longer refuted  rectangle / half-area  (VACUOUS: no instance has a row")


def test_a_verdict_a_list_and_what_try_prints_are_replayed_too(verdict, tmp_path, capsys) -> None:
    data = travelled(verdict.to_json())
    survived = travelled(audit(THEOREM.claim("area"), replace(DRAWN, search=1, bulk=4)).to_json())
    file = tmp_path / "verdict.json"
    for content in (data, [data], [survived, data], {"theorem": "rectangle", "verdict": data}):
        file.write_text(json.dumps(content))
        assert len(documents(file)) == 2
        code, out, _ = run(capsys, file, "--experiments", TOY)
        assert code == 1
        assert out.count("still REFUTED") == 2
    code, out, _ = run(capsys, file, "--experiments", TOY, "--json")
    said = json.loads(out)
    assert (code, said["schema"], said["version"]) == (1, "theorem-audit/replay", 1)
    for entry in said["replayed"]:
        assert entry["holds"]
        assert Verdict.from_json(entry["verdict"], {"Parallelogram": Parallelogram}).kind == "REFUTED"


def test_a_file_of_ones_own_is_imported_where_it_is_named(document, tmp_path, capsys) -> None:
    (tmp_path / "mine").mkdir()
    own = tmp_path / "mine" / "test_mine.py"
    own.write_text(
        "from tests.toy import DRAWN\nfrom theorem_audit import Audit\n\nclass TestMine(Audit):\n    experiments = [DRAWN]\n"
    )
    file = tmp_path / "kept.json"
    file.write_text(json.dumps({**document, "check_file": "mine/test_mine.py"}))
    code, out, err = run(capsys, file)
    assert (code, out) == (2, "")
    assert err.startswith("Error: got experiment 'drawn' of 'rectangle', not found")
    assert err.endswith("add --experiments mine/test_mine.py\n")
    program = [str(Path(sys.executable).parent / "theorem-audit"), "replay", str(file), "--experiments", str(own)]
    world = {**CLEAN, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(program, capture_output=True, text=True, cwd=tmp_path, env=world, timeout=60)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("still REFUTED      rectangle / half-area  (certified; fails by 0.005, exactly)\n")


THEIRS = (
    ("birthday", "uniform", "uniform"), ("fixed-net", "exact-laws", "unbiased"), ("gan-equilibrium", "games", "minimax"),
    ("kernel-trick", "regressions", "gram-alone"), ("singular-value-ode", "rates", "rate"),
    ("vc-deviation", "thresholds", "one-sided-law"),
)  # fmt: skip


def refuted_at(theorem: str, name: str, claim: str, without: tuple[str, ...] = ()) -> Counterexample:
    """A counterexample to twice the right side of a theorem's own claim, plus one."""
    experiment = find_experiment(theorem, name, without)
    own = experiment.theorem.claim(claim)
    wrong = Claim("wrong", Eq(own.relation.lhs, 2 * own.relation.rhs + 1), assumes=experiment.theorem.assumed_by(own))
    drawn = (bulk(experiment.instances, f"replay-{k}", **experiment.flags)[0] for k in range(8))
    verdicts = (judge_again(wrong, experiment, instance) for instance in (*experiment.examples[:2], *drawn))
    return next(v.simplest for v in verdicts if v.simplest is not None)


def test_one_line_of_python_replays_a_counterexample_in_a_fresh_interpreter(tmp_path) -> None:
    found = [refuted_at(*names) for names in THEIRS]
    found.append(refuted_at("singular-value-ode", "rates", "rate", ("balanced",)))
    lines = [example.python for example in found]
    assert all(line.startswith("from theorem_audit import judge_at; from ") and "\n" not in line for line in lines)
    program = [sys.executable, "-W", "error", "-c", "\n".join(lines)]
    done = subprocess.run(program, capture_output=True, text=True, cwd=tmp_path, env=CLEAN, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    heads = [line for line in done.stdout.splitlines() if line.startswith("REFUTED")]
    assert [line.split()[1] for line in heads] == [example.theorem for example in found]
    assert '"balanced"' in heads[-1]
    for example in found:
        assert f"    left side  {example.measured}\n" in done.stdout


def test_the_line_says_the_same_as_the_counterexample() -> None:
    example = refuted_at("birthday", "uniform", "uniform")
    verdict = judge_at("birthday", example.claim.relation, "uniform", example.instance, assumes=example.claim.assumes)
    assert verdict.simplest == replace(example, claim=replace(example.claim, name="relation"))


def test_what_cannot_be_spelled_has_no_line(verdict) -> None:
    example = verdict.simplest
    assert example.python == ""  # of a theorem that is not in the catalogue
    here = replace(example, theorem="birthday")
    assert here.python == ""  # of a class of this suite
    assert replace(here, claim=None).python == ""
    assert replace(refuted_at("birthday", "uniform", "uniform"), instance=object()).python == ""


def test_names_that_are_unknown_get_a_line() -> None:
    for call, kind, said in (
        (lambda: find_experiment("birthday", "unifrom"), LookupError, "got experiment 'unifrom' of birthday; expected one of"),
        (lambda: find_experiment("birthday", "uniform", ("sorted",)), LookupError, "got 'sorted' to be dropped; expected"),
        (lambda: experiments_of("birthdy"), LookupError, "got theorem 'birthdy'; expected one of the catalogue"),
        (lambda: experiments_in("nowhere.py"), LookupError, "got nowhere.py; expected a Python file"),
        (lambda: experiments_in(ROOT / "theorem_audit.py"), LookupError, "without an experiment; expected"),
        (lambda: judge_at("birthdy", "1 = 1", "uniform", None), ValueError, "got theorem 'birthdy'"),
        (lambda: judge_at("birthday", "P_non = 1", "uniform", None), ValueError, "got the name 'P_non'"),
        (lambda: judge_at("birthday", "P_none = 1", "sampled", None), ValueError, "which experiment sampled does not measure"),
    ):  # fmt: skip
        with pytest.raises(kind) as problem:
            call()
        assert said in str(problem.value)
        assert "\n" not in str(problem.value)


def test_experiments_are_told_apart_by_what_they_drop() -> None:
    bare = find_experiment("rectangle", "drawn", among=BOTH)
    dropped = find_experiment("rectangle", "drawn-without-right_angled", ("right_angled",), among=BOTH)
    assert bare == DRAWN
    assert isinstance(dropped, Experiment)
    assert (dropped.name, dropped.dropped) == ("drawn-without-right_angled", ("right_angled",))
    assert find_experiment("rectangle", dropped.name, ("right_angled",), among=[dropped]) == dropped
